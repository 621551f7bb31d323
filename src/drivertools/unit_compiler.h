// Compiles units of a driver into objects that an ELF linker takes, and keeps the results by what they came from.
#pragma once

#include "drivertools/compile_flags.h"
#include "drivertools/drivertools.h"
#include "drivertools/source_survey.h"
#include "drivertools/toolchain.h"

#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace openportcls::drivertools {

struct CompiledUnit {
    std::filesystem::path source;
    std::filesystem::path object;
    bool from_cache = false;
    std::string diagnostics; // of the compiler, when it ran
    std::vector<std::filesystem::path> dependencies;
};

// Hashes of files, each read once in a build.
class FileHashes {
public:
    std::string of(const std::filesystem::path& file);

private:
    std::mutex mutex_;
    std::map<std::filesystem::path, std::string> known_;
};

// Not a value: threads share it.
class UnitCompiler {
public:
    struct Places {
        std::filesystem::path wdk_include_directory;
        std::filesystem::path cache_directory;
    };

    UnitCompiler(const BuildRequest& request, const Toolchain& toolchain, Places places, SourceSurvey survey);

    // An error's message is the compiler's diagnostics.
    Result<CompiledUnit> compile(const SourceUnit& unit, Instrumented instrumented,
                                 const std::vector<std::string>& extra_flags = {});

private:
    struct Attempt;
    std::filesystem::path make_unpacked_headers() const;
    std::filesystem::path overlay_with(const std::set<std::string>& friends);
    std::filesystem::path replacement_for(const std::filesystem::path& file, const std::set<std::string>& friends);
    Result<CompiledUnit> compile_with(const SourceUnit& unit, const std::vector<std::string>& flags);
    bool restore(const std::filesystem::path& entry, CompiledUnit& unit);
    Result<void> keep(const std::filesystem::path& entry, const Attempt& attempt, CompiledUnit& unit);
    Result<void> make_linkable(const std::filesystem::path& object);
    std::set<std::string> known_friends(const std::set<std::string>& undeclared) const;
    void show_command(const std::vector<std::string>& command) const;

    const BuildRequest& request_;
    const Toolchain& toolchain_;
    Places places_;
    SourceSurvey survey_;
    std::filesystem::path trace_folder_;
    std::filesystem::path unpacked_folder_; // empty unless the driver packs its structures
    std::filesystem::path compiler_headers_;
    std::filesystem::path trace_header_;
    FileHashes hashes_;
    std::mutex overlay_mutex_;
    std::map<std::set<std::string>, std::filesystem::path> overlays_;
};

// The files a depfile in make's format names, without its target.
std::vector<std::filesystem::path> parse_depfile(std::string_view text);

} // namespace openportcls::drivertools
