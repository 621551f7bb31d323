// Whose overrun has come as far as to a page without access: among all that lies apart from the host's heap (pool,
// IRPs, MDLs), the one farthest from there of those whose guards on that side were written over; of an access with a
// stride, the nearest.
#pragma once

#include <cstdint>
#include <string_view>

#include "machine/bugcheck.h"

namespace openportcls::executive {

class OverrunSearch {
public:
    OverrunSearch(const void* address, machine::BugcheckReport& report)
        : address_(reinterpret_cast<std::uint64_t>(address)), report_(report) {}

    // The address lies outside of the block, and not too far to come from there.
    bool is_near(const void* begin, std::uint64_t size) const {
        const std::int64_t distance = distance_from(begin, size);
        return distance >= 0 && distance < farthest;
    }
    bool is_behind(const void* begin, std::uint64_t size) const;
    // Than what has been taken. `is_damaged`: its guard on the address's side.
    bool is_better(const void* begin, std::uint64_t size, bool is_damaged) const;
    // `name` goes behind "the": "IRP of 352 bytes".
    void take(const void* begin, std::uint64_t size, bool is_damaged, std::string_view name);
    machine::BugcheckReport& report() { return report_; }

private:
    static constexpr std::int64_t farthest = 512 * 1024;

    std::int64_t distance_from(const void* begin, std::uint64_t size) const;

    std::uint64_t address_;
    machine::BugcheckReport& report_;
    bool found_ = false;
    bool found_is_damaged_ = false;
    std::int64_t found_distance_ = 0;
};

} // namespace openportcls::executive
