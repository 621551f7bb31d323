// Counts allocations, lock operations and system calls of a piece of code.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace openportcls::steady_state {

struct HostCosts {
    std::uint64_t allocations = 0; // malloc and its family, operator new, and their opposites
    std::uint64_t locks = 0;       // pthread mutexes, read-write and spin locks, condition variables, semaphores
    std::vector<std::uint64_t> system_calls; // their numbers, in order
    std::string failure;                     // why nothing could be counted
    bool is_forbidden = false;               // by the host: it lets nobody trace
};

// Runs `prepare`, then `counted`, in a child process and says what `counted` cost. System calls are seen by ptrace, the
// rest by functions of the same names in this program (interposed.cpp).
HostCosts count_host_costs(const std::function<void()>& prepare, const std::function<void()>& counted);

// Set by the interposed functions while `is_counting`.
struct Counters {
    bool is_counting = false;
    std::uint64_t allocations = 0;
    std::uint64_t locks = 0;
};
Counters& counters();

} // namespace openportcls::steady_state
