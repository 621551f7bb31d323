// Numbers and GUIDs as text, byte orders, memory comparison, addresses.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>

#include <ntddk.h>

#include "base/unicode.h"
#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

// Bases that the conversion functions know; 0 stands for ten, or for what a prefix says.
bool is_valid_base(ULONG base) {
    return base == 0 || base == 2 || base == 8 || base == 10 || base == 16;
}

NTSTATUS write_number(ULONGLONG value, ULONG base, PUNICODE_STRING string) {
    if (!is_valid_base(base)) {
        return STATUS_INVALID_PARAMETER;
    }
    const unsigned radix = base == 0 ? 10 : base;
    WCHAR digits[65];
    std::size_t length = 0;
    do {
        digits[length++] = u"0123456789ABCDEF"[value % radix];
        value /= radix;
    } while (value != 0);
    const std::size_t bytes = length * sizeof(WCHAR);
    if (bytes > string->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    std::reverse_copy(digits, digits + length, string->Buffer);
    string->Length = static_cast<USHORT>(bytes);
    if (bytes + sizeof(WCHAR) <= string->MaximumLength) {
        string->Buffer[length] = 0;
    }
    return STATUS_SUCCESS;
}

int digit_of(char16_t character) {
    if (character >= u'0' && character <= u'9') {
        return character - u'0';
    }
    if (character >= u'a' && character <= u'f') {
        return character - u'a' + 10;
    }
    return character >= u'A' && character <= u'F' ? character - u'A' + 10 : 99;
}

// Blanks, a sign, a prefix 0x 0o 0b when no base is given, and digits up to the first that is none, which is at `end`.
ULONGLONG read_number(std::u16string_view text, ULONG base, std::size_t* end = nullptr) {
    std::size_t at = 0;
    while (at < text.size() && text[at] <= u' ') {
        ++at;
    }
    bool negative = false;
    if (at < text.size() && (text[at] == u'-' || text[at] == u'+')) {
        negative = text[at++] == u'-';
    }
    unsigned radix = base;
    if (base == 0) {
        radix = 10;
        if (at + 1 < text.size() && text[at] == u'0') {
            const char16_t mark = downcase(text[at + 1]);
            radix = mark == u'x' ? 16 : mark == u'o' ? 8 : mark == u'b' ? 2 : 10;
            at += radix != 10 ? 2 : 0;
        }
    }
    ULONGLONG value = 0;
    for (; at < text.size(); ++at) {
        const int digit = digit_of(text[at]);
        if (digit >= static_cast<int>(radix)) {
            break;
        }
        value = value * radix + static_cast<unsigned>(digit);
    }
    if (end != nullptr) {
        *end = at;
    }
    return negative ? 0 - value : value;
}

std::u16string widened(const char* text) {
    return text == nullptr ? std::u16string() : utf8_to_utf16(text);
}

// "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}"
constexpr std::size_t guid_text_length = 38;

std::optional<GUID> parse_guid(std::u16string_view text) {
    if (text.size() < guid_text_length || text[0] != u'{' || text[37] != u'}') {
        return std::nullopt;
    }
    UCHAR bytes[16];
    std::size_t count = 0;
    for (std::size_t i = 1; i < 37;) {
        if (i == 9 || i == 14 || i == 19 || i == 24) {
            if (text[i++] != u'-') {
                return std::nullopt;
            }
            continue;
        }
        const int high = digit_of(text[i]);
        const int low = digit_of(text[i + 1]);
        if (high > 15 || low > 15) {
            return std::nullopt;
        }
        bytes[count++] = static_cast<UCHAR>(high << 4 | low);
        i += 2;
    }
    GUID guid;
    guid.Data1 = static_cast<ULONG>(bytes[0]) << 24 | static_cast<ULONG>(bytes[1]) << 16 |
                 static_cast<ULONG>(bytes[2]) << 8 | bytes[3];
    guid.Data2 = static_cast<USHORT>(bytes[4] << 8 | bytes[5]);
    guid.Data3 = static_cast<USHORT>(bytes[6] << 8 | bytes[7]);
    std::copy(bytes + 8, bytes + 16, guid.Data4);
    return guid;
}

// inet_aton's forms unless `strict`: one to four parts, decimal, octal or hexadecimal.
template<class Character>
NTSTATUS parse_ipv4(const Character* text, bool strict, const Character** end, UCHAR address[4]) {
    ULONG parts[4] = {};
    std::size_t count = 0;
    const Character* at = text;
    for (;;) {
        unsigned base = 10;
        if (!strict && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
            base = 16;
            at += 2;
        } else if (!strict && at[0] == '0') {
            base = 8;
        }
        ULONGLONG value = 0;
        bool any = false;
        for (; digit_of(static_cast<char16_t>(*at)) < static_cast<int>(base); ++at) {
            value = value * base + static_cast<unsigned>(digit_of(static_cast<char16_t>(*at)));
            any = true;
            if (value > 0xFFFFFFFF) {
                *end = at;
                return STATUS_INVALID_PARAMETER;
            }
        }
        if (!any) {
            *end = at;
            return STATUS_INVALID_PARAMETER;
        }
        parts[count++] = static_cast<ULONG>(value);
        if (*at != '.' || count == 4) {
            break;
        }
        ++at;
    }
    *end = at;
    if (strict && count != 4) {
        return STATUS_INVALID_PARAMETER;
    }
    ULONGLONG whole = 0;
    for (std::size_t i = 0; i + 1 < count; ++i) {
        if (parts[i] > 0xFF) {
            return STATUS_INVALID_PARAMETER;
        }
        whole |= static_cast<ULONGLONG>(parts[i]) << (24 - 8 * i);
    }
    const ULONGLONG limit = 1ULL << (8 * (5 - count));
    if (parts[count - 1] >= limit) {
        return STATUS_INVALID_PARAMETER;
    }
    whole |= parts[count - 1];
    for (int i = 0; i < 4; ++i) {
        address[i] = static_cast<UCHAR>(whole >> (24 - 8 * i));
    }
    return STATUS_SUCCESS;
}

} // namespace

extern "C" {

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String) {
    OPC_REQUIRE_PASSIVE();
    return write_number(Value, Base, String);
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String) {
    OPC_REQUIRE_PASSIVE();
    return write_number(Value, Base, String);
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value) {
    OPC_REQUIRE_PASSIVE();
    if (!is_valid_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Value = static_cast<ULONG>(read_number(text_of(String), Base));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToInt64(PCUNICODE_STRING String, ULONG Base, PLONG64 Number, PWSTR* EndPointer) {
    OPC_REQUIRE_PASSIVE();
    if (!is_valid_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    std::size_t end = 0;
    *Number = static_cast<LONG64>(read_number(text_of(String), Base, &end));
    if (EndPointer != nullptr) {
        *EndPointer = String->Buffer + end;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value) {
    OPC_REQUIRE_PASSIVE();
    if (!is_valid_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Value = static_cast<ULONG>(read_number(widened(String), Base));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID* Guid) {
    OPC_REQUIRE_PASSIVE();
    const auto guid = parse_guid(text_of(GuidString));
    if (!guid) {
        return STATUS_INVALID_PARAMETER;
    }
    *Guid = *guid;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString) {
    OPC_REQUIRE_PASSIVE();
    char text[guid_text_length + 1];
    std::snprintf(text, sizeof text, "{%08X-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", Guid.Data1, Guid.Data2,
                  Guid.Data3, Guid.Data4[0], Guid.Data4[1], Guid.Data4[2], Guid.Data4[3], Guid.Data4[4], Guid.Data4[5],
                  Guid.Data4[6], Guid.Data4[7]);
    constexpr USHORT bytes = (guid_text_length + 1) * sizeof(WCHAR);
    GuidString->Buffer = static_cast<PWCH>(ExAllocatePoolWithTag(PagedPool, bytes, string_pool_tag));
    if (GuidString->Buffer == nullptr) {
        return STATUS_NO_MEMORY;
    }
    std::copy(text, text + sizeof text, GuidString->Buffer);
    GuidString->Length = bytes - sizeof(WCHAR);
    GuidString->MaximumLength = bytes;
    return STATUS_SUCCESS;
}

SIZE_T NTAPI RtlCompareMemory(const VOID* Source1, const VOID* Source2, SIZE_T Length) {
    const auto* left = static_cast<const UCHAR*>(Source1);
    const auto* right = static_cast<const UCHAR*>(Source2);
    return static_cast<SIZE_T>(std::mismatch(left, left + Length, right).first - left);
}

SIZE_T NTAPI RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern) {
    SIZE_T equal = 0;
    for (; equal + sizeof Pattern <= Length; equal += sizeof Pattern) {
        if (std::memcmp(static_cast<UCHAR*>(Source) + equal, &Pattern, sizeof Pattern) != 0) {
            break;
        }
    }
    return equal;
}

NTSTATUS NTAPI RtlIpv4StringToAddressA(PCSTR S, BOOLEAN Strict, PCSTR* Terminator, struct in_addr* Addr) {
    OPC_REQUIRE_PASSIVE();
    return parse_ipv4(S, Strict != FALSE, Terminator, reinterpret_cast<UCHAR*>(Addr));
}

NTSTATUS NTAPI RtlIpv4StringToAddressW(PCWSTR S, BOOLEAN Strict, LPCWSTR* Terminator, struct in_addr* Addr) {
    OPC_REQUIRE_PASSIVE();
    return parse_ipv4(S, Strict != FALSE, Terminator, reinterpret_cast<UCHAR*>(Addr));
}

} // extern "C"
