#include "drivertools/content_hash.h"

#include <bit>
#include <cstring>
#include <fmt/format.h>

namespace openportcls::drivertools {

namespace {

std::uint64_t scramble(std::uint64_t value) {
    value = (value ^ (value >> 32)) * 0xD6E8FEB86659FD93;
    value = (value ^ (value >> 32)) * 0xD6E8FEB86659FD93;
    return value ^ (value >> 32);
}

} // namespace

void ContentHash::mix(std::uint64_t word) {
    first_ = std::rotl(first_ ^ scramble(word), 27) * 0x9E3779B97F4A7C15 + second_;
    second_ = std::rotl(second_ + word * 0xC2B2AE3D27D4EB4F, 31) ^ first_;
}

ContentHash& ContentHash::add(std::string_view piece) {
    mix(piece.size());
    while (!piece.empty()) {
        std::uint64_t word = 0;
        auto count = std::min<std::size_t>(sizeof word, piece.size());
        std::memcpy(&word, piece.data(), count);
        mix(word);
        piece.remove_prefix(count);
    }
    return *this;
}

std::string ContentHash::text() const {
    return fmt::format("{:016x}{:016x}", scramble(first_ ^ scramble(second_)), scramble(second_));
}

} // namespace openportcls::drivertools
