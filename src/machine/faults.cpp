#include "machine/faults.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <optional>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <fmt/format.h>

#include "machine/guarded_access.h"
#include "machine/host_code.h"
#include "machine/machine.h"

namespace openportcls::machine {

namespace {

struct sigaction previous_actions[NSIG];
constexpr int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

// The C library's own: ThreadSanitizer's puts signals off until the guest calls the C library, which one that hangs
// never does.
int set_action(int signal_number, const struct sigaction* action, struct sigaction* previous) {
    using SetAction = int (*)(int, const struct sigaction*, struct sigaction*);
    static const SetAction own = [] {
        void* const library = tsan::is_watching() ? dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD) : nullptr;
        void* const found = library != nullptr ? dlsym(library, "sigaction") : nullptr;
        return found != nullptr ? reinterpret_cast<SetAction>(found) : &sigaction;
    }();
    return own(signal_number, action, previous);
}

// What the interrupted guest was doing, kept while control leaves the signal handler.
struct Fault {
    int signal_number = 0;
    std::uint64_t instruction = 0;
    std::uint64_t frame_pointer = 0;
    std::uint64_t stack_pointer = 0;
    std::uint64_t address = 0;
    bool names_address = true; // an address that is not canonical is no page fault on x86-64: the host does not say it
    bool is_write = false;
    bool hang = false;
    std::optional<std::uint32_t> fast_fail_code;
    std::array<std::uint64_t, 16> registers{};
};
RegisterExplainer register_explainer = nullptr;
thread_local Fault current_fault;
thread_local bool is_reporting = false;
alignas(64) thread_local char signal_stack[64 * 1024];
// Nothing is certain of the stack of a guest that has gone wrong: it may be full, or overwritten, or not be a stack.
alignas(64) thread_local char report_stack[256 * 1024];

std::string what_was_done(const Fault& fault) {
    if (!is_accessible(reinterpret_cast<const void*>(fault.instruction), 1, Access::read)) {
        return fmt::format("A driver jumped to {:#x}, where no code is.", fault.instruction);
    }
    if (!fault.names_address) {
        return "A driver used an address that cannot be one: a pointer or a return address that was overwritten.";
    }
    return fmt::format("A driver {} invalid memory at {:#x}.", fault.is_write ? "wrote to" : "read", fault.address);
}

void describe_hang(Machine& machine, BugcheckReport& report) {
    if (machine.irql() < irql::dispatch) {
        report.code = 0x101; // CLOCK_WATCHDOG_TIMEOUT
        report.rule =
            "The guest ran for seconds of the host's time in which nothing waited or took time: an endless loop.";
    } else {
        report.code = 0x133;                                       // DPC_WATCHDOG_VIOLATION
        report.parameters[0] = machine.processor().in_dpc ? 0 : 1; // one DPC, or a stay at DISPATCH_LEVEL as such
        report.rule = "The guest ran for seconds of the host's time at DISPATCH_LEVEL or above: an endless loop.";
    }
}

// `int 0x29` with a code in ecx is how Windows code gives up (__fastfail).
bool is_fast_fail(const ucontext_t& context) {
    const auto* instruction = reinterpret_cast<const std::uint8_t*>(context.uc_mcontext.gregs[REG_RIP]);
    constexpr std::uint8_t interrupt = 0xCD;
    constexpr std::uint8_t fast_fail = 0x29;
    // Only a general protection fault: the bytes were fetched and can be read.
    constexpr greg_t error_of_gate = fast_fail << 3 | 2;
    return context.uc_mcontext.gregs[REG_ERR] == error_of_gate && instruction[0] == interrupt &&
           instruction[1] == fast_fail;
}

void describe_fast_fail(const Fault& fault, BugcheckReport& report) {
    constexpr std::uint32_t corrupt_list_entry = 3; // FAST_FAIL_CORRUPT_LIST_ENTRY
    report.code = 0x139;                            // KERNEL_SECURITY_CHECK_FAILURE
    report.parameters[0] = *fault.fast_fail_code;
    report.rule = *fault.fast_fail_code == corrupt_list_entry
                      ? "A list is corrupt: an entry was removed twice, freed while listed, or overwritten."
                      : fmt::format("The driver gave up by __fastfail({}).", *fault.fast_fail_code);
}

void describe_memory_fault(Machine& machine, const Fault& fault, BugcheckReport& report) {
    const FiberStack& stack = machine.current_thread().fiber.stack();
    const auto* address = reinterpret_cast<const void*>(fault.address);
    if (stack.is_in_guard_below(address)) {
        report.code = 0x7F;       // UNEXPECTED_KERNEL_MODE_TRAP
        report.parameters[0] = 8; // double fault
        report.rule = "A driver overflowed its kernel stack.";
        return;
    }
    if (stack.is_in_guard_above(address)) {
        report.code = 0xF7; // DRIVER_OVERRAN_STACK_BUFFER
        report.rule = "A driver wrote past the end of a local variable, over everything up to the end of its stack.";
        return;
    }
    if (machine.guest_heap().is_guard(address)) {
        report.code = 0xCD; // PAGE_FAULT_BEYOND_END_OF_ALLOCATION
        report.parameters[0] = fault.address;
        report.parameters[1] = fault.is_write;
        report.parameters[2] = fault.instruction;
        report.rule = fmt::format("A driver {} memory at {:#x}, far outside of any block.",
                                  fault.is_write ? "wrote to" : "read", fault.address);
        machine.guest_heap().explain(address, report);
        return;
    }
    const bool is_elevated = machine.irql() >= irql::dispatch;
    report.code = is_elevated ? 0xD1 : 0x50;
    report.parameters[0] = fault.address;
    report.parameters[1] = is_elevated ? machine.irql() : fault.is_write;
    report.parameters[2] = fault.is_write;
    report.parameters[3] = fault.instruction;
    report.rule = what_was_done(fault);
    constexpr std::uint8_t near_return = 0xC3;
    const bool returned =
        is_accessible(reinterpret_cast<const void*>(fault.instruction), 1, Access::read) &&
        *reinterpret_cast<const std::uint8_t*>(fault.instruction) == near_return; // to what was smashed
    if (!fault.names_address && !returned && register_explainer != nullptr) {
        register_explainer(machine, fault.registers, report);
    }
}

// How far below its stack the pointer of one that has overflowed can be, and what is looked at of one nobody knows.
constexpr std::uint64_t guard_slack = 64 * 1024;
constexpr std::uint64_t guessed_stack_bytes = 64 * 1024;

[[noreturn]] void report_fault() {
    Machine& machine = Machine::current();
    const Fault fault = current_fault;
    BugcheckReport report;
    switch (fault.signal_number) {
    case SIGFPE:
        report.code = 0x7F; // UNEXPECTED_KERNEL_MODE_TRAP, divide error
        report.rule = "A driver divided by zero or raised a floating-point exception.";
        break;
    case SIGILL:
        report.code = 0x7F;
        report.parameters[0] = 6;
        report.rule = "A driver executed an illegal instruction (a compiler's trap, or a jump into data).";
        break;
    case SIGTRAP:
        report.code = 0x7E;                           // SYSTEM_THREAD_EXCEPTION_NOT_HANDLED
        report.parameters[0] = 0x80000003;            // STATUS_BREAKPOINT
        report.parameters[1] = fault.instruction - 1; // of the `int3` that has been executed
        report.rule = "A driver hit a breakpoint (DbgBreakPoint, a failed assertion) with no debugger attached.";
        break;
    default:
        if (fault.hang) {
            describe_hang(machine, report);
        } else if (fault.fast_fail_code) {
            describe_fast_fail(fault, report);
        } else {
            describe_memory_fault(machine, fault, report);
        }
    }
    const FiberStack& stack = machine.current_thread().fiber.stack();
    const bool is_on_it = fault.stack_pointer >= reinterpret_cast<std::uint64_t>(stack.bottom()) - guard_slack &&
                          fault.stack_pointer <= reinterpret_cast<std::uint64_t>(stack.top());
    InterruptedStack at{fault.instruction, fault.frame_pointer, fault.stack_pointer, fault.stack_pointer,
                        fault.stack_pointer + guessed_stack_bytes};
    if (stack && is_on_it) {
        at.low = reinterpret_cast<std::uint64_t>(stack.bottom());
        at.high = reinterpret_cast<std::uint64_t>(stack.top());
    }
    report.stack = capture_stack_at(at);
    is_reporting = false;
    machine.bugcheck_with_stack(std::move(report));
}

// Off the guest's stack, as the sanitizers have to know.
[[noreturn, gnu::noinline]] __attribute__((no_sanitize("address"))) void report_on_other_stack() {
    if (__sanitizer_start_switch_fiber != nullptr) {
        __sanitizer_start_switch_fiber(nullptr, report_stack, sizeof(report_stack));
        __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
    }
    report_fault();
}

void pass_on(int signal_number, siginfo_t* information, void* context) {
    const struct sigaction& previous = previous_actions[signal_number];
    if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
        previous.sa_sigaction(signal_number, information, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal_number);
    } else {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
}

// Lets the interrupted code continue in report_fault instead of where it was.
void divert(ucontext_t& context) {
    auto& registers = context.uc_mcontext.gregs;
    const auto end = reinterpret_cast<std::uint64_t>(report_stack + sizeof(report_stack)) & ~0xFULL;
    registers[REG_RSP] = static_cast<greg_t>(end - 8); // as if called
    registers[REG_RIP] = reinterpret_cast<greg_t>(&report_on_other_stack);
    constexpr greg_t direction_flag = 1 << 10;
    registers[REG_EFL] &= ~direction_flag;
    is_reporting = true;
}

void remember(const ucontext_t& context, int signal_number) {
    const auto& registers = context.uc_mcontext.gregs;
    current_fault = Fault{};
    current_fault.signal_number = signal_number;
    current_fault.instruction = static_cast<std::uint64_t>(registers[REG_RIP]);
    current_fault.frame_pointer = static_cast<std::uint64_t>(registers[REG_RBP]);
    current_fault.stack_pointer = static_cast<std::uint64_t>(registers[REG_RSP]);
    static_assert(REG_R8 == 0 && REG_RSP == 15); // the general ones come first
    for (std::size_t number = 0; number < current_fault.registers.size(); ++number) {
        current_fault.registers[number] = static_cast<std::uint64_t>(registers[number]);
    }
}

void on_fault(int signal_number, siginfo_t* information, void* raw_context) {
    auto& context = *static_cast<ucontext_t*>(raw_context);
    auto& resume_at = context.uc_mcontext.gregs[REG_RIP];
    if (const void* failed = guarded_access_failed(reinterpret_cast<const void*>(resume_at))) {
        resume_at = reinterpret_cast<greg_t>(failed);
        return;
    }
    Machine* machine = Machine::current_or_null();
    if (machine == nullptr || machine->is_halted() || is_reporting) {
        pass_on(signal_number, information, raw_context);
        return;
    }
    if (machine->fault_hook() != nullptr && machine->fault_hook()(*machine, signal_number, information, raw_context)) {
        return;
    }
    remember(context, signal_number);
    current_fault.address = reinterpret_cast<std::uint64_t>(information->si_addr);
    current_fault.names_address = information->si_code != SI_KERNEL;
    if (signal_number == SIGSEGV && is_fast_fail(context)) {
        current_fault.fast_fail_code = static_cast<std::uint32_t>(context.uc_mcontext.gregs[REG_RCX]);
    }
    current_fault.is_write = signal_number == SIGSEGV && (context.uc_mcontext.gregs[REG_ERR] & 2) != 0;
    divert(context);
}

} // namespace

void explain_registers_with(RegisterExplainer explainer) {
    register_explainer = explainer;
}

void install_fault_handlers() {
    // Each host thread needs its own alternate stack; the handlers are process-wide.
    thread_local bool stack_installed = false;
    if (!stack_installed) {
        stack_t existing;
        sigaltstack(nullptr, &existing);
        if ((existing.ss_flags & SS_DISABLE) != 0) {
            stack_t alternate{};
            alternate.ss_sp = signal_stack;
            alternate.ss_size = sizeof(signal_stack);
            sigaltstack(&alternate, nullptr);
        }
        stack_installed = true;
    }
    static const bool handlers_installed = [] {
        for (const int signal_number : fault_signals) {
            struct sigaction action{};
            action.sa_sigaction = &on_fault;
            action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
            set_action(signal_number, &action, &previous_actions[signal_number]);
        }
        return true;
    }();
    (void)handlers_installed;
}

namespace {

// Every second of the thread's CPU time.
void on_watchdog(int, siginfo_t*, void* raw_context) {
    Machine* machine = Machine::current_or_null();
    if (machine == nullptr || machine->is_halted() || is_reporting || HostCode::runs_in(*machine) ||
        !machine->watchdog_expired()) {
        return;
    }
    auto& context = *static_cast<ucontext_t*>(raw_context);
    remember(context, SIGSEGV);
    current_fault.hang = true;
    divert(context);
}

} // namespace

void Machine::arm_watchdog() {
    thread_local bool armed = false;
    if (armed || config_.watchdog_seconds == 0) {
        return;
    }
    armed = true;
    static const bool handler_installed = [] {
        struct sigaction action{};
        action.sa_sigaction = &on_watchdog;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        return set_action(SIGVTALRM, &action, nullptr) == 0;
    }();
    (void)handler_installed;
    sigevent notification{};
    notification.sigev_notify = SIGEV_THREAD_ID;
    notification.sigev_signo = SIGVTALRM;
    notification._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
    timer_t timer;
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &notification, &timer) == 0) {
        const itimerspec each_second{{1, 0}, {1, 0}};
        timer_settime(timer, 0, &each_second, nullptr);
    }
}

} // namespace openportcls::machine
