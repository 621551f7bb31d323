#include "drivertools/compiler_switches.h"
#include "drivertools/msbuild_evaluator.h"
#include "drivertools/msbuild_text.h"
#include "drivertools/project.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

constexpr int deepest_reference = 16;

unsigned windows_version_of(const MsBuildEvaluator& project) {
    auto named = project.property("TargetVersion");
    if (auto number = project.property("_NT_TARGET_VERSION"); !number.empty())
        return static_cast<unsigned>(std::strtoul(number.c_str(), nullptr, 0));
    struct Named {
        std::string_view name;
        unsigned version;
    };
    for (const auto& known :
         {Named{"Vista", 0x0600}, Named{"Windows7", 0x0601}, Named{"Win7", 0x0601}, Named{"Windows8", 0x0602},
          Named{"Win8", 0x0602}, Named{"WindowsV6.3", 0x0603}, Named{"Windows8.1", 0x0603}, Named{"WinBlue", 0x0603}})
        if (equals_ignoring_case(named, known.name))
            return known.version;
    return 0x0A00;
}

std::string standard_of(const std::string& msbuild_name, Language language) {
    auto name = lower(trim(msbuild_name));
    if (language == Language::c)
        return name == "stdc17" ? "c17" : name == "stdc11" ? "c11" : "";
    if (name == "stdcpplatest" || name == "stdcpp23")
        return "c++23";
    return name.starts_with("stdcpp") ? "c++" + name.substr(6) : "";
}

// MSBuild passes `NAME="text"` through a shell's quoting; what reaches the compiler is NAME="text" too.
std::string unescaped_define(std::string define) {
    return replace_all(std::move(define), "\\\"", "\"");
}

// One file to compile, with what its project says of it.
class UnitReader {
public:
    UnitReader(const MsBuildItem& item, const MsBuildEvaluator& project, const ProjectContext& context)
        : item_(item), project_(project), context_(context) {}

    SourceUnit run() {
        unit_.file = item_.file;
        unit_.language = language_of(item_.file);
        if (auto as = value("CompileAs"); equals_ignoring_case(as, "CompileAsC"))
            unit_.language = Language::c;
        else if (equals_ignoring_case(as, "CompileAsCpp"))
            unit_.language = Language::cpp;
        take_folders();
        take_defines();
        take_forced_includes();
        take_packing();
        take_precompiled_header();
        take_compiler_switches(value("AdditionalOptions"), item_.folder_of_project, unit_);
        if (unit_.standard.empty()) // the line of switches, which is last, said nothing
            unit_.standard = standard_of(
                value(unit_.language == Language::c ? "LanguageStandard_C" : "LanguageStandard"), unit_.language);
        return std::move(unit_);
    }

private:
    // Its escapes are still in it.
    std::string metadata(const char* name) const {
        auto found = item_.metadata.find(name);
        if (found == item_.metadata.end())
            return {};
        return with_metadata(found->second, [this](std::string_view reference) {
            return metadata_of_file(reference, item_.file, item_.folder_of_project);
        });
    }

    std::string value(const char* name) const { return without_escapes(metadata(name)); }

    std::vector<std::string> entries(const char* name) const {
        auto list = split(metadata(name), ";");
        for (auto& entry : list)
            entry = without_escapes(entry);
        return list;
    }

    void add_folder(const std::string& written) {
        // Folders of the kits are unknown here and vanish; a compiler ignores a missing folder as well.
        auto folder = find_ignoring_case(item_.folder_of_project, written);
        auto& folders = unit_.include_directories;
        if (folder && std::find(folders.begin(), folders.end(), *folder) == folders.end())
            folders.push_back(*folder);
    }

    void take_folders() {
        for (const auto& entry : entries("AdditionalIncludeDirectories"))
            add_folder(entry);
        for (const char* list : {"IncludePath", "ExternalIncludePath"})
            for (const auto& entry : split(project_.property(list), ";"))
                add_folder(entry);
    }

    void take_defines() {
        KitDefines kit;
        kit.windows_version = windows_version_of(project_);
        if (equals_ignoring_case(project_.property("DriverType"), "KMDF")) {
            auto major = project_.property("KMDF_VERSION_MAJOR");
            auto minor = project_.property("KMDF_VERSION_MINOR");
            kit.kmdf_major = major.empty() ? 1 : std::atoi(major.c_str());
            kit.kmdf_minor = minor.empty() ? 15 : std::atoi(minor.c_str());
        }
        unit_.defines = kit_defines(kit, context_.configuration);
        if (equals_ignoring_case(project_.property("CharacterSet"), "Unicode")) {
            unit_.defines.push_back("UNICODE=1");
            unit_.defines.push_back("_UNICODE=1");
        }
        for (const auto& define : entries("PreprocessorDefinitions"))
            if (!define.starts_with("@("))
                unit_.defines.push_back(unescaped_define(define));
        unit_.undefines = entries("UndefinePreprocessorDefinitions");
    }

    void take_forced_includes() {
        for (const auto& entry : entries("ForcedIncludeFiles")) {
            auto file = find_ignoring_case(item_.folder_of_project, entry);
            for (auto folder = unit_.include_directories.begin(); !file && folder != unit_.include_directories.end();
                 ++folder)
                file = find_ignoring_case(*folder, entry);
            unit_.forced_includes.push_back(file.value_or(with_forward_slashes(entry)));
        }
    }

    // "1Byte", "2Bytes" … "16Bytes", "Default".
    void take_packing() {
        if (const auto packing = value("StructMemberAlignment"); lower(packing).find("byte") != std::string::npos)
            unit_.most_alignment = static_cast<unsigned>(std::atoi(packing.c_str()));
    }

    void take_precompiled_header() {
        const auto use = value("PrecompiledHeader");
        unit_.makes_precompiled_header = equals_ignoring_case(use, "Create");
        if (!unit_.makes_precompiled_header && !equals_ignoring_case(use, "Use"))
            return;
        const auto named = value("PrecompiledHeaderFile");
        unit_.precompiled_header = named.empty() ? "stdafx.h" : named; // as Microsoft.Cl.Common.props has it
    }

    const MsBuildItem& item_;
    const MsBuildEvaluator& project_;
    const ProjectContext& context_;
    SourceUnit unit_;
};

class VcxprojReader {
public:
    VcxprojReader(const ProjectContext& context, std::vector<fs::path> solution_projects)
        : context_(context), solution_projects_(std::move(solution_projects)) {}

    Result<DriverProject> read(const fs::path& file) {
        if (auto taken = take(file, 0); !taken)
            return taken.error();
        find_precompiled_headers(project_);
        return std::move(project_);
    }

private:
    void note_layout(const fs::path& file, const SourceUnit& unit) {
        const auto layout = layout_note(unit);
        auto note = file.filename().string() + ": " + layout;
        if (!layout.empty() && std::ranges::find(project_.notes, note) == project_.notes.end())
            project_.notes.push_back(std::move(note));
    }

    Result<void> take(const fs::path& file, int depth) {
        if (depth > deepest_reference || !seen_.insert(file).second)
            return {};
        auto evaluator = evaluate_vcxproj(file);
        if (!evaluator)
            return evaluator.error();
        auto kind = evaluator->property("ConfigurationType");
        if (depth == 0) {
            bool library = equals_ignoring_case(kind, "StaticLibrary");
            bool user_mode = equals_ignoring_case(kind, "Application") ||
                             equals_ignoring_case(kind, "DynamicLibrary") || equals_ignoring_case(kind, "Utility") ||
                             equals_ignoring_case(kind, "Makefile");
            if (library || user_mode)
                return Error{status_invalid_parameter, file.string() + ": builds a " + kind + ", not a driver"};
            project_.folder = file.parent_path();
            project_.name = evaluator->property("TargetName");
        }
        for (const auto& item : evaluator->sources()) {
            auto unit = UnitReader(item, *evaluator, context_).run();
            note_layout(file, unit);
            if (std::none_of(project_.units.begin(), project_.units.end(),
                             [&](const SourceUnit& present) { return present.file == unit.file; }))
                project_.units.push_back(std::move(unit));
        }
        for (const auto& read : evaluator->files_read())
            project_.project_files.push_back(read);
        for (const auto& note : evaluator->notes())
            project_.notes.push_back(note);
        for (const auto& reference : evaluator->project_references())
            if (auto taken = take_library(reference, depth); !taken)
                return taken;
        for (const auto& library : evaluator->libraries())
            if (auto project = project_that_builds(library, file)) {
                if (auto taken = take_library(*project, depth); !taken)
                    return taken;
            } else if (library.starts_with("..") || library.starts_with(".\\") || library.starts_with("./")) {
                // Those of the kit are named alone, or by its folders.
                project_.notes.push_back(file.filename().string() + ": no project builds " + library +
                                         ": what it holds is missing");
            }
        return {};
    }

    Result<void> take_library(const fs::path& file, int depth) {
        auto evaluator = evaluate_vcxproj(file);
        if (!evaluator)
            return evaluator.error();
        if (!equals_ignoring_case(evaluator->property("ConfigurationType"), "StaticLibrary"))
            return {};
        return take(file, depth + 1);
    }

    Result<MsBuildEvaluator> evaluate_vcxproj(const fs::path& file) const {
        Properties globals;
        globals["Configuration"] = context_.configuration == Configuration::debug ? "Debug" : "Release";
        globals["Platform"] = "x64";
        for (auto folder = file.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
            if (!files_matching(folder, "*.sln").empty()) {
                globals["SolutionDir"] = folder.string() + "/";
                break;
            }
        MsBuildEvaluator evaluator(file, std::move(globals));
        if (auto evaluated = evaluator.evaluate(); !evaluated)
            return evaluated.error();
        return evaluator;
    }

    // Drivers of the kit's samples name a sibling's library by its output path, `.\..\Filters\$(IntDir)\Filters.lib`:
    // the project is found in the deepest folder of that path that exists.
    std::optional<fs::path> project_that_builds(const std::string& library, const fs::path& user) const {
        if (!ends_with_ignoring_case(library, ".lib") || library.find_first_of("\\/") == std::string::npos)
            return std::nullopt;
        auto stem = fs::path(with_forward_slashes(library)).stem().string();
        auto builds_it = [&](const fs::path& candidate) {
            if (candidate == user)
                return false;
            auto evaluator = evaluate_vcxproj(candidate);
            return evaluator && equals_ignoring_case(evaluator->property("TargetName"), stem) &&
                   equals_ignoring_case(evaluator->property("ConfigurationType"), "StaticLibrary");
        };
        for (const auto& candidate : solution_projects_)
            if (equals_ignoring_case(candidate.stem().string(), stem) && builds_it(candidate))
                return candidate;
        auto folder = deepest_existing(user.parent_path(), library);
        for (const auto& candidate : files_matching(folder, "*.vcxproj"))
            if (builds_it(candidate))
                return candidate;
        return std::nullopt;
    }

    const ProjectContext& context_;
    std::vector<fs::path> solution_projects_;
    DriverProject project_;
    std::set<fs::path> seen_;
};

bool is_kernel_driver(const fs::path& file, const ProjectContext& context) {
    Properties globals;
    globals["Configuration"] = context.configuration == Configuration::debug ? "Debug" : "Release";
    globals["Platform"] = "x64";
    MsBuildEvaluator evaluator(file, std::move(globals));
    if (!evaluator.evaluate())
        return false;
    return equals_ignoring_case(evaluator.property("ConfigurationType"), "Driver") && !evaluator.sources().empty();
}

// The path in `Project("{kind}") = "name", "path", "{id}"`.
std::optional<std::string> project_path_in(std::string_view line) {
    if (!trim(line).starts_with("Project("))
        return std::nullopt;
    std::vector<std::string> quoted;
    for (std::size_t at = 0; (at = line.find('"', at)) != std::string_view::npos;) {
        auto end = line.find('"', at + 1);
        if (end == std::string_view::npos)
            break;
        quoted.emplace_back(line.substr(at + 1, end - at - 1));
        at = end + 1;
    }
    return quoted.size() >= 3 ? std::optional(quoted[2]) : std::nullopt;
}

} // namespace

Result<DriverProject> read_vcxproj(const fs::path& file, const ProjectContext& context) {
    auto project = VcxprojReader(context, {}).read(fs::absolute(file).lexically_normal());
    if (project && project->units.empty())
        return Error{status_object_name_not_found, file.string() + ": has no C or C++ source to compile"};
    return project;
}

Result<DriverProject> read_solution(const fs::path& file, const ProjectContext& context) {
    auto content = read_file(file);
    if (!content)
        return content.error();
    std::vector<fs::path> projects;
    std::vector<fs::path> drivers;
    auto text = to_utf8(*content);
    for (auto line : lines_of(text)) {
        auto written = project_path_in(line);
        if (!written || !ends_with_ignoring_case(*written, ".vcxproj"))
            continue;
        auto project = find_ignoring_case(fs::absolute(file).parent_path(), *written);
        if (!project)
            continue;
        projects.push_back(*project);
        if (is_kernel_driver(*project, context))
            drivers.push_back(*project);
    }
    if (drivers.empty())
        return Error{status_object_name_not_found, file.string() + ": no project in it builds a kernel driver"};
    if (drivers.size() > 1) {
        std::string choices;
        for (const auto& driver : drivers)
            choices += "\n  " + driver.string();
        return Error{status_invalid_parameter,
                     file.string() + ": several drivers in it, name the one to build:" + choices};
    }
    auto project = VcxprojReader(context, projects).read(drivers.front());
    if (project)
        project->project_files.push_back(fs::absolute(file).lexically_normal());
    return project;
}

} // namespace openportcls::drivertools
