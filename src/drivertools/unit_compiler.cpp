#include "drivertools/unit_compiler.h"

#include "drivertools/compiler_messages.h"
#include "drivertools/content_hash.h"
#include "drivertools/elf_file.h"
#include "drivertools/exception_blocks.h"
#include "drivertools/friend_prototypes.h"
#include "drivertools/host_bridge.h"
#include "drivertools/include_overlay.h"
#include "drivertools/kernel_imports.h"
#include "drivertools/module_note.h"
#include "drivertools/process.h"
#include "drivertools/source_text.h"
#include "drivertools/symbol_names.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <unistd.h>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

// Raised when what a cache entry holds changes its meaning.
constexpr std::string_view cache_format = "3";
constexpr int most_attempts = 10;

fs::path unique_name(const fs::path& folder, std::string_view ending) {
    static std::atomic<unsigned> counter = 0;
    return folder / fmt::format("tmp-{}-{}{}", ::getpid(), counter++, ending);
}

class TemporaryFiles {
public:
    explicit TemporaryFiles(std::vector<fs::path> files) : files_(std::move(files)) {}
    ~TemporaryFiles() {
        std::error_code ignored;
        for (const auto& file : files_)
            fs::remove(file, ignored);
    }

private:
    std::vector<fs::path> files_;
};

constexpr std::string_view no_optimisation = "-O0";

bool has_exception_blocks(const fs::path& object) {
    auto file = ElfFile::open(object);
    return file && std::ranges::any_of(file->symbols(), [](const ElfSymbol& symbol) {
               return symbol.name == "opc_seh_push" && !symbol.defined;
           });
}

std::set<std::string> words_in(const fs::path& file) {
    auto content = read_file(file);
    if (!content)
        return {};
    auto words = split(*content, "\n");
    return {words.begin(), words.end()};
}

// The section that constructors of static objects are put into instead; empty for other sections, and for what the
// compiler itself does before everything else, in priorities that programs have not.
std::string deferred_constructors(std::string_view section) {
    constexpr std::string_view usual = ".init_array";
    constexpr unsigned first_of_programs = 101;
    if (!section.starts_with(usual))
        return {};
    const auto priority = section.substr(usual.size());
    unsigned number = 0;
    if (!priority.empty() &&
        (std::from_chars(priority.data() + 1, priority.data() + priority.size(), number).ec != std::errc() ||
         number < first_of_programs))
        return {};
    return std::string(constructors_section) + std::string(priority);
}

} // namespace

struct UnitCompiler::Attempt {
    fs::path object;
    fs::path depfile;
};

std::string FileHashes::of(const fs::path& file) {
    {
        std::lock_guard guard(mutex_);
        if (auto found = known_.find(file); found != known_.end())
            return found->second;
    }
    auto content = read_file(file);
    auto hash = content ? ContentHash().add(*content).text() : std::string("absent");
    std::lock_guard guard(mutex_);
    return known_.emplace(file, hash).first->second;
}

std::vector<fs::path> parse_depfile(std::string_view text) {
    std::vector<fs::path> files;
    std::string current;
    bool target = true;
    auto finish = [&] {
        if (!current.empty() && !target)
            files.emplace_back(current);
        if (target && current.ends_with(':'))
            target = false;
        current.clear();
    };
    for (std::size_t index = 0; index < text.size(); ++index) {
        char character = text[index];
        char following = index + 1 < text.size() ? text[index + 1] : '\0';
        if (character == '\\' && (following == '\n' || following == '\r')) {
            finish();
            index += following == '\r' ? 2 : 1;
        } else if (character == '\\' && (following == ' ' || following == '#')) {
            current += following;
            ++index;
        } else if (character == '$' && following == '$') {
            current += '$';
            ++index;
        } else if (character == ' ' || character == '\n' || character == '\r') {
            finish();
        } else {
            current += character;
        }
    }
    finish();
    return files;
}

UnitCompiler::UnitCompiler(const BuildRequest& request, const Toolchain& toolchain, Places places, SourceSurvey survey)
    : request_(request), toolchain_(toolchain), places_(std::move(places)), survey_(std::move(survey)) {
    auto text = trace_header(survey_.trace_functions);
    auto folder = places_.cache_directory / "generated" / ("wpp-" + ContentHash().add(text).text());
    trace_header_ = folder / "trace_messages.h";
    if (!survey_.trace_headers.empty() && write_file(trace_header_, text))
        trace_folder_ = folder / "tmh";
    compiler_headers_ = toolchain_.resource_folder() / "include";
    if (survey_.packs_structures)
        unpacked_folder_ = make_unpacked_headers();
}

// A folder that stands before the kit's headers and includes each with the alignment they were written for; what has to
// be aligned by more says so itself. Those that change the packing of who includes them are left alone.
fs::path UnitCompiler::make_unpacked_headers() const {
    const auto changes_packing = [](const fs::path& header) {
        const auto name = lower(header.stem().string());
        return name.starts_with("pshpack") || name == "poppack";
    };
    const auto folder = places_.cache_directory / "generated" / "unpacked-8";
    for (const auto& header : files_matching(places_.wdk_include_directory, "*.h"))
        if (!changes_packing(header))
            (void)write_file(folder / header.filename(),
                             fmt::format("#pragma pack(push, 8)\n#include_next <{}>\n#pragma pack(pop)\n",
                                         header.filename().string()));
    return folder;
}

fs::path UnitCompiler::replacement_for(const fs::path& file, const std::set<std::string>& friends) {
    auto content = read_file(file);
    if (!content)
        return {};
    auto text = with_braced_exception_blocks(with_friend_prototypes(readable_source(*content), friends));
    if (text == *content)
        return {};
    // Messages and debug information name the driver's own file, however an #include spelled it.
    text.insert(0,
                fmt::format("#line 1 \"{}\"\n", replace_all(replace_all(file.string(), "\\", "\\\\"), "\"", "\\\"")));
    auto copy = places_.cache_directory / "generated" /
                (ContentHash().add(file.string()).add(text).text() + "-" + file.filename().string());
    return write_file(copy, text) ? copy : fs::path();
}

fs::path UnitCompiler::overlay_with(const std::set<std::string>& friends) {
    std::lock_guard guard(overlay_mutex_);
    if (auto found = overlays_.find(friends); found != overlays_.end())
        return found->second;
    OverlayRequest overlay;
    overlay.folders = survey_.folders;
    overlay.included_names = survey_.included_names;
    std::error_code ignored;
    overlay.whole_folders.insert(places_.wdk_include_directory);
    if (!unpacked_folder_.empty())
        overlay.whole_folders.insert(unpacked_folder_);
    for (const auto& entry : fs::recursive_directory_iterator(places_.wdk_include_directory, ignored))
        if (entry.is_directory(ignored))
            overlay.whole_folders.insert(entry.path());
    overlay.trace_folder = trace_folder_;
    overlay.trace_names = survey_.trace_headers;
    if (!trace_folder_.empty())
        overlay.trace_header = trace_header_;
    for (const auto& file : survey_.files)
        if (!friends.empty() || survey_.changed_files.contains(file))
            if (auto copy = replacement_for(file, friends); !copy.empty())
                overlay.replacements[file] = copy;
    auto text = overlay_text(overlay);
    auto file = places_.cache_directory / "generated" / ("overlay-" + ContentHash().add(text).text() + ".yaml");
    if (!write_file(file, text))
        return {};
    return overlays_[friends] = file;
}

std::set<std::string> UnitCompiler::known_friends(const std::set<std::string>& undeclared) const {
    std::set<std::string> known;
    if (undeclared.empty())
        return known;
    for (const auto& file : survey_.files)
        if (auto content = read_file(file))
            for (const auto& function : friend_functions(readable_source(*content)))
                if (undeclared.contains(function.name))
                    known.insert(function.name);
    return known;
}

void UnitCompiler::show_command(const std::vector<std::string>& command) const {
    if (request_.on_command)
        request_.on_command(fmt::format("{}", fmt::join(command, " ")));
}

Result<CompiledUnit> UnitCompiler::compile(const SourceUnit& unit, Instrumented instrumented,
                                           const std::vector<std::string>& extra_flags) {
    std::error_code ignored;
    if (!fs::exists(unit.file, ignored))
        return Error{status_object_name_not_found,
                     unit.file.string() + ": error: the project names this file, but it does not exist\n"};
    auto flags = common_flags(request_, instrumented);
    if (!unpacked_folder_.empty())
        flags.insert(flags.end(), {"-isystem", unpacked_folder_.string()});
    auto more = unit_flags(unit, request_, places_.wdk_include_directory, trace_folder_);
    flags.insert(flags.end(), more.begin(), more.end());
    flags.insert(flags.end(), {"-isystem", compiler_headers_.string()});
    flags.insert(flags.end(), extra_flags.begin(), extra_flags.end());
    // seh.h builds __try from setjmp: a handler would see old values of locals that live in registers.
    if (auto text = read_file(unit.file); text && names_exception_blocks(readable_source(*text)))
        flags.emplace_back(no_optimisation);
    auto compiled = compile_with(unit, flags);
    if (!compiled || flags.back() == no_optimisation || !has_exception_blocks(compiled->object))
        return compiled;
    flags.emplace_back(no_optimisation); // they are in a header
    return compile_with(unit, flags);
}

Result<CompiledUnit> UnitCompiler::compile_with(const SourceUnit& unit, const std::vector<std::string>& flags) {
    std::error_code ignored;
    ContentHash slot_hash;
    slot_hash.add(cache_format).add(toolchain_.identity).add(unit.file.string());
    for (const auto& flag : flags)
        slot_hash.add(flag);
    auto slot = slot_hash.text();
    auto units = places_.cache_directory / "units";
    auto friends_file = units / slot.substr(0, 2) / (slot + ".friends");
    auto friends = words_in(friends_file);
    CompiledUnit compiled;
    compiled.source = unit.file;
    for (int attempt_number = 0;; ++attempt_number) {
        auto overlay = overlay_with(friends);
        if (overlay.empty())
            return Error{status_unsuccessful, places_.cache_directory.string() + ": error: cannot be written\n"};
        auto key = ContentHash().add(slot).add(overlay.filename().string()).text();
        auto entry = units / key.substr(0, 2) / key;
        if (restore(entry, compiled))
            return compiled;
        fs::create_directories(entry.parent_path(), ignored);
        Attempt attempt{unique_name(entry.parent_path(), ".o"), unique_name(entry.parent_path(), ".d")};
        TemporaryFiles remove_later({attempt.object, attempt.depfile});
        std::vector<std::string> command{
            (unit.language == Language::cpp ? toolchain_.clang_cpp : toolchain_.clang).string()};
        command.insert(command.end(), flags.begin(), flags.end());
        for (auto& word :
             std::vector<std::string>{"-ivfsoverlay", overlay.string(), "-MD", "-MF", attempt.depfile.string(),
                                      request_.color_diagnostics ? "-fcolor-diagnostics" : "-fno-color-diagnostics",
                                      "-c", unit.file.string(), "-o", attempt.object.string()})
            command.push_back(word);
        show_command(command);
        auto ran = run_process(command);
        if (!ran)
            return ran.error();
        if (ran->exit_status == 0) {
            compiled.diagnostics = in_words_of_drivers(ran->diagnostics);
            if (auto kept = keep(entry, attempt, compiled); !kept)
                return kept.error();
            return compiled;
        }
        auto found = known_friends(undeclared_identifiers(without_colors(ran->diagnostics)));
        auto before = friends.size();
        for (const auto& name : found)
            if (!friends.insert(name).second) // declared behind its class already: it is used in it
                friends.insert(before_class(name));
        if (friends.size() == before || attempt_number == most_attempts)
            return Error{status_unsuccessful, in_words_of_drivers(ran->diagnostics)};
        if (auto written = write_file(friends_file, fmt::format("{}\n", fmt::join(friends, "\n"))); !written)
            return written.error();
    }
}

bool UnitCompiler::restore(const fs::path& entry, CompiledUnit& unit) {
    auto object = entry;
    object += ".o";
    auto manifest = entry;
    manifest += ".deps";
    std::error_code ignored;
    auto text = read_file(manifest);
    if (!text || !fs::exists(object, ignored))
        return false;
    std::vector<fs::path> dependencies;
    for (auto line : lines_of(*text)) {
        auto space = line.find(' ');
        if (space == std::string_view::npos)
            return false;
        fs::path file(line.substr(space + 1));
        if (hashes_.of(file) != line.substr(0, space))
            return false;
        dependencies.push_back(std::move(file));
    }
    // Entries that are in use are young: prune_cache() goes by this time.
    fs::last_write_time(object, fs::file_time_type::clock::now(), ignored);
    unit.object = object;
    unit.from_cache = true;
    unit.dependencies = std::move(dependencies);
    return true;
}

Result<void> UnitCompiler::keep(const fs::path& entry, const Attempt& attempt, CompiledUnit& unit) {
    if (auto linkable = make_linkable(attempt.object); !linkable)
        return linkable;
    auto depfile = read_file(attempt.depfile);
    if (!depfile)
        return depfile.error();
    std::string manifest;
    for (auto& file : parse_depfile(*depfile)) {
        std::error_code ignored;
        auto full = fs::absolute(file, ignored).lexically_normal();
        if (!fs::exists(full, ignored)) {
            auto on_disk = find_ignoring_case("/", full.string());
            if (!on_disk) // only in the overlay: its contents are part of the key
                continue;
            full = *on_disk;
        }
        manifest += hashes_.of(full) + " " + full.string() + "\n";
        unit.dependencies.push_back(full);
    }
    unit.object = entry;
    unit.object += ".o";
    auto manifest_file = entry;
    manifest_file += ".deps";
    std::error_code problem;
    fs::remove(manifest_file, problem);
    fs::rename(attempt.object, unit.object, problem);
    if (problem)
        return Error{status_unsuccessful, unit.object.string() + ": " + problem.message()};
    return write_file(manifest_file, manifest);
}

// Addresses of other modules from a table, names without '@', constructors where an ELF loader looks for them, nothing
// for Microsoft's linker. Constructors of its static objects are put where the dynamic linker does not find them: they
// are driver code, and run when there is a machine around them (loader/driver_loading.cpp).
Result<void> UnitCompiler::make_linkable(const fs::path& object) {
    auto content = read_file(object);
    if (!content)
        return content.error();
    auto changed = fetch_addresses_from_table(*content, object.string());
    if (!changed)
        return changed.error();
    if (*changed != 0)
        if (auto written = write_file(object, *content); !written)
            return written;
    auto file = ElfFile::parse(std::move(*content), object.string());
    if (!file)
        return file.error();
    std::set<std::string> mangled;
    std::string renames;
    for (const auto& symbol : file->symbols()) {
        if (needs_new_name(symbol.name))
            mangled.emplace(symbol.name);
        else if (!symbol.defined && is_host_function(symbol.name))
            renames += fmt::format("{} {}\n", symbol.name, bridged_name(symbol.name));
    }
    if (!mangled.empty()) {
        std::vector<std::string> undname{toolchain_.undname.string(), "--no-calling-convention", "--no-return-type",
                                         "--no-access-specifier",     "--no-member-type",        "--no-variable-type"};
        auto ran = run_process(undname, fmt::format("{}\n", fmt::join(mangled, "\n")));
        if (!ran)
            return ran.error();
        std::map<std::string, std::string> demangled;
        for (auto& [symbol, text] : parse_undname_output(ran->output))
            demangled.emplace(symbol, text);
        for (const auto& symbol : mangled)
            renames += fmt::format("{} {}\n", symbol, linker_safe_name(symbol, demangled[symbol]));
    }
    std::vector<std::string> command{toolchain_.objcopy.string()};
    for (const auto& section : file->sections()) {
        if (auto later = deferred_constructors(section.name); !later.empty()) {
            command.push_back(fmt::format("--rename-section={}={},alloc,data,contents", section.name, later));
            continue;
        }
        // Older compilers put constructors for this target into .ctors.
        for (auto [from, to] :
             {std::pair<std::string_view, std::string_view>{".ctors", ".init_array"}, {".dtors", ".fini_array"}})
            if (section.name.starts_with(from))
                command.push_back(fmt::format("--rename-section={}={}{},alloc,data,contents", section.name, to,
                                              section.name.substr(from.size())));
        if (section.name == ".deplibs" || section.name == ".drectve" || section.name == ".linker-options" ||
            section.name == ".llvm_addrsig")
            command.push_back(fmt::format("--remove-section={}", section.name));
    }
    auto map_file = object;
    map_file += ".map";
    TemporaryFiles remove_later({map_file});
    if (!renames.empty()) {
        if (auto written = write_file(map_file, renames); !written)
            return written;
        command.push_back("--redefine-syms=" + map_file.string());
    }
    if (command.size() == 1)
        return {};
    command.push_back(object.string());
    show_command(command);
    auto ran = run_process(command);
    if (!ran)
        return ran.error();
    if (ran->exit_status != 0)
        return Error{status_unsuccessful, ran->diagnostics};
    return {};
}

} // namespace openportcls::drivertools
