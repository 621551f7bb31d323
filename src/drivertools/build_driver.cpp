#include "drivertools/drivertools.h"

#include "base/private_folder.h"
#include "drivertools/content_hash.h"
#include "drivertools/exception_blocks.h"
#include "drivertools/module_linker.h"
#include "drivertools/process.h"
#include "drivertools/source_survey.h"
#include "drivertools/source_text.h"
#include "drivertools/text.h"
#include "drivertools/toolchain.h"
#include "drivertools/unit_compiler.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <mutex>
#include <unistd.h>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

// A module that was built before is replaced, a source or an INF of that name is not.
Result<void> check_keeps_others(const fs::path& module) {
    constexpr std::string_view elf = "\x7f"
                                     "ELF";
    std::array<char, elf.size()> head{};
    std::ifstream present(module, std::ios::binary);
    present.read(head.data(), head.size());
    if (present.gcount() == 0 || std::string_view(head.data(), static_cast<std::size_t>(present.gcount())) == elf)
        return {};
    return Error{status_invalid_parameter,
                 module.string() + ": this file is no module, and is not overwritten with one"};
}

constexpr auto cache_keeps_for = std::chrono::hours(24 * 30);

fs::path default_cache_directory() {
    if (const char* chosen = std::getenv("OPENPORTCLS_CACHE"))
        return chosen;
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
        return fs::path(cache) / "openportcls" / "drivers";
    if (const char* home = std::getenv("HOME"); home && *home)
        return fs::path(home) / ".cache" / "openportcls" / "drivers";
    return fs::temp_directory_path() / fmt::format("openportcls-{}", ::getuid());
}

// Where compiled units are kept. A cache of the user's that cannot be written is none: then for this build only.
class Cache {
public:
    explicit Cache(const fs::path& asked_for)
        : folder_(fs::absolute(asked_for.empty() ? default_cache_directory() : asked_for)) {
        std::error_code problem;
        fs::create_directories(folder_, problem);
        is_there_ = fs::is_directory(folder_, problem);
        if (!asked_for.empty() || ::access(folder_.c_str(), W_OK) == 0) {
            return;
        }
        if (auto made = temporary_.create()) {
            note_ = fmt::format("{} cannot be written: the next build will compile everything again", folder_.string());
            folder_ = *made;
            is_there_ = true;
        }
    }
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    const fs::path& folder() const { return folder_; }
    const std::string& note() const { return note_; }
    Result<void> check() const {
        return is_there_
                   ? Result<void>()
                   : Error{status_object_path_not_found, folder_.string() + ": no folder for the cache can be here"};
    }

private:
    PrivateFolder temporary_;
    fs::path folder_;
    bool is_there_ = false;
    std::string note_; // why it is temporary; empty when it is not
};

// Once a day, what no build has used for a month goes.
void prune_cache(const fs::path& cache) {
    std::error_code ignored;
    auto now = fs::file_time_type::clock::now();
    auto stamp = cache / "pruned";
    if (fs::exists(stamp, ignored) && now - fs::last_write_time(stamp, ignored) < std::chrono::hours(24))
        return;
    std::vector<fs::path> old;
    for (const auto& entry : fs::recursive_directory_iterator(cache / "units", ignored))
        if (entry.path().extension() == ".o" && now - entry.last_write_time(ignored) > cache_keeps_for)
            old.push_back(entry.path());
    for (const auto& object : old) {
        fs::remove(fs::path(object).replace_extension(".deps"), ignored);
        fs::remove(object, ignored);
    }
    fs::remove(stamp, ignored);
    (void)write_file(stamp, "");
}

fs::path library_of_this_code() {
    Dl_info here{};
    if (::dladdr(reinterpret_cast<void*>(&build_driver), &here) == 0 || !here.dli_fname)
        return {};
    return here.dli_fname;
}

bool is_named_before(DriverProject& project, const fs::path& file) {
    std::error_code ignored;
    const bool is_known = std::ranges::any_of(project.units, [&](const SourceUnit& unit) {
        return unit.file == file || fs::equivalent(unit.file, file, ignored);
    });
    if (is_known)
        project.notes.push_back(file.string() + ": named twice, compiled once");
    return is_known;
}

Result<DriverProject> project_of(const BuildRequest& request) {
    ProjectContext context{request.configuration};
    if (request.sources.empty())
        return find_project(request.path, context);
    DriverProject project;
    project.name = request.name;
    for (const auto& source : request.sources) {
        SourceUnit unit;
        unit.file = fs::absolute(source).lexically_normal();
        if (is_named_before(project, unit.file))
            continue;
        unit.language = language_of(unit.file);
        unit.defines = kit_defines({}, request.configuration);
        unit.include_directories.push_back(unit.file.parent_path());
        project.units.push_back(std::move(unit));
    }
    project.folder = project.units.front().file.parent_path();
    return project;
}

// Compilers pass over include folders that are not there; whoever named one meant it.
void note_missing_folders(const BuildRequest& request, DriverProject& project) {
    std::error_code ignored;
    for (const auto& folder : request.include_directories)
        if (!fs::is_directory(folder, ignored))
            project.notes.push_back(folder.string() + ": no such folder to include from (-I)");
}

std::vector<SourceUnit> runtime_units(const fs::path& runtime) {
    std::vector<SourceUnit> units;
    for (const auto& file : files_matching(runtime, "**/*")) {
        if (!is_c_or_cpp_source(file))
            continue;
        SourceUnit unit;
        unit.file = file;
        unit.language = language_of(file);
        unit.standard = unit.language == Language::cpp ? "c++17" : "c17";
        unit.defines = kit_defines({}, Configuration::release);
        unit.include_directories = {file.parent_path(), runtime};
        units.push_back(std::move(unit));
    }
    return units;
}

struct Compilation {
    std::vector<CompiledUnit> units;
    std::vector<CompiledUnit> runtime;
};

// Compiles everything, reports as it goes, and counts failures rather than stop at the first.
class Compiler {
public:
    Compiler(const BuildRequest& request, UnitCompiler& driver, UnitCompiler& runtime)
        : request_(request), driver_(driver), runtime_(runtime) {}

    Result<Compilation> run(const std::vector<SourceUnit>& units, const std::vector<SourceUnit>& runtime) {
        Compilation result;
        result.units.resize(units.size());
        result.runtime.resize(runtime.size());
        total_ = units.size() + runtime.size();
        for_each_in_parallel(total_, request_.jobs, [&](std::size_t index) {
            bool own = index < units.size();
            const auto& unit = own ? units[index] : runtime[index - units.size()];
            // The runtime defines memcpy and its like: a compiler that recognises them would make them call themselves.
            auto compiled = own ? driver_.compile(unit, Instrumented::yes)
                                : runtime_.compile(unit, runtime_instrumentation(unit), {"-fno-builtin"});
            finish(unit, compiled, own);
            if (compiled)
                (own ? result.units[index] : result.runtime[index - units.size()]) = std::move(*compiled);
        });
        if (failed_ != 0)
            return Error{status_unsuccessful, fmt::format("{} of {} files did not compile", failed_, units.size())};
        if (runtime_failed_ != 0)
            return Error{status_unsuccessful, "the runtime library for drivers did not compile"};
        return result;
    }

private:
    // The runtime is trusted, but ThreadSanitizer has to see how CUnknown's reference counts order an object's end.
    Instrumented runtime_instrumentation(const SourceUnit& unit) const {
        const bool counts_references = unit.file.parent_path().filename() == "stdunk";
        return request_.sanitizers.thread && counts_references ? Instrumented::yes : Instrumented::no;
    }

    void finish(const SourceUnit& unit, const Result<CompiledUnit>& compiled, bool own) {
        std::lock_guard guard(mutex_);
        ++done_;
        bool own_words = compiled ? !compiled.value().diagnostics.empty() : true;
        if (!compiled)
            ++(own ? failed_ : runtime_failed_);
        if (request_.on_diagnostics && own_words) {
            auto text = compiled ? compiled.value().diagnostics : compiled.error().message;
            if (!text.ends_with('\n'))
                text += '\n';
            request_.on_diagnostics(text);
        }
        if (request_.on_progress)
            request_.on_progress({done_, total_ + 1, unit.file.native(), compiled && compiled.value().from_cache});
    }

    const BuildRequest& request_;
    UnitCompiler& driver_;
    UnitCompiler& runtime_;
    std::mutex mutex_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
    std::size_t failed_ = 0;
    std::size_t runtime_failed_ = 0;
};

Result<Exports> exports_for(const BuildRequest& request) {
    if (request.exports)
        return Exports{{request.exports->begin(), request.exports->end()}, {}};
    auto library = request.exporting_library.empty() ? library_of_this_code() : request.exporting_library;
    return exports_of(library);
}

ModuleNote note_for(const BuildRequest& request, const DriverProject& project) {
    ModuleNote note;
    note.name = project.name;
    note.configuration = request.configuration == Configuration::debug ? "debug" : "release";
    note.sanitizers = request.sanitizers.names();
    note.coverage = request.coverage;
    note.fuzz = request.fuzz;
    note.source_folder = project.folder;
    for (const char* pattern : {"*.inf", "*.inx"})
        for (auto& file : files_matching(project.folder, pattern))
            note.inf_files.push_back(std::move(file));
    note.flags = fmt::format("{}", fmt::join(common_flags(request, Instrumented::yes), " "));
    return note;
}

// Tells what exception blocks cannot do here, in the words of a compiler.
Result<void> check_exception_blocks(const BuildRequest& request, const DriverProject& project) {
    std::size_t refused = 0;
    for (const auto& unit : project.units) {
        auto text = read_file(unit.file);
        if (text)
            *text = readable_source(*text);
        if (!text)
            continue; // the compiler will say so
        for (const auto& problem : exception_block_problems(*text, unit.language)) {
            refused += problem.refused ? 1 : 0;
            if (request.on_diagnostics)
                request.on_diagnostics(fmt::format("{}:{}: {}: {}\n", unit.file.string(), problem.line,
                                                   problem.refused ? "error" : "warning", problem.text));
        }
    }
    if (refused != 0)
        return Error{status_unsuccessful, fmt::format("{} of the exception blocks cannot be built", refused)};
    return {};
}

void collect_dependencies(const DriverProject& project, const Compilation& compilation, const ModuleNote& note,
                          BuildReport& report) {
    std::set<fs::path> all(project.project_files.begin(), project.project_files.end());
    all.insert(note.inf_files.begin(), note.inf_files.end());
    for (const auto* list : {&compilation.units, &compilation.runtime})
        for (const auto& unit : *list) {
            all.insert(unit.source);
            all.insert(unit.dependencies.begin(), unit.dependencies.end());
            ++(unit.from_cache ? report.from_cache : report.compiled);
        }
    report.dependencies.assign(all.begin(), all.end());
}

} // namespace

std::vector<std::string> Sanitizers::names() const {
    std::vector<std::string> names;
    if (address)
        names.emplace_back("address");
    if (undefined)
        names.emplace_back("undefined");
    if (thread)
        names.emplace_back("thread");
    return names;
}

Result<Sanitizers> parse_sanitizers(std::string_view list) {
    Sanitizers result;
    for (const auto& name : split(list, ",")) {
        if (name == "address")
            result.address = true;
        else if (name == "undefined")
            result.undefined = true;
        else if (name == "thread")
            result.thread = true;
        else
            return Error{status_invalid_parameter, name + ": not a sanitizer; address, undefined and thread are"};
    }
    if (result.address && result.thread)
        return Error{status_invalid_parameter, "the address and thread sanitizers exclude each other"};
    return result;
}

Result<BuildReport> build_driver(const BuildRequest& original) {
    auto started = std::chrono::steady_clock::now();
    auto request = original;
    if (request.sanitizers.address && request.sanitizers.thread)
        return Error{status_invalid_parameter, "the address and thread sanitizers exclude each other"};
    for (auto& folder : request.include_directories)
        folder = fs::absolute(folder).lexically_normal();
    auto toolchain = find_toolchain();
    if (!toolchain)
        return toolchain.error();
    auto exports = exports_for(request);
    if (!exports)
        return exports.error();
    auto project = project_of(request);
    if (!project)
        return project.error();
    auto wdk = request.wdk_include_directory.empty() ? default_wdk_include_directory()
                                                     : checked_wdk_include_directory(request.wdk_include_directory);
    if (!wdk)
        return wdk.error();
    auto runtime = request.runtime_directory.empty() ? default_runtime_directory()
                                                     : checked_runtime_directory(request.runtime_directory);
    if (!runtime)
        return runtime.error();
    note_missing_folders(request, *project);
    if (!request.name.empty())
        project->name = request.name;
    BuildReport report;
    report.module = request.output.empty() ? fs::path(project->name + ".so") : request.output;
    if (auto target = file_to_write(report.module); !target) // said before minutes of compiling
        return target.error();
    if (auto kept = check_keeps_others(report.module); !kept)
        return kept.error();
    if (auto checked = check_exception_blocks(request, *project); !checked)
        return checked.error();
    const Cache cache(request.cache_directory);
    if (auto usable = cache.check(); !usable)
        return usable.error();
    UnitCompiler::Places places{*wdk, cache.folder()};

    auto with_request_folders = *project;
    for (auto& unit : with_request_folders.units)
        unit.include_directories.insert(unit.include_directories.begin(), request.include_directories.begin(),
                                        request.include_directories.end());
    DriverProject runtime_project;
    runtime_project.folder = *runtime;
    runtime_project.units = runtime_units(*runtime);
    BuildRequest runtime_request;
    runtime_request.on_command = request.on_command;
    runtime_request.sanitizers.thread = request.sanitizers.thread;
    runtime_request.color_diagnostics = request.color_diagnostics;
    UnitCompiler driver_compiler(request, *toolchain, places, survey_sources(with_request_folders));
    UnitCompiler runtime_compiler(runtime_request, *toolchain, places, survey_sources(runtime_project));
    auto compilation = Compiler(request, driver_compiler, runtime_compiler).run(project->units, runtime_project.units);
    if (!compilation) {
        for (const auto& note : project->notes) // one of them may be the reason
            if (request.on_diagnostics)
                request.on_diagnostics(fmt::format("note: {}\n", note));
        return compilation.error();
    }

    report.note = note_for(request, *project);
    report.notes = project->notes;
    if (!cache.note().empty()) {
        report.notes.push_back(cache.note());
    }
    LinkRequest link{report.module,       compilation->units, {},
                     std::move(*exports), report.note,        places.cache_directory / "link"};
    for (const auto& unit : compilation->runtime)
        link.runtime.push_back(unit.object);
    if (auto linked = link_module(request, *toolchain, link); !linked)
        return linked.error();
    collect_dependencies(*project, *compilation, report.note, report);
    if (request.on_progress) {
        auto total = compilation->units.size() + compilation->runtime.size() + 1;
        request.on_progress({total, total, "link", false});
    }
    prune_cache(places.cache_directory);
    report.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    return report;
}

} // namespace openportcls::drivertools
