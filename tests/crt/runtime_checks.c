#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "checks.h"

// Every size around those that are copied by ways of their own, from and to places of every alignment; nothing beyond.
static int copies_of_every_size(void)
{
    unsigned char from[96];
    unsigned char to[96];
    for (size_t size = 0; size <= 72; ++size) {
        for (size_t shift = 0; shift < 9; ++shift) {
            for (size_t i = 0; i < sizeof(from); ++i) {
                from[i] = (unsigned char)(i * 7 + size);
                to[i] = 0xEE;
            }
            CHECK(memcpy(to + shift, from + 2 * shift, size) == to + shift);
            for (size_t i = 0; i < sizeof(to); ++i) {
                const int inside = i >= shift && i < shift + size;
                CHECK(to[i] == (inside ? from[i + shift] : 0xEE));
            }
            memmove(from + shift, from + 2 * shift, size); // downwards: what overlaps is read first
            CHECK(memcmp(from + shift, to + shift, size) == 0);
        }
    }
    return 0;
}

int check_memory(void)
{
    const int copied = copies_of_every_size();
    if (copied != 0) {
        return copied;
    }
    char buffer[40] = "0123456789";
    CHECK(memmove(buffer + 2, buffer, 8) == buffer + 2);
    CHECK(memcmp(buffer, "0101234567", 10) == 0);
    memmove(buffer, buffer + 2, 8);
    CHECK(memcmp(buffer, "0123456767", 10) == 0);
    memset(buffer, 0xAB, 3);
    CHECK((unsigned char)buffer[0] == 0xAB && (unsigned char)buffer[2] == 0xAB && buffer[3] == '3');
    CHECK(memcmp("a\x80", "a\x7f", 2) > 0);
    CHECK(memchr("abc", 'c', 2) == NULL && memchr("abc", 'b', 3) != NULL);
    char small[4] = "xyz";
    CHECK(memcpy_s(small, sizeof(small), "longer", 7) != 0 && small[0] == 0);
    return 0;
}

int check_strings(void)
{
    char text[16] = "one";
    CHECK(strlen("four") == 4 && strnlen("four", 2) == 2 && wcslen(L"\x3b1\x3b2") == 2);
    CHECK(strcmp(strcat(text, "two"), "onetwo") == 0);
    CHECK(strncmp("abcd", "abce", 3) == 0 && strcmp("abcd", "abce") < 0 && strcmp("\x80", "a") > 0);
    CHECK(_stricmp("MixEd", "mIXeD") == 0 && _strnicmp("ABx", "aby", 2) == 0 && _stricmp("a", "b") < 0);
    CHECK(strchr("path/name", '/')[1] == 'n' && strrchr("a/b/c", '/')[1] == 'c' && strchr("a", 0) != NULL);
    CHECK(strcmp(strstr("haystack", "st"), "stack") == 0 && strstr("hay", "needle") == NULL);
    CHECK(strspn("aab", "a") == 2 && strcspn("aab", "b") == 2 && *strpbrk("x,y", ",;") == ',');
    CHECK(strcpy_s(text, 3, "abc") != 0 && text[0] == 0 && strcpy_s(text, 4, "abc") == 0);
    CHECK(strncpy_s(text, 3, "abcdef", _TRUNCATE) != 0 && strcmp(text, "ab") == 0);
    wchar_t wide[8] = L"ab";
    CHECK(wcscmp(wcscat(wide, L"cd"), L"abcd") == 0 && _wcsicmp(L"\xc4z", L"\xe4Z") == 0);
    CHECK(wcschr(wide, L'c') == wide + 2 && wcscpy_s(wide, 3, L"toolong") != 0 && wide[0] == 0);
    CHECK(toupper('z') == 'Z' && tolower('!') == '!' && isxdigit('f') && !isxdigit('g') && isspace('\t'));
    char list[] = "a,,b";
    char* next = NULL;
    CHECK(strcmp(strtok_s(list, ",", &next), "a") == 0 && strcmp(strtok_s(NULL, ",", &next), "b") == 0);
    CHECK(strtok_s(NULL, ",", &next) == NULL);
    return 0;
}

static int by_value(const void* left, const void* right)
{
    return *(const int*)left - *(const int*)right;
}

int check_numbers(void)
{
    char* end;
    CHECK(strtol("  -42x", &end, 10) == -42 && *end == 'x');
    CHECK(strtoul("0xfFg", &end, 0) == 255 && *end == 'g');
    CHECK(strtoul("0x", &end, 16) == 0 && *end == 'x');
    CHECK(strtol("99999999999", NULL, 10) == 0x7fffffff && strtol("-99999999999", NULL, 10) == (long)0x80000000);
    CHECK(strtoul("99999999999", NULL, 10) == 0xffffffff && strtoul("-1", NULL, 10) == 0xffffffff);
    CHECK(strtoll("9223372036854775808", NULL, 10) == 0x7fffffffffffffff && strtol("077", NULL, 0) == 63);
    CHECK(wcstoul(L"12ab", NULL, 16) == 0x12ab && _wtoi(L"7") == 7 && atoi("-8z") == -8);
    CHECK(strtol("zz", &end, 10) == 0 && *end == 'z');
    char digits[40];
    CHECK(strcmp(_itoa(-255, digits, 10), "-255") == 0 && strcmp(_itoa(-1, digits, 16), "ffffffff") == 0);
    CHECK(strcmp(_ultoa(0, digits, 2), "0") == 0 && strcmp(_ltoa((long)0x80000000, digits, 10), "-2147483648") == 0);
    int items[] = {5, -3, 9, 0, 5, 2, 8, -7, 1};
    qsort(items, 9, sizeof(int), by_value);
    for (int index = 1; index < 9; ++index)
        CHECK(items[index - 1] <= items[index]);
    int key = 8, missing = 4;
    CHECK(bsearch(&key, items, 9, sizeof(int), by_value) == &items[7]);
    CHECK(bsearch(&missing, items, 9, sizeof(int), by_value) == NULL);
    srand(1);
    CHECK(rand() == 41 && rand() == 18467 && rand() == 6334);
    return 0;
}

int check_format(void)
{
    char text[32];
    wchar_t wide[32];
    CHECK(sprintf(text, "%d %s %c", -5, "abc", 'x') == 8 && strcmp(text, "-5 abc x") == 0);
    CHECK(_snprintf(text, 3, "%d", 12345) == -1 && memcmp(text, "123", 3) == 0);
    CHECK(snprintf(text, 3, "%d", 12345) == 5 && strcmp(text, "12") == 0 && snprintf(NULL, 0, "abc") == 3);
    CHECK(sprintf_s(text, 3, "abc") == -1 && text[0] == 0 && sprintf_s(text, 4, "abc") == 3);
    CHECK(_snprintf_s(text, 4, _TRUNCATE, "abcdef") == -1 && strcmp(text, "abc") == 0);
    CHECK(_scprintf("%u", 1000u) == 4);
    CHECK(swprintf(wide, L"%s|%04x", L"ab", 0x1f) == 7 && wcscmp(wide, L"ab|001f") == 0);
    CHECK(_snwprintf(wide, 2, L"abc") == -1 && swprintf_s(wide, 8, L"%I64d", 1ll << 40) == -1);
    CHECK(swprintf_s(wide, 16, L"%I64d", 1ll << 40) == 13 && wcscmp(wide, L"1099511627776") == 0);
    return 0;
}

static int near_to(double left, double right)
{
    return fabs(left - right) < 1e-9;
}

int check_math(void)
{
    CHECK(near_to(sin(0.5), 0.479425538604203) && near_to(cos(0.5), 0.8775825618903728));
    CHECK(near_to(pow(2, 10), 1024) && near_to(sqrt(2), 1.4142135623730951) && near_to(exp(1), 2.718281828459045));
    CHECK(near_to(log10(1000), 3) && near_to(log(exp(2)), 2) && near_to(atan2(1, 1), 0.7853981633974483));
    CHECK(near_to(acos(0.5), 1.0471975511965979) && near_to(asin(0.5), 0.5235987755982989));
    CHECK(near_to(atan(1), 0.7853981633974483) && near_to(tan(0.5), 0.5463024898437905));
    CHECK(near_to(sinh(1), 1.1752011936438014) && near_to(cosh(1), 1.5430806348152437));
    CHECK(near_to(tanh(0.5), 0.46211715726000973) && near_to(cbrt(27), 3) && near_to(hypot(3, 4), 5));
    CHECK(near_to(exp2(0.5), 1.4142135623730951) && near_to(log2(8), 3));
    CHECK(rint(2.5) == 2 && round(2.5) == 3 && round(-2.5) == -3 && trunc(-2.7) == -2);
    CHECK(floor(-1.5) == -2 && ceil(-1.5) == -1 && fmod(7.5, 2) == 1.5 && fabs(-3.0) == 3);
    CHECK(sinf(0) == 0 && sqrtf(16) == 4 && powf(3, 2) == 9 && (int)floorf(2.7f) == 2);
    double whole;
    int exponent;
    CHECK(modf(3.25, &whole) == 0.25 && whole == 3 && ldexp(1, 4) == 16 && frexp(8, &exponent) == 0.5 && exponent == 4);
    return 0;
}

// More than a page of locals calls __chkstk, which must keep every register.
static __attribute__((noinline)) int sum_of_large_frame(int a, int b, int c, int d)
{
    volatile char pages[3 * 4096];
    pages[0] = (char)a;
    pages[sizeof(pages) - 1] = (char)b;
    return pages[0] + pages[sizeof(pages) - 1] + c + d;
}

int check_large_frame(void)
{
    CHECK(sum_of_large_frame(1, 2, 30, 400) == 433);
    return 0;
}
