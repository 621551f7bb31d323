#include "executive/rtl/format.h"

#include <gtest/gtest.h>

namespace openportcls::executive {
namespace {

NTAPI int narrow(char* buffer, SIZE_T count, const char* format, ...) {
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    const int result = opc_vsnprintf(buffer, count, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}

NTAPI int wide(WCHAR* buffer, SIZE_T count, const WCHAR* format, ...) {
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    const int result = opc_vsnwprintf(buffer, count, format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}

NTAPI std::string* message(std::string* result, const char* format, ...) {
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    *result = format_message(format, arguments);
    __builtin_ms_va_end(arguments);
    return result;
}

template<class... Arguments>
std::string text(const char* format, Arguments... arguments) {
    char buffer[256];
    const int length = narrow(buffer, sizeof buffer, format, arguments...);
    return length < 0 ? "(overflow)" : std::string(buffer);
}

template<class... Arguments>
std::u16string wide_text(const WCHAR* format, Arguments... arguments) {
    WCHAR buffer[256];
    const int length = wide(buffer, 256, format, arguments...);
    return length < 0 ? u"(overflow)" : std::u16string(buffer);
}

TEST(RtlFormat, IntegersOfEverySize) {
    EXPECT_EQ(text("%d %i %u", -5, 6, 4000000000u), "-5 6 4000000000");
    EXPECT_EQ(text("%ld %lu %lx", -1, 4294967295u, 0xABCDu), "-1 4294967295 abcd") << "long is 32 bits";
    EXPECT_EQ(text("%I64d %lld %I64X", -5000000000ll, 5000000000ll, 0xFEDCBA9876543210ull),
              "-5000000000 5000000000 FEDCBA9876543210");
    EXPECT_EQ(text("%Id %zu %I32u", 5000000000ll, 6000000000ull, 7u), "5000000000 6000000000 7");
    EXPECT_EQ(text("%hd %hu", 0x1FFFF, 0x12345), "-1 9029");
    EXPECT_EQ(text("%o %#o %#x %#X %#x", 8, 8, 255, 255, 0), "10 010 0xff 0XFF 0");
    EXPECT_EQ(text("%lld", INT64_MIN), "-9223372036854775808");
}

TEST(RtlFormat, WidthPrecisionAndFlags) {
    EXPECT_EQ(text("[%5d|%-5d|%05d|%+d|% d]", 42, 42, 42, 42, 42), "[   42|42   |00042|+42| 42]");
    EXPECT_EQ(text("[%.3d|%8.3d|%08.3d|%.0d]", 7, 7, 7, 0), "[007|     007|     007|]");
    EXPECT_EQ(text("[%*d|%-*d|%.*s]", 4, 1, 4, 2, 2, "abc"), "[   1|2   |ab]");
    EXPECT_EQ(text("[%08X|%#010x]", 0xBEEF, 0xBEEF), "[0000BEEF|0x0000beef]");
    EXPECT_EQ(text("[%*d]", -4, 1), "[1   ]");
}

TEST(RtlFormat, PointersAreSixteenUpperCaseDigits) {
    EXPECT_EQ(text("%p", reinterpret_cast<void*>(0xABCDEF)), "0000000000ABCDEF");
    EXPECT_EQ(text("%p", static_cast<void*>(nullptr)), "0000000000000000");
}

TEST(RtlFormat, StringsNarrowAndWide) {
    EXPECT_EQ(text("%s %S %ls %ws %hs", "a", u"b", u"c", u"d", "e"), "a b c d e");
    EXPECT_EQ(wide_text(u"%s %S %ls %ws %hs", u"a", "b", u"c", u"d", "e"), u"a b c d e");
    EXPECT_EQ(text("%c%C%lc%hc%%", 'x', u'y', u'z', 'w'), "xyzw%");
    EXPECT_EQ(wide_text(u"%c%C", u'\u20AC', 'n'), u"\u20ACn");
    EXPECT_EQ(
        text("[%s|%S|%.3s]", static_cast<char*>(nullptr), static_cast<WCHAR*>(nullptr), static_cast<char*>(nullptr)),
        "[(null)|(null)|(nu]");
    EXPECT_EQ(text("[%6s|%-6s|%.2s]", "abc", "abc", "abc"), "[   abc|abc   |ab]");
    const char unterminated[] = {'a', 'b', 'c'};
    EXPECT_EQ(text("%.3s", unterminated), "abc");
}

TEST(RtlFormat, CountedStrings) {
    char ansi_buffer[] = "ansi rest";
    ANSI_STRING ansi = {4, 9, ansi_buffer};
    WCHAR unicode_buffer[] = u"unicode rest";
    UNICODE_STRING unicode = {14, 24, unicode_buffer};
    EXPECT_EQ(text("%Z|%wZ|%8Z|%.2wZ", &ansi, &unicode, &ansi, &unicode), "ansi|unicode|    ansi|un");
    EXPECT_EQ(wide_text(u"%wZ|%Z", &unicode, &ansi), u"unicode|ansi");
    UNICODE_STRING empty = {0, 0, nullptr};
    EXPECT_EQ(text("%wZ|%Z", &empty, static_cast<void*>(nullptr)), "(null)|(null)");
}

TEST(RtlFormat, FloatingPoint) {
    EXPECT_EQ(text("%f %.2f %8.3e %g", 1.5, 2.0 / 3.0, 12345.678, 0.5), "1.500000 0.67 1.235e+04 0.5");
}

TEST(RtlFormat, BoundsFollowTheCRuntime) {
    char buffer[5] = {'#', '#', '#', '#', '#'};
    EXPECT_EQ(narrow(buffer, 4, "%s", "abcdef"), -1);
    EXPECT_EQ(std::string(buffer, 5), "abcd#") << "cut off without a zero";
    EXPECT_EQ(narrow(buffer, 4, "%s", "wxyz"), 4);
    EXPECT_EQ(std::string(buffer, 5), "wxyz#");
    EXPECT_EQ(narrow(buffer, 4, "%s", "abc"), 3);
    EXPECT_STREQ(buffer, "abc");
    EXPECT_EQ(narrow(nullptr, 0, "%s", "abcdef"), 6);
    EXPECT_EQ(narrow(nullptr, 3, "%s", "abcdef"), -1);
}

TEST(RtlFormat, OddFormatsEndQuietly) {
    EXPECT_EQ(text("abc%"), "abc");
    EXPECT_EQ(text("%-"), "");
    EXPECT_EQ(text("%y%%"), "y%");
}

TEST(RtlFormat, MessagesKeepWideCharacters) {
    std::string result;
    EXPECT_EQ(*message(&result, "%ws %s", u"\u20AC", "end"), "\xE2\x82\xAC end");
}

} // namespace
} // namespace openportcls::executive
