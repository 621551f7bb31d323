// The safe functions of C++ that take an array and find its capacity in its type.
#include <stdio.h>
#include <string.h>
#include <wchar.h>

extern "C" {
#include "checks.h"
}

static int vprint(char (&text)[8], const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = vsprintf_s(text, format, arguments);
    va_end(arguments);
    return written;
}

static int vprint_part(char (&text)[8], size_t count, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = _vsnprintf_s(text, count, format, arguments);
    va_end(arguments);
    return written;
}

static int vprint_wide(wchar_t (&text)[8], const wchar_t* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = vswprintf_s(text, format, arguments);
    va_end(arguments);
    return written;
}

static int vprint_wide_part(wchar_t (&text)[8], size_t count, const wchar_t* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int written = _vsnwprintf_s(text, count, format, arguments);
    va_end(arguments);
    return written;
}

static int narrow_arrays() {
    char text[8];
    CHECK(strcpy_s(text, "abc") == 0 && strcat_s(text, "def") == 0 && strcmp(text, "abcdef") == 0);
    CHECK(strncat_s(text, "ghi", 1) == 0 && strcmp(text, "abcdefg") == 0);
    CHECK(strcat_s(text, "h") != 0 && text[0] == 0);
    CHECK(strncpy_s(text, "abcdef", 2) == 0 && strcmp(text, "ab") == 0);
    CHECK(strncpy_s(text, "0123456789", _TRUNCATE) != 0 && strcmp(text, "0123456") == 0);
    CHECK(strcpy_s(text, "01234567") != 0 && text[0] == 0);
    CHECK(sprintf_s(text, "%d-%s", 5, "x") == 3 && strcmp(text, "5-x") == 0);
    CHECK(sprintf_s(text, "%08d", 5) == -1 && text[0] == 0);
    CHECK(_snprintf_s(text, 3, "%d", 12345) == -1 && strcmp(text, "123") == 0);
    CHECK(_snprintf_s(text, _TRUNCATE, "%s", "0123456789") == -1 && strcmp(text, "0123456") == 0);
    CHECK(vprint(text, "%d,%d", 6, 7) == 3 && strcmp(text, "6,7") == 0);
    CHECK(vprint_part(text, _TRUNCATE, "%09d", 1) == -1 && strcmp(text, "0000000") == 0);
    char* pointer = text; // the capacity is said as before
    CHECK(strcpy_s(pointer, 8, "p") == 0 && sprintf_s(pointer, 8, "%d", 1) == 1 && text[0] == '1');
    return 0;
}

static int wide_arrays() {
    wchar_t text[8];
    CHECK(wcscpy_s(text, L"abc") == 0 && wcscat_s(text, L"def") == 0 && wcscmp(text, L"abcdef") == 0);
    CHECK(wcsncat_s(text, L"ghi", 1) == 0 && wcscmp(text, L"abcdefg") == 0);
    CHECK(wcscat_s(text, L"h") != 0 && text[0] == 0);
    CHECK(wcsncpy_s(text, L"abcdef", 2) == 0 && wcscmp(text, L"ab") == 0);
    CHECK(wcscpy_s(text, L"01234567") != 0 && text[0] == 0);
    CHECK(swprintf_s(text, L"%d-%s", 5, L"x") == 3 && wcscmp(text, L"5-x") == 0);
    CHECK(swprintf_s(text, L"%08d", 5) == -1 && text[0] == 0);
    CHECK(_snwprintf_s(text, 3, L"%d", 12345) == -1 && wcscmp(text, L"123") == 0);
    CHECK(vprint_wide(text, L"%d,%d", 6, 7) == 3 && wcscmp(text, L"6,7") == 0);
    CHECK(vprint_wide_part(text, _TRUNCATE, L"%09d", 1) == -1 && wcscmp(text, L"0000000") == 0);
    return 0;
}

extern "C" int check_array_forms(void) {
    const int line = narrow_arrays();
    return line != 0 ? line : wide_arrays();
}
