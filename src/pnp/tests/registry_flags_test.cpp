// Row by row the flags of the pages of AddReg, DelReg and BitReg: what a line makes of what was there before.
#include <fmt/format.h>

#include "executive/registry/registry.h"
#include "inf_line_row.h"

namespace openportcls::pnp::test {
namespace {

using executive::RegistryKey;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr InfLineRow add_rows[] = {
    {"NoFlags", "", "AddReg", "HKR,Test,v,,text", "v=1:text|"},
    {"TypeSz", "", "AddReg", "HKR,Test,v,0,text", "v=1:text|"},
    {"TypeSzUnnamed", "", "AddReg", "HKR,Test,,0,text", "=1:text|"},
    {"TypeSzReplaces", "HKR,Test,v,,old", "AddReg", "HKR,Test,V,,new", "v=1:new|"},
    {"TypeMultiSz", "", "AddReg", "HKR,Test,v,0x10000,a,\"b, c\"", "v=7:a|b, c||"},
    {"TypeMultiSzWithoutStrings", "", "AddReg", "HKR,Test,v,0x10000,", "v=7:|"},
    {"TypeExpandSz", "", "AddReg", "HKR,Test,v,0x20000,%%x%%\\y", "v=2:%x%\\y|"},
    {"TypeBinary", "", "AddReg", "HKR,Test,v,1,DE,0xAD,1", "v=3:dead01"},
    {"TypeBinaryWithMoreThanAByte", "", "AddReg", "HKR,Test,v,1,1FF", "(none)", "'v' do not fit its type"},
    {"TypeDword", "", "AddReg", "HKR,Test,v,0x10001,258", "v=4:02010000"},
    {"TypeDwordHexadecimal", "", "AddReg", "HKR,Test,v,0x00010001,0xFFFFFFFF", "v=4:ffffffff"},
    {"TypeDwordNegative", "", "AddReg", "HKR,Test,v,0x10001,-2147483648", "v=4:00000080"},
    {"TypeDwordBytewise", "", "AddReg", "HKR,Test,v,0x10001,78,56,34,12", "v=4:78563412"},
    {"TypeDwordTooLarge", "", "AddReg", "HKR,Test,v,0x10001,0x1FFFFFFFF", "(none)", "'v' do not fit its type"},
    {"TypeDwordTooSmall", "", "AddReg", "HKR,Test,v,0x10001,-2147483649", "(none)", "'v' do not fit its type"},
    {"TypeDwordNoNumber", "", "AddReg", "HKR,Test,v,0x10001,x", "(none)", "'v' do not fit its type"},
    {"TypeNone", "", "AddReg", "HKR,Test,v,0x20001,1,2", "v=0:0102"},
    {"TypeQword", "", "AddReg", "HKR,Test,v,0xB0001,0x123456789A", "v=11:9a78563412000000"},
    {"TypeQwordBytewise", "", "AddReg", "HKR,Test,v,0xB0001,1,2,3,4,5,6,7,8", "v=11:0102030405060708"},
    {"TypeOfItsOwn", "", "AddReg", "HKR,Test,v,0x00380001,1,0,2,A", "v=56:0100020a"},
    {"TypeMultiSzIsNoneOfItsOwn", "", "AddReg", "HKR,Test,v,0x00070001,1", "(none)", "'v' do not fit its type"},
    {"TypeUnknownOfStrings", "", "AddReg", "HKR,Test,v,0x00050000,1", "(none)", "'v' do not fit its type"},
    {"NoClobberKeeps", "HKR,Test,v,,old", "AddReg", "HKR,Test,v,2,new", "v=1:old|"},
    {"NoClobberWrites", "", "AddReg", "HKR,Test,v,2,new", "v=1:new|"},
    {"DelValOfAValue", "HKR,Test,v,,old\nHKR,Test,w,,old", "AddReg", "HKR,Test,v,4", "w=1:old|"},
    {"DelValOfAKey", "HKR,Test\\Sub,v,,old\nHKR,Test,w,,old", "AddReg", "HKR,Test\\Sub,,4", "w=1:old|"},
    {"DelValOfWhatIsNotThere", "", "AddReg", "HKR,Test\\Sub,v,4", "(none)"},
    {"Append", "HKR,Test,v,0x10000,a,b", "AddReg", "HKR,Test,v,0x10008,c", "v=7:a|b|c||"},
    {"AppendWhatIsThere", "HKR,Test,v,0x10000,a,b", "AddReg", "HKR,Test,v,0x10008,a", "v=7:a|b||"},
    {"AppendWhatIsThereInOtherCase", "HKR,Test,v,0x10000,a,b", "AddReg", "HKR,Test,v,0x10008,A", "v=7:a|b||"},
    {"AppendToNothing", "", "AddReg", "HKR,Test,v,0x10008,a", "v=7:a||"},
    {"AppendToAString", "HKR,Test,v,,old", "AddReg", "HKR,Test,v,0x10008,a", "v=7:a||"},
    {"AppendOfAString", "HKR,Test,v,,old", "AddReg", "HKR,Test,v,0x8,a", "v=1:old|", "FLG_ADDREG_APPEND"},
    {"KeyOnly", "", "AddReg", "HKR,Test\\Sub,v,0x10,text", "[Sub ]"},
    {"KeyOnlyCommon", "", "AddReg", "HKR,Test\\Sub,v,0x2000,text", "[Sub ]"},
    {"KeyWithoutFlags", "HKR,Test,v,,old", "AddReg", "HKR,Test", "v=1:old|"},
    {"OverwriteOnly", "HKR,Test,v,,old", "AddReg", "HKR,Test,v,0x20,new", "v=1:new|"},
    {"OverwriteOnlyOfNothing", "", "AddReg", "HKR,Test,v,0x20,new", "(none)"},
    {"NativeKey", "", "AddReg", "HKR,Test,v,0x1000,text", "v=1:text|"},
    {"SmallKeyBelowHkr", "", "AddReg", "HKR,Test,v,0x4000,text", "v=1:text|"},
    {"DelRegBit", "HKR,Test,v,0x10000,a,b", "AddReg", "HKR,Test,v,0x18002,b", "v=7:a||"},
    {"FlagsNoNumber", "", "AddReg", "HKR,Test,v,abc,x", "(none)", "the flags 'abc' are no number"},
    {"FlagsTooLarge", "", "AddReg", "HKR,Test,v,0x100000004,x", "(none)", "the flags '0x100000004' are no number"},
};

constexpr InfLineRow delete_rows[] = {
    {"Value", "HKR,Test,v,,old\nHKR,Test,w,,old", "DelReg", "HKR,Test,V", "w=1:old|"},
    {"Key", "HKR,Test\\Sub\\Deep,v,,old\nHKR,Test,w,,old", "DelReg", "HKR,Test\\Sub", "w=1:old|"},
    {"KeyOnlyCommon", "HKR,Test\\Sub,v,,old\nHKR,Test,w,,old", "DelReg", "HKR,Test\\Sub,v,0x2000", "w=1:old|"},
    {"KeyOnlyCommonUnnamed", "HKR,Test\\Sub,v,,old\nHKR,Test,w,,old", "DelReg", "HKR,Test\\Sub,,0x2000", "w=1:old|"},
    {"SmallKey", "HKR,Test\\Sub,v,,old\nHKR,Test,w,,old", "DelReg", "HKR,Test\\Sub,,0x4000", "w=1:old|"},
    {"String", "HKR,Test,v,0x10000,a,b,c", "DelReg", "HKR,Test,v,0x18002,b", "v=7:a|c||"},
    {"StringInOtherCase", "HKR,Test,v,0x10000,a,B,c,b", "DelReg", "HKR,Test,v,0x00018002,b", "v=7:a|c||"},
    {"StringOfAnother", "HKR,Test,v,0x10000,a,b", "DelReg", "HKR,Test,v,0x18002,x", "v=7:a|b||"},
    {"LastString", "HKR,Test,v,0x10000,a", "DelReg", "HKR,Test,v,0x18002,a", "v=7:|"},
    {"StringOfAString", "HKR,Test,v,,a", "DelReg", "HKR,Test,v,0x18002,a", "v=1:a|"},
    {"StringOfNothing", "HKR,Test,w,,a", "DelReg", "HKR,Test,v,0x18002,a", "w=1:a|"},
    {"StringWithoutOne", "HKR,Test,v,0x10000,a", "DelReg", "HKR,Test,v,0x18002", "v=7:a||", "names no string"},
    {"OtherOperation", "HKR,Test,v,0x10000,a", "DelReg", "HKR,Test,v,0x18004,a", "v=7:a||", "0x18004"},
    {"TypeOfAValue", "HKR,Test,v,0x10001,1", "DelReg", "HKR,Test,v,0x10001,1", "(empty)"},
    {"FlagsNoNumber", "HKR,Test,v,,old", "DelReg", "HKR,Test,v,abc", "v=1:old|", "the flags 'abc' are no number"},
};

// The values of the page's example.
constexpr InfLineRow bit_rows[] = {
    {"Set", "HKR,Test,v,1,30,00,10", "BitReg", "HKR,Test,v,1,0x01,0", "v=3:310010"},
    {"ClearByDefault", "HKR,Test,v,1,30,00,f0", "BitReg", "HKR,Test,v,,0x80,2", "v=3:300070"},
    {"Clear", "HKR,Test,v,1,30,00,f0", "BitReg", "HKR,Test,v,0,0x80,2", "v=3:300070"},
    {"SetSeveral", "HKR,Test,v,1,30,00,f0", "BitReg", "HKR,Test,V,1,06,1", "v=3:3006f0"},
    {"MaskIsHexadecimal", "HKR,Test,v,1,00", "BitReg", "HKR,Test,v,1,10,0", "v=3:10"},
    {"ByteIsDecimal", "HKR,Test,v,1,0,0,0,0,0,0,0,0,0,0,0", "BitReg", "HKR,Test,v,1,1,10",
     "v=3:0000000000000000000001"},
    {"SetInTheNativeKey", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,0x4001,1,0", "v=3:31"},
    {"OfNothing", "HKR,Test,w,1,30", "BitReg", "HKR,Test,v,1,1,0", "w=3:30", "there is no value 'v'"},
    {"OfNoKey", "", "BitReg", "HKR,Test,v,1,1,0", "(none)", "there is no value 'v'"},
    {"OfADword", "HKR,Test,v,0x10001,2", "BitReg", "HKR,Test,v,1,1,0", "v=4:02000000", "'v' is no REG_BINARY"},
    {"BeyondTheValue", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,1,1,1", "v=3:30", "'v' has no byte 1"},
    {"MaskTooLarge", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,1,1FF,0", "v=3:30", "'1FF' is no mask"},
    {"MaskMissing", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,1,,0", "v=3:30", "'' is no mask"},
    {"ByteNoNumber", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,1,1,x", "v=3:30", "'x' is no index"},
    {"ByteMissing", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,1,1", "v=3:30", "'' is no index"},
    {"OtherFlags", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,0x10001,1,0", "v=3:30", "0x10001"},
    {"FlagsNoNumber", "HKR,Test,v,1,30", "BitReg", "HKR,Test,v,abc,1,0", "v=3:30", "the flags 'abc' are no number"},
};

std::string value_text(const executive::RegistryValue& value) {
    const std::string text = fmt::format("{}={}:", utf16_to_utf8(value.name), value.type);
    const bool is_text = value.type == REG_SZ || value.type == REG_EXPAND_SZ || value.type == REG_MULTI_SZ;
    return text + data_text(value.data, is_text);
}

std::string content_text(const RegistryKey& key) {
    std::string text;
    for (const executive::RegistryValue& value : key.values()) {
        text += (text.empty() ? "" : " ") + value_text(value);
    }
    for (const auto& [name, subkey] : key.subkeys()) {
        text += fmt::format("{}[{} {}]", text.empty() ? "" : " ", utf16_to_utf8(name), content_text(*subkey));
    }
    return text;
}

std::string key_text(const std::shared_ptr<RegistryKey>& key) {
    if (key == nullptr) {
        return "(none)";
    }
    const std::string text = content_text(*key);
    return text.empty() ? "(empty)" : text;
}

class RegistryFlags : public InfLines {};

TEST_P(RegistryFlags, DoWhatThePageSays) {
    const DeviceNode& node = install("AddReg");
    EXPECT_EQ(key_text(executive::Registry::of(machine).find(node.driver_key() + u"\\Test")), GetParam().expected);
    expect_complaint();
}

INSTANTIATE_TEST_SUITE_P(AddReg, RegistryFlags, ::testing::ValuesIn(add_rows), row_title);
INSTANTIATE_TEST_SUITE_P(DelReg, RegistryFlags, ::testing::ValuesIn(delete_rows), row_title);
INSTANTIATE_TEST_SUITE_P(BitReg, RegistryFlags, ::testing::ValuesIn(bit_rows), row_title);

class RegistryLines : public PnpTest {
protected:
    LoadedDriver& install(const std::string& line) {
        LoadedDriver& driver =
            load({.inf = write("lines.inf", inf_with({"", "", "AddReg", line.c_str(), ""}, "AddReg"))});
        add(driver);
        return driver;
    }
    std::string text_at(std::u16string_view path) { return key_text(executive::Registry::of(machine).find(path)); }
};

// FLG_ADDREG_32BITKEY: where 64-bit Windows keeps what 32-bit programs see.
TEST_F(RegistryLines, SmallKeysAreBesideTheNativeOnes) {
    install("HKLM,Software\\Vendor,v,0x4000,small\nHKLM,SYSTEM\\Vendor,v,0x4000,shared\n"
            "HKCR,CLSID\\{x},v,0x4000,small\nHKCR,.wav,v,0x4000,shared\nHKLM,Software\\Vendor,w,0x1000,native");
    EXPECT_EQ(text_at(u"\\Registry\\Machine\\Software\\Wow6432Node\\Vendor"), "v=1:small|");
    EXPECT_EQ(text_at(u"\\Registry\\Machine\\Software\\Vendor"), "w=1:native|");
    EXPECT_EQ(text_at(u"\\Registry\\Machine\\System\\Vendor"), "v=1:shared|");
    EXPECT_EQ(text_at(u"\\Registry\\Machine\\Software\\Classes\\Wow6432Node\\CLSID\\{x}"), "v=1:small|");
    EXPECT_EQ(text_at(u"\\Registry\\Machine\\Software\\Classes\\.wav"), "v=1:shared|");
}

// In whatever order a section has the directives: what it adds is there to be changed.
TEST_F(RegistryLines, BitsAreThoseOfWhatTheSectionAdds) {
    add(load({.inf = write("bits.inf", R"([Version]
Signature = "$Windows NT$"
Class = MEDIA
[Manufacturer]
M = Models, NTamd64
[Models.NTamd64]
D = Install, ROOT\Bits
[Install.NT]
BitReg = Bits
AddReg = Values
[Install.NT.HW]
BitReg = Bits
AddReg = Values
[Values]
HKR,Test,v,1,30,00
[Bits]
HKR,Test,v,1,0x3,1
)")}));
    EXPECT_EQ(text_at(manager.devices()[0]->driver_key() + u"\\Test"), "v=3:3003");
    EXPECT_EQ(text_at(manager.devices()[0]->hardware_key() + u"\\Test"), "v=3:3003");
}

TEST_F(RegistryLines, NamesThatNoKeyCanHaveAreToldWithTheirLine) {
    LoadedDriver& driver = install("HKR," + std::string(300, 'k') + ",v,,text\nHKR,Fine,v,,text");
    ASSERT_THAT(driver.inf_warnings(), SizeIs(1));
    EXPECT_THAT(driver.inf_warnings()[0], HasSubstr("lines.inf:16: warning: "));
    EXPECT_THAT(driver.inf_warnings()[0], HasSubstr("255 characters"));
    EXPECT_EQ(text_at(manager.devices()[0]->driver_key() + u"\\Fine"), "v=1:text|");
}

TEST_F(RegistryLines, NamesThatNoValueCanHaveAreToldWithTheirLine) {
    LoadedDriver& driver = install("HKR,," + std::string(16384, 'v') + ",,text");
    ASSERT_THAT(driver.inf_warnings(), SizeIs(1));
    EXPECT_THAT(driver.inf_warnings()[0], HasSubstr("lines.inf:16: warning: "));
}

TEST_F(RegistryLines, TreesThatAreTooDeepAreToldWithTheirLine) {
    std::string path;
    for (int level = 0; level < 200000; ++level) {
        path += "k\\";
    }
    LoadedDriver& driver = install("HKR," + path + ",v,,text");
    ASSERT_THAT(driver.inf_warnings(), SizeIs(1));
    EXPECT_THAT(driver.inf_warnings()[0], HasSubstr("lines.inf:16: warning: "));
    EXPECT_THAT(driver.inf_warnings()[0], HasSubstr("512"));
}

} // namespace
} // namespace openportcls::pnp::test
