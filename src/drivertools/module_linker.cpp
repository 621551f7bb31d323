#include "drivertools/module_linker.h"

#include "drivertools/content_hash.h"
#include "drivertools/elf_file.h"
#include "drivertools/host_bridge.h"
#include "drivertools/process.h"
#include "drivertools/profile_runtime.h"
#include "drivertools/symbol_names.h"
#include "drivertools/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <unistd.h>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

struct ObjectSymbols {
    std::set<std::string> defined;
    std::set<std::string> undefined;
};

Result<ObjectSymbols> symbols_of(const fs::path& object) {
    auto file = ElfFile::open(object);
    if (!file)
        return file.error();
    ObjectSymbols symbols;
    for (const auto& symbol : file->symbols()) {
        if (symbol.defined && symbol.global)
            symbols.defined.emplace(symbol.name);
        else if (!symbol.defined && !symbol.weak)
            symbols.undefined.emplace(symbol.name);
    }
    return symbols;
}

// PAGE and INIT get pages of their own, so that a loader can drop INIT and watch PAGE. They keep their names.
constexpr std::string_view section_alignment = ".section INIT,\"ax\",@progbits\n.balign 4096\n"
                                               ".section PAGE,\"ax\",@progbits\n.balign 4096\n"
                                               // What the linker puts behind PAGE starts on the next page.
                                               ".section opc_resident,\"ax\",@progbits\n.balign 4096\nint3\n";

std::string assembly(const LinkRequest& link, const std::optional<ProfileRuntime>& profile,
                     const std::set<std::string>& host_functions, const KernelVariables& variables) {
    auto text = bridge_assembly(host_functions) + copied_variables_assembly(variables) +
                std::string(section_alignment) + note_assembly(link.note);
    if (profile)
        text += profile_assembly(*profile, link.output);
    return text + ".section .note.GNU-stack,\"\",@progbits\n";
}

// The functions of the host that an instrumented object calls through the bridge.
void collect_host_functions(const ObjectSymbols& symbols, std::set<std::string>& functions) {
    const auto prefix = bridged_name("");
    for (const auto& symbol : symbols.undefined)
        if (symbol.starts_with(prefix) && is_host_function(symbol.substr(prefix.size())))
            functions.insert(symbol.substr(prefix.size()));
}

// Which of the driver's files ask for a symbol.
std::string users_of(const std::string& symbol, const std::map<fs::path, ObjectSymbols>& objects) {
    std::vector<std::string> users;
    for (const auto& [source, symbols] : objects)
        if (symbols.undefined.contains(symbol))
            users.push_back(source.string());
    return users.empty() ? "the driver runtime" : fmt::format("{}", fmt::join(users, ", "));
}

// What is to be linked, as its symbols show it.
struct CollectedSymbols {
    std::map<fs::path, ObjectSymbols> objects; // of the driver, by source
    std::set<std::string> defined;             // by the driver or the runtime for drivers
    std::set<std::string> undefined;
    std::set<std::string> host_functions;
    std::string entry;
};

Result<CollectedSymbols> collect_symbols(const LinkRequest& link) {
    CollectedSymbols collected;
    auto take = [&](const ObjectSymbols& symbols) {
        collected.defined.insert(symbols.defined.begin(), symbols.defined.end());
        collected.undefined.insert(symbols.undefined.begin(), symbols.undefined.end());
        collect_host_functions(symbols, collected.host_functions);
    };
    for (const auto& unit : link.units) {
        auto symbols = symbols_of(unit.object);
        if (!symbols)
            return symbols.error();
        for (std::string_view name : {"DriverEntry", "GsDriverEntry"})
            if (symbols->defined.contains(std::string(name)) && collected.entry != "DriverEntry")
                collected.entry = name;
        take(*symbols);
        collected.objects.emplace(unit.source, std::move(*symbols));
    }
    for (const auto& object : link.runtime) {
        auto symbols = symbols_of(object);
        if (!symbols)
            return symbols.error();
        take(*symbols);
    }
    return collected;
}

KernelVariables used_variables(const CollectedSymbols& symbols, const Exports& exports) {
    KernelVariables used;
    for (const auto& variable : exports.variables)
        if (symbols.undefined.contains(variable.first) && !symbols.defined.contains(variable.first))
            used.insert(variable);
    return used;
}

// Names of the symbol table lose the part that kept them apart for the linker: all of them are local now, and
// stack traces show `CMiniport::NewStream`.
Result<void> shorten_names(const fs::path& module) {
    auto content = read_file(module);
    if (!content)
        return content.error();
    auto file = ElfFile::parse(*content, module.string());
    if (!file)
        return file.error();
    for (std::size_t index = 0; index < file->symbols().size(); ++index) {
        auto name = file->symbols()[index].name;
        auto readable = readable_part(name);
        if (readable.size() < name.size())
            (*content)[file->symbol_name_offsets()[index] + readable.size()] = '\0';
    }
    return write_file(module, *content);
}

// Behind all of a module's variables lie pages that the loader takes every access from: who writes past the last one
// meets neither the host's memory nor another module's.
constexpr std::string_view fence_assembly = ".section opc_fence,\"aw\",@nobits\n.balign 4096\n.zero 65536\n"
                                            ".section .note.GNU-stack,\"\",@progbits\n";

Result<void> run_tool(const BuildRequest& request, const std::vector<std::string>& command,
                      std::string_view input = {}) {
    if (request.on_command)
        request.on_command(fmt::format("{}", fmt::join(command, " ")));
    auto ran = run_process(command, input);
    if (!ran)
        return ran.error();
    if (request.on_diagnostics && !ran->diagnostics.empty())
        request.on_diagnostics(explained_link_errors(ran->diagnostics));
    if (ran->exit_status != 0)
        return Error{status_unsuccessful, fs::path(command.front()).filename().string() + " failed"};
    return {};
}

} // namespace

Result<Exports> exports_of(const fs::path& library) {
    auto file = ElfFile::open(library);
    if (!file)
        return file.error();
    Exports exports;
    for (const auto& symbol : file->dynamic_symbols()) {
        if (!symbol.defined)
            continue;
        exports.names.emplace(symbol.name);
        if (symbol.variable)
            exports.variables.emplace(symbol.name, symbol.size);
    }
    if (exports.names.empty())
        return Error{status_invalid_image_format, library.string() + ": exports nothing"};
    return exports;
}

Result<void> link_module(const BuildRequest& request, const Toolchain& toolchain, const LinkRequest& link) {
    auto collected = collect_symbols(link);
    if (!collected)
        return collected.error();
    const auto& [objects, defined, undefined, host_functions, entry] = *collected;
    if (entry.empty())
        return Error{status_entrypoint_not_found, link.note.name + ": no source file defines DriverEntry"};
    const auto target = file_to_write(link.output);
    if (!target)
        return target.error();
    const auto variables = used_variables(*collected, link.exports);

    std::error_code ignored;
    fs::create_directories(link.work_directory, ignored);
    fs::create_directories(fs::absolute(*target).parent_path(), ignored);
    auto work = link.work_directory /
                fmt::format("link-{}-{}", ::getpid(), ContentHash().add(link.output.string()).text().substr(0, 12));
    auto companion = work.string() + ".o";
    auto fence = work.string() + ".fence.o";
    auto version_script = work.string() + ".version";
    auto linked = target->string() + fmt::format(".new{}", ::getpid());
    struct Cleaner {
        std::vector<std::string> files;
        ~Cleaner() {
            std::error_code nothing;
            for (const auto& file : files)
                fs::remove(file, nothing);
        }
    } cleaner{{companion, fence, version_script, linked}};

    std::optional<ProfileRuntime> profile;
    if (request.coverage) {
        auto prepared = prepare_profile_runtime(toolchain, defined, link.work_directory);
        if (!prepared)
            return prepared.error();
        profile = std::move(*prepared);
    }
    const auto assemble = [&](const std::string& object, std::string_view text) {
        return run_tool(
            request,
            {toolchain.clang.string(), "--target=x86_64-pc-linux-gnu", "-x", "assembler", "-c", "-", "-o", object},
            text);
    };
    if (auto assembled = assemble(companion, assembly(link, profile, host_functions, variables)); !assembled)
        return assembled;
    if (auto assembled = assemble(fence, fence_assembly); !assembled)
        return assembled;
    auto exported = std::string("DriverEntry;") + (request.coverage ? " __llvm_profile_write_file;" : "");
    if (auto written = write_file(version_script, fmt::format("{{ global: {} local: *; }};\n", exported)); !written)
        return written;

    std::vector<std::string> command{toolchain.linker.string(),
                                     "-shared",
                                     "-Bsymbolic",
                                     "-znow",
                                     "-zrelro",
                                     "-znoexecstack",
                                     "--eh-frame-hdr",
                                     "--build-id=sha1",
                                     "--version-script=" + version_script,
                                     "-soname",
                                     link.output.filename().string(),
                                     "-o",
                                     linked,
                                     companion};
    for (auto& option : copied_variables_linker_options(variables))
        command.push_back(std::move(option));
    if (entry != "DriverEntry")
        command.push_back("--defsym=DriverEntry=" + entry);
    for (const auto& unit : link.units)
        command.push_back(unit.object.string());
    // As from an archive: a driver's own operator new or memcpy keeps the runtime's out.
    command.emplace_back("--start-lib");
    for (const auto& object : link.runtime)
        command.push_back(object.string());
    command.emplace_back("--end-lib");
    if (profile)
        command.push_back(profile->object.string());
    command.push_back(fence); // the last
    if (auto done = run_tool(request, command); !done)
        return Error{status_unsuccessful, link.note.name + ": linking failed"};

    auto module = ElfFile::open(linked);
    if (!module)
        return module.error();
    std::string missing;
    for (const auto& symbol : module->dynamic_symbols()) {
        bool by_profile_runtime = profile && profile->imports.contains(symbol.name);
        if (symbol.defined || symbol.weak || link.exports.names.contains(symbol.name) || is_host_symbol(symbol.name) ||
            by_profile_runtime)
            continue;
        missing +=
            fmt::format("\n  {} (used by {})", readable_part(symbol.name), users_of(std::string(symbol.name), objects));
    }
    if (!missing.empty())
        return Error{status_entrypoint_not_found, link.note.name + ": nothing here provides:" + missing};
    if (auto shortened = shorten_names(linked); !shortened)
        return shortened;
    fs::permissions(linked,
                    fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
                        fs::perms::others_exec,
                    ignored);
    std::error_code problem;
    fs::rename(linked, *target, problem);
    if (problem)
        return Error{status_unsuccessful, link.output.string() + ": " + problem.message()};
    return {};
}

} // namespace openportcls::drivertools
