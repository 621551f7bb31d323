#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <wdm.h>

#include "pnp/registry_parameter.h"

namespace openportcls::pnp {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RegistryParameter, NumbersAreDwords) {
    auto decimal = RegistryParameter::parse("DoNotCreateDataFiles=0");
    ASSERT_TRUE(decimal);
    EXPECT_EQ(decimal->name, "DoNotCreateDataFiles");
    EXPECT_EQ(decimal->type, REG_DWORD);
    EXPECT_THAT(decimal->data, ElementsAre(0, 0, 0, 0));
    EXPECT_THAT(RegistryParameter::parse("A=0x12345678")->data, ElementsAre(0x78, 0x56, 0x34, 0x12));
    EXPECT_THAT(RegistryParameter::parse("A=-1")->data, ElementsAre(0xFF, 0xFF, 0xFF, 0xFF));
    auto large = RegistryParameter::parse("A=0x100000000");
    EXPECT_EQ(large->type, REG_QWORD);
    EXPECT_EQ(large->data.size(), 8U);
}

TEST(RegistryParameter, TextIsAString) {
    auto text = RegistryParameter::parse("PowerSettings\\Name=on=off");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->name, "PowerSettings\\Name");
    EXPECT_EQ(text->type, REG_SZ);
    EXPECT_THAT(text->data, ElementsAre('o', 0, 'n', 0, '=', 0, 'o', 0, 'f', 0, 'f', 0, 0, 0));
    EXPECT_THAT(RegistryParameter::parse("A:sz=")->data, ElementsAre(0, 0));
    EXPECT_THAT(RegistryParameter::parse("A:sz=7")->data, ElementsAre('7', 0, 0, 0));
}

TEST(RegistryParameter, TypesCanBeNamed) {
    EXPECT_THAT(RegistryParameter::parse("A:binary=01 0a,FF")->data, ElementsAre(1, 10, 255));
    EXPECT_EQ(RegistryParameter::parse("A:QWORD=1")->data.size(), 8U);
    EXPECT_THAT(RegistryParameter::parse("A:multi_sz=a;b")->data, ElementsAre('a', 0, 0, 0, 'b', 0, 0, 0, 0, 0));
    EXPECT_EQ(RegistryParameter::parse("A:expand_sz=x")->type, REG_EXPAND_SZ);
}

TEST(RegistryParameter, MistakesAreExplained) {
    const std::pair<const char*, const char*> mistakes[] = {{"A", "no '='"},
                                                            {"=1", "no name"},
                                                            {"\\A=1", "no name"},
                                                            {"A:word=1", "'word'"},
                                                            {"A:dword=x", "no number"},
                                                            {"A:dword=0x100000000", "32 bits"},
                                                            {"A:binary=1", "hexadecimal"},
                                                            {"A:binary=zz", "hexadecimal"}};
    for (const auto& [text, expected] : mistakes) {
        auto result = RegistryParameter::parse(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().status, STATUS_INVALID_PARAMETER);
        EXPECT_THAT(result.error().message, HasSubstr(expected)) << text;
        EXPECT_THAT(result.error().message, HasSubstr("NAME=VALUE"));
    }
}

} // namespace openportcls::pnp
