// Windows-1252, the ANSI code page of a western Windows.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

namespace openportcls {

namespace detail {

// 0x80 to 0x9F; the rest of the code page is Latin-1.
inline constexpr std::array<char16_t, 32> windows_1252_controls = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

} // namespace detail

constexpr char16_t from_windows_1252(unsigned char byte) {
    return byte >= 0x80 && byte < 0xA0 ? detail::windows_1252_controls[byte - 0x80U] : byte;
}

// Empty for what the code page does not have.
constexpr std::optional<unsigned char> to_windows_1252(char16_t character) {
    if (character < 0x80 || (character >= 0xA0 && character < 0x100)) {
        return static_cast<unsigned char>(character);
    }
    const auto& controls = detail::windows_1252_controls;
    const auto* const found = std::find(controls.begin(), controls.end(), character);
    if (found == controls.end()) {
        return {};
    }
    return static_cast<unsigned char>(0x80 + (found - controls.begin()));
}

} // namespace openportcls
