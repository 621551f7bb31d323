/* Safe functions on UNICODE_STRING. ntstrsafe.h includes this. */
#ifndef OPC_SAFE_UNICODE_STRINGS_H
#define OPC_SAFE_UNICODE_STRINGS_H

OPC_SAFE_STRING NTSTATUS RtlUnicodeStringValidateEx(PCUNICODE_STRING SourceString, ULONG dwFlags) {
    if ((dwFlags & ~STRSAFE_VALID_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (SourceString == NULL) {
        return (dwFlags & STRSAFE_IGNORE_NULLS) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (SourceString->Length % sizeof(WCHAR) != 0 || SourceString->MaximumLength % sizeof(WCHAR) != 0 ||
        SourceString->Length > SourceString->MaximumLength ||
        (SourceString->Buffer == NULL && SourceString->MaximumLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringValidate(PCUNICODE_STRING SourceString) {
    return RtlUnicodeStringValidateEx(SourceString, 0);
}

OPC_SAFE_STRING NTSTATUS RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc, ULONG dwFlags) {
    size_t length = 0;
    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = NULL;
    if ((dwFlags & ~STRSAFE_VALID_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (pszSrc == NULL) {
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(opc_lengthW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &length))) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
    DestinationString->Buffer = (PWCH)pszSrc;
    return STATUS_SUCCESS;
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING DestinationString, const WCHAR* pszSrc) {
    return RtlUnicodeStringInitEx(DestinationString, pszSrc, 0);
}

/* Puts `count` characters behind the first `offset` of the destination; the other functions are forms of this. */
OPC_SAFE_STRING NTSTATUS opc_unicode_put(PUNICODE_STRING destination, size_t offset, const WCHAR* source, size_t count,
                                         PUNICODE_STRING remaining, ULONG flags) {
    NTSTATUS status = RtlUnicodeStringValidateEx(destination, flags);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    size_t capacity = destination == NULL ? 0 : destination->MaximumLength / sizeof(WCHAR);
    size_t room = capacity - offset;
    size_t written = count <= room ? count : room;
    if (count > room) {
        status = capacity == 0 && (destination == NULL || destination->Buffer == NULL) ? STATUS_INVALID_PARAMETER
                                                                                       : STATUS_BUFFER_OVERFLOW;
    }
    if (destination == NULL) {
        return status;
    }
    if (written != 0) {
        memmove(destination->Buffer + offset, source, written * sizeof(WCHAR));
    }
    size_t end = offset + written;
    if (!NT_SUCCESS(status) &&
        (flags & (STRSAFE_NO_TRUNCATION | STRSAFE_FILL_ON_FAILURE | STRSAFE_ZERO_LENGTH_ON_FAILURE)) != 0) {
        end = (flags & (STRSAFE_FILL_ON_FAILURE | STRSAFE_ZERO_LENGTH_ON_FAILURE)) != 0 ? 0 : offset;
        if ((flags & STRSAFE_FILL_ON_FAILURE) != 0) {
            memset(destination->Buffer, (int)(flags & 0xff), capacity * sizeof(WCHAR));
        }
    } else if (NT_SUCCESS(status) && (flags & STRSAFE_FILL_BEHIND) != 0 && capacity > end) {
        memset(destination->Buffer + end, (int)(flags & 0xff), (capacity - end) * sizeof(WCHAR));
    }
    destination->Length = (USHORT)(end * sizeof(WCHAR));
    if (remaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        remaining->Length = 0;
        remaining->MaximumLength = (USHORT)((capacity - end) * sizeof(WCHAR));
        remaining->Buffer = destination->Buffer + end;
    }
    return status;
}
OPC_SAFE_STRING size_t opc_unicode_used(PCUNICODE_STRING string) {
    return string == NULL ? 0 : string->Length / sizeof(WCHAR);
}
OPC_SAFE_STRING size_t opc_unicode_count(const WCHAR* text, size_t limit) {
    size_t length = 0;
    while (text != NULL && length < limit && text[length] != 0) {
        ++length;
    }
    return length;
}

OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCopyStringNEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                          size_t cchToCopy, PUNICODE_STRING RemainingString,
                                                          ULONG dwFlags) {
    if ((pszSrc == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) == 0) || cchToCopy > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return opc_unicode_put(DestinationString, 0, pszSrc, opc_unicode_count(pszSrc, cchToCopy), RemainingString,
                           dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                        size_t cchToCopy) {
    return RtlUnicodeStringCchCopyStringNEx(DestinationString, pszSrc, cchToCopy, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCopyStringNEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                         size_t cbToCopy, PUNICODE_STRING RemainingString,
                                                         ULONG dwFlags) {
    return RtlUnicodeStringCchCopyStringNEx(DestinationString, pszSrc, cbToCopy / sizeof(WCHAR), RemainingString,
                                            dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                       size_t cbToCopy) {
    return RtlUnicodeStringCchCopyStringNEx(DestinationString, pszSrc, cbToCopy / sizeof(WCHAR), NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCopyStringEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                      PUNICODE_STRING RemainingString, ULONG dwFlags) {
    return RtlUnicodeStringCchCopyStringNEx(DestinationString, pszSrc, NTSTRSAFE_MAX_CCH, RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, const WCHAR* pszSrc) {
    return RtlUnicodeStringCchCopyStringNEx(DestinationString, pszSrc, NTSTRSAFE_MAX_CCH, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                    size_t cchToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags) {
    NTSTATUS status = RtlUnicodeStringValidateEx(SourceString, dwFlags);
    size_t count = opc_unicode_used(SourceString);
    if (!NT_SUCCESS(status) || cchToCopy > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return opc_unicode_put(DestinationString, 0, SourceString == NULL ? NULL : SourceString->Buffer,
                           count < cchToCopy ? count : cchToCopy, RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                  size_t cchToCopy) {
    return RtlUnicodeStringCchCopyNEx(DestinationString, SourceString, cchToCopy, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                   size_t cbToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags) {
    return RtlUnicodeStringCchCopyNEx(DestinationString, SourceString, cbToCopy / sizeof(WCHAR), RemainingString,
                                      dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                 size_t cbToCopy) {
    return RtlUnicodeStringCchCopyNEx(DestinationString, SourceString, cbToCopy / sizeof(WCHAR), NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCopyEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                PUNICODE_STRING RemainingString, ULONG dwFlags) {
    return RtlUnicodeStringCchCopyNEx(DestinationString, SourceString, NTSTRSAFE_MAX_CCH, RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
    return RtlUnicodeStringCchCopyNEx(DestinationString, SourceString, NTSTRSAFE_MAX_CCH, NULL, 0);
}

OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCatStringNEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                         size_t cchToAppend, PUNICODE_STRING RemainingString,
                                                         ULONG dwFlags) {
    if ((pszSrc == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) == 0) || cchToAppend > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return opc_unicode_put(DestinationString, opc_unicode_used(DestinationString), pszSrc,
                           opc_unicode_count(pszSrc, cchToAppend), RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCatStringN(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                       size_t cchToAppend) {
    return RtlUnicodeStringCchCatStringNEx(DestinationString, pszSrc, cchToAppend, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCatStringNEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                        size_t cbToAppend, PUNICODE_STRING RemainingString,
                                                        ULONG dwFlags) {
    return RtlUnicodeStringCchCatStringNEx(DestinationString, pszSrc, cbToAppend / sizeof(WCHAR), RemainingString,
                                           dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCatStringN(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                      size_t cbToAppend) {
    return RtlUnicodeStringCchCatStringNEx(DestinationString, pszSrc, cbToAppend / sizeof(WCHAR), NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCatStringEx(PUNICODE_STRING DestinationString, const WCHAR* pszSrc,
                                                     PUNICODE_STRING RemainingString, ULONG dwFlags) {
    return RtlUnicodeStringCchCatStringNEx(DestinationString, pszSrc, NTSTRSAFE_MAX_CCH, RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, const WCHAR* pszSrc) {
    return RtlUnicodeStringCchCatStringNEx(DestinationString, pszSrc, NTSTRSAFE_MAX_CCH, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                   size_t cchToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags) {
    NTSTATUS status = RtlUnicodeStringValidateEx(SourceString, dwFlags);
    size_t count = opc_unicode_used(SourceString);
    if (!NT_SUCCESS(status) || cchToAppend > NTSTRSAFE_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return opc_unicode_put(DestinationString, opc_unicode_used(DestinationString),
                           SourceString == NULL ? NULL : SourceString->Buffer,
                           count < cchToAppend ? count : cchToAppend, RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCchCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                 size_t cchToAppend) {
    return RtlUnicodeStringCchCatNEx(DestinationString, SourceString, cchToAppend, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                  size_t cbToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags) {
    return RtlUnicodeStringCchCatNEx(DestinationString, SourceString, cbToAppend / sizeof(WCHAR), RemainingString,
                                     dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCbCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                                size_t cbToAppend) {
    return RtlUnicodeStringCchCatNEx(DestinationString, SourceString, cbToAppend / sizeof(WCHAR), NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCatEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                               PUNICODE_STRING RemainingString, ULONG dwFlags) {
    return RtlUnicodeStringCchCatNEx(DestinationString, SourceString, NTSTRSAFE_MAX_CCH, RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
    return RtlUnicodeStringCchCatNEx(DestinationString, SourceString, NTSTRSAFE_MAX_CCH, NULL, 0);
}

OPC_SAFE_STRING NTSTATUS RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                                   ULONG dwFlags, const WCHAR* pszFormat, OPC_VA_LIST argList) {
    NTSTATUS status = RtlUnicodeStringValidateEx(DestinationString, dwFlags);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    size_t capacity = DestinationString == NULL ? 0 : DestinationString->MaximumLength / sizeof(WCHAR);
    if (capacity == 0) {
        return pszFormat == NULL || *pszFormat == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    int length = pszFormat == NULL ? 0 : opc_vsnwprintf(DestinationString->Buffer, capacity, pszFormat, argList);
    /* The text is already in place; opc_unicode_put does the rest, as of a source one character too long if it was. */
    return opc_unicode_put(DestinationString, 0, DestinationString->Buffer, length < 0 ? capacity + 1 : (size_t)length,
                           RemainingString, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, const WCHAR* pszFormat,
                                                 OPC_VA_LIST argList) {
    return RtlUnicodeStringVPrintfEx(DestinationString, NULL, 0, pszFormat, argList);
}
OPC_SAFE_STRING NTSTATUS WINAPIV RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, const WCHAR* pszFormat,
                                                        ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, pszFormat);
    NTSTATUS status = RtlUnicodeStringVPrintfEx(DestinationString, NULL, 0, pszFormat, arguments);
    OPC_VA_END(arguments);
    return status;
}
OPC_SAFE_STRING NTSTATUS WINAPIV RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString,
                                                          PUNICODE_STRING RemainingString, ULONG dwFlags,
                                                          const WCHAR* pszFormat, ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, pszFormat);
    NTSTATUS status = RtlUnicodeStringVPrintfEx(DestinationString, RemainingString, dwFlags, pszFormat, arguments);
    OPC_VA_END(arguments);
    return status;
}

OPC_SAFE_STRING NTSTATUS RtlStringCchCopyUnicodeStringEx(WCHAR* DestinationString, size_t cchDest,
                                                         PCUNICODE_STRING SourceString, WCHAR** DestinationStringEnd,
                                                         size_t* RemainingSize, ULONG dwFlags) {
    NTSTATUS status = RtlUnicodeStringValidateEx(SourceString, dwFlags);
    static const WCHAR empty[1] = {0};
    if (!NT_SUCCESS(status)) {
        return status;
    }
    size_t count = opc_unicode_used(SourceString);
    return RtlStringCchCopyNExW(DestinationString, cchDest, count == 0 ? empty : SourceString->Buffer, count,
                                DestinationStringEnd, RemainingSize, dwFlags);
}
OPC_SAFE_STRING NTSTATUS RtlStringCbCopyUnicodeStringEx(WCHAR* DestinationString, size_t cbDest,
                                                        PCUNICODE_STRING SourceString, WCHAR** DestinationStringEnd,
                                                        size_t* RemainingSize, ULONG dwFlags) {
    size_t left = 0;
    NTSTATUS status = RtlStringCchCopyUnicodeStringEx(DestinationString, cbDest / sizeof(WCHAR), SourceString,
                                                      DestinationStringEnd, &left, dwFlags);
    if (RemainingSize != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        *RemainingSize = left * sizeof(WCHAR) + cbDest % sizeof(WCHAR);
    }
    return status;
}
OPC_SAFE_STRING NTSTATUS RtlStringCchCopyUnicodeString(WCHAR* DestinationString, size_t cchDest,
                                                       PCUNICODE_STRING SourceString) {
    return RtlStringCchCopyUnicodeStringEx(DestinationString, cchDest, SourceString, NULL, NULL, 0);
}
OPC_SAFE_STRING NTSTATUS RtlStringCbCopyUnicodeString(WCHAR* DestinationString, size_t cbDest,
                                                      PCUNICODE_STRING SourceString) {
    return RtlStringCchCopyUnicodeStringEx(DestinationString, cbDest / sizeof(WCHAR), SourceString, NULL, NULL, 0);
}
#define RtlUnalignedStringCchLengthW RtlStringCchLengthW
#define RtlUnalignedStringCbLengthW RtlStringCbLengthW

#endif
