// Row by row what lines of AddProperty and DelProperty make of a property of the device, and of one of an interface.
#include <fmt/format.h>

#include "executive/io/device_interfaces.h"
#include "executive/io/device_record.h"
#include "executive/kernel.h"
#include "inf_line_row.h"

namespace openportcls::pnp::test {
namespace {

using ::testing::SizeIs;

#define SET_ "{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}"

// 7 is DEVPROP_TYPE_UINT32, 0x12 _STRING, 0x2012 _STRING_LIST.
constexpr InfLineRow property_rows[] = {
    {"Number", "", "AddProperty", SET_ ",2,7,,258", "c22189e4.2=7:02010000"},
    {"BinaryOfNothing", SET_ ",2,0x1003,,1", "AddProperty", SET_ ",2,0x1003", "c22189e4.2=4099:"},
    {"BooleanNoNumber", "", "AddProperty", SET_ ",2,0x11,,x", "", "do not fit its type"},
    {"Replaces", SET_ ",2,7,,1", "AddProperty", SET_ ",2,7,,2", "c22189e4.2=7:02000000"},
    {"NoClobberKeeps", SET_ ",2,7,,1", "AddProperty", SET_ ",2,7,1,2", "c22189e4.2=7:01000000"},
    {"NoClobberWrites", "", "AddProperty", SET_ ",2,7,1,2", "c22189e4.2=7:02000000"},
    {"OverwriteOnly", SET_ ",2,7,,1", "AddProperty", SET_ ",2,7,2,2", "c22189e4.2=7:02000000"},
    {"OverwriteOnlyOfNothing", "", "AddProperty", SET_ ",2,7,2,2", ""},
    {"Append", SET_ ",2,0x2012,,a", "AddProperty", SET_ ",2,0x2012,4,b", "c22189e4.2=8210:a|b||"},
    {"AppendWhatIsThere", SET_ ",2,0x2012,,a,b", "AddProperty", SET_ ",2,0x2012,4,A", "c22189e4.2=8210:a|b||"},
    {"AppendToNothing", "", "AddProperty", SET_ ",2,0x2012,4,a", "c22189e4.2=8210:a||"},
    {"AppendOfANumber", SET_ ",2,7,,1", "AddProperty", SET_ ",2,7,4,2", "c22189e4.2=7:01000000", "FLG_ADDPROPERTY"},
    {"Or", SET_ ",2,7,,5", "AddProperty", SET_ ",2,7,8,0x12", "c22189e4.2=7:17000000"},
    {"And", SET_ ",2,7,,7", "AddProperty", SET_ ",2,7,0x10,0x1C", "c22189e4.2=7:04000000"},
    {"OrWithNothing", "", "AddProperty", SET_ ",2,7,8,0x12", "c22189e4.2=7:12000000"},
    {"OrOfAString", SET_ ",2,0x12,,a", "AddProperty", SET_ ",2,0x12,8,b", "c22189e4.2=18:a|", "FLG_ADDPROPERTY"},
    {"ByName", "", "AddProperty", "DeviceModel,,,,Model X", "cf73bb51.2=18:Model X|"},
    {"ByNameOfAnyCase", "", "AddProperty", "devicebrandingicon,,,,a.ico", "cf73bb51.7=18:a.ico|"},
    {"OfAContainer", "", "AddProperty", "ContainerModelName,,,,x", "", "ContainerModelName"},
    {"OfAnUnknownName", "", "AddProperty", "DeviceModell,,,,x", "", "'DeviceModell'"},
    {"ReservedIdentifier", "", "AddProperty", SET_ ",1,7,,2", "", "2 or more"},
    {"DelByName", "DeviceModel,,,,x\nDeviceIcon,,,,y", "DelProperty", "DeviceModel", "cf73bb51.6=18:y|"},
    {"DelByIdentifier", SET_ ",2,7,,1\n" SET_ ",3,7,,1", "DelProperty", SET_ ",2", "c22189e4.3=7:01000000"},
    {"DelOfNothing", SET_ ",3,7,,1", "DelProperty", SET_ ",2", "c22189e4.3=7:01000000"},
    {"DelString", SET_ ",2,0x2012,,a,b,c", "DelProperty", SET_ ",2,1,B", "c22189e4.2=8210:a|c||"},
    {"DelStringOfANumber", SET_ ",2,7,,1", "DelProperty", SET_ ",2,1,B", "c22189e4.2=7:01000000"},
    {"DelStringWithoutOne", SET_ ",2,0x2012,,a", "DelProperty", SET_ ",2,1", "c22189e4.2=8210:a||", "no string"},
    {"DelOtherFlags", SET_ ",2,7,,1", "DelProperty", SET_ ",2,2", "c22189e4.2=7:01000000", "the flags '2'"},
    {"DelOfAnUnknownName", "", "DelProperty", "DeviceModell", "", "'DeviceModell'"},
    {"DelReservedIdentifier", "", "DelProperty", SET_ ",x", "", "2 or more"},
};
#undef SET_

std::string table_text(const executive::PropertyTable& table) {
    std::string text;
    for (const auto& [key, value] : table) {
        text += fmt::format("{}{:08x}.{}={}:", text.empty() ? "" : " ", key.set.Data1, key.id, value.type);
        const bool is_text = (value.type & DEVPROP_MASK_TYPE) == DEVPROP_TYPE_STRING;
        text += data_text(value.data, is_text);
    }
    return text;
}

class InfProperties : public InfLines {};

TEST_P(InfProperties, AreWhatThePageSays) {
    const DeviceNode& node = install("AddProperty");
    EXPECT_EQ(table_text(machine.subsystem<executive::Kernel>().device_records.at(node.pdo())->properties),
              GetParam().expected);
    expect_complaint();
}
INSTANTIATE_TEST_SUITE_P(Rows, InfProperties, ::testing::ValuesIn(property_rows), row_title);

class InterfaceProperties : public PnpTest {};

// DelProperty first, as DelReg comes before AddReg.
TEST_F(InterfaceProperties, AreDeletedBeforeOthersAreAdded) {
    DeviceNode& node = add(load({.inf = write("interface.inf", R"([Version]
Signature = "$Windows NT$"
Class = MEDIA
[Manufacturer]
M = Models, NTamd64
[Models.NTamd64]
D = Install, ROOT\Properties
[Install.NT]
[Install.NT.Interfaces]
AddInterface = {6994AD04-93EF-11D0-A3CC-00A0C9223196}, Wave, First
AddInterface = {6994AD04-93EF-11D0-A3CC-00A0C9223196}, Wave, Second
[First]
AddProperty = Values
[Values]
{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}, 2, 7,, 1
{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}, 3, 7,, 1
[Second]
AddProperty = More
DelProperty = Unwanted
[More]
{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}, 4, 7,, 1
[Unwanted]
{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}, 2
{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}, 4
)")}));
    const auto interfaces = machine.subsystem<executive::Kernel>().interfaces.of_device(node.pdo());
    ASSERT_THAT(interfaces, SizeIs(1));
    EXPECT_EQ(table_text(interfaces[0]->properties), "c22189e4.3=7:01000000 c22189e4.4=7:01000000");
}

} // namespace
} // namespace openportcls::pnp::test
