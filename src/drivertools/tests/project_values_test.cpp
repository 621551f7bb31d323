// What projects say in values: switches of Microsoft's compiler, escapes, references, comments, macros of nmake.
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
using testing::IsEmpty;
using testing::Not;

namespace {

class Project : public testing::Test {
protected:
    DriverProject read(const std::string& body) {
        const auto file = folder.add("drv.vcxproj", "<Project>\n<PropertyGroup><ConfigurationType>Driver"
                                                    "</ConfigurationType></PropertyGroup>\n" +
                                                        body + "\n</Project>\n");
        auto project = read_vcxproj(file, {});
        EXPECT_TRUE(project) << (project ? "" : project.error().message);
        return project ? *project : DriverProject();
    }

    SourceUnit read_unit(const std::string& metadata) {
        folder.add("a.cpp");
        auto project = read("<ItemGroup><ClCompile Include=\"a.cpp\">" + metadata + "</ClCompile></ItemGroup>");
        notes = project.notes;
        return project.units.empty() ? SourceUnit() : project.units.front();
    }

    DriverProject read_sources(const std::string& text) {
        folder.add("drv/a.cpp");
        const auto file = folder.add("drv/sources", "TARGETNAME=drv\nTARGETTYPE=DRIVER\nSOURCES=a.cpp\n" + text);
        auto project = read_sources_file(file, {});
        EXPECT_TRUE(project) << (project ? "" : project.error().message);
        return project ? *project : DriverProject();
    }

    TemporaryFolder folder;
    std::vector<std::string> notes;
};

struct Switches {
    SourceUnit unit;
    std::vector<std::string> left_over;
};

Switches switches(std::string_view line, Language language = Language::cpp) {
    Switches result;
    result.unit.language = language;
    result.left_over = take_compiler_switches(line, "/", result.unit);
    return result;
}

} // namespace

TEST_F(Project, StructMemberAlignmentPacksAndIsTold) {
    for (const auto& [written, bytes] :
         {std::pair{"1Byte", 1U}, {"2Bytes", 2U}, {"4Bytes", 4U}, {"8Bytes", 8U}, {"16Bytes", 16U}, {"Default", 0U}}) {
        const auto unit = read_unit("<StructMemberAlignment>" + std::string(written) + "</StructMemberAlignment>");
        EXPECT_EQ(unit.most_alignment, bytes) << written;
        if (bytes != 0 && bytes != 16)
            EXPECT_THAT(notes, Contains(HasSubstr("-fpack-struct=" + std::to_string(bytes)))) << written;
        else
            EXPECT_THAT(notes, IsEmpty()) << written;
    }
}

TEST_F(Project, QualifiedMetadataIsTheSameAsUnqualified) {
    folder.add("a.cpp");
    const auto project =
        read("<ItemDefinitionGroup><ClCompile><PreprocessorDefinitions>A;B=2</PreprocessorDefinitions></ClCompile>"
             "</ItemDefinitionGroup>\n<ItemGroup><ClCompile Include=\"a.cpp\"><PreprocessorDefinitions>"
             "C;%( clcompile.PreprocessorDefinitions );NAME=%(Filename);%(Link.Other)</PreprocessorDefinitions>"
             "</ClCompile></ItemGroup>");
    const auto& defines = project.units.at(0).defines;
    for (const char* define : {"A", "B=2", "C", "NAME=a"})
        EXPECT_THAT(defines, Contains(define));
    EXPECT_THAT(defines, Not(Contains(HasSubstr("%"))));
    EXPECT_THAT(project.notes, ElementsAre(HasSubstr("drv.vcxproj:4: %(Link.Other)")));
}

TEST_F(Project, CommentsInsideValuesAreNoPartOfThem) {
    const auto unit =
        read_unit("<PreprocessorDefinitions>A=1;<!-- why -->B=2<![CDATA[;C=3]]></PreprocessorDefinitions>");
    for (const char* define : {"A=1", "B=2", "C=3"})
        EXPECT_THAT(unit.defines, Contains(define));
    const auto project = read("<PropertyGroup><TargetName>x<!-- c -->y</TargetName></PropertyGroup>"
                              "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>");
    EXPECT_EQ(project.name, "xy");
}

// https://learn.microsoft.com/visualstudio/msbuild/msbuild-special-characters
TEST_F(Project, EscapesStandForCharacters) {
    folder.add("in c/x.h");
    folder.add("a b;c.cpp");
    folder.add("p q.props", "<Project><PropertyGroup><Late>1</Late></PropertyGroup></Project>");
    const auto project = read(
        "<Import "
        "Project=\"p%20q.props\"/><PropertyGroup><TargetName>a%2Db</TargetName><Half>x%3By</Half></PropertyGroup>"
        "<ItemGroup><ClCompile Include=\"a%20b%3Bc.cpp\" Condition=\"'$(Late)%25' == '1%'\"><PreprocessorDefinitions>"
        "TEXT=%22t%22;LIST=a%3Bb;MONEY=%24(X);HALF=$(Half);PERCENT=5%zz</PreprocessorDefinitions>"
        "<AdditionalIncludeDirectories>in%20c</AdditionalIncludeDirectories>"
        "<AdditionalOptions>/DO=%31</AdditionalOptions></ClCompile></ItemGroup>");
    EXPECT_EQ(project.name, "a-b");
    ASSERT_THAT(names_of(project), ElementsAre("a b;c.cpp"));
    for (const char* define : {"TEXT=\"t\"", "LIST=a;b", "MONEY=$(X)", "HALF=x;y", "PERCENT=5%zz", "O=1"})
        EXPECT_THAT(project.units[0].defines, Contains(define));
    EXPECT_THAT(project.units[0].include_directories, Contains(folder / "in c"));
    EXPECT_THAT(project.notes, IsEmpty());
}

TEST_F(Project, WildcardsImportEveryFileOrNone) {
    folder.add("a.cpp");
    for (const char* name : {"props/one.props", "props/two.props"})
        folder.add(name, "<Project><ItemDefinitionGroup><ClCompile><PreprocessorDefinitions>" +
                             std::string(name + 6, 3) +
                             ";%(PreprocessorDefinitions)</PreprocessorDefinitions></ClCompile></ItemDefinitionGroup>"
                             "</Project>");
    const auto project = read("<Import Project=\"Props\\*.props\"/><Import Project=\"*.targets\"/>"
                              "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>");
    EXPECT_THAT(project.units.at(0).defines, Contains("one"));
    EXPECT_THAT(project.units.at(0).defines, Contains("two"));
    EXPECT_THAT(project.project_files, Contains(folder / "props/two.props"));
    EXPECT_THAT(project.notes, IsEmpty());
}

TEST_F(Project, SwitchesAreTakenOverOrTold) {
    const auto unit = read_unit("\n<AdditionalOptions>/std:c++20 /Zp1 /J /wd4201 /W4 /EHsc /GR- /kernel /MP8 "
                                "%(AdditionalOptions) /openmp</AdditionalOptions>");
    EXPECT_EQ(unit.standard, "c++20");
    EXPECT_EQ(unit.most_alignment, 1U);
    EXPECT_TRUE(unit.unsigned_char);
    EXPECT_THAT(notes, Contains("drv.vcxproj:4: the compiler's option /openmp has no meaning here: passed over"));
    EXPECT_THAT(notes, Contains(HasSubstr("(-fpack-struct=1), the kit's are not; char has no sign")));
    EXPECT_EQ(notes.size(), 2U);
}

TEST_F(Project, ThePrecompiledHeaderIsFoundByItsName) {
    for (const char* file : {"src/pch.cpp", "src/sub/a.cpp", "src/own/b.cpp"})
        folder.add(file);
    folder.add("src/pch.h");
    folder.add("src/own/pch.h");
    const auto project =
        read("<ItemDefinitionGroup><ClCompile><PrecompiledHeader>Use</PrecompiledHeader><PrecompiledHeaderFile>Pch.h"
             "</PrecompiledHeaderFile></ClCompile></ItemDefinitionGroup><ItemGroup><ClCompile Include=\"src\\pch.cpp\">"
             "<PrecompiledHeader>Create</PrecompiledHeader></ClCompile><ClCompile Include=\"src\\sub\\a.cpp\"/>"
             "<ClCompile Include=\"src\\own\\b.cpp\"/></ItemGroup>");
    ASSERT_EQ(project.units.size(), 3U);
    EXPECT_THAT(project.units[1].include_directories, Contains(folder / "src"));
    EXPECT_THAT(project.units[2].include_directories, Not(Contains(folder / "src")));
    const auto by_switch = read(
        "<ItemGroup><ClCompile Include=\"src\\pch.cpp\"><AdditionalOptions>/Ycpch.h</AdditionalOptions></ClCompile>"
        "<ClCompile Include=\"src\\sub\\a.cpp\"><AdditionalOptions>/Yupch.h /Fpx.pch</AdditionalOptions>"
        "</ClCompile></ItemGroup>");
    EXPECT_THAT(by_switch.units.at(1).include_directories, Contains(folder / "src"));
    EXPECT_THAT(by_switch.notes, IsEmpty());
}

TEST_F(Project, ALibraryThatNoProjectBuildsIsTold) {
    folder.add("a.cpp");
    folder.add("vendor/blob.lib");
    const auto project = read("<ItemDefinitionGroup><Link><AdditionalDependencies>..\\blob\\x.lib;portcls.lib;"
                              "$(DDK_LIB_PATH)\\stdunk.lib;%(AdditionalDependencies)</AdditionalDependencies></Link>"
                              "</ItemDefinitionGroup><ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>");
    EXPECT_THAT(project.notes, ElementsAre("drv.vcxproj: no project builds ..\\blob\\x.lib: what it holds is missing"));
}

TEST(CompilerSwitches, GoByTheLanguageTheUnitHasInTheEnd) {
    EXPECT_EQ(switches("/std:c17 /std:c++17").unit.standard, "c++17");
    EXPECT_EQ(switches("/std:c17 /std:c++17", Language::c).unit.standard, "c17");
    EXPECT_EQ(switches("/std:c++latest /TP", Language::c).unit.standard, "c++23");
    EXPECT_EQ(switches("/TC").unit.language, Language::c);
    EXPECT_EQ(switches("/W3").unit.standard, "");
}

TEST(CompilerSwitches, TakeOverWhatHasMeaningAndNameTheRest) {
    const auto all =
        switches("-Zp4 /Zp /Zc:wchar_t- /D NAME#1 /DEMPTY= /UOLD -nologo /O2 /Oy- /Gy /GS- /Zi /Fd\"a b.pdb\" "
                 "/Zc:inline /fp:precise /QIfist /G6 /utf-8 /analyze:stacksize1024 /Yuv.h");
    EXPECT_EQ(all.unit.most_alignment, 1U);
    EXPECT_TRUE(all.unit.wide_character_is_short);
    EXPECT_THAT(all.unit.defines, ElementsAre("NAME=1", "EMPTY="));
    EXPECT_THAT(all.unit.undefines, ElementsAre("OLD"));
    EXPECT_EQ(all.unit.precompiled_header, "v.h");
    EXPECT_THAT(all.left_over, IsEmpty());
    EXPECT_THAT(switches("/clr /std:c++99 /Zp3 stray @more.rsp /arch:AVX2 /").left_over,
                ElementsAre("/clr", "/std:c++99", "/Zp3", "stray", "@more.rsp", "/arch:AVX2", "/"));
}

TEST_F(Project, SourcesFilesHaveTheSameSwitches) {
    folder.add("drv/b.c");
    const auto project = read_sources("SOURCES=a.cpp b.c x.asm\n\nUSER_C_FLAGS=$(USER_C_FLAGS) /J /Zp1 /TP \\\n /clr\n"
                                      "C_DEFINES=/DONE^#2 /std:c++17\n");
    ASSERT_EQ(project.units.size(), 2U);
    for (const auto& unit : project.units) {
        EXPECT_EQ(unit.language, Language::cpp) << unit.file;
        EXPECT_EQ(unit.standard, "c++17") << unit.file;
        EXPECT_EQ(unit.most_alignment, 1U);
        EXPECT_TRUE(unit.unsigned_char);
        EXPECT_THAT(unit.defines, Contains("ONE=2"));
    }
    EXPECT_THAT(project.notes,
                ElementsAre("sources:6: the compiler's option /clr has no meaning here: passed over",
                            HasSubstr("sources:6: the driver's structures are packed to 1 byte (-fpack-struct=1)"),
                            "sources:4: x.asm is neither C nor C++: passed over"));
}

// https://learn.microsoft.com/cpp/build/reference/nmake-macros-and-inference
TEST_F(Project, NmakeMacrosSubstituteAndEscape) {
    NmakeFile file(folder.add("sources",
                              "NAMES=a.obj b.obj\nX=1\nDIR=obj\nCPPS=$(NAMES:.obj=.cpp)\nNONE=$(NAMES:.obj=)\n"
                              "NESTED=$(NAMES:.$(DIR)=.c)\nSHORT=$X$$\nNAMES=$(NAMES:a.=c.)\n"
                              "HASH=a^#b # c\nDOLLAR=^$(X)\nPATH_=dir^\\\nNEXT=after\nIN=$(UNSET:a=b)\n"),
                   {});
    ASSERT_TRUE(file.read());
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"CPPS", "c.cpp b.cpp"},
                                                                                      {"NONE", "c b"},
                                                                                      {"NESTED", "c.c b.c"},
                                                                                      {"SHORT", "1$"},
                                                                                      {"NAMES", "c.obj b.obj"},
                                                                                      {"HASH", "a#b"},
                                                                                      {"DOLLAR", "$(X)"},
                                                                                      {"PATH_", "dir\\"},
                                                                                      {"NEXT", "after"},
                                                                                      {"IN", ""}})
        EXPECT_EQ(file.macro(name), value) << name;
    EXPECT_EQ(file.place_of("next"), "sources:12");
    EXPECT_THAT(file.notes(), IsEmpty());
}

TEST_F(Project, WhatNmakeFilesSayBesidesIsToldWithItsLine) {
    NmakeFile file(folder.add("sources",
                              "A=1 \\\n 2\n!if exist(x)\nB=1\n!endif\n!message hello\n!odd x\n  !if 1\n C=1\n!endif\n"
                              "$(A).h: x.mc\n\tmc x.mc\n\t!mc y.mc\nstray words\n!if 0\n!odder\nstray\n!endif\n"),
                   {});
    auto read = file.read();
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(file.macro("C"), "1");
    EXPECT_THAT(file.notes(), ElementsAre("sources:3: the condition exist(x) is not understood: taken as false",
                                          "sources:7: !odd is not understood: passed over",
                                          "sources:11: a rule is passed over: $(A).h: x.mc",
                                          "sources:14: not understood, passed over: stray words"));
}

TEST_F(Project, LibrariesOfNeighboursAreFoundWhereverTheyArePut) {
    folder.add("lib/l.cpp");
    folder.add("lib/sources", "TARGETNAME=mylib\nTARGETTYPE=DRIVER_LIBRARY\nSOURCES=l.cpp\n");
    folder.add("other/o.cpp");
    folder.add("other/sources", "TARGETNAME=kept\nTARGETPATH=..\\out\nTARGETTYPE=LIBRARY\nSOURCES=o.cpp\n");
    folder.add("vendor/blob.lib");
    const auto project =
        read_sources("\nTARGETLIBS=$(DDK_LIB_PATH)\\portcls.lib $(OBJ_PATH)\\..\\lib\\$(O)\\mylib.lib \\\n"
                     " ..\\out\\*\\kept.lib ..\\vendor\\blob.lib ..\\gone\\missing.lib $(HOME_)\\ks.lib\n");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp", "l.cpp", "o.cpp"));
    EXPECT_THAT(project.notes,
                ElementsAre("sources:5: ..\\vendor\\blob.lib is machine code: only what comes as source can be built",
                            HasSubstr("builds missing.lib: passed over")));
}
