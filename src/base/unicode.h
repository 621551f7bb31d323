// Text as Windows has it (UTF-16, compared without regard to case) and as files have it (UTF-8).
#pragma once

#include <string>
#include <string_view>

namespace openportcls {

// Ill-formed input becomes U+FFFD, so that both conversions accept any bytes.
std::u16string utf8_to_utf16(std::string_view text);
std::string utf16_to_utf8(std::u16string_view text);

// Simple one-to-one case mapping of the Basic Multilingual Plane, independent of the host's locale.
char16_t upcase(char16_t character);
char16_t downcase(char16_t character);
std::u16string upcase(std::u16string_view text);

// < 0, 0, > 0, by code unit after upcasing, as RtlCompareUnicodeString orders names.
int compare_ignoring_case(std::u16string_view left, std::u16string_view right);
bool equal_ignoring_case(std::u16string_view left, std::u16string_view right);

// ASCII only; enough for the keywords of file formats.
bool equal_ignoring_ascii_case(std::string_view left, std::string_view right);
std::string ascii_lower(std::string_view text);

// Orders names as object directories and registry keys do; usable with std::map and std::set.
struct CaseInsensitiveLess {
    using is_transparent = void;
    bool operator()(std::u16string_view left, std::u16string_view right) const {
        return compare_ignoring_case(left, right) < 0;
    }
};

struct CaseInsensitiveAsciiLess {
    using is_transparent = void;
    bool operator()(std::string_view left, std::string_view right) const;
};

} // namespace openportcls
