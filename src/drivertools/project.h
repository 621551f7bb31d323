// What a driver's project says about building it, whatever kind of project it is.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

enum class Configuration { release, debug };
enum class Language { c, cpp };

struct SourceUnit {
    std::filesystem::path file;
    Language language = Language::cpp;
    std::string standard; // "c++17"; empty: the default of the compiler Windows drivers are built with
    std::vector<std::filesystem::path> include_directories;
    std::vector<std::string> defines; // NAME or NAME=VALUE
    std::vector<std::string> undefines;
    std::vector<std::filesystem::path> forced_includes;
    unsigned most_alignment = 0; // of a structure's members, in bytes; 0: each has its own
    bool unsigned_char = false;
    bool wide_character_is_short = false; // wchar_t is no type of its own
    std::string precompiled_header;       // as /Yu or /Yc names it; empty: none
    bool makes_precompiled_header = false;

    bool operator==(const SourceUnit&) const = default;
};

struct DriverProject {
    std::string name;
    std::filesystem::path folder; // where the driver's own files are
    std::vector<SourceUnit> units;
    std::vector<std::filesystem::path> project_files; // every project, props, sources and solution file that was read
    std::vector<std::string> notes;                   // what was passed over, for a person to know
};

struct ProjectContext {
    Configuration configuration = Configuration::release;
};

bool is_c_or_cpp_source(const std::filesystem::path& file);
Language language_of(const std::filesystem::path& file);

// Microsoft's compiler knows a precompiled header by its name: a unit that uses one gets the folder of the header that
// another makes, wherever the two are. What is not found is left to the compiler to say.
void find_precompiled_headers(DriverProject& project);

// "structures are packed to 1 byte (-fpack-struct=1)": what changes the layout of everything is said. Empty: nothing.
std::string layout_note(const SourceUnit& unit);

// The preprocessor symbols every driver build of the Windows kit sets, before those of the project.
struct KitDefines {
    unsigned windows_version = 0x0A00; // as _WIN32_WINNT has it
    int kmdf_major = 0;                // 0: not a KMDF project
    int kmdf_minor = 0;
};
std::vector<std::string> kit_defines(const KitDefines& kit, Configuration configuration);

// Reads one Visual Studio project and the static-library projects it links or refers to.
Result<DriverProject> read_vcxproj(const std::filesystem::path& file, const ProjectContext& context);
// Reads a solution and the one kernel driver in it.
Result<DriverProject> read_solution(const std::filesystem::path& file, const ProjectContext& context);
// Reads a `sources` (or `dirs`) file of the old driver kits.
Result<DriverProject> read_sources_file(const std::filesystem::path& file, const ProjectContext& context);
// Takes every C and C++ file below a folder.
Result<DriverProject> read_plain_folder(const std::filesystem::path& folder, const ProjectContext& context);

// Decides which of the above `path` is; a project file in a folder wins over the folder's loose files.
Result<DriverProject> find_project(const std::filesystem::path& path, const ProjectContext& context);

} // namespace openportcls::drivertools
