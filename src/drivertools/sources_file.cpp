#include "drivertools/compiler_switches.h"
#include "drivertools/nmake_file.h"
#include "drivertools/project.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

constexpr int deepest_library = 16;

NmakeMacros initial_macros(const ProjectContext& context) {
    bool debug = context.configuration == Configuration::debug;
    return {{"AMD64", "1"},
            {"_BUILDARCH", "AMD64"},
            {"TARGET_DIRECTORY", "amd64"},
            {"BUILD_DEFAULT_TARGETS", "-amd64"},
            {"DDKBUILDENV", debug ? "chk" : "fre"},
            {"DDK_TARGET_OS", "Win7"},
            {"_NT_TARGET_VERSION_WIN7", "0x601"},
            {"_NT_TARGET_VERSION_VISTA", "0x600"},
            {"_NT_TARGET_VERSION_WS03", "0x502"},
            {"_NT_TARGET_VERSION_WINXP", "0x501"},
            {"_NT_TARGET_VERSION_WIN2K", "0x500"},
            {"FREEBUILD", debug ? "0" : "1"},
            {"NTDEBUG", debug ? "ntsd" : "retail"}};
}

bool is_library(const std::string& target_type) {
    return equals_ignoring_case(target_type, "LIBRARY") || equals_ignoring_case(target_type, "DRIVER_LIBRARY");
}

bool is_user_mode(const std::string& target_type) {
    return equals_ignoring_case(target_type, "PROGRAM") || equals_ignoring_case(target_type, "DYNLINK") ||
           equals_ignoring_case(target_type, "UMAPPL");
}

class SourcesReader {
public:
    explicit SourcesReader(const ProjectContext& context) : context_(context) {}

    Result<DriverProject> read(const fs::path& file) {
        auto taken = equals_ignoring_case(file.filename().string(), "dirs") ? take_dirs(file) : take(file, 0);
        if (!taken)
            return taken.error();
        return std::move(project_);
    }

private:
    // A `dirs` file lists folders to build; the driver among them is ours, and brings its libraries.
    Result<void> take_dirs(const fs::path& file) {
        NmakeFile list(file, initial_macros(context_));
        if (auto read = list.read(); !read)
            return read;
        project_.project_files.push_back(file);
        std::vector<fs::path> drivers;
        collect_drivers(file, drivers, 0);
        if (drivers.empty())
            return Error{status_object_name_not_found, file.string() + ": no folder in it builds a kernel driver"};
        if (drivers.size() > 1) {
            std::string choices;
            for (const auto& driver : drivers)
                choices += "\n  " + driver.string();
            return Error{status_invalid_parameter,
                         file.string() + ": several drivers in it, name the one to build:" + choices};
        }
        return take(drivers.front(), 0);
    }

    void collect_drivers(const fs::path& file, std::vector<fs::path>& drivers, int depth) const {
        NmakeFile list(file, initial_macros(context_));
        if (depth > deepest_library || !list.read())
            return;
        auto folders = split(list.macro("DIRS") + " " + list.macro("OPTIONAL_DIRS"), " \t");
        for (const auto& name : folders) {
            auto folder = find_ignoring_case(file.parent_path(), name);
            if (!folder)
                continue;
            if (auto sources = find_ignoring_case(*folder, "sources")) {
                NmakeFile candidate(*sources, initial_macros(context_));
                if (candidate.read() && !is_library(candidate.macro("TARGETTYPE")) &&
                    !is_user_mode(candidate.macro("TARGETTYPE")))
                    drivers.push_back(*sources);
            } else if (auto dirs = find_ignoring_case(*folder, "dirs")) {
                collect_drivers(*dirs, drivers, depth + 1);
            }
        }
    }

    Result<void> take(const fs::path& file, int depth) {
        if (depth > deepest_library || !seen_.insert(file).second)
            return {};
        NmakeFile sources(file, initial_macros(context_));
        if (auto read = sources.read(); !read)
            return read;
        auto type = sources.macro("TARGETTYPE");
        if (depth == 0) {
            if (is_library(type) || is_user_mode(type))
                return Error{status_invalid_parameter, file.string() + ": builds a " + type + ", not a driver"};
            project_.folder = file.parent_path();
            project_.name = sources.macro("TARGETNAME");
            if (project_.name.empty())
                project_.name = file.parent_path().filename().string();
        }
        for (const auto& read : sources.files_read())
            project_.project_files.push_back(read);
        for (const auto& note : sources.notes())
            project_.notes.push_back(note);
        take_units(file.parent_path(), sources);
        for (const auto& library : split(sources.macro("TARGETLIBS"), " \t"))
            if (auto other = sources_that_build(library, file))
                if (auto taken = take(*other, depth + 1); !taken)
                    return taken;
        return {};
    }

    void take_units(const fs::path& folder, const NmakeFile& sources) {
        SourceUnit common;
        KitDefines kit;
        auto version = sources.macro("_NT_TARGET_VERSION");
        kit.windows_version =
            version.empty() ? 0x0601 : static_cast<unsigned>(std::strtoul(version.c_str(), nullptr, 0));
        if (auto kmdf = sources.macro("KMDF_VERSION_MAJOR"); !kmdf.empty()) {
            auto minor = sources.macro("KMDF_VERSION_MINOR");
            kit.kmdf_major = std::atoi(kmdf.c_str());
            kit.kmdf_minor = minor.empty() ? 9 : std::atoi(minor.c_str());
        }
        common.defines = kit_defines(kit, context_.configuration);
        common.include_directories.push_back(folder);
        for (const auto& entry : split(sources.macro("INCLUDES"), "; \t"))
            if (auto include = find_ignoring_case(folder, entry))
                common.include_directories.push_back(*include);
        take_compiler_switches(sources.macro("C_DEFINES"), folder, common);
        take_compiler_switches(sources.macro("USER_C_FLAGS"), folder, common);
        if (sources.macro("USE_UNICODE") == "1" || sources.macro("UNICODE") == "1") {
            common.defines.push_back("UNICODE=1");
            common.defines.push_back("_UNICODE=1");
        }
        // `..\` names are looked up in the folder above, as build.exe does.
        take_list(sources.macro("SOURCES"), folder, common, "");
        take_list(sources.macro("AMD64_SOURCES"), folder, common, "amd64");
    }

    // Sources for one processor are listed apart and lie in its sub-folder; some drivers have them beside the others.
    void take_list(const std::string& list, const fs::path& folder, const SourceUnit& common,
                   const std::string& processor) {
        for (const auto& entry : split(list, " \t")) {
            if (!is_c_or_cpp_source(with_forward_slashes(entry)))
                continue;
            auto unit = common;
            auto found = processor.empty() ? std::nullopt : find_ignoring_case(folder, processor + "\\" + entry);
            if (!found)
                found = find_ignoring_case(folder, entry);
            unit.file = found.value_or((folder / with_forward_slashes(entry)).lexically_normal());
            unit.language = language_of(unit.file);
            if (std::none_of(project_.units.begin(), project_.units.end(),
                             [&](const SourceUnit& present) { return present.file == unit.file; }))
                project_.units.push_back(std::move(unit));
        }
    }

    // `..\lib\$(O)\shared.lib` is built by the sources file in the deepest folder of that path that exists.
    std::optional<fs::path> sources_that_build(const std::string& library, const fs::path& user) const {
        if (!ends_with_ignoring_case(library, ".lib") || library.find_first_of("\\/") == std::string::npos)
            return std::nullopt;
        auto stem = fs::path(with_forward_slashes(library)).stem().string();
        auto file = find_ignoring_case(deepest_existing(user.parent_path(), library), "sources");
        if (!file || *file == user)
            return std::nullopt;
        NmakeFile candidate(*file, initial_macros(context_));
        if (!candidate.read() || !equals_ignoring_case(candidate.macro("TARGETNAME"), stem))
            return std::nullopt;
        return file;
    }

    const ProjectContext& context_;
    DriverProject project_;
    std::set<fs::path> seen_;
};

} // namespace

Result<DriverProject> read_sources_file(const fs::path& file, const ProjectContext& context) {
    auto project = SourcesReader(context).read(fs::absolute(file).lexically_normal());
    if (project && project->units.empty())
        return Error{status_object_name_not_found, file.string() + ": has no C or C++ source to compile"};
    return project;
}

} // namespace openportcls::drivertools
