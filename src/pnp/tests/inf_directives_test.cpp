// Which directives of an installation's sections are done, and which are said not to be; which models fit.
#include "pnp/inf/install.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace openportcls::pnp {
namespace {

using ::testing::SizeIs;

InfFile parsed_file(const std::string& text) {
    auto file = InfFile::parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "card.inf");
    EXPECT_TRUE(file) << (file ? "" : file.error().message);
    return file ? std::move(*file) : InfFile{};
}

const std::string head = "[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl,NTamd64\n"
                         "[Mdl.NTamd64]\nD=I,ROOT\\X\n"; // six lines

InfDeviceInstall installed(const std::string& sections, const InfIncludeResolver& includes = {}) {
    const InfFile file = parsed_file(head + sections);
    const auto models = inf_models(file);
    EXPECT_TRUE(models) << models.error().message;
    auto result = inf_device_install(file, models->at(0), {}, includes);
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
}

std::string left_out(const InfDeviceInstall& install) {
    std::string all;
    for (const InfWarning& one : install.notes) {
        if (one.severity == InfSeverity::warning) {
            all += std::to_string(one.line) + ": " + one.message + "\n";
        }
    }
    return all;
}

// "INF DDInstall.Services Section": any section that one of these may refer to.
TEST(InfServices, ThoseOfNeededSectionsAreInstalled) {
    const InfDeviceInstall result = installed("[I.NT]\n[I.NT.Services]\nNeeds=Common.Services\n"
                                              "[Common.Services]\nAddService=card,2,S\nNeeds=Common.Services\n"
                                              "[S]\nServiceBinary=%13%\\card.sys\nAddReg=R\n[R]\nHKR,P,Value,,1\n");
    ASSERT_THAT(result.services, SizeIs(1)) << "a section that needs itself is processed once";
    EXPECT_EQ(result.services[0].name, "card");
    EXPECT_EQ(result.services[0].binary_name, "card.sys");
    EXPECT_THAT(result.services[0].registry, SizeIs(1));
    EXPECT_EQ(left_out(result), "");
}

TEST(InfServices, IncludedFilesBringTheirOwn) {
    const InfFile base = parsed_file("[Version]\nSignature=\"$CHICAGO$\"\n[Base.Services]\nAddService=card,2,S\n"
                                     "[S]\nServiceBinary=%13%\\base.sys\n");
    const InfDeviceInstall result = installed(
        "[I.NT]\n[I.NT.Services]\nInclude=base.inf\nNeeds=Base.Services\n[S]\nServiceBinary=%13%\\wrong.sys\n",
        [&](std::string_view) { return &base; });
    ASSERT_THAT(result.services, SizeIs(1));
    EXPECT_EQ(result.services[0].binary_name, "base.sys");
}

TEST(InfServices, SectionsThatAreNotThereAreTold) {
    EXPECT_EQ(left_out(installed("[I.NT]\n[I.NT.Services]\nNeeds=Nowhere.Services\n")),
              "9: [Nowhere.Services] of an included INF is not installed\n");
}

TEST(InfDirectives, SectionsThatDoNotExistAreNamedWhateverTheDirective) {
    for (const char* directive :
         {"AddReg", "DelReg", "BitReg", "AddProperty", "DelProperty", "CopyFiles", "LogConfig"}) {
        EXPECT_EQ(left_out(installed("[I.NT]\n" + std::string(directive) + "=Nowhere\n")),
                  "8: " + std::string(directive) + " names [Nowhere], which does not exist\n");
    }
}

// Those of the pages of the sections that nothing is done for.
TEST(InfDirectives, WhatIsNotDoneIsTold) {
    for (const char* directive :
         {"CopyINF", "DelFiles", "RenFiles", "ProfileItems", "UpdateInis", "UpdateIniFields", "Ini2Reg", "RegisterDlls",
          "UnregisterDlls", "ExcludeID", "DelService", "AddFilter", "AddReg2"}) {
        EXPECT_EQ(left_out(installed("[I.NT]\n" + std::string(directive) + "=x\n")),
                  "8: " + std::string(directive) + " in [I.NT] is not done\n");
    }
    EXPECT_EQ(left_out(installed("[I.NT]\nReboot\n")), "");
    EXPECT_EQ(left_out(installed("[I.NT]\nFeatureScore=FE\n")), "");
    EXPECT_EQ(left_out(installed("[I.NT]\nloneword\n")), "8: loneword in [I.NT] is not done\n");
    EXPECT_EQ(left_out(installed("[I.NT]\n[I.NT.HW]\nCopyFiles=x\n")), "9: CopyFiles in [I.NT.HW] is not done\n");
    EXPECT_EQ(left_out(installed("[I.NT]\n[I.NT.Interfaces]\nAddReg=x\n")),
              "9: AddReg in [I.NT.Interfaces] is not done\n");
    EXPECT_EQ(left_out(installed("[I.NT]\n[I.NT.Services]\nDelService=x\n")),
              "9: DelService in [I.NT.Services] is not done\n");
    for (const char* directive : {"Dependencies", "Security", "RequiredPrivileges", "AddTrigger", "StartName"}) {
        EXPECT_EQ(left_out(installed("[I.NT]\n[I.NT.Services]\nAddService=card,2,S\n[S]\nServiceBinary=%13%\\card.sys\n"
                                     "Description=Card\n" +
                                     std::string(directive) + "=x\n")),
                  "13: " + std::string(directive) + " in [S] is not done\n");
    }
    EXPECT_EQ(left_out(installed("[I.NT]\nNeeds=N\n[N]\nIni2Reg=x\n")), "10: Ini2Reg in [N] is not done\n");
    EXPECT_EQ(left_out(installed("[I.NT]\n[I.NT.Interfaces]\n"
                                 "AddInterface={6994AD04-93EF-11D0-A3CC-00A0C9223196},Wave,W\n[W]\nIni2Reg=x\n")),
              "11: Ini2Reg in [W] is not done\n");
}

TEST(InfDirectives, ResourcesOfNeededSectionsAreAlternativesToo) {
    const InfDeviceInstall result = installed("[I.NT]\nLogConfig=A\nNeeds=N\n[N]\nLogConfig=B\n"
                                              "[A]\nIRQConfig=5\n[B]\nIRQConfig=7\n");
    ASSERT_THAT(result.log_configs, SizeIs(2));
    EXPECT_EQ(result.log_configs[0].name, "A");
    EXPECT_EQ(result.log_configs[1].name, "B");
}

class InfModels : public ::testing::Test {
protected:
    static std::string chosen(const std::string& decorations, const InfTarget& target) {
        std::string text = "[Version]\nSignature=\"$CHICAGO$\"\n[Manufacturer]\nM=Mdl";
        std::string sections;
        for (const char c : decorations) {
            text += c == '|' ? "," : std::string(1, c);
        }
        for (std::size_t begin = 0; begin < decorations.size();) {
            const std::size_t end = std::min(decorations.find('|', begin + 1), decorations.size());
            const std::string one = decorations.substr(begin + 1, end - begin - 1);
            sections += "\n[Mdl." + one + "]\nD=" + one + ",ROOT\\X";
            begin = end;
        }
        const auto models = inf_models(parsed_file(text + sections + "\n"), target);
        return models ? models->front().install_section : "none";
    }
};

// "INF Manufacturer Section": TargetOSVersion's product type is one of 1 (workstation), 2 (domain controller), 3
// (server).
TEST_F(InfModels, OfAnotherProductTypeAreNotUsed) {
    const InfTarget workstation{.product_type = 1};
    const InfTarget controller{.product_type = 2};
    const InfTarget server{.product_type = 3};
    EXPECT_EQ(chosen("|NTamd64.10.0.3", workstation), "none");
    EXPECT_EQ(chosen("|NTamd64.10.0.3", controller), "none");
    EXPECT_EQ(chosen("|NTamd64.10.0.3", server), "NTamd64.10.0.3");
    const std::string all = "|NTamd64.10.0|NTamd64.10.0.1|NTamd64.10.0.3";
    EXPECT_EQ(chosen(all, workstation), "NTamd64.10.0.1") << "what names the product type is closer";
    EXPECT_EQ(chosen(all, server), "NTamd64.10.0.3");
    EXPECT_EQ(chosen(all, controller), "NTamd64.10.0");
}

// All of the suites of the mask have to be there.
TEST_F(InfModels, OfAnotherSuiteAreNotUsed) {
    constexpr std::uint32_t enterprise = 0x2;
    constexpr std::uint32_t terminal = 0x10;
    EXPECT_EQ(chosen("|NTamd64.10.0..0x2", {}), "none");
    EXPECT_EQ(chosen("|NTamd64.10.0..0x2", {.suite_mask = enterprise}), "NTamd64.10.0..0x2");
    EXPECT_EQ(chosen("|NTamd64.10.0..0x12", {.suite_mask = enterprise}), "none");
    EXPECT_EQ(chosen("|NTamd64.10.0..0x12", {.suite_mask = enterprise | terminal}), "NTamd64.10.0..0x12");
    const std::string both = "|NTamd64.10.0|NTamd64.10.0..0x2";
    EXPECT_EQ(chosen(both, {.suite_mask = enterprise}), "NTamd64.10.0..0x2");
    EXPECT_EQ(chosen(both, {}), "NTamd64.10.0");
    EXPECT_EQ(chosen("|NTamd64.10.0.3.0x2|NTamd64.10.0.1", {.suite_mask = enterprise}), "NTamd64.10.0.1");
}

} // namespace
} // namespace openportcls::pnp
