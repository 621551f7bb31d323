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

const char* kind_name(HeldLock::Kind kind) {
    switch (kind) {
    case HeldLock::Kind::reader_writer:
        return "reader-writer spin lock";
    case HeldLock::Kind::cancel:
        return "cancel spin lock";
    case HeldLock::Kind::spin:
        break;
    }
    return "spin lock";
}

// The function that the holder should have called.
const char* release_of(HeldLock::Kind kind) {
    switch (kind) {
    case HeldLock::Kind::reader_writer:
        return "ExReleaseSpinLockShared or ExReleaseSpinLockExclusive";
    case HeldLock::Kind::cancel:
        return "IoReleaseCancelSpinLock";
    case HeldLock::Kind::spin:
        break;
    }
    return "KeReleaseSpinLock";
}

Text lock_name(const HeldLock& lock) {
    if (lock.word == nullptr) {
        return text("a spin lock");
    }
    if (lock.kind == HeldLock::Kind::cancel) {
        return text("the cancel spin lock");
    }
    return text("the {} at {:#x}", kind_name(lock.kind), reinterpret_cast<std::uint64_t>(lock.word));
}

bool is_held(const HeldLock& lock, unsigned processor) {
    if (lock.word == nullptr) {
        return false;
    }
    if (lock.kind == HeldLock::Kind::reader_writer) { // whose it is does not stand in it
        return is_accessible(lock.word, sizeof(EX_SPIN_LOCK), Access::read) &&
               *static_cast<const EX_SPIN_LOCK*>(lock.word) != 0;
    }
    return is_accessible(lock.word, sizeof(KSPIN_LOCK), Access::read) &&
           *static_cast<const KSPIN_LOCK*>(lock.word) == processor + 1ULL;
}

// Of Driver Verifier's rules about spin locks, the text is ours.
[[noreturn]] void break_rule(Machine& machine, const char* rule, const HeldLock& lock, const void* subject,
                             const Text& what) {
    machine.bugcheck(driver_verifier_detected_violation, spin_lock_rule, reinterpret_cast<std::uint64_t>(rule),
                     reinterpret_cast<std::uint64_t>(lock.word), reinterpret_cast<std::uint64_t>(subject), what.view());
}

} // namespace

HeldLock latest_held_lock(Machine& machine) {
    const Processor& here = machine.processor();
    // Where locks are not released in the reverse order of their acquisition, an entry may be of one that is free
    // again, or gone.
    for (std::uint32_t back = 1; back <= Processor::remembered_locks; ++back) {
        const HeldLock& lock = here.taken_locks[(here.held_spin_locks - back) % Processor::remembered_locks];
        if (is_held(lock, here.number)) {
            return lock;
        }
    }
    return {};
}

void NTAPI spin_lock_kept(Machine& machine, std::string_view what, const void* routine) {
    const HeldLock lock = latest_held_lock(machine);
    break_rule(machine, "A driver's routine releases the spin locks that it acquires before it returns.", lock, routine,
               text("{} returned without releasing {} that it acquired (rule SpinLock of Driver Verifier: {} before "
                    "the routine ends).",
                    what, lock_name(lock).view(), release_of(lock.kind)));
}

void NTAPI lowered_with_spin_lock(Machine& machine, KIRQL wanted) {
    const HeldLock lock = latest_held_lock(machine);
    machine.bugcheck(driver_verifier_detected_violation, bad_irql_for_lower_irql, machine.irql(), wanted, 0,
                     text("KeLowerIrql goes to IRQL {} while the processor holds {}: its holder stays at "
                          "DISPATCH_LEVEL or above until {}.",
                          wanted, lock_name(lock).view(), release_of(lock.kind))
                         .view());
}

void NTAPI released_with_spin_lock(Machine& machine, const void* word, HeldLock::Kind kind, KIRQL wanted) {
    const HeldLock released{word, kind};
    const HeldLock lock = latest_held_lock(machine);
    break_rule(machine, "Spin locks that are nested are released with their own old IRQL each.", lock, released.word,
               text("{} of {} goes to IRQL {} while the processor holds {}: nested spin locks are released in the "
                    "reverse order, with their own old IRQL each.",
                    release_of(released.kind), lock_name(released).view(), wanted, lock_name(lock).view()));
}

} // namespace openportcls::machine
