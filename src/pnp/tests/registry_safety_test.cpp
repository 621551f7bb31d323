// What no INF can do to the registry, and which software key a device gets.
#include <fmt/format.h>

#include "executive/registry/hive_file.h"
#include "executive/registry/registry.h"
#include "pnp_fixture.h"

namespace openportcls::pnp::test {
namespace {

using executive::Registry;
using executive::RegistryKey;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::u16string_view control_set = u"\\Registry\\Machine\\System\\CurrentControlSet";
constexpr std::u16string_view media = u"{4d36e96c-e325-11ce-bfc1-08002be10318}";

std::u16string below_control_set(std::u16string_view path) {
    return std::u16string(control_set) + u"\\" + std::u16string(path);
}
std::u16string software_key(std::u16string_view number) {
    return below_control_set(u"Control\\Class\\") + std::u16string(media) + u"\\" + std::u16string(number);
}

// Sections that can have AddReg and DelReg; `directives` goes into the one that `place` names.
std::string inf_with(std::string_view place, std::string_view directives, std::string_view lines,
                     std::string_view id = "ROOT\\Nasty") {
    const auto here = [&](std::string_view name) { return place == name ? directives : ""; };
    return fmt::format("[Version]\nSignature = \"$Windows NT$\"\nClass = MEDIA\n"
                       "ClassGUID = {{4d36e96c-e325-11ce-bfc1-08002be10318}}\n"
                       "[Manufacturer]\nM = Models, NTamd64\n[Models.NTamd64]\nNasty device = Install, {}\n"
                       "[Install.NT]\n{}\n[Install.NT.HW]\n{}\n[Install.NT.Services]\n"
                       "AddService = NastyService, 2, Service\n[Service]\nServiceType = 1\n{}\n"
                       "[Install.NT.Interfaces]\nAddInterface = {{6994AD04-93EF-11D0-A3CC-00A0C9223196}}, Wave, Wave\n"
                       "[Wave]\n{}\n[Lines]\n{}\n",
                       id, here("plain"), here("hardware"), here("service"), here("interface"), lines);
}

class RegistrySafety : public PnpTest {
protected:
    // What another driver has left in a registry that is kept in a file.
    void leave_another_device() {
        auto device = registry.create(below_control_set(u"Enum\\ROOT\\OTHER\\0000"));
        device->set_string(u"Driver", std::u16string(media) + u"\\0000");
        device->set_string(u"Service", u"other");
        device->set_string(u"ClassGUID", media);
        registry.create(below_control_set(u"Enum\\ROOT\\OTHER\\0000\\Device Parameters"))->set_dword(u"Kept", 1);
        registry.create(software_key(u"0000\\Settings"))->set_dword(u"Kept", 2);
        registry.create(below_control_set(u"Services\\other\\Parameters"))->set_dword(u"Kept", 3);
    }
    void expect_the_other_device() {
        EXPECT_NE(find(below_control_set(u"Enum\\ROOT\\OTHER\\0000")), nullptr);
        expect_dword(below_control_set(u"Enum\\ROOT\\OTHER\\0000\\Device Parameters"), 1);
        expect_dword(software_key(u"0000\\Settings"), 2);
        expect_dword(below_control_set(u"Services\\other\\Parameters"), 3);
    }
    void expect_the_own_device(const DeviceNode& node) {
        ASSERT_NE(find(node.enum_key()), nullptr);
        EXPECT_EQ(find(node.enum_key())->string(u"Service"), u"NastyService");
        EXPECT_NE(find(node.hardware_key()), nullptr);
        ASSERT_NE(find(node.driver_key()), nullptr);
        EXPECT_EQ(find(node.driver_key())->string(u"DriverDesc"), u"Nasty device");
        EXPECT_EQ(find(node.driver_key())->string(u"MatchingDeviceId"), u"root\\nasty");
        ASSERT_NE(find(below_control_set(u"Services\\NastyService")), nullptr);
        EXPECT_EQ(find(below_control_set(u"Services\\NastyService"))->dword(u"Type"), 1U);
    }
    void expect_dword(std::u16string_view path, std::uint32_t number) {
        ASSERT_NE(find(path), nullptr) << utf16_to_utf8(path);
        EXPECT_EQ(find(path)->dword(u"Kept"), number);
    }
    std::shared_ptr<RegistryKey> find(std::u16string_view path) { return registry.find(path); }
    Registry& registry = Registry::of(machine);
};

struct NastyLine {
    const char* title;
    const char* line; // of a DelReg section
};

constexpr NastyLine nasty_lines[] = {
    {"Hkr", "HKR"},
    {"HkrBackslash", "HKR,\\"},
    {"HkrKeyOnly", "HKR,,v,0x2000"},
    {"Hklm", "HKLM"},
    {"HklmCommas", "HKLM,,"},
    {"HklmKeyOnly", "HKLM,,v,0x2000"},
    {"Hkcr", "HKCR,,,0x2000"},
    {"Hkcu", "HKCU"},
    {"Hku", "HKU"},
    {"DefaultUser", "HKU,.default"},
    {"System", "HKLM,SYSTEM"},
    {"Software", "HKLM,\\Software\\"},
    {"SoftwareMicrosoft", "HKLM,Software\\Microsoft"},
    {"ControlSet", "HKLM,System\\CURRENTCONTROLSET"},
    {"Enum", "HKLM,System\\CurrentControlSet\\Enum"},
    {"EnumWithMoreBackslashes", "HKLM,System\\\\CurrentControlSet\\\\\\Enum"},
    {"Enumerator", "HKLM,System\\CurrentControlSet\\Enum\\ROOT"},
    {"OtherDevices", "HKLM,System\\CurrentControlSet\\Enum\\ROOT\\OTHER"},
    {"OtherDevice", "HKLM,System\\CurrentControlSet\\Enum\\ROOT\\OTHER\\0000"},
    {"OtherHardwareKey", "HKLM,System\\CurrentControlSet\\Enum\\ROOT\\OTHER\\0000\\Device Parameters"},
    {"Services", "HKLM,System\\CurrentControlSet\\Services"},
    {"OtherService", "HKLM,System\\CurrentControlSet\\Services\\OTHER"},
    {"OwnService", "HKLM,System\\CurrentControlSet\\Services\\NastyService"},
    {"Control", "HKLM,System\\CurrentControlSet\\Control"},
    {"Classes", "HKLM,System\\CurrentControlSet\\Control\\Class"},
    {"MediaClass", "HKLM,System\\CurrentControlSet\\Control\\Class\\{4D36E96C-E325-11CE-BFC1-08002BE10318}"},
    {"OtherSoftwareKey",
     "HKLM,System\\CurrentControlSet\\Control\\Class\\{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000"},
    {"InterfaceClasses", "HKLM,System\\CurrentControlSet\\Control\\DeviceClasses"},
};

class NastyLines : public RegistrySafety,
                   public ::testing::WithParamInterface<std::tuple<const char*, const char*, NastyLine>> {};

TEST_P(NastyLines, TakeNothingFromPlugAndPlay) {
    const auto& [place, directive, nasty] = GetParam();
    // AddReg's way to say the same: FLG_ADDREG_DELVAL without a value.
    std::string line = nasty.line;
    if (std::string_view(directive) == "AddReg") {
        line = line.substr(0, line.find(',', line.find(',') + 1));
        line += line.find(',') == std::string::npos ? ",,,4" : ",,4";
    }
    leave_another_device();
    LoadedDriver& driver =
        load({.inf = write("nasty.inf", inf_with(place, std::string(directive) + " = Lines", line))});
    auto added = manager.add_device(driver, {});
    ASSERT_TRUE(added) << added.error().message;
    expect_the_own_device(**added);
    expect_the_other_device();
    EXPECT_NE(find(u"\\Registry\\User\\.Default"), nullptr);
    EXPECT_NE(find(u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion"), nullptr);
    EXPECT_NE(find(below_control_set(u"Control\\MediaCategories")), nullptr);
    const std::string text = inf_with(place, std::string(directive) + " = Lines", line);
    // What is not there yet is not deleted, either: nothing to tell.
    if (!driver.inf_warnings().empty() || line.substr(0, 3) == "HKR") {
        ASSERT_THAT(driver.inf_warnings(), SizeIs(1));
        EXPECT_THAT(driver.inf_warnings()[0],
                    AllOf(HasSubstr(fmt::format("nasty.inf:{}: warning: ", std::count(text.begin(), text.end(), '\n'))),
                          HasSubstr("is not deleted")));
    } else {
        EXPECT_TRUE(std::string_view(nasty.title) == "Hkcr" ||
                    (std::string_view(place) == "service" && std::string_view(nasty.title) == "OwnService"))
            << "no warning";
    }
    EXPECT_OK(manager.remove(**added));
    EXPECT_FALSE(machine.is_halted());
}

std::string nasty_title(const ::testing::TestParamInfo<NastyLines::ParamType>& information) {
    return fmt::format("{}_{}_{}", std::get<0>(information.param), std::get<1>(information.param),
                       std::get<2>(information.param).title);
}
INSTANTIATE_TEST_SUITE_P(Inf, NastyLines,
                         ::testing::Combine(::testing::Values("plain", "hardware", "service", "interface"),
                                            ::testing::Values("DelReg", "AddReg"), ::testing::ValuesIn(nasty_lines)),
                         nasty_title);

TEST_F(RegistrySafety, ForsakenKeysAreDeleted) {
    leave_another_device();
    registry.create(below_control_set(u"Services\\Forsaken\\Parameters"));
    registry.create(u"\\Registry\\Machine\\Software\\Vendor\\Forsaken");
    registry.create(below_control_set(u"Enum\\ROOT\\OTHER\\0000\\Device Parameters\\Forsaken"));
    LoadedDriver& driver =
        load({.inf = write("clean.inf", inf_with("plain", "DelReg = Lines",
                                                 "HKLM,System\\CurrentControlSet\\Services\\Forsaken\n"
                                                 "HKLM,Software\\Vendor\\Forsaken\nHKLM,Software\\NotThere\n"
                                                 "HKLM,System\\CurrentControlSet\\Enum\\ROOT\\OTHER\\0000\\"
                                                 "Device Parameters\\Forsaken"))});
    add(driver);
    EXPECT_THAT(driver.inf_warnings(), IsEmpty());
    EXPECT_EQ(find(below_control_set(u"Services\\Forsaken")), nullptr);
    EXPECT_NE(find(u"\\Registry\\Machine\\Software\\Vendor"), nullptr);
    EXPECT_EQ(find(u"\\Registry\\Machine\\Software\\Vendor\\Forsaken"), nullptr);
    EXPECT_EQ(find(below_control_set(u"Enum\\ROOT\\OTHER\\0000\\Device Parameters\\Forsaken")), nullptr);
}

TEST_F(RegistrySafety, WhatSetupWritesStaysWhateverTheSectionsSay) {
    LoadedDriver& driver = load({.inf = write("values.inf", inf_with("plain", "DelReg = Lines\nAddReg = Foreign",
                                                                     "HKR,,DriverDesc\nHKR,,MatchingDeviceId\n"
                                                                     "[Foreign]\nHKR,,MatchingDeviceId,,x\n"
                                                                     "HKR,,DriverDesc,4\n"))});
    expect_the_own_device(add(driver));
}

// A driver never sees them: they are no driver's fault.
TEST_F(RegistrySafety, KeysThatCannotBeMadeAreAnErrorForTheUser) {
    LoadedDriver& driver = load();
    EXPECT_ERROR(manager.add_device(driver, {.hardware_id = "ROOT\\" + std::string(300, 'x')}),
                 STATUS_OBJECT_NAME_INVALID, HasSubstr("registry key"));
    EXPECT_FALSE(machine.is_halted());
    EXPECT_THAT(manager.devices(), IsEmpty());
    const auto inf = write(
        "class.inf", "[Version]\nSignature = \"$Windows NT$\"\nClass = MEDIA\nClassGUID = " + std::string(300, 'c') +
                         "\n[Manufacturer]\nM = Models\n[Models]\nD = Install, ROOT\\X\n"
                         "[Install]\n");
    EXPECT_ERROR(manager.add_device(driver, {.inf = inf}), STATUS_OBJECT_NAME_INVALID, HasSubstr("registry key"));
    EXPECT_FALSE(machine.is_halted());
    add(driver);
}

TEST_F(RegistrySafety, AnInterfaceWhoseKeyCannotBeMadeIsToldWithItsLine) {
    std::string text = inf_with("", "", "");
    text.replace(text.find(", Wave, Wave"), 6, ", " + std::string(300, 'w'));
    LoadedDriver& driver = load({.inf = write("interface.inf", text)});
    add(driver);
    ASSERT_THAT(driver.inf_warnings(), SizeIs(1));
    EXPECT_THAT(driver.inf_warnings()[0], AllOf(HasSubstr("interface.inf:19: warning: "), HasSubstr("255 characters")));
}

// ---- which software key a device gets ---------------------------------------------------------------------------

// Each call is a run of its own with the same registry file.
class SoftwareKeys : public RegistrySafety {
protected:
    std::u16string number_of(const std::string& id, const std::string& saved = {}) {
        machine::Machine run;
        auto& plug_and_play = run.add_subsystem<PnpManager>();
        Registry& its_registry = Registry::of(run);
        EXPECT_OK(its_registry.persist_in(file));
        auto driver = plug_and_play.load_static_driver(
            &recording_driver_entry,
            {.service_name = "driver_of_" + id, .inf = write(id + ".inf", inf_with("", "", "", "ROOT\\" + id))});
        EXPECT_TRUE(driver) << driver.error().message;
        DeviceSpec spec;
        if (!saved.empty()) {
            spec.parameters.push_back(*RegistryParameter::parse("Saved=" + saved));
        }
        auto device = plug_and_play.add_device(**driver, spec);
        EXPECT_TRUE(device) << device.error().message;
        const auto key = its_registry.find((*device)->driver_key());
        last_saved = key->dword(u"Saved");
        return key->name();
    }
    // Lets `change` write into the file.
    template<class Change>
    void prepare(Change change) {
        machine::Machine run;
        Registry& its_registry = Registry::of(run);
        EXPECT_OK(its_registry.persist_in(file));
        change(its_registry);
    }
    std::filesystem::path file = folder / "registry.json";
    std::optional<std::uint32_t> last_saved;
};

TEST_F(SoftwareKeys, DriversThatShareAFileHaveTheirOwn) {
    EXPECT_EQ(number_of("First", "11"), u"0000");
    EXPECT_EQ(number_of("Second", "22"), u"0001");
    EXPECT_EQ(number_of("First"), u"0000");
    EXPECT_EQ(last_saved, 11U);
    EXPECT_EQ(number_of("Second"), u"0001");
    EXPECT_EQ(last_saved, 22U);
}

TEST_F(SoftwareKeys, TheOneOfItsDriverValueIsTheDevices) {
    prepare([](Registry& it) {
        it.create(below_control_set(u"Enum\\ROOT\\FIRST\\0000"))
            ->set_string(u"Driver", u"{4D36E96C-E325-11CE-BFC1-08002BE10318}\\0007");
        it.create(software_key(u"0007"))->set_dword(u"Saved", 7);
    });
    EXPECT_EQ(number_of("First"), u"0007");
    EXPECT_EQ(last_saved, 7U);
    EXPECT_EQ(number_of("Second"), u"0000");
}

TEST_F(SoftwareKeys, ANewOneIsTheFirstThatIsNotThereAndNotNamed) {
    prepare([](Registry& it) {
        it.create(software_key(u"0000"))->set_dword(u"Saved", 1); // of nobody that Enum knows
        it.create(below_control_set(u"Enum\\ROOT\\OTHER\\0000"))
            ->set_string(u"Driver", std::u16string(media) + u"\\0001");
        it.create(software_key(u"0003"));
    });
    EXPECT_EQ(number_of("First"), u"0002");
    EXPECT_EQ(number_of("Second"), u"0004");
}

TEST_F(SoftwareKeys, DriverValuesThatNameNoneAreReplaced) {
    unsigned next = 0;
    for (const std::u16string_view value :
         {u"", u"0000", u"{4d36e96c-e325-11ce-bfc1-08002be10318}", u"{4d36e96c-e325-11ce-bfc1-08002be10318}\\",
          u"{4d36e96c-e325-11ce-bfc1-08002be10318}\\x", u"{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000\\Sub",
          u"{00000000-0000-0000-0000-000000000000}\\0000", u"..\\..\\Services\\0000"}) {
        prepare([&](Registry& it) {
            it.create(below_control_set(u"Enum\\ROOT\\FIRST\\0000"))->set_string(u"Driver", value);
        });
        EXPECT_EQ(number_of("First"), utf8_to_utf16(fmt::format("{:04}", next++))) << utf16_to_utf8(value);
    }
}

// As files of earlier versions have it.
TEST_F(SoftwareKeys, TwoDevicesWithOneArePartedByTheFirstRun) {
    prepare([](Registry& it) {
        for (const auto* path : {u"Enum\\ROOT\\FIRST\\0000", u"Enum\\ROOT\\SECOND\\0000"}) {
            it.create(below_control_set(path))->set_string(u"Driver", std::u16string(media) + u"\\0000");
        }
        it.create(software_key(u"0000"))->set_dword(u"Saved", 5);
    });
    EXPECT_EQ(number_of("Second"), u"0001");
    EXPECT_EQ(number_of("First"), u"0000");
    EXPECT_EQ(last_saved, 5U);
    EXPECT_EQ(number_of("Second"), u"0001");
}

TEST_F(SoftwareKeys, ADeviceThatComesBackHasItsOwn) {
    LoadedDriver& driver = load();
    DeviceNode& first = add(driver);
    const std::u16string key = first.driver_key();
    EXPECT_OK(manager.remove(first));
    EXPECT_EQ(add(driver).driver_key(), key);
    EXPECT_NE(add(driver).driver_key(), key);
}

TEST_F(SoftwareKeys, AFileKeepsWhatAnInfWouldHaveDeleted) {
    number_of("First", "11");
    {
        machine::Machine run;
        auto& plug_and_play = run.add_subsystem<PnpManager>();
        EXPECT_OK(Registry::of(run).persist_in(file));
        auto driver = plug_and_play.load_static_driver(
            &recording_driver_entry, {.inf = write("nasty.inf", inf_with("plain", "DelReg = Lines", "HKLM"))});
        ASSERT_TRUE(driver) << driver.error().message;
        EXPECT_OK(plug_and_play.add_device(**driver, {}));
    }
    number_of("First");
    EXPECT_EQ(last_saved, 11U);
}

} // namespace
} // namespace openportcls::pnp::test
