// portcls_add_driver(), in a CMake project of its own.
#include "drivertools/module_note.h"
#include "drivertools/process.h"
#include "temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::HasSubstr;

namespace {

class AddDriver : public testing::Test {
protected:
    void SetUp() override {
        folder.add("drv/a.cpp",
                   "#include \"VALUE.H\"\nextern \"C\" long DriverEntry(void*, void*) { return VALUE + ADDED; }\n");
        folder.add("drv/value.h", "#define VALUE 1\n");
    }

    std::string cmake(const std::string& calls) {
        folder.add("CMakeLists.txt",
                   fmt::format("cmake_minimum_required(VERSION {})\nproject(drivers NONE)\n"
                               "add_executable(opc_build_driver IMPORTED)\n"
                               "set_target_properties(opc_build_driver PROPERTIES IMPORTED_LOCATION {})\n"
                               "add_library(openportcls SHARED IMPORTED)\n"
                               "set_target_properties(openportcls PROPERTIES IMPORTED_LOCATION {})\n"
                               "include({}/cmake/OpenPortClsAddDriver.cmake)\n{}\n",
                               minimum_version, OPENPORTCLS_BUILD_TOOL, OPENPORTCLS_LIBRARY, OPENPORTCLS_SOURCES,
                               calls));
        return run({"cmake", "-G", "Ninja", "-S", folder.path(), "-B", folder / "build"});
    }
    std::string build() { return run({"cmake", "--build", folder / "build"}); }

    std::string run(const std::vector<std::string>& command) {
        auto ran = run_process(command);
        EXPECT_TRUE(ran);
        status = ran ? ran->exit_status : -1;
        return ran ? ran->output + ran->diagnostics : std::string();
    }

    TemporaryFolder folder;
    std::string minimum_version = "3.25";
    int status = 0;
};

} // namespace

TEST_F(AddDriver, BuildsAndRebuildsWhenAHeaderChanges) {
    cmake("portcls_add_driver(listed SOURCES drv/a.cpp DEFINES ADDED=1)\n"
          "portcls_add_driver(whole PATH drv DEFINES ADDED=1 DEBUG SANITIZE undefined OUTPUT_DIRECTORY "
          "${CMAKE_BINARY_DIR}/out)\n"
          "get_target_property(module whole PORTCLS_MODULE)\nmessage(STATUS \"module: ${module}\")");
    ASSERT_EQ(status, 0);
    auto first = build();
    ASSERT_EQ(status, 0) << first;
    auto note = read_module_note(folder / "build/out/whole.so");
    ASSERT_TRUE(note) << note.error().message;
    EXPECT_EQ(note->name, "whole");
    EXPECT_EQ(note->configuration, "debug");
    EXPECT_TRUE(note->has_sanitizer("undefined"));
    EXPECT_TRUE(read_module_note(folder / "build/listed.so"));
    EXPECT_THAT(build(), HasSubstr("no work to do"));
    folder.add("drv/value.h", "#define VALUE 2\n");
    EXPECT_THAT(build(), HasSubstr("1 files compiled"));
}

// CMP0116 is unset below 3.20: Ninja would take the depfile's target for another file and always build again.
TEST_F(AddDriver, DoesNothingAgainInAProjectForOldCMake) {
    minimum_version = "3.16";
    folder.add("sub/CMakeLists.txt", "portcls_add_driver(old PATH ${CMAKE_SOURCE_DIR}/drv DEFINES ADDED=1)\n");
    auto configured = cmake("add_subdirectory(sub)");
    ASSERT_EQ(status, 0) << configured;
    EXPECT_THAT(configured, testing::Not(HasSubstr("CMP0116")));
    auto first = build();
    ASSERT_EQ(status, 0) << first;
    EXPECT_THAT(build(), HasSubstr("no work to do"));
    folder.add("drv/value.h", "#define VALUE 2\n");
    EXPECT_THAT(build(), HasSubstr("1 files compiled"));
}

TEST_F(AddDriver, FailsWithTheCompilersMessage) {
    cmake("portcls_add_driver(broken PATH drv)"); // ADDED is not defined
    auto output = build();
    EXPECT_NE(status, 0);
    EXPECT_THAT(output, HasSubstr("a.cpp:2:60: error: use of undeclared identifier 'ADDED'"));
}

TEST_F(AddDriver, RefusesUnclearCalls) {
    EXPECT_THAT(cmake("portcls_add_driver(none)"), HasSubstr("give one of SOURCES, VCXPROJ and PATH"));
    EXPECT_NE(status, 0);
    EXPECT_THAT(cmake("portcls_add_driver(odd PATH drv WHATEVER)"), HasSubstr("what is WHATEVER?"));
}
