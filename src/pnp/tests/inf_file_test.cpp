#include "pnp/inf/inf_file.h"
#include "pnp/inf/text.h"

#include <gtest/gtest.h>

namespace openportcls::pnp {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Result<InfFile> parse(std::string_view text, const InfParseOptions& options = {}) {
    return InfFile::parse(bytes_of(text), "test.inf", options);
}

const std::string minimal = "[Version]\nSignature=\"$Windows NT$\"\n";

std::string as_utf16(std::string_view text, bool big_endian, bool mark) {
    std::u16string wide = utf8_to_utf16(text);
    if (mark) {
        wide.insert(wide.begin(), u'\uFEFF');
    }
    std::string bytes;
    for (const char16_t unit : wide) {
        const char low = static_cast<char>(unit);
        const char high = static_cast<char>(unit >> 8);
        bytes += big_endian ? std::string{high, low} : std::string{low, high};
    }
    return bytes;
}

TEST(InfText, EveryEncodingGivesTheSameText) {
    const std::string text = "[a]\nkey = Ger\xC3\xA4t\n";
    for (const bool big_endian : {false, true}) {
        for (const bool mark : {false, true}) {
            EXPECT_EQ(decode_inf_text(bytes_of(as_utf16(text, big_endian, mark))), text);
        }
    }
    EXPECT_EQ(decode_inf_text(bytes_of(text)), text);
    EXPECT_EQ(decode_inf_text(bytes_of("\xEF\xBB\xBF" + text)), text);
    EXPECT_EQ(decode_inf_text(bytes_of("[a]\nkey = Ger\xE4t\n")), text); // Windows-1252
    EXPECT_EQ(decode_inf_text(bytes_of("\x80")), "\xE2\x82\xAC");        // euro sign of Windows-1252
}

TEST(InfFile, SectionsMergeWithoutRegardToCase) {
    const auto file = parse(minimal + "[One]\na=1\n[Two]\n[ONE]\r\nb=2\rc=3\n");
    ASSERT_TRUE(file);
    const InfSection* section = file->section("one");
    ASSERT_NE(section, nullptr);
    EXPECT_EQ(section->name, "One");
    ASSERT_EQ(section->lines.size(), 3u);
    EXPECT_EQ(section->first_value("B"), "2");
    EXPECT_EQ(section->lines[2].number, 8); // a lone carriage return ends a line too
    EXPECT_EQ(file->section("three"), nullptr);
}

TEST(InfFile, QuotesCommasAndComments) {
    const auto file = parse(minimal + R"([s]
k = " a;b, c " , d"e"f ; comment "with quote
"quoted key" = "say ""hi""", , x,
lone field
HKR,,name,,a=b
)");
    ASSERT_TRUE(file);
    const auto& lines = file->section("s")->lines;
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0].fields, (std::vector<std::string>{" a;b, c ", "def"}));
    EXPECT_EQ(lines[1].key, "quoted key");
    EXPECT_EQ(lines[1].fields, (std::vector<std::string>{"say \"hi\"", "", "x", ""}));
    EXPECT_FALSE(lines[2].key);
    EXPECT_EQ(lines[2].field(0), "lone field");
    EXPECT_EQ(lines[2].field(7), "");
    EXPECT_FALSE(lines[3].key) << "an equals sign behind a comma belongs to the value";
    EXPECT_EQ(lines[3].field(4), "a=b");
}

TEST(InfFile, LinesContinueBehindABackslash) {
    const auto file = parse(minimal + "[s]\nk = a, \\ ; why\n  b,\\\n\n"
                                      "p = \"folder\\\"\\\n, file\nq = dir\\\\\n,x\n");
    ASSERT_TRUE(file);
    const auto& lines = file->section("s")->lines;
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0].fields, (std::vector<std::string>{"a", "b", ""}));
    EXPECT_EQ(lines[0].number, 4);
    EXPECT_EQ(lines[1].fields, (std::vector<std::string>{"folder\\", "file"}));
    EXPECT_EQ(lines[2].fields, (std::vector<std::string>{"dir", "x"}));
}

TEST(InfFile, TokensComeFromStringsOfTheLanguage) {
    const std::string text = minimal + "[s]\n%Name% = %name%,%13%\\%file%,100%%,%missing%,\"%Name%\",50%\n"
                                       "[Strings]\nName = Plain\nfile = a.sys\nOnly = neutral, with comma\n"
                                       "[Strings.0407]\nName = \"Deutsch\"\n";
    const auto english = parse(text);
    ASSERT_TRUE(english);
    const InfLine& line = english->section("s")->lines[0];
    EXPECT_EQ(line.key, "Plain");
    EXPECT_EQ(line.fields, (std::vector<std::string>{"Plain", "%13%\\a.sys", "100%", "%missing%", "Plain", "50%"}));
    ASSERT_EQ(english->warnings().size(), 1u);
    EXPECT_EQ(english->warnings()[0].line, 4);
    EXPECT_EQ(english->string("ONLY"), "neutral,with comma");

    const auto german = parse(text, {.language = 0x0407, .variables = {}});
    ASSERT_TRUE(german);
    EXPECT_EQ(german->section("s")->lines[0].key, "Deutsch");
    EXPECT_EQ(german->section("s")->lines[0].field(1), "%13%\\a.sys");
    EXPECT_EQ(german->warnings().size(), 2u) << "%file% of another section than [Strings.0407], and %missing%";
}

TEST(InfFile, InxVariablesAreReplaced) {
    const auto file = parse(minimal + "[Models.NT$ARCH$.10.0]\nx = $KMDFVERSION$\n");
    ASSERT_TRUE(file);
    ASSERT_NE(file->section("models.ntamd64.10.0"), nullptr);
    EXPECT_EQ(file->section("models.ntamd64.10.0")->first_value("x"), "1.33");
}

TEST(InfFile, ErrorsNameFileAndLine) {
    EXPECT_EQ(parse("; nothing\nkey = value\n").error().message,
              "test.inf:2: this line stands before the first [section]");
    EXPECT_EQ(parse("[Version\n").error().message, "test.inf:1: the section name has no closing bracket");
    EXPECT_EQ(parse("[a]\n[ ]\n").error().message, "test.inf:2: the section name is empty");
    EXPECT_EQ(parse("[a]\n[" + std::string(256, 'x') + "]\n").error().message,
              "test.inf:2: the section name is longer than 255 characters");
    const auto no_version = parse("[a]\nb=c\n");
    ASSERT_FALSE(no_version);
    EXPECT_NE(no_version.error().message.find("[Version]"), std::string::npos);
    EXPECT_FALSE(parse(""));
    EXPECT_FALSE(parse(std::string("RIFF\x24\x08\x00\x00WAVEfmt ", 16)));
}

TEST(InfFile, AUtf16FileThatEndsWithinACharacterIsWarnedOf) {
    const std::string text = "[Version]\r\nSignature=\"$Windows NT$\"\r\n";
    for (const bool mark : {false, true}) {
        std::string cut = as_utf16(text, false, mark);
        EXPECT_TRUE(parse(cut)->warnings().empty());
        cut.pop_back();
        const auto file = parse(cut);
        ASSERT_TRUE(file);
        ASSERT_EQ(file->warnings().size(), 1u);
        EXPECT_EQ(file->text_of(file->warnings()[0]),
                  "test.inf:2: warning: the file ends in the middle of a UTF-16 character");
    }
}

TEST(InfFile, MalformedValuesOfVersionAreWarnedOf) {
    const auto warnings_of = [](const std::string& line) {
        const auto file = parse(minimal + "Class=MEDIA\n" + line + "\n");
        std::string all;
        for (const InfWarning& warning : file->warnings()) {
            all += file->text_of(warning) + "\n";
        }
        return all;
    };
    for (const char* right :
         {"ClassGUID={4d36e96c-e325-11ce-bfc1-08002be10318}", "classguid = {4D36E96C-E325-11CE-BFC1-08002BE10318}",
          "ClassGuid=", "DriverVer=03/04/2021,1.2.3.4", "DriverVer = 3/4/2021, 5.12.01.0060",
          "DriverVer=02-29-2024,65534.0.0.0", "DriverVer=10/01/2002", "DriverVer="}) {
        EXPECT_EQ(warnings_of(right), "") << right;
    }
    for (const char* wrong :
         {"{4d36e96c}", "4d36e96c-e325-11ce-bfc1-08002be10318", "{4d36e96c-e325-11ce-bfc1-08002be1031g}",
          "{4d36e96ce325-11ce-bfc1-08002be10318-}", "{4d36e96c-e325-11ce-bfc1-08002be10318}}", "Media"}) {
        EXPECT_EQ(warnings_of("ClassGuid=" + std::string(wrong)),
                  "test.inf:4: warning: ClassGuid '" + std::string(wrong) +
                      "' is no GUID: {8-4-4-4-12 hexadecimal digits}\n");
    }
    for (const char* wrong : {"2021-03-04", "13/01/2021", "02/29/2021", "03/04/21", "03/04", "yesterday", "3/4/2021x",
                              "03/04/2021/5", "03//2021", "-3/4/2021"}) {
        EXPECT_EQ(warnings_of("DriverVer=" + std::string(wrong) + ",1.2.3.4"),
                  "test.inf:4: warning: DriverVer has no date mm/dd/yyyy but '" + std::string(wrong) + "'\n");
    }
    for (const char* wrong :
         {"1.2.3", "1.2.3.4.5", "1.2.3.65535", "0.0.0.0", "1.2.3.65536", "one", "1.2.3.", "1.2.3.4b", "1.-2.3.4"}) {
        EXPECT_EQ(warnings_of("DriverVer=03/04/2021," + std::string(wrong)),
                  "test.inf:4: warning: DriverVer has no version w.x.y.z (four numbers below 65535, not all 0) but '" +
                      std::string(wrong) + "'\n");
    }
    EXPECT_NE(warnings_of("ClassGuid=x\nDriverVer=x").find("test.inf:5: warning: DriverVer"), std::string::npos);
}

TEST(InfFile, SmallFaultsAreWarnings) {
    const auto file = parse("[Version] trailing\nSignature=\"$Bogus$\"\n[s]\nk=\"open\n[Strings]\nnoequals\n");
    ASSERT_TRUE(file);
    std::vector<int> lines;
    for (const InfWarning& warning : file->warnings()) {
        lines.push_back(warning.line);
    }
    EXPECT_EQ(lines, (std::vector<int>{1, 4, 6, 1}));
    EXPECT_EQ(file->section("s")->first_value("k"), "open");
}

TEST(InfNumber, DecimalHexadecimalAndNegative) {
    EXPECT_EQ(parse_inf_number("12"), 12u);
    EXPECT_EQ(parse_inf_number("0x1D"), 0x1Du);
    EXPECT_EQ(static_cast<std::uint32_t>(*parse_inf_number("-1")), 0xFFFFFFFFu);
    EXPECT_FALSE(parse_inf_number(""));
    EXPECT_FALSE(parse_inf_number("1D"));
    EXPECT_FALSE(parse_inf_number("0x"));
    EXPECT_FALSE(parse_inf_number("99999999999999999999"));
}

} // namespace
} // namespace openportcls::pnp
