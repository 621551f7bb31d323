// What installing from an INF leaves in the registry, seen the way a driver sees it.
#include <gmock/gmock.h>

#include "base/unicode.h"
#include "executive/io/device_interfaces.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"
#include "executive/rtl/system_version.h"
#include "pnp_fixture.h"

namespace openportcls::pnp::test {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view inf_text = R"(
[Version]
Signature = "$Windows NT$"
Class = MEDIA
ClassGUID = {4d36e96c-e325-11ce-bfc1-08002be10318}
Provider = %Maker%
DriverVer = 01/02/2026,1.2.3.4

[Manufacturer]
%Maker% = Models, NTamd64

[Models.NTamd64]
%Recorder.Description% = Install, ROOT\Recorder
"Another" = Install, ROOT\Another

[Install.NT]
AddReg = Install.AddReg

[Install.AddReg]
HKR,,AssociatedFilters,,"wdmaud"
HKR,PowerSettings,ConservationIdleTime,3,3,0,0,0
HKR,,Level,0x00010001,7
HKLM,%MediaCategories%\%NameGuid%,Name,,%WaveName%

[Install.NT.Interfaces]
AddInterface = %Audio%, Wave, Wave.Interface

[Wave.Interface]
AddReg = Wave.AddReg

[Wave.AddReg]
HKR,,CLSID,,{17CCA71B-ECD7-11D0-B908-00A0C9223196}
HKR,,FriendlyName,,%WaveName%
HKR,EP\0,Association,,%NameGuid%

[Install.NT.HW]
AddReg = Install.HW.AddReg

[Install.HW.AddReg]
HKR,,DeviceType,0x10001,0x1D
HKR,,Jumper,0x10001,5

[Install.NT.Services]
AddService = RecorderService, 2, Service

[Service]
DisplayName = %Recorder.Description%
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %13%\recorder.sys
AddReg = Service.AddReg

[Service.AddReg]
HKR,Parameters,FromInf,0x10001,11

[Strings]
Maker = "The Makers"
Recorder.Description = "A Recorder"
MediaCategories = "SYSTEM\CurrentControlSet\Control\MediaCategories"
NameGuid = "{11111111-2222-3333-4444-555555555555}"
WaveName = "Recorder Wave"
Audio = "{6994AD04-93EF-11D0-A3CC-00A0C9223196}"
)";

class Installation : public PnpTest {
protected:
    std::shared_ptr<executive::RegistryKey> key(std::u16string_view path) {
        return executive::Registry::of(machine).find(path);
    }
    std::filesystem::path inf = write("recorder.inf", inf_text);
};

constexpr std::u16string_view control_set = u"\\Registry\\Machine\\System\\CurrentControlSet";

TEST_F(Installation, ServiceKeyComesFromTheInf) {
    LoadedDriver& driver = load({.inf = inf});
    EXPECT_EQ(driver.service_name(), "RecorderService");
    auto service = key(std::u16string(control_set) + u"\\Services\\RecorderService");
    ASSERT_NE(service, nullptr);
    EXPECT_EQ(service->string(u"DisplayName"), u"A Recorder");
    EXPECT_EQ(service->string(u"ImagePath"), u"\\SystemRoot\\System32\\drivers\\recorder.sys");
    EXPECT_EQ(service->dword(u"Start"), 3U);
    EXPECT_EQ(service->subkey(u"Parameters")->dword(u"FromInf"), 11U);
}

TEST_F(Installation, ParametersGoOnTopOfTheServicesOwn) {
    DriverOptions options{.inf = inf};
    options.parameters.push_back(*RegistryParameter::parse("FromInf=12"));
    options.parameters.push_back(*RegistryParameter::parse("Sub\\Text=hello"));
    load(options);
    auto parameters = key(std::u16string(control_set) + u"\\Services\\RecorderService\\Parameters");
    EXPECT_EQ(parameters->dword(u"FromInf"), 12U);
    EXPECT_EQ(parameters->subkey(u"Sub")->string(u"Text"), u"hello");
}

TEST_F(Installation, DriverKeyHasTheAddRegOfTheModel) {
    DeviceNode& node = add(load({.inf = inf}));
    EXPECT_EQ(node.instance_path(), "ROOT\\RECORDER\\0000");
    EXPECT_EQ(node.description(), "A Recorder");
    EXPECT_EQ(node.driver_key(),
              std::u16string(control_set) + u"\\Control\\Class\\{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000");
    auto software = key(node.driver_key());
    EXPECT_EQ(software->string(u"AssociatedFilters"), u"wdmaud");
    EXPECT_EQ(software->string(u"ProviderName"), u"The Makers");
    EXPECT_EQ(software->string(u"DriverDesc"), u"A Recorder");
    EXPECT_EQ(software->dword(u"Level"), 7U);
    const auto* binary = software->subkey(u"PowerSettings")->value(u"ConservationIdleTime");
    ASSERT_NE(binary, nullptr);
    EXPECT_EQ(binary->type, REG_BINARY);
    EXPECT_EQ(key(std::u16string(control_set) + u"\\Control\\MediaCategories\\{11111111-2222-3333-4444-555555555555}")
                  ->string(u"Name"),
              u"Recorder Wave");
}

TEST_F(Installation, DeviceParametersGoIntoTheDriverKey) {
    DeviceSpec spec;
    spec.parameters.push_back(*RegistryParameter::parse("Level=9"));
    DeviceNode& node = add(load({.inf = inf}), spec);
    EXPECT_EQ(key(node.driver_key())->dword(u"Level"), 9U);
}

TEST_F(Installation, HardwareKeyKeepsPropertiesApart) {
    DeviceNode& node = add(load({.inf = inf}));
    EXPECT_EQ(key(node.enum_key())->dword(u"DeviceType"), 0x1DU);
    EXPECT_EQ(key(node.enum_key())->string(u"Service"), u"RecorderService");
    EXPECT_EQ(key(node.hardware_key())->dword(u"Jumper"), 5U);
    EXPECT_EQ(key(node.hardware_key())->value(u"DeviceType"), nullptr);
}

// inf-addreg-directive: UpperFilters and LowerFilters are the device's properties. Their drivers are not loaded.
TEST_F(Installation, FiltersAreTold) {
    std::string text(inf_text);
    const std::string_view section = "[Install.HW.AddReg]\n";
    text.insert(text.find(section) + section.size(), "HKR,,upperfilters,0x10000,a\nHKR,,LowerFilters,0x10000,b\n"
                                                     "HKR,Sub,UpperFilters,,another\n");
    text.insert(text.find("ServiceType"), "Description = What records\n");
    LoadedDriver& driver = load({.inf = write("filters.inf", text)});
    DeviceNode& node = add(driver);
    EXPECT_NE(key(node.enum_key())->value(u"UpperFilters"), nullptr);
    EXPECT_EQ(key(node.hardware_key())->value(u"UpperFilters"), nullptr);
    EXPECT_THAT(driver.inf_warnings(),
                testing::ElementsAre(testing::HasSubstr("upperfilters: filter drivers are not loaded"),
                                     testing::HasSubstr("LowerFilters: filter drivers are not loaded")));
    EXPECT_EQ(key(std::u16string(driver.registry_path()))->string(u"Description"), u"What records");
}

class DeviceObjectValues : public Installation {
protected:
    // A device whose hardware section has these lines besides the other ones.
    DeviceNode& add_with(const std::string& lines, bool start = true) {
        std::string text(inf_text);
        const std::string_view section = "[Install.HW.AddReg]\n";
        text.insert(text.find(section) + section.size(), lines);
        return add(load({.inf = write("values.inf", text)}), {.start = start});
    }
};

// inf-addreg-directive: "applies that type to the physical device object". The driver's own keeps what it has.
TEST_F(DeviceObjectValues, TheTypeIsThePhysicalDevicesObjects) {
    DeviceNode& node = add_with("", false);
    EXPECT_EQ(node.pdo()->DeviceType, static_cast<DEVICE_TYPE>(FILE_DEVICE_SOUND));
    EXPECT_EQ(driver_log.device->DeviceType, static_cast<DEVICE_TYPE>(FILE_DEVICE_KS));
    EXPECT_EQ(driver_log.physical_type_in_add_device, static_cast<DEVICE_TYPE>(FILE_DEVICE_SOUND));
}

TEST_F(DeviceObjectValues, WithoutATypeItIsTheBusDrivers) {
    EXPECT_EQ(add(load()).pdo()->DeviceType, static_cast<DEVICE_TYPE>(FILE_DEVICE_UNKNOWN));
}

// "ORed with those specified in each call to IoCreateDevice … before the device is started".
TEST_F(DeviceObjectValues, CharacteristicsAreThoseOfEveryObjectOfTheStack) {
    driver_log.characteristics = FILE_READ_ONLY_DEVICE | FILE_VIRTUAL_VOLUME;
    DeviceNode& node = add_with("HKR,,DeviceCharacteristics,0x10001,0x121\n", false);
    EXPECT_EQ(driver_log.device->Characteristics, static_cast<ULONG>(FILE_DEVICE_SECURE_OPEN | FILE_REMOVABLE_MEDIA |
                                                                     FILE_READ_ONLY_DEVICE | FILE_VIRTUAL_VOLUME))
        << "0x20 is none of the values that an INF can have";
    EXPECT_EQ(node.pdo()->Characteristics,
              static_cast<ULONG>(FILE_DEVICE_SECURE_OPEN | FILE_REMOVABLE_MEDIA | FILE_READ_ONLY_DEVICE))
        << "what a driver sets for all of the stack is there, too (\"Specifying Device Characteristics\")";
}

TEST_F(DeviceObjectValues, ExclusiveIsTheFlagOfThePhysicalDeviceObject) {
    EXPECT_EQ(add_with("HKR,,Exclusive,0x10001,1\n").pdo()->Flags & DO_EXCLUSIVE, static_cast<ULONG>(DO_EXCLUSIVE));
    EXPECT_EQ(driver_log.device->Flags & DO_EXCLUSIVE, 0U);
}

TEST_F(DeviceObjectValues, OtherValuesThanOneMakeNoDeviceExclusive) {
    EXPECT_EQ(add_with("HKR,,Exclusive,0x10001,0\n").pdo()->Flags & DO_EXCLUSIVE, 0U);
}

// Of a device on no bus that the machine's box holds (how-container-ids-are-generated-from-the-removable-device-…).
TEST_F(Installation, ADeviceThatIsNotRemovableIsInTheMachinesContainer) {
    DeviceNode& node = add(load({.inf = inf}));
    machine.enter([&] {
        WCHAR text[40] = {};
        ULONG length = 0;
        EXPECT_EQ(IoGetDeviceProperty(node.pdo(), DevicePropertyContainerID, sizeof text, text, &length),
                  STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(text), u"{00000000-0000-0000-ffff-ffffffffffff}");
        EXPECT_EQ(length, 39 * sizeof(WCHAR));
    });
}

TEST_F(Installation, InterfacesAreRegisteredWithTheirValuesButNotEnabled) {
    DeviceNode& node = add(load({.inf = inf}));
    auto interfaces = machine.subsystem<executive::Kernel>().interfaces.of_device(node.pdo());
    ASSERT_THAT(interfaces, SizeIs(1));
    EXPECT_FALSE(interfaces[0]->enabled);
    EXPECT_EQ(interfaces[0]->reference, u"Wave");
    auto parameters = key(interfaces[0]->registry_key + u"\\Device Parameters");
    EXPECT_EQ(parameters->string(u"FriendlyName"), u"Recorder Wave");
    EXPECT_EQ(parameters->subkey(u"EP")->subkey(u"0")->string(u"Association"),
              u"{11111111-2222-3333-4444-555555555555}");
}

TEST_F(Installation, InterfacesAreDisabledAndForgottenOnRemoval) {
    DeviceNode& node = add(load({.inf = inf}));
    auto& interfaces = machine.subsystem<executive::Kernel>().interfaces;
    machine.enter([&] {
        auto* entry = interfaces.find(interfaces.of_device(node.pdo())[0]->symbolic_link);
        EXPECT_EQ(interfaces.set_state(*entry, true), STATUS_SUCCESS);
    });
    EXPECT_THAT(interfaces.enumerate(), SizeIs(1));
    EXPECT_OK(manager.remove(node));
    EXPECT_THAT(interfaces.enumerate(), IsEmpty());
}

TEST_F(Installation, DevicesOfTheSameKindAreNumbered) {
    LoadedDriver& driver = load({.inf = inf});
    DeviceNode& first = add(driver);
    DeviceNode& second = add(driver);
    EXPECT_EQ(second.instance_path(), "ROOT\\RECORDER\\0001");
    EXPECT_NE(first.driver_key(), second.driver_key());
    EXPECT_EQ(manager.find_device("root\\recorder\\0001"), &second);
    EXPECT_ERROR(manager.add_device(driver, {.instance_id = "0001"}), STATUS_OBJECT_NAME_COLLISION,
                 HasSubstr("such a device already"));
}

TEST_F(Installation, AnotherModelCanBeChosenAndUnknownOnesAreRefused) {
    LoadedDriver& driver = load({.inf = inf});
    EXPECT_EQ(add(driver, {.hardware_id = "root\\another"}).description(), "Another");
    EXPECT_ERROR(
        manager.add_device(driver, {.hardware_id = "PCI\\VEN_1234"}), STATUS_PNP_DRIVER_CONFIGURATION_NOT_FOUND,
        AllOf(HasSubstr("does not know the device PCI\\VEN_1234"), HasSubstr("ROOT\\Recorder, ROOT\\Another")));
}

// The models of the release that the machine claims to be.
TEST_F(Installation, SectionsForAnotherWindowsAreNotUsed) {
    const auto inf = write("releases.inf", R"(
[Version]
Signature = "$Windows NT$"
[Manufacturer]
Maker = Models, NTamd64.6.1, NTamd64.10.0...22000
[Models.NTamd64.6.1]
"For Windows 7" = Install, ROOT\Released
[Models.NTamd64.10.0...22000]
"For Windows 11" = Install, ROOT\Released
[Install.NT]
)");
    for (const auto& [release, description] : {std::pair{"11", "For Windows 11"},
                                               {"10", "For Windows 7"},
                                               {"8.1", "For Windows 7"},
                                               {"7", "For Windows 7"}}) {
        machine::Machine other;
        auto& plug_and_play = other.add_subsystem<PnpManager>();
        executive::set_system_version(other, *executive::system_version_named(release));
        DriverOptions options;
        options.inf = inf;
        auto driver = plug_and_play.load_static_driver(&recording_driver_entry, options);
        ASSERT_TRUE(driver) << driver.error().message;
        auto device = plug_and_play.add_device(**driver, {});
        ASSERT_TRUE(device) << device.error().message;
        EXPECT_EQ((*device)->description(), description) << release;
    }
    machine::Machine vista;
    auto& plug_and_play = vista.add_subsystem<PnpManager>();
    executive::set_system_version(vista, *executive::system_version_named("vista"));
    DriverOptions options;
    options.inf = inf;
    EXPECT_FALSE(plug_and_play.load_static_driver(&recording_driver_entry, options));
}

TEST_F(Installation, InfFilesThatAreNoneAreExplained) {
    EXPECT_ERROR(manager.load_static_driver(&recording_driver_entry, {.inf = folder / "none.inf"}),
                 STATUS_OBJECT_NAME_NOT_FOUND, HasSubstr("none.inf: no such INF file"));
    EXPECT_ERROR(manager.load_static_driver(&recording_driver_entry, {.inf = folder}), STATUS_FILE_IS_A_DIRECTORY,
                 HasSubstr("a folder"));
    LoadedDriver& driver = load();
    const auto empty = write("empty.inf", "[Version]\nSignature=\"$Windows NT$\"\n[Manufacturer]\n");
    EXPECT_ERROR(manager.add_device(driver, {.inf = empty}), STATUS_INVALID_PARAMETER,
                 HasSubstr("empty.inf:3: no models for NTamd64"));
}

} // namespace openportcls::pnp::test
