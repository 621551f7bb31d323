#include "executive/irql_check.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "executive/sentence.h"
#include "machine/spin_locks.h"

namespace openportcls::executive {

namespace {

constexpr std::uint32_t irql_not_less_or_equal = 0x0A;
constexpr std::uint32_t irql_unexpected_value = 0xC8;

[[noreturn]] void violate(const char* function, KIRQL limit, void* caller, const char* relation) {
    auto& machine = machine::Machine::current();
    const KIRQL now = machine.irql();
    const auto address = reinterpret_cast<std::uint64_t>(caller);
    char text[256]; // no heap memory: a bugcheck does not come back to free it
    const auto written = fmt::format_to_n(text, sizeof text, "{} may be called at {} or {}; it was called at {}.",
                                          function, irql_name(limit), relation, irql_name(now));
    machine.bugcheck(irql_not_less_or_equal, address, now, 0, address,
                     std::string_view(text, std::min(written.size, sizeof text)));
}

} // namespace

std::string irql_name(KIRQL level) {
    switch (level) {
    case machine::irql::passive:
        return "PASSIVE_LEVEL";
    case machine::irql::apc:
        return "APC_LEVEL";
    case machine::irql::dispatch:
        return "DISPATCH_LEVEL";
    case machine::irql::clock:
        return "CLOCK_LEVEL";
    case machine::irql::high:
        return "HIGH_LEVEL";
    default:
        return fmt::format("DIRQL {}", level);
    }
}

void NTAPI interrupts_left_disabled(std::string_view what, const void* routine) {
    constexpr std::uint64_t returned_with_interrupts_disabled = 0xC1;
    machine::Machine::current().bugcheck(
        machine::driver_verifier_detected_violation, returned_with_interrupts_disabled,
        reinterpret_cast<std::uint64_t>(routine), 0, 0,
        Sentence("{} returns with interrupts enabled; this one called _disable() without _enable().", what));
}

void NTAPI not_kept(const CalledAt& before, std::string_view what, const void* routine, const void* argument,
                    unsigned unique) {
    auto& machine = machine::Machine::current();
    if (machine.processor().held_spin_locks > before.held_spin_locks) {
        machine::spin_lock_kept(machine, what, routine);
    }
    if (machine.processor().interrupts_disabled && !before.interrupts_disabled) {
        interrupts_left_disabled(what, routine);
    }
    const KIRQL now = machine.irql();
    machine.bugcheck(irql_unexpected_value,
                     static_cast<std::uint64_t>(now) << 16 | std::uint64_t{before.irql} << 8 | unique,
                     reinterpret_cast<std::uint64_t>(routine), reinterpret_cast<std::uint64_t>(argument), 0,
                     Sentence("{} returns at the IRQL it was called at ({}); this one returned at {}.", what,
                              irql_name(before.irql), irql_name(now)));
}

void irql_too_high(const char* function, KIRQL limit, void* caller) {
    violate(function, limit, caller, "below");
}
void irql_too_low(const char* function, KIRQL limit, void* caller) {
    violate(function, limit, caller, "above");
}

} // namespace openportcls::executive
