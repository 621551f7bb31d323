// The safe string functions of ntstrsafe.h, wide and narrow, counted in characters and in bytes.
#include <ntstrsafe.h>

#include "driver_test.h"

static bool is(const WCHAR* left, const WCHAR* right) {
    return wcscmp(left, right) == 0;
}
static bool is(const CHAR* left, const CHAR* right) {
    return strcmp(left, right) == 0;
}

DRIVER_TEST(DriverSafeStrings, CopyTruncatesAndAlwaysTerminates) {
    WCHAR text[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    CHECK(RtlStringCchCopyW(text, 8, L"abc") == STATUS_SUCCESS && is(text, L"abc") && text[4] == 1);
    CHECK(RtlStringCchCopyW(text, 4, L"defg") == STATUS_BUFFER_OVERFLOW && is(text, L"def"));
    CHECK(RtlStringCchCopyW(text, 1, L"x") == STATUS_BUFFER_OVERFLOW && is(text, L""));
    CHECK(RtlStringCchCopyW(text, 0, L"x") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyW(text, NTSTRSAFE_MAX_CCH + 1ull, L"x") == STATUS_INVALID_PARAMETER);
    // Bytes: an odd one at the end holds no character.
    CHECK(RtlStringCbCopyW(text, 7, L"abcd") == STATUS_BUFFER_OVERFLOW && is(text, L"ab"));
    CHECK(RtlStringCbCopyW(text, 8, L"abc") == STATUS_SUCCESS && is(text, L"abc"));
    CHECK(RtlStringCbCopyW(text, 1, L"a") == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCbCopyNW(text, sizeof(text), L"abcd", 5) == STATUS_SUCCESS && is(text, L"ab"));
    CHECK(RtlStringCbCopyNW(text, sizeof(text), L"abcd", 100) == STATUS_SUCCESS && is(text, L"abcd"));
    CHECK(RtlStringCbCopyNW(text, 6, L"abcd", 6) == STATUS_BUFFER_OVERFLOW && is(text, L"ab"));
    CHECK(RtlStringCchCopyNW(text, 8, L"abcd", 0) == STATUS_SUCCESS && is(text, L""));
    CHAR narrow[4];
    CHECK(RtlStringCchCopyA(narrow, 4, "abcd") == STATUS_BUFFER_OVERFLOW && is(narrow, "abc"));
    CHECK(RtlStringCbCopyNA(narrow, 4, "abcd", 2) == STATUS_SUCCESS && is(narrow, "ab"));
}

DRIVER_TEST(DriverSafeStrings, CatNeedsATerminatedDestination) {
    WCHAR text[8] = L"ab";
    CHECK(RtlStringCchCatW(text, 8, L"cd") == STATUS_SUCCESS && is(text, L"abcd"));
    CHECK(RtlStringCbCatW(text, 12, L"efg") == STATUS_BUFFER_OVERFLOW && is(text, L"abcde"));
    CHECK(RtlStringCchCatNW(text, 8, L"xyz", 1) == STATUS_SUCCESS && is(text, L"abcdex"));
    CHECK(RtlStringCbCatNW(text, 16, L"12", 3) == STATUS_SUCCESS && is(text, L"abcdex1"));
    CHECK(RtlStringCchCatW(text, 7, L"x") == STATUS_INVALID_PARAMETER); // no terminator within the size
    CHAR narrow[6] = "ab";
    CHECK(RtlStringCbCatA(narrow, sizeof(narrow), "cdefg") == STATUS_BUFFER_OVERFLOW && is(narrow, "abcde"));
}

DRIVER_TEST(DriverSafeStrings, LengthIsBoundedByTheGivenSize) {
    size_t length = 77;
    CHECK(RtlStringCchLengthW(L"abc", 4, &length) == STATUS_SUCCESS && length == 3);
    CHECK(RtlStringCchLengthW(L"abc", 3, &length) == STATUS_INVALID_PARAMETER && length == 0);
    CHECK(RtlStringCchLengthW(NULL, 3, &length) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchLengthW(L"abc", NTSTRSAFE_MAX_CCH + 1ull, &length) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchLengthW(L"abc", 4, NULL) == STATUS_SUCCESS);
    CHECK(RtlStringCbLengthW(L"abc", 8, &length) == STATUS_SUCCESS && length == 6);
    CHECK(RtlStringCbLengthW(L"abc", 7, &length) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchLengthA("", 1, &length) == STATUS_SUCCESS && length == 0);
}

DRIVER_TEST(DriverSafeStrings, PrintfFormatsWithinTheSize) {
    WCHAR text[8];
    CHECK(RtlStringCchPrintfW(text, 8, L"%d", 1234567) == STATUS_SUCCESS && is(text, L"1234567"));
    CHECK(RtlStringCchPrintfW(text, 8, L"%d", 12345678) == STATUS_BUFFER_OVERFLOW && is(text, L"1234567"));
    CHECK(RtlStringCbPrintfW(text, 8, L"%s-%x", L"a", 0xBC) == STATUS_BUFFER_OVERFLOW && is(text, L"a-b"));
    CHECK(RtlStringCbPrintfW(text, sizeof(text), L"%ws%S", L"a", "b") == STATUS_SUCCESS && is(text, L"ab"));
    CHECK(RtlStringCbPrintfW(text, 1, L"x") == STATUS_INVALID_PARAMETER);
    CHAR narrow[8];
    CHECK(RtlStringCbPrintfA(narrow, sizeof(narrow), "%s%S", "ab", L"c") == STATUS_SUCCESS && is(narrow, "abc"));
    CHECK(RtlStringCbPrintfA(narrow, 3, "%lu", 12345ul) == STATUS_BUFFER_OVERFLOW && is(narrow, "12"));
    CHECK(RtlStringCchPrintfA(narrow, 0, "x") == STATUS_INVALID_PARAMETER);
}

DRIVER_TEST(DriverSafeStrings, ExtendedFormsTellWhereTheyEnded) {
    WCHAR text[6];
    WCHAR* end;
    size_t remaining;
    CHECK(RtlStringCchCopyExW(text, 6, L"ab", &end, &remaining, STRSAFE_FILL_BYTE('z')) == STATUS_SUCCESS);
    CHECK(end == text + 2 && remaining == 4 && text[2] == 0 && text[3] == 0x7A7A && text[5] == 0x7A7A);
    CHECK(RtlStringCchCatExW(text, 6, L"cdef", &end, &remaining, 0) == STATUS_BUFFER_OVERFLOW);
    CHECK(is(text, L"abcde") && end == text + 5 && remaining == 1);
    CHECK(RtlStringCchCopyExW(text, 6, L"toolong", &end, &remaining, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW);
    CHECK(text[0] == 0 && end == text && remaining == 6);
    CHECK(RtlStringCbPrintfExW(text, sizeof(text), &end, &remaining, STRSAFE_NULL_ON_FAILURE, L"%d", 1234567) ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(text[0] == 0);
    CHECK(RtlStringCchCopyExW(NULL, 0, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS);
    CHECK(RtlStringCchCopyExW(NULL, 0, L"a", NULL, NULL, STRSAFE_IGNORE_NULLS) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyExW(text, 6, L"a", NULL, NULL, 0x80000000) == STATUS_INVALID_PARAMETER);
    CHAR narrow[4];
    CHAR* narrow_end;
    CHECK(RtlStringCbCopyExA(narrow, 4, "abcd", &narrow_end, &remaining, STRSAFE_FAILURE_BYTE('f')) ==
          STATUS_BUFFER_OVERFLOW);
    CHECK(narrow[0] == 'f' && narrow[2] == 'f' && narrow[3] == 0);
}
