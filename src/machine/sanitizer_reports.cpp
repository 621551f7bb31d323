#include "machine/sanitizer_reports.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "machine/machine.h"

extern "C" {
[[gnu::weak]] const char* __asan_get_report_description();
[[gnu::weak]] void* __asan_get_report_address();
[[gnu::weak]] void* __asan_get_report_pc();
[[gnu::weak]] int __asan_get_report_access_type();
[[gnu::weak]] std::size_t __asan_get_report_access_size();
[[gnu::weak]] void* __asan_region_is_poisoned(void* begin, std::size_t bytes);
[[gnu::weak]] void __asan_report_error(void* pc, void* bp, void* sp, void* address, int is_write, std::size_t bytes,
                                       std::uint32_t exp);
}

namespace openportcls::machine {

namespace {

SanitizerReports counted;
PoisonExplainer poison_explainer = nullptr;

// AddressSanitizer's last report; it forgets the details itself when it goes on.
struct MemoryAccess {
    char kind[64] = "memory error"; // one that is reported a second time stays unnamed
    std::uint64_t address = 0;
    std::uint64_t place = 0;
    std::uint64_t size = 0;
    bool is_write = false;
} memory_access;

void remember_memory_access() {
    if (__asan_get_report_description == nullptr) {
        return;
    }
    const std::string_view kind = __asan_get_report_description();
    memory_access.kind[kind.copy(memory_access.kind, sizeof memory_access.kind - 1)] = '\0';
    memory_access.address = reinterpret_cast<std::uint64_t>(__asan_get_report_address());
    memory_access.place = reinterpret_cast<std::uint64_t>(__asan_get_report_pc());
    memory_access.size = __asan_get_report_access_size();
    memory_access.is_write = __asan_get_report_access_type() != 0;
}

// Straight to the terminal: the run-times call from the middle of their own reports.
void say(std::string_view line) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

// What a person needs to see the same report again.
void say_where(std::string_view what) {
    const Machine* machine = Machine::current_or_null();
    if (machine == nullptr) {
        return;
    }
    const RunPosition at = machine->run_position();
    say(fmt::format("  {} at {:.6f} s on processor {}, IRQL {}, thread \"{}\", seed {}, step {}\n\n", what,
                    static_cast<double>(at.time) / 1e9, at.processor, at.irql, at.thread, at.seed, at.step));
}

struct MemoryError {
    std::uint32_t code;
    const char* rule;
};

// The bugcheck that Driver Verifier's special pool and the compiler's stack checks answer with.
MemoryError memory_error_of(std::string_view description) {
    if (description == "heap-buffer-overflow") {
        return {0xCD /* PAGE_FAULT_BEYOND_END_OF_ALLOCATION */, "memory outside of a pool block is not the driver's"};
    }
    if (description == "heap-use-after-free" || description == "use-after-poison") {
        return {0xCC /* PAGE_FAULT_IN_FREED_SPECIAL_POOL */, "freed or foreign memory is not the driver's"};
    }
    if (description.starts_with("stack-")) {
        return {0xF7 /* DRIVER_OVERRAN_STACK_BUFFER */, "a local variable ends where it ends"};
    }
    return {0xC5 /* DRIVER_CORRUPTED_EXPOOL */, "memory that is not the driver's"};
}

} // namespace

SanitizerReports sanitizer_reports() {
    return counted;
}

void explain_poison_with(PoisonExplainer explainer) {
    poison_explainer = explainer;
}

// The guest ends here, the host lives to say so.
void Machine::stop_at_memory_error() {
    memory_error_reported = false;
    const MemoryAccess access = std::exchange(memory_access, MemoryAccess{});
    const MemoryError error = memory_error_of(access.kind);
    BugcheckReport report{.code = error.code,
                          .parameters = {access.address, access.is_write, access.place, access.size}};
    report.rule = fmt::format("AddressSanitizer: {}: {} of {} bytes at {:#x}; {}.", access.kind,
                              access.is_write ? "write" : "read", access.size, access.address, error.rule);
    if (poison_explainer != nullptr && access.kind == std::string_view("use-after-poison")) {
        poison_explainer(*this, reinterpret_cast<const void*>(access.address), report);
    }
    report.stack = capture_stack(1);
    bugcheck_with_stack(std::move(report));
}

} // namespace openportcls::machine

using openportcls::machine::Machine;

// ---- called by the run-times ---------------------------------------------------------------------------------------

namespace {

// A text put together without the C library: the run-times ask for their options before their interceptors of it work.
class OptionText {
public:
    void add(const char* text) {
        for (; *text != '\0' && length_ + 1 < sizeof text_; ++text) {
            text_[length_++] = *text;
        }
        text_[length_] = '\0';
    }
    const char* text() const { return text_; }

private:
    char text_[1024] = "";
    std::size_t length_ = 0;
};

bool is_program(const char* file) {
    return syscall(SYS_access, file, X_OK) == 0;
}

// Debian's llvm-symbolizer has a version in its name, which the run-times do not look for.
const char* with_symbolizer(OptionText& options, const char* fixed) {
    OptionText chosen;
    if (const char* folder = std::getenv("OPENPORTCLS_LLVM")) {
        chosen.add(folder);
        chosen.add("/bin/llvm-symbolizer");
    }
    const char* symbolizer = nullptr;
    for (const char* file : {chosen.text(), "/usr/bin/llvm-symbolizer-19", "/usr/lib/llvm-19/bin/llvm-symbolizer"}) {
        if (symbolizer == nullptr && *file != '\0' && is_program(file)) {
            symbolizer = file;
        }
    }
    options = {};
    options.add(fixed);
    if (symbolizer != nullptr) {
        options.add(":external_symbolizer_path=");
        options.add(symbolizer);
    }
    return options.text();
}

// Faults of the guest are the machine's.
#define OPC_NO_SIGNALS "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:use_sigaltstack=0"

} // namespace

// A person's TSAN_OPTIONS and the like come after these, and win.
extern "C" {

const char* __tsan_default_options() {
    static OptionText text;
    // Calls of the host's own, uninstrumented code into the C library are not the driver's accesses, and files order
    // nothing.
    return with_symbolizer(text, OPC_NO_SIGNALS ":ignore_interceptors_accesses=1:io_sync=0:report_thread_leaks=0:"
                                                "report_signal_unsafe=0:report_destroy_locked=0:exitcode=1");
}

const char* __asan_default_options() {
    static OptionText text;
    // At exit the machine reports what was left behind; an error ends the machine, not the process.
    return with_symbolizer(text, OPC_NO_SIGNALS ":handle_abort=0:detect_leaks=0:detect_stack_use_after_return=0:"
                                                "halt_on_error=0:verify_asan_link_order=0");
}

const char* __ubsan_default_options() {
    static OptionText text;
    return with_symbolizer(text, OPC_NO_SIGNALS ":print_stacktrace=1");
}

void __tsan_on_report(const void*) {
    ++openportcls::machine::counted.races;
    openportcls::machine::say_where("The second access was made");
}

void __ubsan_on_report() {
    ++openportcls::machine::counted.undefined_behaviour;
    openportcls::machine::say_where("The error below happened");
}

// Also for errors in functions of the C library that the host called: the guest goes on until it reaches the kernel.
void __asan_on_error() {
    openportcls::machine::remember_memory_access();
    openportcls::machine::memory_error_reported = true;
    if (Machine* machine = Machine::current_or_null()) {
        machine->draw_attention();
    }
}

// Called by the driver's module (see drivertools/host_bridge.cpp) once AddressSanitizer has reported.
void __sanitizer_openportcls_stop() {
    if (Machine* machine = Machine::current_or_null(); machine != nullptr && !machine->is_halted()) {
        machine->stop_at_memory_error();
    }
    std::abort();
}
void __sanitizer_openportcls_check() {
    if (openportcls::machine::memory_error_reported) {
        __sanitizer_openportcls_stop();
    }
}

// Likewise, before memcpy, memmove or memset does its work: AddressSanitizer's own look ends in a report, and then the
// memory is written all the same.
void __sanitizer_openportcls_look(void* begin, std::size_t bytes, int is_write, void* pc, void* bp, void* sp) {
    if (__asan_region_is_poisoned == nullptr || __asan_report_error == nullptr) {
        return;
    }
    // A negative size, taken as an unsigned one: AddressSanitizer looks at no range that wraps around or is so long.
    constexpr std::uintptr_t end_of_memory = 0x7FFF'FFFF'FFFF;
    constexpr std::size_t longest = std::size_t{1} << 40;
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    if (first >= end_of_memory) {
        return; // a page fault
    }
    const std::size_t looked_at = std::min<std::size_t>({bytes, longest, end_of_memory - first});
    if (void* poisoned = __asan_region_is_poisoned(begin, looked_at)) {
        __asan_report_error(pc, bp, sp, poisoned, is_write, bytes, 0);
        __sanitizer_openportcls_stop();
    }
}

} // extern "C"
