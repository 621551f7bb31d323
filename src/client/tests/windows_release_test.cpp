// MachineOptions::windows: what the kernel tells a driver, and which models of an INF count.
#include <openportcls/openportcls.hpp>

#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ntddk.h>
#include <unistd.h>

#include "client/state.h"

namespace openportcls {
namespace {

struct Release {
    const char* name;
    const char* version;
    ULONG ddi_version;
    bool wave_rt; // whether our cable has models for it
};

class WindowsRelease : public testing::TestWithParam<Release> {
protected:
    static Machine machine_of_the_release() {
        MachineOptions options;
        options.windows = GetParam().name;
        return Machine::create(options).value();
    }
};

TEST_P(WindowsRelease, is_what_the_kernel_tells) {
    const Machine machine = machine_of_the_release();
    machine.state()->machine->enter([] {
        RTL_OSVERSIONINFOW told{};
        told.dwOSVersionInfoSize = sizeof told;
        ASSERT_EQ(RtlGetVersion(&told), STATUS_SUCCESS);
        EXPECT_EQ(fmt::format("{}.{}.{}", told.dwMajorVersion, told.dwMinorVersion, told.dwBuildNumber),
                  GetParam().version);
        ULONG major = 0;
        ULONG minor = 0;
        ULONG build = 0;
        PsGetVersion(&major, &minor, &build, nullptr);
        EXPECT_EQ(fmt::format("{}.{}.{}", major, minor, build), GetParam().version);
        EXPECT_TRUE(RtlIsNtDdiVersionAvailable(GetParam().ddi_version));
        EXPECT_FALSE(RtlIsNtDdiVersionAvailable(GetParam().ddi_version + 0x10000));
        EXPECT_EQ(IoIsWdmVersionAvailable(6, 0) != FALSE, major >= 6);
        EXPECT_TRUE(IoIsWdmVersionAvailable(1, 0x20));
    });
}

TEST_P(WindowsRelease, chooses_the_models_of_an_inf) {
    Machine machine = machine_of_the_release();
    const auto cable = machine.load_driver("cable");
    ASSERT_EQ(static_cast<bool>(cable), GetParam().wave_rt) << cable.error().message;
    if (!cable) {
        EXPECT_NE(cable.error().message.find(fmt::format("no models for NTamd64 {}", GetParam().version)),
                  std::string::npos)
            << cable.error().message;
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, WindowsRelease,
    testing::Values(Release{"xp", "5.1.2600", 0x05010000, false}, Release{"vista", "6.0.6002", 0x06000000, true},
                    Release{"7", "6.1.7601", 0x06010000, true}, Release{"8", "6.2.9200", 0x06020000, true},
                    Release{"8.1", "6.3.9600", 0x06030000, true}, Release{"10", "10.0.19045", 0x0A000000, true},
                    Release{"11", "10.0.22621", 0x0A00000C, true}));

// A registry that was kept under another release does not bring that release back.
TEST(WindowsReleaseAlone, outranks_a_kept_registry) {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("openportcls-release-{}", getpid());
    for (const auto& [name, pack] : {std::pair{"xp", 3}, std::pair{"8", 0}}) {
        MachineOptions options;
        options.windows = name;
        options.registry = file;
        const Machine machine = Machine::create(options).value();
        machine.state()->machine->enter([&, pack = pack] {
            RTL_OSVERSIONINFOEXW told{};
            told.dwOSVersionInfoSize = sizeof told;
            RtlGetVersion(reinterpret_cast<RTL_OSVERSIONINFOW*>(&told));
            EXPECT_EQ(told.wServicePackMajor, pack);
        });
    }
    std::filesystem::remove(file);
}

} // namespace
} // namespace openportcls
