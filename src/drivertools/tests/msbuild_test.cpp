#include "drivertools/msbuild_evaluator.h"
#include "drivertools/msbuild_expression.h"
#include "drivertools/project.h"
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

constexpr const char* driver_properties =
    "<PropertyGroup><ConfigurationType>Driver</ConfigurationType><DriverType>KMDF</DriverType></PropertyGroup>";
constexpr const char* library_properties =
    "<PropertyGroup><ConfigurationType>StaticLibrary</ConfigurationType></PropertyGroup>";

std::string project_text(std::string_view body) {
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
           "<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\">" +
           std::string(body) + "</Project>";
}

std::vector<std::string> names_of(const DriverProject& project) {
    std::vector<std::string> names;
    for (const auto& unit : project.units)
        names.push_back(unit.file.filename());
    return names;
}

DriverProject read_driver(const TemporaryFolder& folder, const std::string& body,
                          Configuration configuration = Configuration::release) {
    auto project = read_vcxproj(folder.add("drv.vcxproj", project_text(driver_properties + body)), {configuration});
    EXPECT_TRUE(project) << (project ? "" : project.error().message);
    return project ? *project : DriverProject();
}

} // namespace

TEST(MsBuildCondition, UnderstandsWhatProjectsSay) {
    TemporaryFolder folder;
    folder.add("User.props");
    auto holds = [&](std::string_view text) { return evaluate_condition(text, folder.path()); };
    EXPECT_EQ(holds("'Debug|x64'=='debug|X64'"), true);
    EXPECT_EQ(holds("'a'!='a'"), false);
    EXPECT_EQ(holds("'' == '' and 'x' == 'y'"), false);
    EXPECT_EQ(holds("'a'=='b' or ('a'=='a' and !('b'=='c'))"), true);
    EXPECT_EQ(holds("exists('user.PROPS')"), true);
    EXPECT_EQ(holds("Exists('absent.props')"), false);
    EXPECT_EQ(holds("!exists('absent.props')"), true);
    EXPECT_EQ(holds("HasTrailingSlash('a\\')"), true);
    EXPECT_EQ(holds("'17.0' >= '16.0'"), true);
    EXPECT_EQ(holds("true"), true);
    EXPECT_EQ(holds("'a'=="), std::nullopt);
    EXPECT_EQ(holds("SomeFunction('a')"), std::nullopt);
}

TEST(Vcxproj, TakesItemsWithWrongCaseAndBackslashes) {
    TemporaryFolder folder;
    folder.add("src/NewDelete.cpp");
    folder.add("plain.c");
    auto project = read_driver(folder, "<ItemGroup><ClCompile Include=\"SRC\\newdelete.CPP\" />"
                                       "<ClCompile Include=\"plain.c\" /></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("NewDelete.cpp", "plain.c"));
    EXPECT_EQ(project.units[0].language, Language::cpp);
    EXPECT_EQ(project.units[1].language, Language::c);
    EXPECT_EQ(project.name, "drv");
}

TEST(Vcxproj, ReadsUtf16) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    auto text = project_text(std::string(driver_properties) + "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>");
    std::string wide = "\xFF\xFE";
    for (char character : text) {
        wide += character;
        wide += '\0';
    }
    auto project = read_vcxproj(folder.add("wide.vcxproj", wide), {});
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_THAT(names_of(*project), ElementsAre("a.cpp"));
}

TEST(Vcxproj, ChoosesTheConfiguration) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    std::string body =
        "<ItemDefinitionGroup Condition=\"'$(Configuration)|$(Platform)'=='Debug|x64'\"><ClCompile>"
        "<PreprocessorDefinitions>%(PreprocessorDefinitions);FOR_DEBUG;LEVEL=2</PreprocessorDefinitions></ClCompile>"
        "</ItemDefinitionGroup>"
        "<ItemDefinitionGroup Condition=\"'$(Configuration)|$(Platform)'=='Release|x64'\"><ClCompile>"
        "<PreprocessorDefinitions>FOR_RELEASE;%(PreprocessorDefinitions)</PreprocessorDefinitions></ClCompile>"
        "</ItemDefinitionGroup>"
        "<ItemDefinitionGroup Condition=\"'$(Configuration)|$(Platform)'=='Release|ARM64'\"><ClCompile>"
        "<PreprocessorDefinitions>FOR_ARM</PreprocessorDefinitions></ClCompile></ItemDefinitionGroup>"
        "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>";
    auto release = read_driver(folder, body);
    EXPECT_THAT(release.units[0].defines, Contains("FOR_RELEASE"));
    EXPECT_THAT(release.units[0].defines, Contains("NDEBUG=1"));
    EXPECT_THAT(release.units[0].defines, Not(Contains("FOR_DEBUG")));
    EXPECT_THAT(release.units[0].defines, Not(Contains("FOR_ARM")));
    auto debug = read_driver(folder, body, Configuration::debug);
    EXPECT_THAT(debug.units[0].defines, Contains("FOR_DEBUG"));
    EXPECT_THAT(debug.units[0].defines, Contains("LEVEL=2"));
    EXPECT_THAT(debug.units[0].defines, Contains("DBG=1"));
}

TEST(Vcxproj, AccumulatesMetadataOverDefinitionsAndItems) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    folder.add("Inc/x.h");
    folder.add("Common/y.h");
    auto project = read_driver(
        folder,
        "<ItemDefinitionGroup><ClCompile>"
        "<AdditionalIncludeDirectories>%(AdditionalIncludeDirectories);$(DDK_INC_PATH);INC</"
        "AdditionalIncludeDirectories>"
        "<PreprocessorDefinitions>ONE</PreprocessorDefinitions></ClCompile></ItemDefinitionGroup>"
        "<ItemDefinitionGroup><ClCompile>"
        "<AdditionalIncludeDirectories>%(AdditionalIncludeDirectories);.\\common;missing</AdditionalIncludeDirectories>"
        "<LanguageStandard>stdcpp17</LanguageStandard></ClCompile></ItemDefinitionGroup>"
        "<ItemGroup><ClCompile Include=\"a.cpp\"><PreprocessorDefinitions>TWO;%(PreprocessorDefinitions)"
        "</PreprocessorDefinitions><ForcedIncludeFiles>X.H</ForcedIncludeFiles></ClCompile></ItemGroup>");
    const auto& unit = project.units.at(0);
    EXPECT_THAT(unit.include_directories, ElementsAre(folder / "Inc", folder / "Common"));
    EXPECT_THAT(unit.defines, Contains("ONE"));
    EXPECT_THAT(unit.defines, Contains("TWO"));
    EXPECT_EQ(unit.standard, "c++17");
    EXPECT_THAT(unit.forced_includes, ElementsAre(folder / "Inc/x.h"));
}

TEST(Vcxproj, LeavesOutExcludedFiles) {
    TemporaryFolder folder;
    for (const char* name : {"a.cpp", "b.cpp", "c.cpp", "d.cpp"})
        folder.add(name);
    auto project = read_driver(
        folder,
        "<ItemGroup><ClCompile Include=\"*.cpp\" Exclude=\"d.cpp\" /><ClCompile Remove=\"c.cpp\"/></ItemGroup>"
        "<ItemGroup><ClCompile Update=\"a.cpp\"><PreprocessorDefinitions>ONLY_A</PreprocessorDefinitions></ClCompile>"
        "</ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp", "b.cpp"));
    EXPECT_THAT(project.units[0].defines, Contains("ONLY_A"));
    EXPECT_THAT(project.units[1].defines, Not(Contains("ONLY_A")));

    auto conditional = read_driver(
        folder,
        "<ItemGroup><ClCompile Include=\"a.cpp\"><ExcludedFromBuild Condition=\"'$(Configuration)'=='Release'\">true"
        "</ExcludedFromBuild></ClCompile><ClCompile Include=\"b.cpp\"/></ItemGroup>");
    EXPECT_THAT(names_of(conditional), ElementsAre("b.cpp"));
}

TEST(Vcxproj, UnderstandsQuotesInAdditionalOptions) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    auto project = read_driver(
        folder, "<ItemDefinitionGroup><ClCompile><AdditionalOptions>%(AdditionalOptions) /kernel /D \"Z=1\" "
                "/DT=\\\"t\\\" /UOLD</AdditionalOptions></ClCompile></ItemDefinitionGroup>"
                "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>");
    EXPECT_THAT(project.units[0].defines, testing::IsSupersetOf({"Z=1", "T=\"t\""}));
    EXPECT_THAT(project.units[0].undefines, ElementsAre("OLD"));
}

TEST(Vcxproj, LeavesAloneWhatNoCompilerReads) {
    TemporaryFolder folder;
    for (const char* name : {"a.cpp", "version.rc", "messages.mc", "driver.inx", "a.h", "notes.txt"})
        folder.add(name);
    auto project = read_driver(
        folder, "<ItemGroup><ClCompile Include=\"a.cpp\"/><ResourceCompile Include=\"version.rc\"/>"
                "<MessageCompile Include=\"messages.mc\"/><Inf Include=\"driver.inx\"/><ClInclude Include=\"a.h\"/>"
                "<None Include=\"notes.txt\"/><FilesToPackage Include=\"$(TargetPath)\"/></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp"));
    EXPECT_TRUE(project.notes.empty());
}

TEST(Vcxproj, FollowsLocalImportsOnly) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    folder.add("shared/s.cpp");
    folder.add("Common.props", project_text("<PropertyGroup><Extra>FROM_PROPS</Extra></PropertyGroup>"));
    folder.add("shared/Shared.vcxitems",
               project_text("<ItemGroup><ClCompile Include=\"$(MSBuildThisFileDirectory)S.cpp\"/></ItemGroup>"));
    auto project = read_driver(
        folder,
        "<Import Project=\"$(VCTargetsPath)\\Microsoft.Cpp.props\"/>"
        "<ImportGroup><Import Project=\"common.PROPS\" Condition=\"exists('Common.props')\"/></ImportGroup>"
        "<Import Project=\"Shared\\shared.vcxitems\"/><Import Project=\"absent.props\"/>"
        "<ItemDefinitionGroup><ClCompile><PreprocessorDefinitions>$(Extra)</PreprocessorDefinitions></ClCompile>"
        "</ItemDefinitionGroup><ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("s.cpp", "a.cpp"));
    EXPECT_THAT(project.units[1].defines, Contains("FROM_PROPS"));
    EXPECT_THAT(project.notes, ElementsAre(HasSubstr("absent.props")));
    EXPECT_THAT(project.project_files, Contains(folder / "Common.props"));
}

TEST(Vcxproj, ExpandsPropertiesAndChoose) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    auto project = read_driver(
        folder,
        "<Choose><When Condition=\"'$(Platform)'=='ARM64'\"><PropertyGroup><Which>ARM</Which></PropertyGroup></When>"
        "<Otherwise><PropertyGroup><Which>INTEL</Which></PropertyGroup></Otherwise></Choose>"
        "<PropertyGroup><TargetName>$(MSBuildProjectName)_$(Which)</TargetName></PropertyGroup>"
        "<ItemGroup><ClCompile Include=\"$(ProjectDir)a.cpp\"/></ItemGroup>");
    EXPECT_EQ(project.name, "drv_INTEL");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp"));
}

TEST(Vcxproj, TakesLibrariesNamedByReferenceAndByOutputPath) {
    TemporaryFolder folder;
    folder.add("Main/a.cpp");
    folder.add("Filters/f.cpp");
    folder.add("Utilities/u.cpp");
    folder.add("Filters/Filters.vcxproj",
               project_text(std::string(library_properties) + "<ItemGroup><ClCompile Include=\"f.cpp\"/></ItemGroup>"));
    folder.add("Utilities/Tools.vcxproj",
               project_text(std::string(library_properties) +
                            "<PropertyGroup><TargetName>Utilities</TargetName></PropertyGroup>"
                            "<ItemGroup><ClCompile Include=\"u.cpp\"/></ItemGroup>"));
    auto main = folder.add(
        "Main/Main.vcxproj",
        project_text(
            std::string(driver_properties) +
            "<ItemDefinitionGroup><Link><AdditionalDependencies>%(AdditionalDependencies);"
            "$(DDK_LIB_PATH)\\portcls.lib;.\\..\\utilities\\$(IntDir)\\Utilities.lib</AdditionalDependencies></Link>"
            "</ItemDefinitionGroup>"
            "<ItemGroup><ClCompile Include=\"a.cpp\"/><ProjectReference Include=\"..\\filters\\Filters.vcxproj\"/>"
            "</ItemGroup>"));
    auto project = read_vcxproj(main, {});
    ASSERT_TRUE(project) << project.error().message;
    EXPECT_THAT(names_of(*project), ElementsAre("a.cpp", "f.cpp", "u.cpp"));
    EXPECT_EQ(project->project_files.size(), 3U);
}

TEST(Vcxproj, FindsTheDriverFromTheFolderAndTheSolution) {
    TemporaryFolder folder;
    folder.add("Source/Main/a.cpp");
    folder.add("Source/Lib/l.cpp");
    folder.add("Source/Lib/Lib.vcxproj",
               project_text(std::string(library_properties) + "<ItemGroup><ClCompile Include=\"l.cpp\"/></ItemGroup>"));
    folder.add("Source/Main/Main.vcxproj",
               project_text(std::string(driver_properties) + "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>"));
    folder.add(
        "Drv.sln",
        "Microsoft Visual Studio Solution File, Format Version 12.00\r\n"
        "Project(\"{8BC9CEB8-8B4A-11D0-8D11-00A0C91BC942}\") = \"Lib\", \"Source\\Lib\\LIB.vcxproj\", \"{1}\"\r\n"
        "EndProject\r\n"
        "Project(\"{8BC9CEB8-8B4A-11D0-8D11-00A0C91BC942}\") = \"Main\", \"Source\\Main\\Main.vcxproj\", \"{2}\"\r\n"
        "EndProject\r\n");
    for (const auto& start : {folder.path(), folder / "Drv.sln", folder / "Source/Main", folder / "Source"}) {
        auto project = find_project(start, {});
        ASSERT_TRUE(project) << start << ": " << project.error().message;
        EXPECT_THAT(names_of(*project), ElementsAre("a.cpp")) << start;
    }
}

TEST(Vcxproj, RefusesWhatIsNotADriver) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    auto refused = [&](const std::string& text) {
        auto project = read_vcxproj(folder.add("x.vcxproj", text), {});
        EXPECT_FALSE(project);
        return project ? std::string() : project.error().message;
    };
    EXPECT_THAT(refused("not xml"), HasSubstr("x.vcxproj:1: not a project file"));
    EXPECT_THAT(refused("<Project>\n<Item"), HasSubstr("x.vcxproj:2"));
    EXPECT_THAT(refused("<Other/>"), HasSubstr("its root is not <Project>"));
    EXPECT_THAT(refused(project_text(library_properties)), HasSubstr("builds a StaticLibrary"));
    EXPECT_THAT(refused(project_text(driver_properties)), HasSubstr("no C or C++ source"));
    EXPECT_THAT(find_project(folder / "absent", {}).error().message, HasSubstr("no such file or folder"));
    EXPECT_THAT(find_project(folder.add("notes.txt"), {}).error().message, HasSubstr("not a folder, a .vcxproj"));
}

TEST(Vcxproj, AsksWhichOfSeveralDrivers) {
    TemporaryFolder folder;
    for (const char* name : {"one", "two"}) {
        folder.add(std::string(name) + "/a.cpp");
        folder.add(
            std::string(name) + "/" + name + ".vcxproj",
            project_text(std::string(driver_properties) + "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>"));
    }
    auto project = find_project(folder.path(), {});
    ASSERT_FALSE(project);
    EXPECT_THAT(project.error().message, HasSubstr("several drivers"));
    EXPECT_THAT(project.error().message, HasSubstr("two.vcxproj"));
}

TEST(Vcxproj, SurvivesProjectsThatReferToEachOther) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    folder.add("l.cpp");
    folder.add("lib.vcxproj", project_text(std::string(library_properties) +
                                           "<Import Project=\"lib.vcxproj\"/><ItemGroup><ClCompile Include=\"l.cpp\"/>"
                                           "<ProjectReference Include=\"lib.vcxproj\"/></ItemGroup>"));
    auto project = read_driver(
        folder, "<ItemGroup><ClCompile Include=\"a.cpp\"/><ProjectReference Include=\"lib.vcxproj\"/></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp", "l.cpp"));
}

TEST(KitDefines, AreThoseOfTheKernelToolset) {
    auto defines = kit_defines({0x0A00, 1, 15}, Configuration::debug);
    for (const char* expected : {"_WIN64=1", "_AMD64_=1", "AMD64=1", "_WIN32_WINNT=0x0a00", "NTDDI_VERSION=0x0a00000c",
                                 "DBG=1", "KMDF_VERSION_MAJOR=1", "KMDF_VERSION_MINOR=15"})
        EXPECT_THAT(defines, Contains(expected));
    EXPECT_THAT(kit_defines({}, Configuration::release), Not(Contains("DBG=1")));
    EXPECT_THAT(kit_defines({}, Configuration::release), Not(Contains("KMDF_VERSION_MAJOR=1")));
}
