#include "drivertools/msbuild_evaluator.h"
#include "drivertools/msbuild_expression.h"
#include "drivertools/msbuild_functions.h"
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

constexpr const char* driver_properties =
    "<PropertyGroup><ConfigurationType>Driver</ConfigurationType><DriverType>KMDF</DriverType></PropertyGroup>";
constexpr const char* library_properties =
    "<PropertyGroup><ConfigurationType>StaticLibrary</ConfigurationType></PropertyGroup>";

std::string project_text(std::string_view body) {
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
           "<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\">" +
           std::string(body) + "</Project>";
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

// https://learn.microsoft.com/visualstudio/msbuild/property-functions
TEST(MsBuildFunctions, WorkOnPropertiesAndPaths) {
    TemporaryFolder folder;
    folder.add("up/marker.txt");
    folder.add("up/a/b/x.txt");
    PropertyScope scope;
    scope.folder = folder / "up/a/b";
    scope.property = [&](const std::string& name) {
        return name == "C" ? "Release" : name == "MSBuildThisFileDirectory" ? scope.folder.string() : "";
    };
    scope.expand = [](std::string_view text) { return text == "$(C)" ? std::string("Release") : std::string(text); };
    auto value = [&](std::string_view text) { return evaluate_property_expression(text, scope).value_or("(none)"); };
    for (const auto& [expression, expected] : std::vector<std::pair<std::string, std::string>>{
             {"C", "Release"},
             {"Unset", ""},
             {"C.StartsWith('Rel')", "True"},
             {"C.StartsWith('rel')", "False"},
             {"C.EndsWith(\"ease\")", "True"},
             {"C.Contains(`xx`)", "False"},
             {"C.ToUpper()", "RELEASE"},
             {"C.ToLower().Replace('e', 'E')", "rElEasE"},
             {"C.Replace('(', ')')", "Release"},
             {"C.Replace('', 'x')", "(none)"},
             {"C.Length", "7"},
             {"C.Substring(3)", "ease"},
             {"C.Substring(0, 3)", "Rel"},
             {"C.Substring(8)", "(none)"},
             {"C.TrimEnd('es')", "Relea"},
             {"C.PadLeft(9)", "(none)"},
             {"C.ToUpper(", "(none)"},
             {"C Release", "(none)"},
             {"Registry:HKEY_LOCAL_MACHINE\\Software@X", "(none)"},
             {"[System.String]::Copy('x,y')", "x,y"},
             {"[System.String]::Copy($(C)).ToLower()", "release"},
             {"[System.String]::IsNullOrEmpty('')", "True"},
             {"[System.Guid]::NewGuid()", "(none)"},
             {"[MSBuild]::VersionGreaterThanOrEquals('17.0', '16.0')", "True"},
             {"[MSBuild]::VersionGreaterThanOrEquals('9.0', '10.0')", "False"},
             {"[MSBuild]::VersionGreaterThan('17.0', 'v17')", "False"},
             {"[MSBuild]::VersionEquals('17', '17.0.0.0')", "True"},
             {"[MSBuild]::VersionNotEquals('17.1-preview', '17.1')", "False"},
             {"[MSBuild]::VersionLessThan('10.0.19041', '10.0.22621')", "True"},
             {"[msbuild]::versionlessthanorequals('3', '2')", "False"},
             {"[MSBuild]::VersionEquals('', '1')", "(none)"},
             {"[MSBuild]::EnsureTrailingSlash('a')", "a\\"},
             {"[MSBuild]::ValueOrDefault('', 'd')", "d"},
             {"[MSBuild]::GetDirectoryNameOfFileAbove('..\\B', Marker.txt)", (folder / "up").string()},
             {"[MSBuild]::GetDirectoryNameOfFileAbove('.', 'absent-from-everywhere.txt')", ""},
             {"[MSBuild]::GetPathOfFileAbove('marker.txt')", (folder / "up/marker.txt").string()}})
        EXPECT_EQ(value(expression), expected) << expression;
}

TEST(Vcxproj, PropertyFunctionsDecideAndWhatIsNotKnownIsNoted) {
    TemporaryFolder folder;
    for (const char* name : {"a.cpp", "b.cpp", "c.cpp"})
        folder.add(name);
    auto project = read_driver(
        folder, "<PropertyGroup><TargetName>$(Configuration.ToLower())</TargetName>"
                "<Odd>$(Configuration.PadLeft(20))</Odd></PropertyGroup>"
                "<ItemGroup Condition=\"$(Late) == '1'\"><ClCompile Include=\"a.cpp\" "
                "Condition=\"$(Configuration.StartsWith('Rel'))\"/></ItemGroup>"
                "<ItemGroup><ClCompile Include=\"b.cpp\" Condition=\"$(Configuration.StartsWith('Deb'))\"/>"
                "<ClCompile Include=\"c.cpp\" "
                "Condition=\"'$([MSBuild]::VersionLessThan('$(VisualStudioVersion)', '18.0'))' == 'true'\"/>"
                "<ClCompile Include=\"absent.cpp\" Condition=\"IsOSPlatform('Linux')\"/></ItemGroup>"
                "<PropertyGroup><Late>1</Late></PropertyGroup>");
    EXPECT_EQ(project.name, "release");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp", "c.cpp"));
    EXPECT_THAT(project.notes,
                ElementsAre("drv.vcxproj:2: $(Configuration.PadLeft(20)) is not understood: taken as empty",
                            "drv.vcxproj:2: the condition IsOSPlatform('Linux') is not understood: taken as false"));
}

TEST(Vcxproj, AnUpdateChangesAndExcludesItems) {
    TemporaryFolder folder;
    for (const char* name : {"a.cpp", "b.cpp", "c.cpp"})
        folder.add(name);
    auto project =
        read_driver(folder, "<ItemGroup><ClCompile Include=\"*.cpp\"/><ClCompile Update=\"B.cpp\">"
                            "<ExcludedFromBuild>true</ExcludedFromBuild></ClCompile>"
                            "<ClCompile Update=\"c.cpp\"><ExcludedFromBuild Condition=\"'$(Configuration)'=='Debug'\">"
                            "true</ExcludedFromBuild><PreprocessorDefinitions>C=1</PreprocessorDefinitions>"
                            "</ClCompile></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp", "c.cpp"));
    EXPECT_THAT(project.units[0].defines, Not(Contains("C=1")));
    EXPECT_THAT(project.units[1].defines, Contains("C=1"));
}

TEST(Vcxproj, MetadataMayBeAttributes) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    folder.add("b.cpp");
    auto project = read_driver(
        folder, "<PropertyGroup><X>FROM_X=1</X></PropertyGroup><ItemDefinitionGroup><ClCompile "
                "PreprocessorDefinitions=\"BASE\"/></ItemDefinitionGroup><ItemGroup><ClCompile Include=\"a.cpp\" "
                "PreprocessorDefinitions=\"$(X);%(PreprocessorDefinitions)\"/>"
                "<ClCompile Include=\"b.cpp\" ExcludedFromBuild=\"true\" Label=\"l\"/></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp"));
    EXPECT_THAT(project.units[0].defines, testing::IsSupersetOf({"FROM_X=1", "BASE"}));
}

TEST(Vcxproj, ItemsMayReferToOtherItems) {
    TemporaryFolder folder;
    for (const char* name : {"a.cpp", "b.cpp", "c.cpp"})
        folder.add(name);
    auto project = read_driver(
        folder, "<ItemDefinitionGroup><ClCompile><PreprocessorDefinitions>BASE</PreprocessorDefinitions>"
                "<AdditionalOptions>/DOPTION</AdditionalOptions></ClCompile></ItemDefinitionGroup>"
                "<ItemGroup><MySrc Include=\"a.cpp;b.cpp\" PreprocessorDefinitions=\"MINE\"/><Gone Include=\"b.cpp\"/>"
                "<ClCompile Include=\"@(mysrc); c.cpp\" Exclude=\"@(Gone->'%(FullPath)')\"/>"
                "<ClCompile Include=\"@(Nothing);@(MySrc->'x\\%(Filename).cpp')\"/></ItemGroup>");
    EXPECT_THAT(names_of(project), ElementsAre("a.cpp", "c.cpp"));
    EXPECT_THAT(project.units[0].defines, testing::IsSupersetOf({"MINE", "OPTION"}));
    EXPECT_THAT(project.units[0].defines, Not(Contains("BASE")));
    EXPECT_THAT(project.units[1].defines, testing::IsSupersetOf({"BASE", "OPTION"}));
    EXPECT_THAT(project.notes, ElementsAre(HasSubstr("@(MySrc->'x\\%(Filename).cpp') is not understood")));
}

// https://learn.microsoft.com/visualstudio/msbuild/customize-by-directory
TEST(Vcxproj, TakesTheNearestDirectoryBuildFiles) {
    TemporaryFolder folder;
    folder.add("sub/drv/a.cpp");
    folder.add("Directory.Build.props", project_text("<PropertyGroup><Far>FAR</Far></PropertyGroup>"));
    folder.add("sub/directory.build.PROPS",
               project_text("<Import Project=\"$([MSBuild]::GetPathOfFileAbove('Directory.Build.props', "
                            "'$(MSBuildThisFileDirectory)../'))\"/>"
                            "<PropertyGroup><Near>$(TargetVersion)NEAR</Near><Over>PROPS</Over></PropertyGroup>"));
    folder.add("sub/Directory.Build.targets", project_text("<ItemDefinitionGroup><ClCompile><PreprocessorDefinitions>"
                                                           "$(Far);$(Near);$(Over)</PreprocessorDefinitions>"
                                                           "</ClCompile></ItemDefinitionGroup>"));
    const std::string middle = "<PropertyGroup><Over>$(Over)_PROJECT</Over></PropertyGroup>"
                               "<ItemGroup><ClCompile Include=\"a.cpp\"/></ItemGroup>";
    // Where MSBuild's own files are imported, or, without those, around the project.
    const std::string with_kit = "<PropertyGroup><TargetVersion>W10</TargetVersion></PropertyGroup>"
                                 "<Import Project=\"$(VCTargetsPath)\\Microsoft.Cpp.Default.props\"/>" +
                                 middle + "<Import Project=\"$(VCTargetsPath)\\Microsoft.Cpp.targets\"/>";
    for (const auto& [body, near] : {std::pair(with_kit, "W10NEAR"), std::pair(middle, "NEAR")}) {
        auto project = read_vcxproj(folder.add("sub/drv/drv.vcxproj", project_text(driver_properties + body)), {});
        ASSERT_TRUE(project) << project.error().message;
        EXPECT_THAT(project->units[0].defines,
                    testing::IsSupersetOf({std::string("FAR"), std::string(near), std::string("PROPS_PROJECT")}));
        EXPECT_THAT(project->project_files, Contains(folder / "sub/Directory.Build.targets"));
        EXPECT_THAT(project->notes, testing::IsEmpty());
    }
    auto without = read_vcxproj(
        folder.add("sub/drv/drv.vcxproj",
                   project_text("<PropertyGroup><ImportDirectoryBuildProps>false</ImportDirectoryBuildProps>"
                                "</PropertyGroup>" +
                                with_kit)),
        {});
    ASSERT_TRUE(without) << without.error().message;
    EXPECT_THAT(without->units[0].defines, Not(Contains("FAR")));
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
