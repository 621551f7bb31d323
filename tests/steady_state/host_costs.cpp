#include "host_costs.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace openportcls::steady_state {

namespace {

constexpr int untraceable = 77; // exit status

// A stop that the parent sees and that costs the child no system call of its own.
void mark() {
    asm volatile("int3" ::: "memory");
}

[[noreturn]] void run_traced(const std::function<void()>& prepare, const std::function<void()>& counted,
                             Counters& result) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
        _exit(untraceable);
    }
    prepare();
    Counters& counted_here = counters();
    mark();
    counted_here.is_counting = true;
    counted();
    counted_here.is_counting = false;
    mark();
    result = counted_here;
    _exit(0);
}

bool is_mark(int status) {
    return WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}

// Lets the child run to its next mark, passing on the signals that are meant for it. False when it has ended.
bool run_to_mark(pid_t child, std::vector<std::uint64_t>* system_calls) {
    constexpr int system_call_stop = SIGTRAP | 0x80; // PTRACE_O_TRACESYSGOOD
    bool entering = true;
    long signal_to_pass = 0;
    for (;;) {
        int status = 0;
        if (ptrace(system_calls != nullptr ? PTRACE_SYSCALL : PTRACE_CONT, child, nullptr, signal_to_pass) != 0 ||
            waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) {
            return false;
        }
        signal_to_pass = 0;
        if (is_mark(status)) {
            return true;
        }
        if (WSTOPSIG(status) == system_call_stop) {
            if (entering) {
                user_regs_struct registers{};
                ptrace(PTRACE_GETREGS, child, nullptr, &registers);
                system_calls->push_back(registers.orig_rax);
            }
            entering = !entering;
        } else {
            signal_to_pass = WSTOPSIG(status);
        }
    }
}

} // namespace

HostCosts count_host_costs(const std::function<void()>& prepare, const std::function<void()>& counted) {
    HostCosts costs;
    void* shared = mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& result = *static_cast<Counters*>(shared);
    const pid_t child = fork();
    if (child == 0) {
        run_traced(prepare, counted, result);
    }
    int status = 0;
    // Before its first stop the child can only have failed to be traced; options take effect at a stop.
    if (waitpid(child, &status, 0) != child || !is_mark(status) ||
        ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) != 0) {
        costs.failure = WIFSTOPPED(status) ? std::string("the child got signal ") + strsignal(WSTOPSIG(status))
                                           : "the child cannot be traced";
        costs.is_forbidden = WIFEXITED(status) && WEXITSTATUS(status) == untraceable;
        if (WIFSTOPPED(status)) {
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    } else if (!run_to_mark(child, &costs.system_calls)) {
        costs.failure = "the child ended before its work was done";
    } else {
        ptrace(PTRACE_CONT, child, nullptr, nullptr);
        waitpid(child, &status, 0);
        costs.allocations = result.allocations;
        costs.locks = result.locks;
    }
    munmap(shared, sizeof(Counters));
    return costs;
}

} // namespace openportcls::steady_state
