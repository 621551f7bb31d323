// Loading driver modules: what is refused and why, and that instances do not share their globals.
#include "executive/rtl/system_version.h"
#include "pnp/loader/driver_module.h"
#include "pnp/loader/module_image.h"
#include "pnp_fixture.h"

#include <cstdio>
#include <dlfcn.h>

namespace openportcls::pnp::test {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::filesystem::path modules = PNP_TEST_MODULES;

class Loader : public PnpTest {
protected:
    void expect_refused(const std::filesystem::path& path, NTSTATUS status, const char* text) {
        EXPECT_ERROR(manager.load_driver(path), status, AllOf(StartsWith(path.string() + ": "), HasSubstr(text)));
        EXPECT_THAT(manager.drivers(), IsEmpty());
    }
    // What DriverEntry of the counting module left: 42 with fresh globals.
    static std::uintptr_t count_of(const LoadedDriver& driver) {
        return reinterpret_cast<std::uintptr_t>(driver.object()->DriverSection);
    }
    static std::string content_of(const std::filesystem::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
};

TEST_F(Loader, FilesThatAreNoModulesAreDescribed) {
    expect_refused(folder / "none.so", STATUS_OBJECT_NAME_NOT_FOUND, "No such file");
    expect_refused(folder, STATUS_FILE_IS_A_DIRECTORY, "portcls build");
    expect_refused("/dev/null", STATUS_INVALID_IMAGE_FORMAT, "not a regular file");
    expect_refused(write("empty.so", ""), STATUS_INVALID_IMAGE_FORMAT, "the file is empty");
    expect_refused(write("text.so", "[Version]\nSignature=x\n"), STATUS_INVALID_IMAGE_FORMAT, "a text file");
    expect_refused(write("wide.inx", std::string("\xFF\xFE[\0V\0", 6)), STATUS_INVALID_IMAGE_FORMAT, "a text file");
    expect_refused(write("shipped.sys", std::string("MZ\x90\0\3\0\0\0", 8)), STATUS_INVALID_IMAGE_FORMAT,
                   "shipped .sys files are not supported yet");
    expect_refused(write("data.so", std::string("\1\2\3\0", 4)), STATUS_INVALID_IMAGE_FORMAT, "not an ELF file");
    expect_refused(write("stub.so", "\x7F"
                                    "ELF"),
                   STATUS_INVALID_IMAGE_FORMAT, "truncated");
}

TEST_F(Loader, OtherElfFilesAreDescribed) {
    expect_refused("/proc/self/exe", STATUS_INVALID_IMAGE_FORMAT, "an executable program");
    Dl_info library{};
    ASSERT_NE(dladdr(reinterpret_cast<void*>(&std::fopen), &library), 0);
    expect_refused(library.dli_fname, STATUS_INVALID_IMAGE_FORMAT, "a shared library, but no driver module");
    expect_refused(modules / "without_note.so", STATUS_INVALID_IMAGE_FORMAT, "no OpenPortCls note");
    expect_refused(modules / "without_entry.so", STATUS_INVALID_IMAGE_FORMAT, "does not export DriverEntry");
    expect_refused(modules / "damaged_note.so", STATUS_INVALID_IMAGE_FORMAT, "damaged");
    std::string other = content_of(modules / "counting.so");
    other[18] = 40; // e_machine: ARM
    expect_refused(write("arm.so", other), STATUS_INVALID_IMAGE_FORMAT, "another processor");
    other[18] = 62;
    other[16] = 1; // e_type: ET_REL
    expect_refused(write("object.so", other), STATUS_INVALID_IMAGE_FORMAT, "not been linked");
}

TEST_F(Loader, EveryTruncationIsRefused) {
    const std::string whole = content_of(modules / "counting.so");
    for (std::size_t size = 1; size < whole.size(); size += size < 200 ? 7 : 997) {
        const auto path = write("cut.so", std::string_view(whole).substr(0, size));
        auto image = ModuleImage::read(path);
        EXPECT_FALSE(image) << size;
    }
}

TEST_F(Loader, DamagedFilesDoNotDisturbTheReader) {
    const std::string whole = content_of(modules / "counting.so");
    machine::Random random(20260101);
    for (int round = 0; round < 300; ++round) {
        std::string damaged = whole;
        for (int byte = 0; byte < 8; ++byte) {
            // Most of it in the headers, where it hurts.
            const auto range = byte < 6 ? std::min<std::size_t>(whole.size(), 1024) : whole.size();
            damaged[random.below(static_cast<std::uint32_t>(range))] = static_cast<char>(random.below(256));
        }
        auto image = ModuleImage::read(write("damaged.so", damaged));
        if (!image) {
            EXPECT_FALSE(image.error().message.empty());
        }
    }
}

TEST_F(Loader, AnotherInterfaceVersionIsRefused) {
    expect_refused(
        modules / "old_abi.so", STATUS_REVISION_MISMATCH,
        "built for version 999 of the module interface, this is version 1; build it again with `portcls build "
        "/drivers/old`");
}

TEST_F(Loader, ForeignSymbolsAreRefusedByName) {
    auto result = manager.load_driver(modules / "foreign.so");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().status, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    EXPECT_THAT(result.error().message,
                AllOf(HasSubstr("KeDoesNotExist (no kernel function of that name is known here)"),
                      HasSubstr("malloc (not a kernel function; the host's "), HasSubstr("another calling convention"),
                      ::testing::Not(HasSubstr("KeGetCurrentIrql"))));
}

// The module is the same for every machine of the process; what it lacks depends on the machine's release.
TEST_F(Loader, FunctionsThatTheReleaseLacksAreRefusedByName) {
    const auto timers = AllOf(HasSubstr("ExAllocateTimer (ntoskrnl.exe, since Windows 8.1)"),
                              HasSubstr("ExDeleteTimer (ntoskrnl.exe, since Windows 8.1)"));
    const auto device = HasSubstr("PcGetPhysicalDeviceObject (portcls.sys, since Windows 8)");
    const auto count = HasSubstr("KeQueryActiveProcessorCount (ntoskrnl.exe, since Windows Vista)");
    const auto path = modules / "newer.so";
    for (const char* release : {"11", "8.1", "8", "7", "xp", "10", "2000"}) {
        machine::Machine other;
        auto& plug_and_play = other.add_subsystem<PnpManager>();
        executive::set_system_version(other, *executive::system_version_named(release));
        const auto driver = plug_and_play.load_driver(path);
        const std::string_view name = release;
        if (name == "11" || name == "10" || name == "8.1") {
            EXPECT_TRUE(driver) << release;
            continue;
        }
        ASSERT_FALSE(driver) << release;
        EXPECT_EQ(driver.error().status, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND) << release;
        EXPECT_THAT(driver.error().message, AllOf(StartsWith(path.string() + ": "), timers)) << release;
        EXPECT_EQ(testing::Matches(device)(driver.error().message), name != "8") << driver.error().message;
        EXPECT_EQ(testing::Matches(count)(driver.error().message), name == "xp" || name == "2000")
            << driver.error().message;
        EXPECT_THAT(plug_and_play.drivers(), IsEmpty());
    }
}

TEST_F(Loader, MissingSanitizerIsNamedWithItsPreload) {
    if (dlsym(RTLD_DEFAULT, "__asan_init") != nullptr) {
        EXPECT_TRUE(required_preloads(modules / "sanitized.so")->empty());
        GTEST_SKIP() << "this process has AddressSanitizer";
    }
    EXPECT_ERROR(manager.load_driver(modules / "sanitized.so"), STATUS_DLL_NOT_FOUND, HasSubstr("asan"));
    auto preloads = required_preloads(modules / "sanitized.so");
    if (preloads) { // clang's run-time libraries are installed
        ASSERT_THAT(*preloads, SizeIs(2));
        EXPECT_THAT(preloads->front(), HasSubstr("libopenportcls.so"));
        EXPECT_THAT(preloads->back(), HasSubstr("libclang_rt.asan-x86_64.so"));
        EXPECT_ERROR(manager.load_driver(modules / "sanitized.so"), STATUS_DLL_NOT_FOUND,
                     HasSubstr("LD_PRELOAD=" + preloads->front() + ":" + preloads->back()));
    }
}

TEST_F(Loader, PlainModulesNeedNoPreload) {
    auto preloads = required_preloads(modules / "counting.so");
    ASSERT_TRUE(preloads);
    EXPECT_THAT(*preloads, IsEmpty());
    EXPECT_FALSE(required_preloads(write("text.so", "hello")));
}

TEST_F(Loader, ModuleIsLoadedStartedAndUnloaded) {
    auto driver = manager.load_driver(modules / "counting.so");
    ASSERT_TRUE(driver) << driver.error().message;
    EXPECT_EQ((*driver)->service_name(), "counting");
    EXPECT_FALSE((*driver)->is_static());
    EXPECT_EQ(count_of(**driver), 42U);
    EXPECT_NE((*driver)->object()->DriverStart, nullptr);
    EXPECT_GT((*driver)->object()->DriverSize, 0U);
    auto report = manager.unload(**driver);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->empty()) << report->to_text();
}

TEST_F(Loader, EveryLoadHasFreshGlobals) {
    for (int round = 0; round < 3; ++round) {
        auto driver = manager.load_driver(modules / "counting.so");
        ASSERT_TRUE(driver) << driver.error().message;
        EXPECT_EQ(count_of(**driver), 42U) << round;
        EXPECT_OK(manager.unload(**driver));
    }
}

TEST_F(Loader, ReloadsKeepTheirAddress) {
    auto first = DriverModule::load(modules / "counting.so");
    ASSERT_TRUE(first);
    void* address = (*first)->begin();
    first->reset();
    auto second = DriverModule::load(modules / "counting.so");
    ASSERT_TRUE(second);
    EXPECT_EQ((*second)->begin(), address);
}

TEST_F(Loader, SimultaneousInstancesDoNotShareGlobals) {
    machine::Machine other;
    auto& other_manager = other.add_subsystem<PnpManager>();
    auto first = manager.load_driver(modules / "counting.so");
    auto second = other_manager.load_driver(modules / "counting.so");
    auto third = manager.load_driver(modules / "counting.so", {.service_name = "again"});
    ASSERT_TRUE(first);
    ASSERT_TRUE(second) << second.error().message;
    ASSERT_TRUE(third) << third.error().message;
    EXPECT_EQ(count_of(**first), 42U);
    EXPECT_EQ(count_of(**second), 42U);
    EXPECT_EQ(count_of(**third), 42U);
    EXPECT_NE((*first)->object()->DriverStart, (*second)->object()->DriverStart);
}

TEST_F(Loader, RebuiltModuleIsReadAgain) {
    const auto path = folder / "changing.so";
    std::filesystem::copy_file(modules / "counting.so", path);
    auto driver = manager.load_driver(path);
    ASSERT_TRUE(driver);
    EXPECT_OK(manager.unload(**driver));
    std::ofstream(path, std::ios::binary | std::ios::trunc) << "no module any more";
    expect_refused(path, STATUS_INVALID_IMAGE_FORMAT, "a text file");
}

} // namespace openportcls::pnp::test
