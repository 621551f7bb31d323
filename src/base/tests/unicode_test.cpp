#include "base/unicode.h"

#include <gtest/gtest.h>

namespace openportcls {
namespace {

TEST(Unicode, ConvertsBothWaysIncludingSurrogatePairs) {
    const std::string utf8 = "a\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E";
    const std::u16string utf16 = u"a\u00E9\u20AC\U0001D11E";
    EXPECT_EQ(utf8_to_utf16(utf8), utf16);
    EXPECT_EQ(utf16_to_utf8(utf16), utf8);
}

TEST(Unicode, IllFormedInputBecomesReplacementCharacters) {
    EXPECT_EQ(utf8_to_utf16("\xFFz"), u"\uFFFDz");
    EXPECT_EQ(utf8_to_utf16("\xE2\x82"), u"\uFFFD");
    EXPECT_EQ(utf8_to_utf16("\xC0\x80"), u"\uFFFD"); // overlong
    const char16_t lone[] = {0xD800, u'x'};
    EXPECT_EQ(utf16_to_utf8({lone, 2}), "\xEF\xBF\xBDx");
}

TEST(Unicode, UpcasesBeyondAsciiWithoutALocale) {
    EXPECT_EQ(upcase(u'\u00E9'), u'\u00C9');
    EXPECT_EQ(upcase(u'\u0444'), u'\u0424');
    EXPECT_EQ(upcase(u'\u0101'), u'\u0100');
    EXPECT_EQ(upcase(u'\u0100'), u'\u0100');
    EXPECT_EQ(upcase(u'\u00DF'), u'\u00DF'); // sharp s has no single upper-case character
    EXPECT_EQ(downcase(u'\u0424'), u'\u0444');
    EXPECT_EQ(upcase(u'7'), u'7');
}

TEST(Unicode, EveryMappingSurvivesItsOwnRange) {
    // Interleaved ranges of stride 2 must not shadow one another.
    for (char16_t c = 0x100; c < 0x130; ++c) {
        EXPECT_EQ(upcase(c), c % 2 == 1 ? static_cast<char16_t>(c - 1) : c) << std::hex << int{c};
    }
}

TEST(Unicode, ComparesWithoutCase) {
    EXPECT_TRUE(equal_ignoring_case(u"\\Device\\Sound", u"\\DEVICE\\sound"));
    EXPECT_FALSE(equal_ignoring_case(u"a", u"ab"));
    EXPECT_LT(compare_ignoring_case(u"a", u"AB"), 0);
    EXPECT_GT(compare_ignoring_case(u"b", u"A"), 0);
    EXPECT_TRUE(equal_ignoring_ascii_case("Strings", "STRINGS"));
}

} // namespace
} // namespace openportcls
