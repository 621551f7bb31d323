// The safe functions on UNICODE_STRING.
#include <ntstrsafe.h>

#include "driver_test.h"

static WCHAR too_long[NTSTRSAFE_UNICODE_STRING_MAX_CCH + 1];

DRIVER_TEST(DriverSafeUnicodeStrings, InitCountsAndRefusesWhatDoesNotFit) {
    UNICODE_STRING string = {1, 2, too_long};
    CHECK(RtlUnicodeStringInit(&string, L"abc") == STATUS_SUCCESS);
    CHECK(string.Length == 6 && string.MaximumLength == 8 && string.Buffer[2] == L'c');
    CHECK(RtlUnicodeStringInit(&string, NULL) == STATUS_SUCCESS);
    CHECK(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == NULL);
    for (WCHAR& character : too_long) {
        character = L'x';
    }
    too_long[NTSTRSAFE_UNICODE_STRING_MAX_CCH - 1] = 0;
    CHECK(RtlUnicodeStringInit(&string, too_long) == STATUS_SUCCESS && string.Length == 0xFFFC);
    CHECK(string.MaximumLength == 0xFFFE);
    too_long[NTSTRSAFE_UNICODE_STRING_MAX_CCH - 1] = L'x';
    too_long[NTSTRSAFE_UNICODE_STRING_MAX_CCH] = 0;
    CHECK(RtlUnicodeStringInit(&string, too_long) == STATUS_INVALID_PARAMETER && string.Buffer == NULL);
}

DRIVER_TEST(DriverSafeUnicodeStrings, CopyCatAndPrintStayInTheBuffer) {
    WCHAR buffer[4] = {9, 9, 9, 9};
    UNICODE_STRING target = {0, 6, buffer};
    CHECK(RtlUnicodeStringCopyString(&target, L"ab") == STATUS_SUCCESS && target.Length == 4);
    CHECK(RtlUnicodeStringCatString(&target, L"cd") == STATUS_BUFFER_OVERFLOW);
    CHECK(target.Length == 6 && buffer[2] == L'c' && buffer[3] == 9); // not terminated, not written past
    CHECK(RtlUnicodeStringPrintf(&target, L"%d", 42) == STATUS_SUCCESS && target.Length == 4);
    CHECK(RtlUnicodeStringPrintf(&target, L"%d", 12345) == STATUS_BUFFER_OVERFLOW && target.Length == 6);
    target.Length = 3;
    CHECK(RtlUnicodeStringValidate(&target) == STATUS_INVALID_PARAMETER);
    target.Length = 8;
    CHECK(RtlUnicodeStringValidate(&target) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUnicodeStringCopyString(&target, L"a") == STATUS_INVALID_PARAMETER);
}
