#include "machine/spin_locks.h"

#include <algorithm>

#include <fmt/format.h>

#include "machine/guarded_access.h"

namespace openportcls::machine {

namespace {

// No heap memory: a bugcheck leaves its frames by a jump.
struct Text {
    char characters[400];
    std::size_t size = 0;
    std::string_view view() const { return {characters, size}; }
};

template<class... Arguments>
Text text(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    Text made;
    const auto written =
        fmt::format_to_n(made.characters, sizeof made.characters, format, std::forward<Arguments>(arguments)...);
    made.size = std::min<std::size_t>(written.size, sizeof made.characters);
    return made;
}

Text lock_name(const KSPIN_LOCK* lock) {
    return lock != nullptr ? text("the spin lock at {:#x}", reinterpret_cast<std::uint64_t>(lock))
                           : text("a spin lock");
}

} // namespace

const KSPIN_LOCK* latest_held_lock(Machine& machine) {
    const Processor& here = machine.processor();
    // Where locks are not released in the reverse order of their acquisition, an entry may be of one that is free
    // again, or gone.
    for (std::uint32_t back = 1; back <= Processor::remembered_locks; ++back) {
        const KSPIN_LOCK* lock = here.taken_locks[(here.held_spin_locks - back) % Processor::remembered_locks];
        if (lock != nullptr && is_accessible(lock, sizeof *lock, Access::read) && *lock == here.number + 1ULL) {
            return lock;
        }
    }
    return nullptr;
}

void spin_lock_kept(Machine& machine, std::string_view what, const void* routine) {
    static constexpr char rule[] = "A driver's routine releases the spin locks that it acquires before it returns.";
    const KSPIN_LOCK* lock = latest_held_lock(machine);
    machine.bugcheck(driver_verifier_detected_violation, spin_lock_rule, reinterpret_cast<std::uint64_t>(rule),
                     reinterpret_cast<std::uint64_t>(lock), reinterpret_cast<std::uint64_t>(routine),
                     text("{} returned without releasing {} that it acquired (rule SpinLock of Driver Verifier: "
                          "KeReleaseSpinLock before the routine ends).",
                          what, lock_name(lock).view())
                         .view());
}

void lowered_with_spin_lock(Machine& machine, KIRQL wanted) {
    const KSPIN_LOCK* lock = latest_held_lock(machine);
    machine.bugcheck(driver_verifier_detected_violation, bad_irql_for_lower_irql, machine.irql(), wanted, 0,
                     text("KeLowerIrql goes to IRQL {} while the processor holds {}: its holder stays at "
                          "DISPATCH_LEVEL or above until KeReleaseSpinLock.",
                          wanted, lock_name(lock).view())
                         .view());
}

void released_with_spin_lock(Machine& machine, const KSPIN_LOCK* released, KIRQL wanted) {
    static constexpr char rule[] = "Spin locks that are nested are released with their own old IRQL each.";
    const KSPIN_LOCK* lock = latest_held_lock(machine);
    machine.bugcheck(driver_verifier_detected_violation, spin_lock_rule, reinterpret_cast<std::uint64_t>(rule),
                     reinterpret_cast<std::uint64_t>(lock), reinterpret_cast<std::uint64_t>(released),
                     text("KeReleaseSpinLock of the spin lock at {:#x} goes to IRQL {} while the processor holds {}: "
                          "nested spin locks are released in the reverse order, with their own old IRQL each.",
                          reinterpret_cast<std::uint64_t>(released), wanted, lock_name(lock).view())
                         .view());
}

} // namespace openportcls::machine
