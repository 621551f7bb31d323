#include "drivertools/compiler_switches.h"
#include "drivertools/nmake_file.h"
#include "drivertools/project.h"
#include "project_names.h"
#include "temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace openportcls;
using namespace openportcls::drivertools;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

NmakeFile read_nmake(const TemporaryFolder& folder, std::string_view text, NmakeMacros macros = {}) {
    NmakeFile file(folder.add("sources", text), std::move(macros));
    auto read = file.read();
    EXPECT_TRUE(read) << (read ? "" : read.error().message);
    return file;
}

} // namespace

TEST(NmakeFile, JoinsContinuationLinesAndDropsComments) {
    TemporaryFolder folder;
    auto file = read_nmake(
        folder, "# sources\r\nSOURCES= a.cpp \\\r\n   b.cpp \\\r\n   # gone.cpp \\\r\n   c.rc\r\nNAME=x # why\r\n");
    EXPECT_THAT(split(file.macro("SOURCES"), " "), ElementsAre("a.cpp", "b.cpp", "c.rc"));
    EXPECT_EQ(file.macro("name"), "x");
}

TEST(NmakeFile, ExpandsMacrosWhenUsedAndItselfWhenSet) {
    TemporaryFolder folder;
    auto file =
        read_nmake(folder, "C_DEFINES=-DA\nC_DEFINES=$(C_DEFINES) -DB $(LATE)\nLATE=-DC\nLOOP=$(LOOP2)\nLOOP2=$(LOOP)\n"
                           "OBJECTS=$(SOURCES:.cpp=.obj)\n");
    EXPECT_EQ(file.macro("C_DEFINES"), "-DA -DB -DC");
    EXPECT_EQ(file.macro("LOOP"), "");
}

TEST(NmakeFile, FollowsConditions) {
    TemporaryFolder folder;
    auto text = "!if \"$(OS)\" == \"Win7\" && defined(EXTRA)\nA=1\n!elseif $(LEVEL) > 2\nA=2\n!else\nA=3\n!endif\n"
                "!ifdef EXTRA\n!ifndef OTHER\nB=1\n!endif\n!else\nB=2\n!endif\n"
                "!if 0\n!error not reached\n!if 1\nC=1\n!endif\n!endif\n";
    EXPECT_EQ(read_nmake(folder, text, {{"OS", "Win7"}, {"EXTRA", ""}}).macro("A"), "1");
    EXPECT_EQ(read_nmake(folder, text, {{"OS", "WinXP"}, {"LEVEL", "3"}}).macro("A"), "2");
    auto neither = read_nmake(folder, text, {{"LEVEL", "1"}});
    EXPECT_EQ(neither.macro("A"), "3");
    EXPECT_EQ(neither.macro("B"), "2");
    EXPECT_EQ(neither.macro("C"), "");
}

TEST(NmakeFile, IncludesLocalFilesAndPassesOverTheKits) {
    TemporaryFolder folder;
    folder.add("common.inc", "SHARED=yes\n");
    auto file = read_nmake(folder, "!include \"Common.INC\"\n!include $(NTMAKEENV)\\makefile.def\n");
    EXPECT_EQ(file.macro("SHARED"), "yes");
    EXPECT_THAT(file.notes(), ElementsAre(HasSubstr("makefile.def")));
}

TEST(NmakeFile, ReportsErrorsWithTheirLine) {
    TemporaryFolder folder;
    auto problem = [&](std::string_view text) {
        NmakeFile file(folder.add("sources", text), {});
        auto read = file.read();
        EXPECT_FALSE(read);
        return read ? std::string() : read.error().message;
    };
    EXPECT_THAT(problem("A=1\n!error too old\n"), HasSubstr("sources:2: too old"));
    EXPECT_THAT(problem("!endif\n"), HasSubstr("sources:1: !endif without !if"));
    EXPECT_THAT(problem("A=1\n!if 1\nB=1\n"), HasSubstr("sources:2: this !if has no !endif"));
    EXPECT_THAT(problem("!ifdef A\n!if 1 \\\n && 1\n!endif\n\n!if 0\n!ifndef B\n!endif\n"),
                HasSubstr("sources:6: this !if has no !endif"));
}

TEST(SourcesFile, GivesUnitsWithTheirFlags) {
    TemporaryFolder folder;
    folder.add("drv/Adapter.cpp");
    folder.add("drv/helper.c");
    folder.add("drv/res.rc");
    folder.add("shared/common.cpp");
    folder.add("inc/x.h");
    auto sources = folder.add(
        "drv/sources", "TARGETNAME=oldwave\nTARGETTYPE=DRIVER\nTARGETPATH=obj\n"
                       "INCLUDES=..\\INC;$(DDK_INC_PATH);\n"
                       "C_DEFINES=$(C_DEFINES) -D_WIN32 -DUNICODE /DVALUE=3\nUSER_C_FLAGS=/FI..\\inc\\X.h -DOLD\n"
                       "SOURCES= adapter.cpp \\\n helper.c \\\n ..\\Shared\\common.cpp \\\n res.rc\n");
    auto project = find_project(folder / "drv", {});
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_EQ(project->name, "oldwave");
    EXPECT_THAT(names_of(*project), ElementsAre("Adapter.cpp", "helper.c", "common.cpp"));
    const auto& unit = project->units[0];
    EXPECT_THAT(unit.include_directories, Contains(folder / "inc"));
    for (const char* define : {"_WIN32", "UNICODE", "VALUE=3", "OLD"})
        EXPECT_THAT(unit.defines, Contains(define));
    EXPECT_THAT(unit.forced_includes, ElementsAre(folder / "inc/x.h"));
    EXPECT_THAT(project->project_files, Contains(sources));
}

// build.exe looks for a processor's sources in its sub-folder.
TEST(SourcesFile, FindsTheProcessorsSources) {
    TemporaryFolder folder;
    for (const char* file : {"main.c", "AMD64/arch.c", "both.c", "AMD64/both.c", "beside.c", "AMD64/named.c"})
        folder.add(std::string("drv/") + file);
    folder.add("drv/sources", "TARGETNAME=old\nTARGETTYPE=DRIVER\nSOURCES=main.c\n"
                              "AMD64_SOURCES=Arch.c both.c beside.c amd64\\named.c\nI386_SOURCES=x86.c\n");
    auto project = find_project(folder / "drv", {});
    ASSERT_TRUE(project) << project.error().message;
    std::vector<std::filesystem::path> files;
    for (const auto& unit : project->units)
        files.push_back(unit.file);
    EXPECT_THAT(files, ElementsAre(folder / "drv/main.c", folder / "drv/AMD64/arch.c", folder / "drv/AMD64/both.c",
                                   folder / "drv/beside.c", folder / "drv/AMD64/named.c"));
}

TEST(CompilerSwitches, HaveTheWordsAWindowsProgramGets) {
    EXPECT_THAT(command_line_words("-D\"SPACE=1\" -DX=\"a b\"\t/D \"Z=1\" \"\""),
                ElementsAre("-DSPACE=1", "-DX=a b", "/D", "Z=1", ""));
    EXPECT_THAT(command_line_words(R"(-DT=\"text\" "-DU=\"a b\"" -Ic:\inc\\x "in\\" \\\" )"),
                ElementsAre("-DT=\"text\"", "-DU=\"a b\"", R"(-Ic:\inc\\x)", R"(in\)", R"(\")"));
    EXPECT_THAT(command_line_words("\"open end"), ElementsAre("open end"));
    EXPECT_THAT(command_line_words("  "), testing::IsEmpty());
}

TEST(SourcesFile, UnderstandsQuotesInItsFlags) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    folder.add("with space/x.h");
    auto sources = folder.add("sources", "TARGETNAME=drv\nTARGETTYPE=DRIVER\nSOURCES=a.cpp\n"
                                         "C_DEFINES=-D\"SPACE=1\" -DX=\"a b\" -DTEXT=\\\"t\\\"\n"
                                         "USER_C_FLAGS=/D \"Z=1\" -I\"with space\" /UOLD\n");
    auto project = read_sources_file(sources, {});
    ASSERT_TRUE(project) << project.error().message;
    const auto& unit = project->units[0];
    for (const char* define : {"SPACE=1", "X=a b", "TEXT=\"t\"", "Z=1"})
        EXPECT_THAT(unit.defines, Contains(define));
    EXPECT_THAT(unit.include_directories, Contains(folder / "with space"));
    EXPECT_THAT(unit.undefines, ElementsAre("OLD"));
}

TEST(SourcesFile, FollowsDirsToTheDriverAndItsLibrary) {
    TemporaryFolder folder;
    folder.add("dirs", "DIRS= lib \\\n  drv \\\n tool\n");
    folder.add("lib/l.cpp");
    folder.add("lib/sources", "TARGETNAME=shared\nTARGETTYPE=DRIVER_LIBRARY\nSOURCES=l.cpp\n");
    folder.add("drv/d.cpp");
    folder.add("drv/sources", "TARGETNAME=drv\nTARGETTYPE=DRIVER\nTARGETLIBS=$(DDK_LIB_PATH)\\portcls.lib \\\n"
                              " ..\\lib\\obj$(BUILD_ALT_DIR)\\*\\shared.lib\nSOURCES=d.cpp\n");
    folder.add("tool/t.cpp");
    folder.add("tool/sources", "TARGETNAME=tool\nTARGETTYPE=PROGRAM\nSOURCES=t.cpp\n");
    for (const auto& start : {folder.path(), folder / "dirs"}) {
        auto project = find_project(start, {});
        ASSERT_TRUE(project) << project.error().message;
        EXPECT_EQ(project->name, "drv");
        EXPECT_THAT(names_of(*project), ElementsAre("d.cpp", "l.cpp"));
    }
}

TEST(SourcesFile, RefusesALibraryAndNothing) {
    TemporaryFolder folder;
    EXPECT_FALSE(read_sources_file(folder.add("a/sources", "TARGETTYPE=DRIVER_LIBRARY\nSOURCES=x.cpp\n"), {}));
    EXPECT_FALSE(read_sources_file(folder.add("b/sources", "TARGETTYPE=DRIVER\n"), {}));
}

TEST(PlainFolder, TakesEverySourceBelowIt) {
    TemporaryFolder folder;
    folder.add("a.CPP");
    folder.add("sub/b.c");
    folder.add("sub/c.h");
    folder.add(".git/x.cpp");
    folder.add("Inc/h.h");
    auto project = find_project(folder.path(), {});
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_THAT(names_of(*project), ElementsAre("a.CPP", "b.c"));
    EXPECT_THAT(project->units[0].include_directories, Contains(folder / "Inc"));
    EXPECT_THAT(project->units[0].include_directories, Not(Contains(folder / ".git")));
    EXPECT_FALSE(find_project(folder.add("empty/readme.txt").parent_path(), {}));
}

// It is not passed over: what it says about the sources beside it would be missing.
TEST(PlainFolder, AProjectThatCannotBeReadIsNamedWithTheWayAround) {
    TemporaryFolder folder;
    const auto project = folder.add("drv.vcxproj", "<Project>\n <ItemGroup>\n</Project>\n");
    const auto problem = [&] { return find_project(folder.path(), {}).error().message; };
    EXPECT_THAT(problem(), testing::StartsWith(project.string() + ":3: not a project file: "));
    EXPECT_THAT(problem(), Not(HasSubstr("--name")));
    const auto source = folder.add("a.cpp");
    EXPECT_THAT(problem(), testing::StartsWith(project.string() + ":3: not a project file: "));
    EXPECT_THAT(problem(),
                testing::EndsWith("; to build without it, name the sources: --name NAME " + source.string()));
    folder.add("b.cpp");
    EXPECT_THAT(problem(), testing::EndsWith(" --name NAME " + source.string() + " ..."));
    folder.add("other.vcxproj", "<Project>");
    EXPECT_THAT(problem(), testing::EndsWith(" --name NAME " + source.string() + " ..."));
}

// A driver and its test in one folder, as in examples/knob.
TEST(PlainFolder, LeavesOutTheHostsPrograms) {
    TemporaryFolder folder;
    folder.add("driver.cpp", "#include <portcls.h>\n// tested by <gtest/gtest.h>\n");
    folder.add("driver_test.cpp", "#include <portcls.h>\n#include <gtest/gtest.h>\n");
    folder.add("player.cpp", "# include <openportcls/openportcls.hpp>\n");
    auto project = find_project(folder.path(), {});
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_THAT(names_of(*project), ElementsAre("driver.cpp"));
    EXPECT_THAT(project->notes, ElementsAre(testing::HasSubstr("driver_test.cpp"), testing::HasSubstr("player.cpp")));
    TemporaryFolder tests;
    tests.add("only_test.cpp", "#include <gtest/gtest.h>\n");
    EXPECT_FALSE(find_project(tests.path(), {}));
}
