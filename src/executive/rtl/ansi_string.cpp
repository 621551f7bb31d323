// ANSI_STRING, and conversion between ANSI, UTF-8 and UTF-16.
#include <algorithm>
#include <cstring>

#include <ntddk.h>

#include "base/code_page.h"
#include "base/unicode.h"
#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace openportcls::executive {

char16_t ansi_to_unicode(char character) {
    return from_windows_1252(static_cast<unsigned char>(character));
}

char unicode_to_ansi(char16_t character) {
    return static_cast<char>(to_windows_1252(character).value_or('?'));
}

} // namespace openportcls::executive

namespace {

char upper_ansi(char character) {
    const char16_t upper = upcase(ansi_to_unicode(character));
    const char narrow = unicode_to_ansi(upper);
    return narrow == '?' ? character : narrow;
}

} // namespace

extern "C" {

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *DestinationString = {0, 0, const_cast<PCHAR>(SourceString)};
    if (SourceString != nullptr) {
        const std::size_t length = std::min<std::size_t>(std::strlen(SourceString), 0xFFFE);
        DestinationString->Length = static_cast<USHORT>(length);
        DestinationString->MaximumLength = static_cast<USHORT>(length + 1);
    }
}

VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString) {
    RtlInitAnsiString(DestinationString, SourceString);
}

VOID NTAPI RtlCopyString(PSTRING DestinationString, const STRING* SourceString) {
    if (SourceString == nullptr) {
        DestinationString->Length = 0;
        return;
    }
    const USHORT bytes = std::min(SourceString->Length, DestinationString->MaximumLength);
    std::memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
}

LONG NTAPI RtlCompareString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
    OPC_REQUIRE_PASSIVE();
    const std::string_view left = text_of(String1);
    const std::string_view right = text_of(String2);
    for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
        const auto fold = [&](char c) {
            return static_cast<unsigned char>(CaseInSensitive != FALSE ? upper_ansi(c) : c);
        };
        const LONG difference = fold(left[i]) - fold(right[i]);
        if (difference != 0) {
            return difference;
        }
    }
    return static_cast<LONG>(left.size()) - static_cast<LONG>(right.size());
}

BOOLEAN NTAPI RtlEqualString(const STRING* String1, const STRING* String2, BOOLEAN CaseInSensitive) {
    return String1->Length == String2->Length && RtlCompareString(String1, String2, CaseInSensitive) == 0;
}

VOID NTAPI RtlUpperString(PSTRING DestinationString, const STRING* SourceString) {
    OPC_REQUIRE_PASSIVE();
    const USHORT length = std::min(SourceString->Length, DestinationString->MaximumLength);
    std::transform(SourceString->Buffer, SourceString->Buffer + length, DestinationString->Buffer, upper_ansi);
    DestinationString->Length = length;
}

CHAR NTAPI RtlUpperChar(CHAR Character) {
    return upper_ansi(Character);
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString) {
    OPC_REQUIRE_PASSIVE();
    return UnicodeString->Length / sizeof(WCHAR) + 1;
}

ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString) {
    OPC_REQUIRE_PASSIVE();
    return (AnsiString->Length + 1u) * sizeof(WCHAR);
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
    OPC_REQUIRE_PASSIVE();
    const ULONG bytes = RtlxAnsiStringToUnicodeSize(SourceString);
    if (bytes > 0xFFFF) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (AllocateDestinationString != FALSE) {
        DestinationString->Buffer = static_cast<PWCH>(ExAllocatePoolWithTag(PagedPool, bytes, string_pool_tag));
        if (DestinationString->Buffer == nullptr) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = static_cast<USHORT>(bytes);
    } else if (bytes > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    const std::string_view text = text_of(SourceString);
    std::transform(text.begin(), text.end(), DestinationString->Buffer, ansi_to_unicode);
    DestinationString->Length = static_cast<USHORT>(text.size() * sizeof(WCHAR));
    DestinationString->Buffer[text.size()] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                            BOOLEAN AllocateDestinationString) {
    OPC_REQUIRE_PASSIVE();
    std::u16string_view text = text_of(SourceString);
    NTSTATUS status = STATUS_SUCCESS;
    if (AllocateDestinationString != FALSE) {
        DestinationString->Buffer =
            static_cast<PCHAR>(ExAllocatePoolWithTag(PagedPool, text.size() + 1, string_pool_tag));
        if (DestinationString->Buffer == nullptr) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = static_cast<USHORT>(text.size() + 1);
    } else if (text.size() + 1 > DestinationString->MaximumLength) {
        if (DestinationString->MaximumLength == 0) {
            return STATUS_BUFFER_OVERFLOW;
        }
        // What fits is converted all the same.
        status = STATUS_BUFFER_OVERFLOW;
        text = text.substr(0, DestinationString->MaximumLength - 1u);
    }
    std::transform(text.begin(), text.end(), DestinationString->Buffer, unicode_to_ansi);
    DestinationString->Length = static_cast<USHORT>(text.size());
    DestinationString->Buffer[text.size()] = 0;
    return status;
}

VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString) {
    OPC_REQUIRE_PASSIVE();
    if (AnsiString->Buffer != nullptr) {
        ExFreePool(AnsiString->Buffer);
        *AnsiString = {};
    }
}

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
                                      const CHAR* MultiByteString, ULONG BytesInMultiByteString) {
    const ULONG count = std::min<ULONG>(MaxBytesInUnicodeString / sizeof(WCHAR), BytesInMultiByteString);
    std::transform(MultiByteString, MultiByteString + count, UnicodeString, ansi_to_unicode);
    if (BytesInUnicodeString != nullptr) {
        *BytesInUnicodeString = count * sizeof(WCHAR);
    }
    return count < BytesInMultiByteString ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString, ULONG BytesInUnicodeString) {
    const ULONG length = BytesInUnicodeString / sizeof(WCHAR);
    const ULONG count = std::min(MaxBytesInMultiByteString, length);
    std::transform(UnicodeString, UnicodeString + count, MultiByteString, unicode_to_ansi);
    if (BytesInMultiByteString != nullptr) {
        *BytesInMultiByteString = count;
    }
    return count < length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                 PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                 ULONG UnicodeStringByteCount) {
    OPC_REQUIRE_PASSIVE();
    if (UnicodeStringSource == nullptr || UTF8StringActualByteCount == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const std::u16string_view source(UnicodeStringSource, UnicodeStringByteCount / sizeof(WCHAR));
    const std::string text = utf16_to_utf8(source);
    *UTF8StringActualByteCount = static_cast<ULONG>(text.size());
    if (UTF8StringDestination == nullptr) {
        return STATUS_SUCCESS;
    }
    const std::size_t count = std::min<std::size_t>(text.size(), UTF8StringMaxByteCount);
    std::copy_n(text.begin(), count, UTF8StringDestination);
    if (count < text.size()) {
        *UTF8StringActualByteCount = static_cast<ULONG>(count);
        return STATUS_BUFFER_TOO_SMALL;
    }
    return utf8_to_utf16(text) == source ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWCH UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                 PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource,
                                 ULONG UTF8StringByteCount) {
    OPC_REQUIRE_PASSIVE();
    if (UTF8StringSource == nullptr || UnicodeStringActualByteCount == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const std::string_view source(UTF8StringSource, UTF8StringByteCount);
    const std::u16string text = utf8_to_utf16(source);
    *UnicodeStringActualByteCount = static_cast<ULONG>(text.size() * sizeof(WCHAR));
    if (UnicodeStringDestination == nullptr) {
        return STATUS_SUCCESS;
    }
    const std::size_t count = std::min<std::size_t>(text.size(), UnicodeStringMaxByteCount / sizeof(WCHAR));
    std::copy_n(text.begin(), count, UnicodeStringDestination);
    if (count < text.size()) {
        *UnicodeStringActualByteCount = static_cast<ULONG>(count * sizeof(WCHAR));
        return STATUS_BUFFER_TOO_SMALL;
    }
    return utf16_to_utf8(text) == source ? STATUS_SUCCESS : STATUS_SOME_NOT_MAPPED;
}

} // extern "C"
