// UNICODE_STRING: initialise, copy, append, compare, convert case.
#include <algorithm>
#include <cstring>
#include <string>

#include <ntddk.h>

#include "base/unicode.h"
#include "executive/ex/asan.h"
#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

constexpr USHORT longest_bytes = 0xFFFC; // what RtlInitUnicodeString gives to longer texts

std::size_t length_of(const WCHAR* text) {
    return std::char_traits<char16_t>::length(text);
}

// Zero-terminates when there is room behind the text.
void terminate(UNICODE_STRING& string) {
    if (string.Length + sizeof(WCHAR) <= string.MaximumLength) {
        string.Buffer[string.Length / sizeof(WCHAR)] = 0;
    }
}

NTSTATUS allocate(UNICODE_STRING& string, std::size_t bytes) {
    if (bytes > UNICODE_STRING_MAX_BYTES) {
        return STATUS_INVALID_PARAMETER_2;
    }
    string.Buffer =
        static_cast<PWCH>(ExAllocatePoolWithTag(PagedPool, std::max<std::size_t>(bytes, 1), string_pool_tag));
    string.MaximumLength = static_cast<USHORT>(bytes);
    return string.Buffer != nullptr ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

template<class Map>
NTSTATUS convert_case(PUNICODE_STRING destination, PCUNICODE_STRING source, BOOLEAN allocate_destination, Map map) {
    if (allocate_destination != FALSE) {
        const NTSTATUS status = allocate(*destination, source->Length);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    } else if (source->Length > destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    const std::u16string_view text = text_of(source);
    std::transform(text.begin(), text.end(), destination->Buffer, map);
    destination->Length = source->Length;
    return STATUS_SUCCESS;
}

} // namespace

extern "C" {

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
    require_own_memory(DestinationString, sizeof *DestinationString, __func__);
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    *DestinationString = {0, 0, const_cast<PWCH>(SourceString)};
    if (SourceString != nullptr) {
        const std::size_t bytes = std::min<std::size_t>(length_of(SourceString) * sizeof(WCHAR), longest_bytes);
        DestinationString->Length = static_cast<USHORT>(bytes);
        DestinationString->MaximumLength = static_cast<USHORT>(bytes + sizeof(WCHAR));
    }
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (SourceString != nullptr && length_of(SourceString) * sizeof(WCHAR) > longest_bytes) {
        *DestinationString = {};
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
    if (SourceString == nullptr) {
        DestinationString->Length = 0;
        return;
    }
    const USHORT bytes = std::min(SourceString->Length, DestinationString->MaximumLength);
    std::memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
    terminate(*DestinationString);
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source) {
    const unsigned total = Destination->Length + Source->Length;
    if (total > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memmove(Destination->Buffer + Destination->Length / sizeof(WCHAR), Source->Buffer, Source->Length);
    Destination->Length = static_cast<USHORT>(total);
    terminate(*Destination);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source) {
    if (Source == nullptr) {
        return STATUS_SUCCESS;
    }
    const std::size_t bytes = length_of(Source) * sizeof(WCHAR);
    if (bytes > UNICODE_STRING_MAX_BYTES) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    const UNICODE_STRING source = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes), const_cast<PWCH>(Source)};
    return RtlAppendUnicodeStringToString(Destination, &source);
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    OPC_REQUIRE_APC_OR_BELOW();
    const std::u16string_view left = text_of(String1);
    const std::u16string_view right = text_of(String2);
    const std::size_t shared = std::min(left.size(), right.size());
    for (std::size_t i = 0; i < shared; ++i) {
        const LONG difference = CaseInSensitive != FALSE ? upcase(left[i]) - upcase(right[i]) : left[i] - right[i];
        if (difference != 0) {
            return difference;
        }
    }
    return static_cast<LONG>(left.size() * sizeof(WCHAR)) - static_cast<LONG>(right.size() * sizeof(WCHAR));
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    OPC_REQUIRE_APC_OR_BELOW();
    return String1->Length == String2->Length && RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (String1->Length > String2->Length) {
        return FALSE;
    }
    const UNICODE_STRING start = {String1->Length, String1->Length, String2->Buffer};
    return RtlEqualUnicodeString(String1, &start, CaseInSensitive);
}

NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
                                    PULONG HashValue) {
    OPC_REQUIRE_APC_OR_BELOW();
    constexpr ULONG algorithm_default = 0;
    constexpr ULONG algorithm_x65599 = 1;
    if (String == nullptr || HashValue == nullptr ||
        (HashAlgorithm != algorithm_default && HashAlgorithm != algorithm_x65599)) {
        return STATUS_INVALID_PARAMETER;
    }
    ULONG hash = 0;
    for (const char16_t character : text_of(String)) {
        hash = hash * 65599 + (CaseInSensitive != FALSE ? upcase(character) : character);
    }
    *HashValue = hash;
    return STATUS_SUCCESS;
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter) {
    return upcase(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter) {
    return downcase(SourceCharacter);
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString) {
    OPC_REQUIRE_PASSIVE();
    return convert_case(DestinationString, SourceString, AllocateDestinationString,
                        [](char16_t character) { return upcase(character); });
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                        BOOLEAN AllocateDestinationString) {
    OPC_REQUIRE_PASSIVE();
    return convert_case(DestinationString, SourceString, AllocateDestinationString,
                        [](char16_t character) { return downcase(character); });
}

NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn, PUNICODE_STRING StringOut) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG null_terminate = 1;
    constexpr ULONG allocate_null_string = 2;
    const bool empty = StringIn == nullptr || StringIn->Length == 0;
    if ((Flags & ~(null_terminate | allocate_null_string)) != 0 || StringOut == nullptr ||
        ((Flags & allocate_null_string) != 0 && (Flags & null_terminate) == 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (empty && (Flags & allocate_null_string) == 0) {
        *StringOut = {};
        return STATUS_SUCCESS;
    }
    const std::u16string_view text = text_of(StringIn);
    const std::size_t bytes = text.size() * sizeof(WCHAR);
    const NTSTATUS status = allocate(*StringOut, bytes + ((Flags & null_terminate) != 0 ? sizeof(WCHAR) : 0));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    std::copy(text.begin(), text.end(), StringOut->Buffer);
    StringOut->Length = static_cast<USHORT>(bytes);
    terminate(*StringOut);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlValidateUnicodeString(ULONG Flags, PCUNICODE_STRING String) {
    OPC_REQUIRE_PASSIVE();
    if (Flags != 0 || String == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const bool odd = String->Length % sizeof(WCHAR) != 0 || String->MaximumLength % sizeof(WCHAR) != 0;
    const bool missing = String->Buffer == nullptr && (String->Length != 0 || String->MaximumLength != 0);
    return odd || missing || String->Length > String->MaximumLength ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (UnicodeString->Buffer != nullptr) {
        ExFreePool(UnicodeString->Buffer);
        *UnicodeString = {};
    }
}

} // extern "C"
