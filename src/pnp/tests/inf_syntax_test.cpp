// What "General Syntax Rules for INF Files" and "INF Strings Section" say of names, tokens and comments.
#include "pnp/inf/inf_file.h"

#include <gtest/gtest.h>

namespace openportcls::pnp {
namespace {

const std::string version_section = "[Version]\nSignature=\"$Windows NT$\"\n";

InfFile parsed_lines(const std::string& text, const InfParseOptions& options = {}) {
    const std::string whole = version_section + text;
    auto file =
        InfFile::parse({reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size()}, "test.inf", options);
    EXPECT_TRUE(file) << (file ? "" : file.error().message);
    return file ? std::move(*file) : InfFile{};
}

std::string file_warnings(const InfFile& file) {
    std::string all;
    for (const InfWarning& warning : file.warnings()) {
        all += file.text_of(warning) + "\n";
    }
    return all;
}

TEST(InfSyntax, SectionNamesThatAreReferredToInQuotesHoldBlanksAndSemicolons) {
    const InfFile file = parsed_lines("[s]\nAddReg = \";; Cable Reg \" ; the page's own example\n"
                                      "[;; Cable Reg ] ; a comment\nHKR,,a,,b\n[in;side]\n[quo\"te]\nx=1\n");
    EXPECT_EQ(file_warnings(file), "");
    ASSERT_NE(file.section("s"), nullptr);
    const InfSection* named = file.section(file.section("s")->lines[0].field(0));
    ASSERT_NE(named, nullptr);
    EXPECT_EQ(named->name, ";; Cable Reg ");
    EXPECT_EQ(named->lines.size(), 1U);
    EXPECT_NE(file.section("in;side"), nullptr);
    ASSERT_NE(file.section("quo\"te"), nullptr);
    EXPECT_EQ(file.section("quo\"te")->lines.size(), 1U);
}

TEST(InfSyntax, BlanksAroundASectionNameCountForNobodyWhoDoesNotWriteThem) {
    const InfFile file = parsed_lines("[ One ]\na=1\n[Two]\nb=2\n[ one ]\nc=3\n");
    ASSERT_NE(file.section("one"), nullptr);
    EXPECT_EQ(file.section("one")->lines.size(), 2U);
    EXPECT_EQ(file.section(" One "), file.section("one"));
    EXPECT_EQ(file.section(" Two "), nullptr) << "a name in quotes has to match exactly";
}

TEST(InfSyntax, ASemicolonWithinATokenBeginsNoComment) {
    const InfFile file = parsed_lines("[s]\n%My;Name% = x ; a comment\nk = 50% ; half, %more%\nl = 100%% ; whole %\n"
                                      "m = %a;b c%\n[Strings]\nMy;Name = \"Semi;colon\"\n");
    const auto& lines = file.section("s")->lines;
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines[0].key, "Semi;colon");
    EXPECT_EQ(lines[0].field(0), "x");
    EXPECT_EQ(lines[1].fields, std::vector<std::string>{"50%"}) << "what holds blanks is no token";
    EXPECT_EQ(lines[2].field(0), "100%");
    EXPECT_EQ(lines[3].field(0), "%a");
    EXPECT_EQ(file_warnings(file), "");
}

TEST(InfSyntax, CommentsOfStringsStayComments) {
    const InfFile file = parsed_lines("[s]\nk = %Plain%\n[Strings]\n; Plain = no\nPlain = yes ; Plain = no\n"
                                      "Other ; Plain = no\n");
    EXPECT_EQ(file.section("s")->lines[0].field(0), "yes");
    EXPECT_EQ(file_warnings(file), "test.inf:8: warning: a line of [Strings] without '=' is ignored\n");
}

TEST(InfSyntax, ADoubledPercentSignWithinATokenIsOne) {
    const InfFile file = parsed_lines("[s]\n%100%%Pure% = %a%%b%,%13%%a%,%%a%%,x%100%%pure%y\n"
                                      "[Strings]\n100%%Pure = \"Pure cable\"\na = A\nb = B\n");
    const InfLine& line = file.section("s")->lines[0];
    EXPECT_EQ(line.key, "Pure cable");
    EXPECT_EQ(line.fields, (std::vector<std::string>{"AB", "%13%A", "%a%", "xPure cabley"}));
    EXPECT_EQ(file.string("100%Pure"), "Pure cable");
    EXPECT_EQ(file_warnings(file), "");
}

std::string with_strings(const std::string& sections) {
    return "[s]\nk = %Name%\n" + sections;
}

std::string name_of(const InfFile& file) {
    return std::string(file.section("s")->lines[0].field(0));
}

TEST(InfStrings, TheClosestLanguageIsTaken) {
    const std::string plain = "[Strings]\nName = plain\n";
    const std::string british = "[Strings.0809]\nName = british\n";
    const std::string australian = "[Strings.0C09]\nName = australian\n";
    const std::string neutral = "[Strings.0009]\nName = neutral\n";
    const std::string american = "[strings.0409]\nName = american\n";
    const std::string german = "[Strings.0407]\nName = german\n";
    EXPECT_EQ(name_of(parsed_lines(with_strings(british))), "british");
    EXPECT_EQ(name_of(parsed_lines(with_strings(plain + german))), "plain");
    EXPECT_EQ(name_of(parsed_lines(with_strings(plain + german + australian + british))), "australian")
        << "any of the language will do: the first of the file";
    EXPECT_EQ(name_of(parsed_lines(with_strings(plain + british + neutral))), "neutral");
    EXPECT_EQ(name_of(parsed_lines(with_strings(plain + british + neutral + american))), "american");
    EXPECT_EQ(name_of(parsed_lines(with_strings(german))), "%Name%") << "another language is none";
    EXPECT_EQ(file_warnings(parsed_lines(with_strings(plain + british + american))), "");
}

// "Windows selects a single Strings section": what others define is forgiven here, and said.
TEST(InfStrings, WhatOnlyAnotherSectionDefinesIsWarnedOf) {
    const InfFile file = parsed_lines(with_strings("[Strings]\nName = plain\n[Strings.0409]\nOther = american\n"));
    EXPECT_EQ(name_of(file), "plain");
    EXPECT_EQ(file_warnings(file), "test.inf:4: warning: %Name% is not defined in [Strings.0409], the only one of the "
                                   "[Strings] that Windows uses for this language\n");
}

TEST(InfStrings, OnlyALanguageMakesASectionOneOfStrings) {
    const InfFile file = parsed_lines("[StringsOfCable]\nk = %Name%\n[Strings.AddReg]\nHKR,,n,,%Name%\n"
                                      "[Strings]\nName = plain\n");
    EXPECT_EQ(file.section("StringsOfCable")->lines[0].field(0), "plain");
    EXPECT_EQ(file.section("Strings.AddReg")->lines[0].field(4), "plain");
}

} // namespace
} // namespace openportcls::pnp
