#include "drivertools/compiler_switches.h"
#include "drivertools/nmake_file.h"
#include "drivertools/project.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

constexpr int deepest_library = 16;

// Stands for the libraries of the kit, which are a part of this.
constexpr std::string_view kit_folder = "kit:";

NmakeMacros initial_macros(const fs::path& file, const ProjectContext& context) {
    const auto folder = file.parent_path();
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
            {"NTDEBUG", debug ? "ntsd" : "retail"},
            // Where build.exe puts what it makes; a library of another folder is named by such a path.
            {"BUILD_ALT_DIR", debug ? "chk_win7_amd64" : "fre_win7_amd64"},
            {"_OBJ_DIR", "obj$(BUILD_ALT_DIR)"},
            {"O", "$(_OBJ_DIR)\\amd64"},
            {"OBJ_PATH", folder.string()},
            {"MAKEDIR", folder.string()},
            {"DDK_LIB_PATH", std::string(kit_folder)},
            {"SDK_LIB_PATH", std::string(kit_folder)},
            {"IFSKIT_LIB_PATH", std::string(kit_folder)},
            {"WDM_LIB_PATH", std::string(kit_folder)},
            {"KMDF_LIB_PATH", std::string(kit_folder)},
            {"DDK_LIB_DEST", std::string(kit_folder)}};
}

bool is_kit_library(const fs::path& library) {
    constexpr std::string_view names[] = {
        "bufferoverflowk", "csq",      "drmk",     "dxguid",    "hal",     "hidclass", "ks",
        "ksguid",          "libcntpr", "ntoskrnl", "ntstrsafe", "portcls", "rtlver",   "safeboot",
        "stdunk",          "usbd",     "uuid",     "wdm",       "wdmguid", "wdmsec",   "wpprecorder"};
    const auto stem = lower(library.stem().string());
    return std::ranges::find(names, stem) != std::end(names);
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
        find_precompiled_headers(project_);
        return std::move(project_);
    }

private:
    // A `dirs` file lists folders to build; the driver among them is ours, and brings its libraries.
    Result<void> take_dirs(const fs::path& file) {
        NmakeFile list(file, initial_macros(file, context_));
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
        NmakeFile list(file, initial_macros(file, context_));
        if (depth > deepest_library || !list.read())
            return;
        auto folders = split(list.macro("DIRS") + " " + list.macro("OPTIONAL_DIRS"), " \t");
        for (const auto& name : folders) {
            auto folder = find_ignoring_case(file.parent_path(), name);
            if (!folder)
                continue;
            if (auto sources = find_ignoring_case(*folder, "sources")) {
                NmakeFile candidate(*sources, initial_macros(*sources, context_));
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
        NmakeFile sources(file, initial_macros(file, context_));
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
        for (const auto& read_note : sources.notes())
            note(read_note);
        take_units(file.parent_path(), sources);
        for (const char* list : {"TARGETLIBS", "LINKLIBS", "LIBRARIES"})
            for (const auto& library : split(sources.macro(list), " \t"))
                if (auto taken = take_library(library, sources.place_of(list), file, depth); !taken)
                    return taken;
        return {};
    }

    void note(const std::string& text) {
        if (std::ranges::find(project_.notes, text) == project_.notes.end())
            project_.notes.push_back(text);
    }

    Result<void> take_library(const std::string& library, const std::string& place, const fs::path& user, int depth) {
        const fs::path file = with_forward_slashes(library);
        if (library.starts_with(kit_folder) || library.find_first_of("\\/") == std::string::npos)
            return {}; // what of it a driver uses is here
        if (auto other = sources_that_build(library, user))
            return take(*other, depth + 1);
        if (is_kit_library(file))
            return {};
        if (find_ignoring_case(user.parent_path(), library))
            note(place + ": " + library + " is machine code: only what comes as source can be built");
        else
            note(place + ": no sources file near " + deepest_existing(user.parent_path(), library).string() +
                 " builds " + file.filename().string() + ": passed over");
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
        common.precompiled_header = sources.macro("PRECOMPILED_INCLUDE");
        if (sources.macro("USE_UNICODE") == "1" || sources.macro("UNICODE") == "1") {
            common.defines.push_back("UNICODE=1");
            common.defines.push_back("_UNICODE=1");
        }
        // `..\` names are looked up in the folder above, as build.exe does.
        take_list("SOURCES", folder, common, sources);
        take_list("AMD64_SOURCES", folder, common, sources);
    }

    // One command line, as the compiler gets it; what it does not know is told with its place.
    void take_switches(const NmakeFile& sources, const fs::path& folder, SourceUnit& unit) {
        std::string line;
        for (const char* list : {"C_DEFINES", "USER_C_FLAGS", "MSC_OPTIMIZATION", "MSC_WARNING_LEVEL"}) {
            const auto switches = sources.macro(list);
            SourceUnit nothing;
            for (const auto& word : take_compiler_switches(switches, folder, nothing))
                note(sources.place_of(list) + ": the compiler's option " + word + " has no meaning here: passed over");
            line += switches + " ";
        }
        take_compiler_switches(line, folder, unit);
        if (const auto layout = layout_note(unit); !layout.empty())
            note(sources.place_of("USER_C_FLAGS") + ": " + layout);
    }

    // Sources for one processor are listed apart and lie in its sub-folder; some drivers have them beside the others.
    void take_list(std::string_view list, const fs::path& folder, const SourceUnit& common, const NmakeFile& sources) {
        const std::string processor_folder = list.starts_with("AMD64") ? "amd64\\" : "";
        for (const auto& entry : split(sources.macro(list), " \t")) {
            if (!is_c_or_cpp_source(with_forward_slashes(entry))) {
                note_source_passed_over(entry, sources.place_of(list));
                continue;
            }
            auto unit = common;
            auto found = find_ignoring_case(folder, fmt::format("{}{}", processor_folder, entry));
            if (!found)
                found = find_ignoring_case(folder, entry);
            unit.file = found.value_or((folder / with_forward_slashes(entry)).lexically_normal());
            unit.language = language_of(unit.file);
            take_switches(sources, folder, unit);
            if (std::none_of(project_.units.begin(), project_.units.end(),
                             [&](const SourceUnit& present) { return present.file == unit.file; }))
                project_.units.push_back(std::move(unit));
        }
    }

    void note_source_passed_over(const std::string& entry, const std::string& place) {
        const auto extension = lower(fs::path(with_forward_slashes(entry)).extension().string());
        if (extension != ".rc" && extension != ".mc" && extension != ".rc2")
            note(place + ": " + entry + " is neither C nor C++: passed over");
    }

    // `..\lib\$(O)\shared.lib` is built by the sources file in the deepest folder of that path that exists, or, when
    // that one only keeps libraries (TARGETPATH), by one in a folder below it or beside the user's.
    std::optional<fs::path> sources_that_build(const std::string& library, const fs::path& user) const {
        if (!ends_with_ignoring_case(library, ".lib"))
            return std::nullopt;
        const auto stem = fs::path(with_forward_slashes(library)).stem().string();
        const auto kept_in = deepest_existing(user.parent_path(), library);
        if (!kept_in.has_relative_path()) // a macro that nothing sets
            return std::nullopt;
        std::vector<fs::path> folders{kept_in};
        for (const auto& near : {kept_in, user.parent_path().parent_path()}) {
            std::vector<fs::path> below;
            std::error_code ignored;
            for (const auto& entry : fs::directory_iterator(near, ignored))
                if (entry.is_directory(ignored))
                    below.push_back(entry.path());
            std::ranges::sort(below);
            folders.insert(folders.end(), below.begin(), below.end());
        }
        for (const auto& folder : folders)
            if (auto file = find_ignoring_case(folder, "sources"); file && *file != user && builds(*file, stem))
                return file;
        return std::nullopt;
    }

    bool builds(const fs::path& file, const std::string& name) const {
        NmakeFile candidate(file, initial_macros(file, context_));
        return candidate.read() && equals_ignoring_case(candidate.macro("TARGETNAME"), name) &&
               is_library(candidate.macro("TARGETTYPE"));
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
