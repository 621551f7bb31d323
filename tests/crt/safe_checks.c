#include <ntintsafe.h>

#include "checks.h"

static int text_is(const WCHAR* left, const WCHAR* right)
{
    return wcscmp(left, right) == 0;
}

int check_safe_strings(void)
{
    WCHAR text[8];
    size_t length;
    CHECK(RtlStringCchCopyW(text, 8, L"abc") == STATUS_SUCCESS && text_is(text, L"abc"));
    CHECK(RtlStringCchCopyW(text, 3, L"abc") == STATUS_BUFFER_OVERFLOW && text_is(text, L"ab"));
    CHECK(RtlStringCchCopyW(text, 0, L"abc") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCbCopyW(text, 7, L"abcd") == STATUS_BUFFER_OVERFLOW && text_is(text, L"ab"));
    CHECK(RtlStringCbCopyNW(text, sizeof(text), L"abcd", 5) == STATUS_SUCCESS && text_is(text, L"ab"));
    CHECK(RtlStringCchCatW(text, 8, L"cdef") == STATUS_SUCCESS && text_is(text, L"abcdef"));
    CHECK(RtlStringCchCatW(text, 8, L"gh") == STATUS_BUFFER_OVERFLOW && text_is(text, L"abcdefg"));
    CHECK(RtlStringCchCatW(text, 3, L"x") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchLengthW(text, 8, &length) == STATUS_SUCCESS && length == 7);
    CHECK(RtlStringCchLengthW(text, 7, &length) == STATUS_INVALID_PARAMETER && length == 0);
    CHECK(RtlStringCbLengthW(text, sizeof(text), &length) == STATUS_SUCCESS && length == 14);
    CHECK(RtlStringCchPrintfW(text, 8, L"%d", 1234567) == STATUS_SUCCESS && text_is(text, L"1234567"));
    CHECK(RtlStringCchPrintfW(text, 8, L"%d", 12345678) == STATUS_BUFFER_OVERFLOW && text_is(text, L"1234567"));

    char narrow[6];
    char* end;
    size_t remaining;
    CHECK(RtlStringCbPrintfA(narrow, sizeof(narrow), "%s", "ab") == STATUS_SUCCESS && strcmp(narrow, "ab") == 0);
    CHECK(RtlStringCchCopyExA(narrow, 6, "ab", &end, &remaining, STRSAFE_FILL_BYTE('z')) == STATUS_SUCCESS);
    CHECK(end == narrow + 2 && remaining == 4 && narrow[3] == 'z' && narrow[5] == 'z');
    CHECK(RtlStringCchCopyExA(narrow, 6, "toolong", &end, &remaining, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW);
    CHECK(narrow[0] == 0 && end == narrow && remaining == 6);
    CHECK(RtlStringCchCopyExA(NULL, 0, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS);
    CHECK(RtlStringCchCopyExA(NULL, 0, "a", NULL, NULL, STRSAFE_IGNORE_NULLS) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyExA(narrow, 6, "a", NULL, NULL, 0x80000000) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCatExA(narrow, 6, "xy", &end, &remaining, 0) == STATUS_SUCCESS && end == narrow + 2);
    CHECK(RtlStringCbPrintfExA(narrow, 6, &end, &remaining, 0, "%d", 42) == STATUS_SUCCESS && remaining == 4);

    UNICODE_STRING string;
    CHECK(RtlUnicodeStringInit(&string, L"abc") == STATUS_SUCCESS && string.Length == 6 && string.MaximumLength == 8);
    UNICODE_STRING target = {0, 8, text};
    CHECK(RtlUnicodeStringCopy(&target, &string) == STATUS_SUCCESS && target.Length == 6 && text[0] == 'a');
    CHECK(RtlUnicodeStringCatString(&target, L"xy") == STATUS_BUFFER_OVERFLOW && target.Length == 8 && text[3] == 'x');
    CHECK(RtlUnicodeStringPrintf(&target, L"%d", 7) == STATUS_SUCCESS && target.Length == 2 && text[0] == '7');
    CHECK(RtlUnicodeStringPrintf(&target, L"%d", 12345) == STATUS_BUFFER_OVERFLOW && target.Length == 8);
    target.Length = 3;
    CHECK(RtlUnicodeStringValidate(&target) == STATUS_INVALID_PARAMETER);
    return 0;
}

int check_safe_integers(void)
{
    ULONG sum;
    CHECK(RtlULongAdd(1, 2, &sum) == STATUS_SUCCESS && sum == 3);
    CHECK(RtlULongAdd(0xffffffff, 1, &sum) == STATUS_INTEGER_OVERFLOW && sum == 0xffffffff);
    CHECK(RtlULongSub(1, 2, &sum) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongMult(0x10000, 0x10000, &sum) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongLongToULong(0x100000000ll, &sum) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongLongToULong(-1, &sum) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongLongToULong(0xffffffffll, &sum) == STATUS_SUCCESS && sum == 0xffffffff);
    USHORT small;
    CHECK(RtlULongToUShort(65536, &small) == STATUS_INTEGER_OVERFLOW && RtlULongToUShort(65535, &small) == STATUS_SUCCESS);
    LONG signed_value;
    CHECK(RtlULongToLong(0x80000000, &signed_value) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongAdd(0x7fffffff, 1, &signed_value) == STATUS_INTEGER_OVERFLOW);
    SIZE_T size;
    CHECK(RtlSizeTMult(1ull << 63, 2, &size) == STATUS_INTEGER_OVERFLOW && RtlSizeTAdd(4, 5, &size) == 0 && size == 9);
    return 0;
}
