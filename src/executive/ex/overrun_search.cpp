#include "executive/ex/overrun_search.h"

#include <fmt/format.h>

namespace openportcls::executive {

// Negative inside of the block.
std::int64_t OverrunSearch::distance_from(const void* begin, std::uint64_t size) const {
    const auto first = reinterpret_cast<std::uint64_t>(begin);
    return static_cast<std::int64_t>(is_behind(begin, size) ? address_ - first - size : first - address_);
}

bool OverrunSearch::is_behind(const void* begin, std::uint64_t size) const {
    return address_ >= reinterpret_cast<std::uint64_t>(begin) + size;
}

bool OverrunSearch::is_better(const void* begin, std::uint64_t size, bool is_damaged) const {
    if (!found_ || is_damaged != found_is_damaged_) {
        return !found_ || is_damaged;
    }
    return (distance_from(begin, size) > found_distance_) == is_damaged;
}

void OverrunSearch::take(const void* begin, std::uint64_t size, bool is_damaged, std::string_view name) {
    found_ = true;
    found_is_damaged_ = is_damaged;
    found_distance_ = distance_from(begin, size);
    report_.rule = fmt::format("A driver {} memory at {:#x}, {} bytes {} the {}.",
                               report_.parameters[1] != 0 ? "wrote to" : "read", address_, found_distance_,
                               is_behind(begin, size) ? "behind" : "in front of", name);
    report_.origin_title.clear();
    report_.origin.clear();
}

} // namespace openportcls::executive
