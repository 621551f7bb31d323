// Builds a Windows audio driver from its unmodified source into a module that OpenPortCls loads.
#pragma once

#include "base/result.h"
#include "drivertools/module_note.h"
#include "drivertools/project.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

struct Sanitizers {
    bool address = false;
    bool undefined = false;
    bool thread = false;

    std::vector<std::string> names() const;
    bool operator==(const Sanitizers&) const = default;
};

// "address,undefined" or "thread"; address and thread exclude each other.
Result<Sanitizers> parse_sanitizers(std::string_view list);

struct BuildProgress {
    std::size_t done = 0;
    std::size_t total = 0;
    std::string_view item; // the file just finished, or "link"
    bool from_cache = false;
};

struct BuildRequest {
    std::filesystem::path path; // a folder, a .vcxproj, a .sln, a sources file
    // Instead of `path`: exactly these files, with `name` as the driver's name.
    std::vector<std::filesystem::path> sources;
    std::string name;
    std::filesystem::path output; // empty: NAME.so in the current folder
    Configuration configuration = Configuration::release;
    Sanitizers sanitizers;
    bool coverage = false;
    bool fuzz = false;
    std::vector<std::string> defines;                       // in addition to the project's
    std::vector<std::string> undefines;                     // names the project defines, to leave out parts of a driver
    std::vector<std::filesystem::path> include_directories; // before the project's
    std::filesystem::path wdk_include_directory;            // empty: the one that came with this library
    std::filesystem::path runtime_directory;                // empty: likewise
    std::filesystem::path cache_directory;                  // empty: the user's cache
    // The symbols a module may import. Nothing: those libopenportcls.so exports.
    std::optional<std::span<const std::string_view>> exports;
    std::filesystem::path exporting_library; // empty: the libopenportcls this code is in
    unsigned jobs = 0;                       // 0: one for each processor
    bool color_diagnostics = false;
    std::function<void(const BuildProgress&)> on_progress;
    // The compiler's and the linker's words, unchanged.
    std::function<void(std::string_view)> on_diagnostics;
    // The commands that are run.
    std::function<void(std::string_view)> on_command;
};

struct BuildReport {
    std::filesystem::path module;
    ModuleNote note;
    std::size_t compiled = 0;
    std::size_t from_cache = 0;
    std::chrono::milliseconds elapsed{0};
    std::vector<std::filesystem::path> dependencies; // every file whose change asks for a rebuild
    std::vector<std::string> notes;                  // what was passed over in the project
};

// Compile errors have been handed to `on_diagnostics` when this returns its one-line error.
Result<BuildReport> build_driver(const BuildRequest& request);

// Where the headers and the runtime library for drivers are: beside the installed library, or in the source tree.
Result<std::filesystem::path> default_wdk_include_directory();
Result<std::filesystem::path> default_runtime_directory();
// The absolute path of a folder that somebody names in place of those; an error when it is none.
Result<std::filesystem::path> checked_wdk_include_directory(const std::filesystem::path& folder);
Result<std::filesystem::path> checked_runtime_directory(const std::filesystem::path& folder);

// The host-side library a process must have loaded before it loads a module built with these sanitizers
// (for LD_PRELOAD); nothing when the module needs none.
Result<std::optional<std::filesystem::path>> sanitizer_runtime(const ModuleNote& note);

// Merges the profiles that runs of a --coverage module left beside it, returns llvm-cov's table, and writes annotated
// sources as HTML when a folder is named.
Result<std::string> coverage_report(const std::filesystem::path& module, const std::filesystem::path& html_folder = {});

} // namespace openportcls::drivertools
