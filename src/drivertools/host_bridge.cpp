#include "drivertools/host_bridge.h"

#include "drivertools/module_note.h"

#include <fmt/format.h>
#include <optional>

namespace openportcls::drivertools {

namespace {

constexpr std::string_view prefixes[] = {"__asan_",         "__ubsan_",   "__tsan_",    "__sanitizer_",
                                         "__llvm_profile_", "llvm_gcda_", "llvm_gcov_", "__gcov_"};
constexpr std::string_view data_symbols[] = {"__asan_shadow_memory_dynamic_address",
                                             "__asan_option_detect_stack_use_after_return",
                                             "__sancov_lowest_stack",
                                             "__llvm_profile_runtime",
                                             "__llvm_profile_filename",
                                             "__llvm_profile_raw_version"};

constexpr std::string_view thunk_prefix = "opc_host.";

// Keeps what Win64 lets a caller rely on and System V does not: rdi, rsi, xmm6 to xmm15.
// Below rbp: rdi, rsi, then 16-aligned room for ten vector registers and `extra` bytes of outgoing arguments.
std::string prologue(std::string_view name, int extra) {
    std::string text = fmt::format(
        ".globl {0}\n.hidden {0}\n.type {0},@function\n{0}:\n.cfi_startproc\n pushq %rbp\n.cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp,-16\n movq %rsp,%rbp\n.cfi_def_cfa_register %rbp\n pushq %rdi\n pushq %rsi\n"
        ".cfi_offset %rdi,-24\n.cfi_offset %rsi,-32\n subq ${1},%rsp\n andq $-16,%rsp\n",
        name, 176 + extra);
    for (int index = 0; index < 10; ++index)
        text += fmt::format(" movaps %xmm{},{}(%rsp)\n", 6 + index, extra + 16 * index);
    return text;
}

std::string epilogue(std::string_view name, int extra) {
    std::string text;
    for (int index = 0; index < 10; ++index)
        text += fmt::format(" movaps {}(%rsp),%xmm{}\n", extra + 16 * index, 6 + index);
    return text + fmt::format(" movq -8(%rbp),%rdi\n movq -16(%rbp),%rsi\n movq %rbp,%rsp\n popq %rbp\n"
                              ".cfi_def_cfa %rsp,8\n ret\n.cfi_endproc\n.size {0},.-{0}\n",
                              name);
}

std::string plain_thunk(const std::string& function) {
    auto name = bridged_name(function);
    return prologue(name, 0) +
           fmt::format(" movq %rcx,%rdi\n movq %rdx,%rsi\n movq %r8,%rdx\n movq %r9,%rcx\n movq 48(%rbp),%r8\n"
                       " movq 56(%rbp),%r9\n call {}@PLT\n",
                       function) +
           epilogue(name, 0);
}

// `__tsan_read4(address)` would report our thunk as the place of a race: `__tsan_read4_pc(address, place)` does not.
std::optional<std::string> tsan_access_thunk(const std::string& function) {
    for (std::string_view kind : {"__tsan_read", "__tsan_write"})
        for (std::string_view size : {"1", "2", "4", "8", "16"})
            if (function == fmt::format("{}{}", kind, size)) {
                auto name = bridged_name(function);
                return prologue(name, 0) +
                       fmt::format(" movq %rcx,%rdi\n movq 8(%rbp),%rsi\n call {}_pc@PLT\n", function) +
                       epilogue(name, 0);
            }
    return std::nullopt;
}

// `__tsan_memcpy(to, from, size)` and its like, with the accesses told apart from the copying: the machine has
// ThreadSanitizer ignore what functions of the C library access.
std::optional<std::string> tsan_memory_thunk(const std::string& function) {
    const bool copies = function == "__tsan_memcpy" || function == "__tsan_memmove";
    if (!copies && function != "__tsan_memset")
        return std::nullopt;
    auto name = bridged_name(function);
    auto text = prologue(name, 32) + " movq %rcx,(%rsp)\n movq %rdx,8(%rsp)\n movq %r8,16(%rsp)\n"
                                     " testq %r8,%r8\n jz 1f\n";
    if (copies)
        text += " movq 8(%rsp),%rdi\n movq 16(%rsp),%rsi\n movq 8(%rbp),%rdx\n call __tsan_read_range_pc@PLT\n";
    text += " movq (%rsp),%rdi\n movq 16(%rsp),%rsi\n movq 8(%rbp),%rdx\n call __tsan_write_range_pc@PLT\n1:\n";
    return text + fmt::format(" movq (%rsp),%rdi\n movq 8(%rsp),%rsi\n movq 16(%rsp),%rdx\n call {}@PLT\n", function) +
           epilogue(name, 32);
}

// Calls a function of libopenportcls without arguments; in a process without it, nothing.
std::string call_if_there(std::string_view function) {
    return fmt::format(".weak {0}\n movq {0}@GOTPCREL(%rip),%rax\n testq %rax,%rax\n jz 2f\n call *%rax\n2:\n",
                       function);
}

// Has libopenportcls look at memory that is about to be read or written for the driver: it reports at the driver's own
// place and ends the guest, and the copying never happens. (address, bytes, is_write, pc, bp, sp)
std::string look_at(int address_slot, bool write) {
    return fmt::format(" movq {}(%rsp),%rdi\n movq 16(%rsp),%rsi\n movl ${},%edx\n movq 8(%rbp),%rcx\n"
                       " movq (%rbp),%r8\n leaq 16(%rbp),%r9\n",
                       address_slot, write ? 1 : 0) +
           call_if_there("__sanitizer_openportcls_look");
}

// AddressSanitizer checks the arguments of these itself, but goes on after its report and does as it was asked: a guest
// that writes over itself so has no place left to tell of it. What looking beforehand does not find (memcpy between
// ranges that overlap) is noticed afterwards.
std::optional<std::string> asan_memory_thunk(const std::string& function) {
    if (function != "__asan_memcpy" && function != "__asan_memmove" && function != "__asan_memset")
        return std::nullopt;
    auto name = bridged_name(function);
    const auto look_at_source = function == "__asan_memset" ? std::string() : look_at(8, false);
    return prologue(name, 32) + " movq %rcx,(%rsp)\n movq %rdx,8(%rsp)\n movq %r8,16(%rsp)\n" + look_at_source +
           look_at(0, true) +
           fmt::format(" movq (%rsp),%rdi\n movq 8(%rsp),%rsi\n movq 16(%rsp),%rdx\n call {}@PLT\n movq %rax,(%rsp)\n",
                       function) +
           call_if_there("__sanitizer_openportcls_check") + " movq (%rsp),%rax\n" + epilogue(name, 32);
}

// Likewise `__asan_report_load4(address)`: __asan_report_error(pc, bp, sp, address, is_write, size, exp) takes the
// driver's own place, so that the first line of the report is the driver's line.
std::optional<std::string> asan_report_thunk(const std::string& function) {
    for (bool write : {false, true}) {
        auto kind = fmt::format("__asan_report_{}", write ? "store" : "load");
        if (!function.starts_with(kind))
            continue;
        auto size = function.substr(kind.size());
        bool sized_by_argument = size == "_n";
        bool fixed = size == "1" || size == "2" || size == "4" || size == "8" || size == "16";
        if (!fixed && !sized_by_argument)
            return std::nullopt;
        auto name = bridged_name(function);
        return prologue(name, 16) +
               fmt::format(" movq {},%r9\n movq %rcx,%r10\n movq 8(%rbp),%rdi\n movq (%rbp),%rsi\n leaq 16(%rbp),%rdx\n"
                           " movq %r10,%rcx\n movl ${},%r8d\n movq $0,(%rsp)\n call __asan_report_error@PLT\n",
                           sized_by_argument ? std::string("%rdx") : "$" + size, write ? 1 : 0) +
               call_if_there("__sanitizer_openportcls_stop") + " ud2\n" + epilogue(name, 16);
    }
    return std::nullopt;
}

// Destructors of a driver's static objects are written down for who unloads it: they are driver code. What finds no
// room is not destroyed, as on Windows, where nothing calls them.
std::string atexit_thunk() {
    constexpr unsigned most_destructors = 1023;
    auto name = bridged_name("atexit");
    return fmt::format(".section {0},\"aw\",@nobits\n.balign 8\nopc_at_unload: .zero {1}\n.text\n", destructors_section,
                       (most_destructors + 1) * 8) +
           prologue(name, 0) +
           fmt::format(" movl $1,%eax\n leaq opc_at_unload(%rip),%rdx\n movq (%rdx),%r8\n cmpq ${},%r8\n jae 1f\n"
                       " incq %r8\n movq %r8,(%rdx)\n movq %rcx,(%rdx,%r8,8)\n xorl %eax,%eax\n1:\n",
                       most_destructors) +
           epilogue(name, 0);
}

} // namespace

bool is_host_symbol(std::string_view symbol) {
    for (auto prefix : prefixes)
        if (symbol.starts_with(prefix))
            return true;
    return symbol == "__cxa_atexit" || symbol == "__cxa_finalize" || symbol == "__sancov_lowest_stack";
}

bool is_host_function(std::string_view symbol) {
    for (auto data : data_symbols)
        if (symbol == data)
            return false;
    return symbol == "atexit" || (is_host_symbol(symbol) && !symbol.starts_with("__cxa_"));
}

std::string bridged_name(std::string_view host_function) {
    return std::string(thunk_prefix) + std::string(host_function);
}

std::string bridge_assembly(const std::set<std::string>& host_functions) {
    // Runs the functions registered for this module's end, as crtbegin's code does in ordinary libraries.
    std::string text = ".data\n.balign 8\nopc_dso_handle: .quad opc_dso_handle\n"
                       ".text\nopc_finish:\n leaq opc_dso_handle(%rip),%rdi\n jmp __cxa_finalize@PLT\n"
                       ".section .fini_array,\"aw\",@fini_array\n.balign 8\n.quad opc_finish\n.text\n";
    for (const auto& function : host_functions) {
        if (function == "atexit")
            text += atexit_thunk();
        else if (auto tsan = tsan_access_thunk(function))
            text += *tsan;
        else if (auto memory = tsan_memory_thunk(function))
            text += *memory;
        else if (auto checked = asan_memory_thunk(function))
            text += *checked;
        else if (auto asan = asan_report_thunk(function))
            text += *asan;
        else
            text += plain_thunk(function);
    }
    return text;
}

} // namespace openportcls::drivertools
