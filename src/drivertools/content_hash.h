// A 128-bit hash of contents, for cache keys and for symbol suffixes. Not for defence against an attacker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

class ContentHash {
public:
    // Each piece is framed by its length, so that "ab"+"c" and "a"+"bc" differ.
    ContentHash& add(std::string_view piece);
    std::string text() const; // 32 hexadecimal digits

private:
    void mix(std::uint64_t word);

    std::uint64_t first_ = 0x243F6A8885A308D3;
    std::uint64_t second_ = 0x13198A2E03707344;
};

} // namespace openportcls::drivertools
