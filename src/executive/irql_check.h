// Every export says at which IRQL it may be called, the first thing it does.
#pragma once

#include <string>
#include <string_view>

#include "machine/machine.h"

namespace openportcls::executive {

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI irql_too_high(const char* function, KIRQL limit, void* caller);
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI irql_too_low(const char* function, KIRQL limit, void* caller);

// How a driver's routine finds the processor, and leaves it.
struct CalledAt {
    explicit CalledAt(machine::Machine& machine)
        : irql(machine.irql()), interrupts_disabled(machine.processor().interrupts_disabled),
          held_spin_locks(machine.processor().held_spin_locks) {}
    bool is_kept(machine::Machine& machine) const {
        const machine::Processor& here = machine.processor();
        return here.irql == irql && here.interrupts_disabled <= interrupts_disabled &&
               here.held_spin_locks <= held_spin_locks;
    }

    KIRQL irql;
    bool interrupts_disabled;
    std::uint32_t held_spin_locks;
};

// Driver Verifier's bugcheck 0xC4, parameter 1 0xC1: `what`, a routine of a driver's, returned after _disable().
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI interrupts_left_disabled(std::string_view what, const void* routine);
// Bugcheck of the spin lock that was kept, of interrupts left disabled, or of the IRQL (IRQL_UNEXPECTED_VALUE, where
// `unique` is the last part of the documented parameter 1: 2 a callout routine, 3 an interrupt service routine).
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI not_kept(const CalledAt& before, std::string_view what,
                                                           const void* routine, const void* argument = nullptr,
                                                           unsigned unique = 2);

template<class Routine>
void require_kept(machine::Machine& machine, const CalledAt& before, std::string_view what, Routine* routine) {
    if (!before.is_kept(machine)) [[unlikely]] {
        not_kept(before, what, reinterpret_cast<const void*>(routine));
    }
}

// What a driver knows a function by: its own name, or the one of the table that it is called through.
constexpr const char* called_name(const char* function) {
    return function;
}
constexpr const char* called_name(const char*, const char* documented) {
    return documented;
}

// "PASSIVE_LEVEL", "DISPATCH_LEVEL", "DIRQL 5" …
std::string irql_name(KIRQL level);

} // namespace openportcls::executive

// Bugcheck IRQL_NOT_LESS_OR_EQUAL, naming the function (by the name that is given, if any) and its documented limit.
#define OPC_REQUIRE_IRQL_AT_MOST(limit, ...)                                                                           \
    do {                                                                                                               \
        if (::openportcls::machine::Machine::current().irql() > (limit)) [[unlikely]] {                                \
            ::openportcls::executive::irql_too_high(                                                                   \
                ::openportcls::executive::called_name(__func__ __VA_OPT__(, ) __VA_ARGS__), (limit),                   \
                __builtin_return_address(0));                                                                          \
        }                                                                                                              \
    } while (0)

#define OPC_REQUIRE_IRQL_AT_LEAST(limit, ...)                                                                          \
    do {                                                                                                               \
        if (::openportcls::machine::Machine::current().irql() < (limit)) [[unlikely]] {                                \
            ::openportcls::executive::irql_too_low(                                                                    \
                ::openportcls::executive::called_name(__func__ __VA_OPT__(, ) __VA_ARGS__), (limit),                   \
                __builtin_return_address(0));                                                                          \
        }                                                                                                              \
    } while (0)

#define OPC_REQUIRE_PASSIVE(...)                                                                                       \
    OPC_REQUIRE_IRQL_AT_MOST(::openportcls::machine::irql::passive __VA_OPT__(, ) __VA_ARGS__)
#define OPC_REQUIRE_APC_OR_BELOW(...)                                                                                  \
    OPC_REQUIRE_IRQL_AT_MOST(::openportcls::machine::irql::apc __VA_OPT__(, ) __VA_ARGS__)
#define OPC_REQUIRE_DISPATCH_OR_BELOW(...)                                                                             \
    OPC_REQUIRE_IRQL_AT_MOST(::openportcls::machine::irql::dispatch __VA_OPT__(, ) __VA_ARGS__)
