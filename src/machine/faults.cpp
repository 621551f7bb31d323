#include "machine/faults.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <fmt/format.h>

#include "machine/guarded_access.h"
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
    bool is_write = false;
    bool stack_overflow = false;
    bool hang = false;
};
thread_local Fault current_fault;
alignas(64) thread_local char signal_stack[64 * 1024];
// A guest that ran out of stack needs another one to report it on.
alignas(64) thread_local char report_stack[256 * 1024];

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
        report.code = 0x7E;                // SYSTEM_THREAD_EXCEPTION_NOT_HANDLED
        report.parameters[0] = 0x80000003; // STATUS_BREAKPOINT
        report.rule = "A driver hit a breakpoint (DbgBreakPoint, a failed assertion) with no debugger attached.";
        break;
    default:
        if (fault.hang) {
            report.code = machine.irql() >= irql::dispatch ? 0x133 : 0x101;
            report.rule = "The guest ran for seconds without calling the kernel or touching hardware: an endless loop.";
        } else if (fault.stack_overflow) {
            report.code = 0x7F;
            report.parameters[0] = 8; // double fault
            report.rule = "A driver overflowed its kernel stack.";
        } else {
            report.code = machine.irql() >= irql::dispatch ? 0xD1 : 0x50;
            report.parameters[0] = fault.address;
            report.parameters[1] = machine.irql() >= irql::dispatch ? machine.irql() : fault.is_write;
            report.parameters[2] = fault.is_write;
            report.parameters[3] = fault.instruction;
            report.rule = fmt::format("A driver {} invalid memory at {:#x}.", fault.is_write ? "wrote to" : "read",
                                      fault.address);
        }
    }
    const FiberStack& stack = machine.current_thread().fiber.stack();
    const auto low = stack ? reinterpret_cast<std::uint64_t>(stack.bottom()) : fault.stack_pointer;
    const auto high = stack ? reinterpret_cast<std::uint64_t>(stack.top()) : fault.stack_pointer + (4ULL << 20);
    report.stack = capture_stack_at(fault.instruction, fault.frame_pointer, low, high);
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
void divert(ucontext_t& context, bool own_stack_usable) {
    auto& registers = context.uc_mcontext.gregs;
    std::uint64_t stack = static_cast<std::uint64_t>(registers[REG_RSP]);
    if (own_stack_usable) {
        stack -= 256; // below the red zone
    } else {
        stack = reinterpret_cast<std::uint64_t>(report_stack + sizeof(report_stack));
    }
    stack &= ~0xFULL;
    stack -= 8; // as if called
    registers[REG_RSP] = static_cast<greg_t>(stack);
    registers[REG_RIP] = reinterpret_cast<greg_t>(own_stack_usable ? &report_fault : &report_on_other_stack);
}

void remember(const ucontext_t& context, int signal_number) {
    const auto& registers = context.uc_mcontext.gregs;
    current_fault = Fault{};
    current_fault.signal_number = signal_number;
    current_fault.instruction = static_cast<std::uint64_t>(registers[REG_RIP]);
    current_fault.frame_pointer = static_cast<std::uint64_t>(registers[REG_RBP]);
    current_fault.stack_pointer = static_cast<std::uint64_t>(registers[REG_RSP]);
}

void on_fault(int signal_number, siginfo_t* information, void* raw_context) {
    Machine* machine = Machine::current_or_null();
    if (machine == nullptr || machine->is_halted()) {
        pass_on(signal_number, information, raw_context);
        return;
    }
    auto& context = *static_cast<ucontext_t*>(raw_context);
    auto& resume_at = context.uc_mcontext.gregs[REG_RIP];
    if (const void* failed = guarded_access_failed(reinterpret_cast<const void*>(resume_at))) {
        resume_at = reinterpret_cast<greg_t>(failed);
        return;
    }
    if (machine->fault_hook() != nullptr && machine->fault_hook()(*machine, signal_number, information, raw_context)) {
        return;
    }
    remember(context, signal_number);
    current_fault.address = reinterpret_cast<std::uint64_t>(information->si_addr);
    current_fault.is_write = signal_number == SIGSEGV && (context.uc_mcontext.gregs[REG_ERR] & 2) != 0;
    current_fault.stack_overflow = machine->current_thread().fiber.stack().contains_guard_address(information->si_addr);
    divert(context, !current_fault.stack_overflow);
}

} // namespace

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
    if (machine == nullptr || machine->is_halted() || !machine->watchdog_expired()) {
        return;
    }
    auto& context = *static_cast<ucontext_t*>(raw_context);
    remember(context, SIGSEGV);
    current_fault.hang = true;
    divert(context, true);
}

} // namespace

bool Machine::watchdog_expired() {
    if (watchdog_last_step_ != step_) {
        watchdog_last_step_ = step_;
        watchdog_ticks_ = 0;
        return false;
    }
    return config_.watchdog_seconds != 0 && ++watchdog_ticks_ >= config_.watchdog_seconds;
}

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
