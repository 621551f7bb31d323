#include "pnp/inf/install.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace openportcls::pnp {
namespace {

constexpr std::string_view sound_card = R"(; A made-up card in the forms vendors use.
[Version]
Signature   = "$CHICAGO$"
Class       = MEDIA
ClassGUID   = {4d36e96c-e325-11ce-bfc1-08002be10318}
Provider    = %Maker%
DriverVer   = 03/04/2021,1.2.3.4

[Manufacturer]
%Maker% = Cards, NTx86, NTamd64, NTamd64.6.1, NTamd64.10.0...22000, NTamd64.10.0...99999

[Cards]
%Card.Desc% = Card9x, PCI\VEN_1234&DEV_0001

[Cards.NTx86]
%Card.Desc% = CardX86, PCI\VEN_1234&DEV_0001

[Cards.NTamd64]
%Card.Desc% = CardOld, PCI\VEN_1234&DEV_0001

[Cards.NTamd64.6.1]
%Card.Desc% = CardSeven, PCI\VEN_1234&DEV_0001

[Cards.NTamd64.10.0...22000]
%Card.Desc% = Card, PCI\VEN_1234&DEV_0001, PCI\VEN_1234&CC_0401
%Card2.Desc% = Card, PCI\VEN_1234&DEV_0002

[Cards.NTamd64.10.0...99999]
%Card.Desc% = CardFuture, PCI\VEN_1234&DEV_0001

[Card]
AddReg = Nine.AddReg

[Card.NT]
Include  = ks.inf, wdmaudio.inf
Needs    = KS.Registration, WDMAUDIO.Registration, Local.Needed
CopyFiles = Card.Copy, @helper.dll
AddReg   = Card.AddReg, Absent.AddReg
DelReg   = Card.DelReg
LogConfig = Card.LC1, Card.LC2

[Local.Needed]
AddReg = Needed.AddReg
[Needed.AddReg]
HKR,,Needed,,yes

[Card.Copy]
card.sys
renamed.dat,original.dat,,2

[Card.AddReg]
HKR,,AssociatedFilters,,"wdmaud,swmidi"
HKR,Settings\,Number,0x00010001,0x12345678
HKR,Settings,Bytewise,0x10001,78,56,34,12
HKR,,Negative,0x10001,-1
HKR,PowerSettings,Idle,3,3,0,0,0
HKR,,Raw,0x1,DE,0xAD,be,ef
HKR,,List,0x00010000,one,"two, and a half",three
HKR,,Expanded,0x00020000,"%%SystemRoot%%\x"
HKR,,Wide,0x000B0001,1,0,0,0,0,0,0,0
HKR,,Kept,2,aa
HKR,OnlyKey,,0x10
HKR,Bare
HKLM,Software\Card,Version,,1
HKR,,BadNumber,0x10001,zzz
FOO,,x,,y

[Card.DelReg]
HKR,,OldValue
HKR,OldKey

[Card.LC1]
ConfigPriority = HARDRECONFIG
IOConfig = 220-22f(fff::), 240-24f(fff::)
IOConfig = 2@300-333%fffffffe(3ff:0:)
IRQConfig = 5,7,9
DMAConfig = W:5,6
MemConfig = 8000@C0000-D7FFF%FFFFC000(RW)

[Card.LC2]
IOConfig = 388-38b
IRQConfig = LS:11
IOConfig = nonsense
MfCardConfig = 1000:40

[Card.NT.FactDef]
ConfigPriority = NORMAL
IOConfig = 220-22f
IRQConfig = 5
DMAConfig = 1

[Card.NT.HW]
AddReg = Card.HW.AddReg
[Card.HW.AddReg]
HKR,,DeviceType,0x10001,0x0000001D

[Card.NT.Interfaces]
AddInterface = %KSCATEGORY_AUDIO%, %KSNAME_Wave%, Card.Wave
AddInterface = %KSCATEGORY_RENDER%, %KSNAME_Wave%, Card.Wave,
AddInterface = %KSCATEGORY_AUDIO%,, Card.Bare
[Card.Wave.NT]
AddReg = Card.Wave.AddReg
AddProperty = Card.Wave.Properties
[Card.Wave.AddReg]
HKR,,CLSID,,%Proxy.CLSID%
HKR,,FriendlyName,,%Card.Wave%
HKR,EP\0,%PKEY_Association%,,%KSNODETYPE_ANY%
[Card.Wave.Properties]
{840b8171-b0ad-410f-8581-cccc0382cfef}, 3, 0x11,, 1
DeviceModel,,,,"Model"
{840b8171-b0ad-410f-8581-cccc0382cfef}, 2, 7,, 513

[Card.NT.Services]
AddService = , 2
AddService = CardSvc, 0x00000002, Card.Service
[Card.Service]
DisplayName = %Card.Desc%
ServiceType = 1
StartType = 3
ErrorControl = 0
ServiceBinary = %12%\card.sys
LoadOrderGroup = Extended Base
AddReg = Card.Service.AddReg
[Card.Service.AddReg]
HKR,Parameters,Debug,0x10001,7

[Strings]
Maker = "Maker, Inc."
Card.Desc = "A Card"
Card2.Desc = "Another Card"
Card.Wave = "Card Wave"
Proxy.CLSID = "{17CCA71B-ECD7-11D0-B908-00A0C9223196}"
KSCATEGORY_AUDIO = "{6994AD04-93EF-11D0-A3CC-00A0C9223196}"
KSCATEGORY_RENDER = "{65E8773E-8F56-11D0-A3B9-00A0C9223196}"
KSNAME_Wave = "Wave"
PKEY_Association = "{1DA5D803-D492-4EDD-8C23-E0C0FFEE7F0E},2"
KSNODETYPE_ANY = "{00000000-0000-0000-0000-000000000000}"
)";

InfFile parsed(std::string_view text) {
    auto file = InfFile::parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "card.inf");
    EXPECT_TRUE(file) << (file ? "" : file.error().message);
    return file ? std::move(*file) : InfFile{};
}

std::string text_of(const InfRegistryOperation& operation) {
    std::u16string wide;
    for (std::size_t i = 0; i + 1 < operation.data.size(); i += 2) {
        wide.push_back(static_cast<char16_t>(operation.data[i] | operation.data[i + 1] << 8));
    }
    return utf16_to_utf8(wide);
}

const InfRegistryOperation* find(std::span<const InfRegistryOperation> operations, std::string_view name) {
    for (const InfRegistryOperation& operation : operations) {
        if (operation.name == name) {
            return &operation;
        }
    }
    return nullptr;
}

class InfInstall : public ::testing::Test {
protected:
    InfDeviceInstall install(const InfFile& file, std::size_t index = 0, const InfTarget& target = {}) {
        const auto models = inf_models(file, target);
        EXPECT_TRUE(models) << models.error().message;
        auto result = inf_device_install(file, models->at(index), target);
        EXPECT_TRUE(result) << result.error().message;
        return std::move(*result);
    }
    InfFile file_ = parsed(sound_card);
};

TEST_F(InfInstall, ModelsComeFromTheClosestDecoration) {
    const auto first_section = [&](const InfTarget& target) {
        const auto models = inf_models(file_, target);
        return models ? models->front().install_section : models.error().message;
    };
    EXPECT_EQ(first_section({}), "Card");
    EXPECT_EQ(first_section({.build_number = 19041}), "CardSeven");
    EXPECT_EQ(first_section({.major_version = 5, .minor_version = 2}), "CardOld");
    EXPECT_EQ(first_section({.major_version = 6, .minor_version = 3}), "CardSeven");
    EXPECT_EQ(first_section({.architecture = "x86"}), "CardX86");
}

TEST_F(InfInstall, ModelsCarryIdsAndDescriptions) {
    const auto models = inf_models(file_);
    ASSERT_TRUE(models);
    ASSERT_EQ(models->size(), 2u);
    EXPECT_EQ(models->at(0).manufacturer, "Maker, Inc.");
    EXPECT_EQ(models->at(0).description, "A Card");
    EXPECT_EQ(models->at(0).hardware_ids, std::vector<std::string>{"PCI\\VEN_1234&DEV_0001"});
    EXPECT_EQ(models->at(0).compatible_ids, std::vector<std::string>{"PCI\\VEN_1234&CC_0401"});
    EXPECT_EQ(models->at(1).description, "Another Card");
}

TEST_F(InfInstall, BestMatchPrefersTheDevicesFirstId) {
    const auto models = inf_models(file_);
    ASSERT_TRUE(models);
    const std::vector<std::string> ids = {"pci\\ven_1234&dev_0002&rev_00", "pci\\ven_1234&dev_0002",
                                          "PCI\\VEN_1234&DEV_0001"};
    EXPECT_EQ(inf_best_match(*models, ids), &models->at(1));
    const std::vector<std::string> generic = {"PCI\\VEN_1234&CC_0401"};
    EXPECT_EQ(inf_best_match(*models, {}, generic), &models->at(0));
    const std::vector<std::string> unknown = {"PCI\\VEN_FFFF"};
    EXPECT_EQ(inf_best_match(*models, unknown), nullptr);
}

TEST_F(InfInstall, TheVersionOfTheInstallSectionGoesBeforeThatOfTheFile) {
    const auto install_with = [this](const std::string& directive) {
        return install(parsed("[Version]\nSignature=\"$CHICAGO$\"\nDriverVer=03/04/2021,1.2.3.4\n[Manufacturer]\n"
                              "M=Mdl,NTamd64\n[Mdl.NTamd64]\nD=Inst,ROOT\\X\n[Inst]\n" +
                              directive + "\n"));
    };
    EXPECT_EQ(install_with("").driver_version, "1.2.3.4");
    const InfDeviceInstall own = install_with("DriverVer=05/06/2022,5.6.7.8");
    EXPECT_EQ(own.driver_date, "05/06/2022");
    EXPECT_EQ(own.driver_version, "5.6.7.8");
    EXPECT_TRUE(own.notes.empty());
    const InfDeviceInstall wrong = install_with("DriverVer=2022-05-06,5.6");
    ASSERT_EQ(wrong.notes.size(), 2U);
    EXPECT_EQ(wrong.notes[0].line, 9);
    EXPECT_EQ(wrong.notes[0].message, "DriverVer has no date mm/dd/yyyy but '2022-05-06'");
}

TEST_F(InfInstall, DriverKeyHoldsEveryTypeOfValue) {
    const InfDeviceInstall result = install(file_);
    EXPECT_EQ(result.section, "Card.NT");
    EXPECT_EQ(result.provider, "Maker, Inc.");
    EXPECT_EQ(result.class_guid, "{4d36e96c-e325-11ce-bfc1-08002be10318}");
    EXPECT_EQ(result.driver_version, "1.2.3.4");
    using Bytes = std::vector<std::uint8_t>;
    const auto* number = find(result.driver_key, "Number");
    ASSERT_NE(number, nullptr);
    EXPECT_EQ(number->root, "HKR");
    EXPECT_EQ(number->subkey, "Settings");
    EXPECT_EQ(number->type, 4u);
    EXPECT_EQ(number->data, (Bytes{0x78, 0x56, 0x34, 0x12}));
    EXPECT_EQ(find(result.driver_key, "Bytewise")->data, number->data);
    EXPECT_EQ(find(result.driver_key, "Negative")->data, (Bytes{0xFF, 0xFF, 0xFF, 0xFF}));
    EXPECT_EQ(find(result.driver_key, "Idle")->type, 3u);
    EXPECT_EQ(find(result.driver_key, "Idle")->data, (Bytes{3, 0, 0, 0}));
    EXPECT_EQ(find(result.driver_key, "Raw")->data, (Bytes{0xDE, 0xAD, 0xBE, 0xEF}));
    EXPECT_EQ(find(result.driver_key, "List")->type, 7u);
    EXPECT_EQ(text_of(*find(result.driver_key, "List")), std::string("one\0two, and a half\0three\0\0", 27));
    EXPECT_EQ(find(result.driver_key, "Expanded")->type, 2u);
    EXPECT_EQ(text_of(*find(result.driver_key, "Expanded")), std::string("%SystemRoot%\\x\0", 15));
    EXPECT_EQ(find(result.driver_key, "Wide")->type, 11u); // REG_QWORD
    EXPECT_TRUE(find(result.driver_key, "Kept")->keep_existing);
    EXPECT_EQ(find(result.driver_key, "OldValue")->action, InfRegistryAction::delete_value);
    EXPECT_EQ(find(result.driver_key, "Version")->root, "HKLM");
    EXPECT_NE(find(result.driver_key, "Needed"), nullptr) << "Needs may name a section of the same file";
    EXPECT_EQ(find(result.driver_key, "BadNumber"), nullptr);
    int keys = 0;
    for (const auto& operation : result.driver_key) {
        keys += operation.action == InfRegistryAction::create_key;
    }
    EXPECT_EQ(keys, 2);
}

TEST_F(InfInstall, HardwareKeyServiceAndFiles) {
    const InfDeviceInstall result = install(file_);
    ASSERT_EQ(result.hardware_key.size(), 1u);
    EXPECT_EQ(result.hardware_key[0].name, "DeviceType");
    ASSERT_EQ(result.services.size(), 1u);
    const InfService* service = result.function_driver();
    ASSERT_NE(service, nullptr);
    EXPECT_EQ(service->name, "CardSvc");
    EXPECT_TRUE(service->is_function_driver());
    EXPECT_EQ(service->binary, "%12%\\card.sys");
    EXPECT_EQ(service->binary_name, "card.sys");
    EXPECT_EQ(service->error_control, 0u);
    ASSERT_EQ(service->registry.size(), 1u);
    EXPECT_EQ(service->registry[0].subkey, "Parameters");
    EXPECT_EQ(result.files, (std::vector<std::string>{"card.sys", "renamed.dat", "helper.dll"}));
}

TEST_F(InfInstall, InterfacesHaveTheirOwnKeysAndProperties) {
    const InfDeviceInstall result = install(file_);
    ASSERT_EQ(result.interfaces.size(), 3u);
    EXPECT_EQ(result.interfaces[1].category, "{65E8773E-8F56-11D0-A3B9-00A0C9223196}");
    EXPECT_EQ(result.interfaces[1].reference, "Wave");
    EXPECT_EQ(result.interfaces[2].reference, "");
    const auto& wave = result.interfaces[0];
    EXPECT_EQ(text_of(*find(wave.registry, "FriendlyName")), std::string("Card Wave\0", 10));
    const auto* association = find(wave.registry, "{1DA5D803-D492-4EDD-8C23-E0C0FFEE7F0E},2");
    ASSERT_NE(association, nullptr);
    EXPECT_EQ(association->subkey, "EP\\0");
    ASSERT_EQ(wave.properties.size(), 3u);
    EXPECT_EQ(wave.properties[0].data, std::vector<std::uint8_t>{0xFF});
    EXPECT_EQ(wave.properties[1].category, "{cf73bb51-3abf-44a2-85e0-9a3dc7a12132}") << "DEVPKEY_DrvPkg_Model";
    EXPECT_EQ(wave.properties[2].data, (std::vector<std::uint8_t>{1, 2, 0, 0}));
}

TEST_F(InfInstall, LogConfigsListAlternatives) {
    const InfDeviceInstall result = install(file_);
    ASSERT_EQ(result.log_configs.size(), 2u);
    const InfLogConfig& first = result.log_configs[0];
    EXPECT_EQ(first.priority, "HARDRECONFIG");
    ASSERT_EQ(first.ports.size(), 2u);
    ASSERT_EQ(first.ports[0].size(), 2u);
    EXPECT_EQ(first.ports[0][1].minimum, 0x240u);
    EXPECT_EQ(first.ports[0][1].length, 16u);
    EXPECT_EQ(first.ports[0][1].decode_mask, 0xFFFu);
    EXPECT_TRUE(first.ports[0][1].is_fixed());
    EXPECT_EQ(first.ports[1][0].length, 2u);
    EXPECT_EQ(first.ports[1][0].alignment, 2u);
    EXPECT_EQ(first.ports[1][0].maximum, 0x333u);
    EXPECT_FALSE(first.ports[1][0].is_fixed());
    EXPECT_EQ(first.interrupts.at(0).numbers, (std::vector<std::uint32_t>{5, 7, 9}));
    EXPECT_EQ(first.dma_channels.at(0).attributes, "W");
    EXPECT_EQ(first.dma_channels.at(0).numbers, (std::vector<std::uint32_t>{5, 6}));
    EXPECT_EQ(first.memory.at(0).at(0).alignment, 0x4000u);
    EXPECT_EQ(result.log_configs[1].interrupts.at(0).attributes, "LS");
    EXPECT_EQ(result.log_configs[1].ports.size(), 1u) << "the line that makes no sense is left out";
    ASSERT_TRUE(result.factory_default);
    EXPECT_EQ(result.factory_default->dma_channels.at(0).numbers, std::vector<std::uint32_t>{1});
}

TEST_F(InfInstall, NotesSayWhatWasLeftOut) {
    const InfDeviceInstall result = install(file_);
    std::string all;
    for (const InfWarning& one : result.notes) {
        all += std::to_string(one.line) + ": " + one.message + "\n";
    }
    for (const char* expected : {"Absent.AddReg", "BadNumber", "'FOO' is no registry root", "KS.Registration",
                                 "WDMAUDIO.Registration", "Card.Bare", "mfcardconfig", "IOConfig"}) {
        EXPECT_NE(all.find(expected), std::string::npos) << expected << " is missing in\n" << all;
    }
}

TEST_F(InfInstall, WhatIsNoInterfaceClassIsNamed) {
    const InfFile file = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTamd64\n"
                                "[Mdl.NTamd64]\nD=Inst,ROOT\\X\n[Inst]\n[Inst.Interfaces]\n"
                                "AddInterface={zzz},Wave\n"
                                "AddInterface={6994AD04-93EF-11D0-A3CC-00A0C9223196},Wave\n");
    const InfDeviceInstall result = install(file);
    ASSERT_EQ(result.notes.size(), 1u);
    EXPECT_EQ(result.notes[0].line, 9u);
    EXPECT_EQ(result.notes[0].message, "AddInterface: {zzz} is no interface class");
}

// Windows does not install them either: never silently.
TEST_F(InfInstall, ModelsForOtherArchitecturesAreRefusedAndNamed) {
    const InfFile file = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTx86,NTarm64,NTia64\n"
                                "[Mdl.NTx86]\nD=Inst,ROOT\\X\n[Mdl.NTarm64]\nD=Inst,ROOT\\X\n[Inst]\n");
    const auto models = inf_models(file);
    ASSERT_FALSE(models);
    EXPECT_EQ(models.error().message,
              "card.inf:4: [Mdl] has models for NTx86, NTarm64 only, and drivers run as NTamd64 "
              "here (--inf-architecture x86 takes them all the same)");
    EXPECT_TRUE(inf_models(file, {.architecture = "x86"}));
    EXPECT_TRUE(inf_models(file, {.architecture = "arm64"}));
    EXPECT_FALSE(inf_models(file, {.architecture = "ia64"})) << "announced, but not there";
    const InfFile plain = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl\n"
                                 "[Mdl]\nD=Inst,ROOT\\X\n[Inst.NTx86]\n");
    const auto undecorated = inf_models(plain);
    ASSERT_TRUE(undecorated);
    const auto refused = inf_device_install(plain, undecorated->at(0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "card.inf:6: the install section [Inst] does not exist in a form for NTamd64, only for NTx86");
    EXPECT_TRUE(inf_device_install(plain, undecorated->at(0), {.architecture = "x86"}));
}

TEST_F(InfInstall, X86OnlyFilesAreInstalledForX86) {
    const InfFile file = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTx86,NTarm64\n"
                                "[Mdl.NTx86]\nD=Inst,ROOT\\X\n[Inst.NTx86]\nAddReg=R\n[Inst]\n[R]\n"
                                "HKR,,NTMPDriver,,\"old.sys,helper.sys\"\n");
    const InfTarget x86{.architecture = "x86"};
    const auto models = inf_models(file, x86);
    ASSERT_TRUE(models);
    const auto installed = inf_device_install(file, models->at(0), x86);
    ASSERT_TRUE(installed);
    const InfDeviceInstall& result = *installed;
    EXPECT_EQ(result.section, "Inst.NTx86") << "next to it the plain one is for Windows 9x";
    ASSERT_NE(result.function_driver(), nullptr);
    EXPECT_EQ(result.function_driver()->binary_name, "old.sys");
    EXPECT_EQ(result.function_driver()->name, "old");
}

TEST_F(InfInstall, WithoutModelsOrSectionTheErrorSaysSo) {
    const InfFile none = parsed("[Version]\nSignature=\"$CHICAGO$\"\n");
    EXPECT_NE(inf_models(none).error().message.find("[Manufacturer]"), std::string::npos);
    const InfFile newer = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTamd64.11.0\n"
                                 "[Mdl.NTamd64.11.0]\nD=I,ROOT\\X\n");
    EXPECT_EQ(inf_models(newer).error().message,
              "card.inf:3: no models for NTamd64 10.0.22621; no section fits of [Mdl]");
    const InfFile sectionless = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nMdl\n[Mdl]\nD=I,ROOT\\X\n");
    const auto models = inf_models(sectionless);
    ASSERT_TRUE(models);
    EXPECT_EQ(inf_device_install(sectionless, models->at(0)).error().message,
              "card.inf:6: the install section [I] does not exist in a form for NTamd64");
}

TEST_F(InfInstall, ModelsWithoutAnInstallSectionAreTold) {
    const auto error_of = [](std::string_view models) {
        const auto found = inf_models(parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTamd64\n"
                                             "[Mdl.NTamd64]\n" +
                                             std::string(models)));
        return found ? found->front().install_section : found.error().message;
    };
    EXPECT_EQ(error_of("\n\nMy card=,ROOT\\X\n"), "card.inf:8: the model 'My card' names no install section");
    EXPECT_EQ(error_of("My card=\n"), "card.inf:6: the model 'My card' names no install section");
    EXPECT_EQ(error_of(",ROOT\\X\n"), "card.inf:6: the model '' names no install section");
    EXPECT_EQ(error_of("\n"), "card.inf:5: [Mdl.NTamd64] lists no models");
    EXPECT_EQ(error_of("My card=,ROOT\\X\nB=Inst,ROOT\\Y\n"), "Inst") << "the others are all right";
}

TEST_F(InfInstall, IncludedFilesAreUsedWhenTheyAreAtHand) {
    const InfFile base = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Base]\nAddReg=R\nInclude=again.inf\nNeeds=Base\n"
                                "[R]\nHKR,,FromBase,,1\n");
    const InfFile file = parsed("[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTamd64\n[Mdl.NTamd64]\n"
                                "D=I,ROOT\\X\n[I.NT]\nInclude=base.inf\nNeeds=Base\n");
    const auto models = inf_models(file);
    ASSERT_TRUE(models);
    const auto result = inf_device_install(file, models->at(0), {}, [&](std::string_view) { return &base; });
    ASSERT_TRUE(result);
    ASSERT_EQ(result->driver_key.size(), 1u) << "a section that needs itself is processed once";
    EXPECT_EQ(result->driver_key[0].name, "FromBase");
}

// A vendor's real file; the environment names it because no foreign INF is in this tree.
TEST(InfSample, SimpleAudioSample) {
    const char* path = std::getenv("OPENPORTCLS_SAMPLE_INF");
    if (path == nullptr) {
        GTEST_SKIP() << "OPENPORTCLS_SAMPLE_INF names no file";
    }
    std::ifstream stream(path, std::ios::binary);
    const std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    const auto file = InfFile::parse(bytes, path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE(file->warnings().empty()) << file->warnings()[0].message;
    const auto models = inf_models(*file);
    ASSERT_TRUE(models) << models.error().message;
    ASSERT_EQ(models->size(), 1u);
    EXPECT_EQ(models->at(0).hardware_ids, std::vector<std::string>{"ROOT\\SimpleAudioSample"});
    const auto result = inf_device_install(*file, models->at(0));
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->function_driver()->binary_name, "simpleaudiosample.sys");
    EXPECT_EQ(result->interfaces.size(), 10u);
    EXPECT_EQ(result->hardware_key.size(), 2u);
    EXPECT_EQ(result->driver_key.size(), 12u);
}

} // namespace
} // namespace openportcls::pnp
