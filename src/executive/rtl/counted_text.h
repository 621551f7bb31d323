// Counted strings of the kernel as string views and back.
#pragma once

#include <string>
#include <string_view>

#include <wdm.h>

namespace openportcls::executive {

inline std::u16string_view text_of(const UNICODE_STRING* string) {
    return string == nullptr || string->Buffer == nullptr
               ? std::u16string_view{}
               : std::u16string_view(string->Buffer, string->Length / sizeof(WCHAR));
}

inline std::string_view text_of(const STRING* string) {
    return string == nullptr || string->Buffer == nullptr ? std::string_view{}
                                                          : std::string_view(string->Buffer, string->Length);
}

// The text must outlive the result.
inline UNICODE_STRING counted(std::u16string_view text) {
    const auto bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
    return {bytes, bytes, const_cast<PWCH>(text.data())};
}

// The ANSI code page is Windows-1252; drivers use its ASCII part.
char16_t ansi_to_unicode(char character);
char unicode_to_ansi(char16_t character); // '?' for what the code page lacks

// Pool memory that RtlFreeUnicodeString and its relatives release.
inline constexpr ULONG string_pool_tag = 0x67727453; // "Strg"

} // namespace openportcls::executive
