#include "drivertools/profile_runtime.h"

#include "drivertools/content_hash.h"
#include "drivertools/elf_file.h"
#include "drivertools/process.h"
#include "drivertools/text.h"

#include <fmt/format.h>
#include <unistd.h>
#include <vector>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view adapter_prefix = "opc_sysv.";

Result<void> run(const std::vector<std::string>& command) {
    auto ran = run_process(command);
    if (!ran)
        return ran.error();
    if (ran->exit_status != 0)
        return Error{status_unsuccessful, std::string(trim(ran->diagnostics))};
    return {};
}

} // namespace

Result<ProfileRuntime> prepare_profile_runtime(const Toolchain& toolchain,
                                               const std::set<std::string>& defined_by_driver,
                                               const fs::path& work_directory) {
    auto archive = toolchain.runtime_library("profile-x86_64.a");
    std::error_code ignored;
    if (!fs::exists(archive, ignored))
        return Error{status_object_name_not_found,
                     fmt::format("{}: the coverage runtime is missing. On Debian: apt install "
                                 "libclang-rt-19-dev",
                                 archive.string())};
    ContentHash hash;
    hash.add("profile-1").add(toolchain.identity);
    for (const auto& name : defined_by_driver)
        hash.add(name);
    ProfileRuntime result;
    result.object = work_directory / ("profile-" + hash.text() + ".o");
    // Builds that run at the same time share this folder: each has its own files until the result is put in place.
    const auto own = "." + std::to_string(::getpid());
    auto whole = result.object.string() + own + ".whole";
    auto adapted = result.object.string() + own + ".new";
    if (auto joined = run({toolchain.linker.string(), "-r", "--whole-archive", archive.string(), "-o", whole}); !joined)
        return joined.error();
    auto file = ElfFile::open(whole);
    if (!file)
        return file.error();
    std::vector<std::string> rename{toolchain.objcopy.string()};
    for (const auto& symbol : file->symbols()) {
        std::string name(symbol.name);
        if (symbol.defined || symbol.weak)
            continue;
        if (!defined_by_driver.contains(name)) {
            result.imports.insert(name);
        } else if (result.adapted.insert(name).second) {
            rename.push_back(fmt::format("--redefine-sym={0}={1}{0}", name, adapter_prefix));
        }
    }
    rename.push_back(whole);
    rename.push_back(adapted);
    auto renamed = run(rename);
    fs::remove(whole, ignored);
    if (!renamed)
        return renamed.error();
    std::error_code problem;
    fs::rename(adapted, result.object, problem);
    if (problem)
        return Error{status_object_name_not_found, fmt::format("{}: {}", result.object.string(), problem.message())};
    return result;
}

std::string profile_assembly(const ProfileRuntime& runtime, const fs::path& module) {
    // Profiles of all runs of this module add up in one file beside it (%m).
    auto text = fmt::format(".section .rodata\n.globl __llvm_profile_filename\n.hidden __llvm_profile_filename\n"
                            "__llvm_profile_filename: .asciz \"{}.%m.profraw\"\n",
                            fs::absolute(module).string());
    // The profile is written when the module is unloaded, at the latest when the process ends.
    text +=
        ".text\n.globl atexit\n.hidden atexit\natexit:\n xorl %esi,%esi\n leaq opc_dso_handle(%rip),%rdx\n" // of
                                                                                                            // bridge_assembly()
        " jmp __cxa_atexit@PLT\n";
    for (const auto& name : runtime.adapted)
        text += fmt::format(".globl {0}{1}\n.hidden {0}{1}\n.type {0}{1},@function\n{0}{1}:\n.cfi_startproc\n"
                            " subq $40,%rsp\n.cfi_adjust_cfa_offset 40\n movq %rcx,%r9\n movq %rdx,%r8\n"
                            " movq %rsi,%rdx\n movq %rdi,%rcx\n call {1}\n addq $40,%rsp\n"
                            ".cfi_adjust_cfa_offset -40\n ret\n.cfi_endproc\n",
                            adapter_prefix, name);
    return text;
}

} // namespace openportcls::drivertools
