// Spin locks as KeAcquireSpinLock takes them, inline: for the exports, and for kernel components that would call them.
#pragma once

#include <cstdint>

#include <wdm.h>

#include "machine/machine.h"
#include "machine/spin_locks.h"

namespace openportcls::executive {

// Counted, for those who may not be called with one held. IRQL is the caller's business.
inline void count_spin_lock(machine::Processor& here, const machine::HeldLock& lock) {
    here.taken_locks[here.held_spin_locks++ % machine::Processor::remembered_locks] = lock;
}
inline void acquire_spin_lock(machine::Machine& machine, KSPIN_LOCK& lock) {
    machine.acquire_lock(lock);
    count_spin_lock(machine.processor(), {&lock});
}
inline void release_spin_lock(machine::Machine& machine, KSPIN_LOCK& lock) {
    --machine.processor().held_spin_locks;
    machine.release_lock(lock);
}
// Whether a lock that is found as `expected` changes hands with nothing else to be done: most do, and then a function
// that has only this needs no registers besides those that it need not keep. Counts the preemption point; false: the
// machine's functions for that are to follow.
[[gnu::always_inline]] inline bool changes_hands_at_once(machine::Machine& machine, const KSPIN_LOCK& lock,
                                                         KSPIN_LOCK expected) {
    return !machine.counts_as_look() && machine.is_found(lock, expected);
}
[[gnu::always_inline]] inline void acquire_at_once(machine::Machine& machine, KSPIN_LOCK& lock) {
    machine::Processor& here = machine.processor();
    lock = here.lock_word;
    count_spin_lock(here, {&lock});
}
[[gnu::always_inline]] inline void release_at_once(machine::Machine& machine, KSPIN_LOCK& lock) {
    --machine.processor().held_spin_locks;
    lock = 0;
}
inline bool holds_spin_lock(machine::Machine& machine) {
    return machine.processor().held_spin_locks != 0;
}
// After the release of `released`: back to the IRQL before its acquisition.
inline void leave_spin_lock(machine::Machine& machine, const void* released, machine::HeldLock::Kind kind, KIRQL old) {
    if (old < machine::irql::dispatch) {
        if (holds_spin_lock(machine)) [[unlikely]] {
            machine::released_with_spin_lock(machine, released, kind, old);
        }
    } else if (machine.irql() == old) {
        return; // nothing has waited for that
    }
    machine.lower_irql(old);
    machine.follow_affinity();
}

// Holds a lock for a scope: KeAcquireSpinLock and KeReleaseSpinLock, but that it is not counted: it is for kernel
// components, whose locks are no driver's. <= DISPATCH_LEVEL; DISPATCH_LEVEL meanwhile.
class SpinLockGuard {
public:
    [[gnu::always_inline]] explicit SpinLockGuard(KSPIN_LOCK& lock)
        : machine_(machine::Machine::current()), lock_(lock) {
        if (machine_.irql() > machine::irql::dispatch) [[unlikely]] {
            report_irql(lock);
        }
        irql_ = machine_.raise_irql(machine::irql::dispatch);
        machine_.acquire_lock(lock_);
    }
    [[gnu::always_inline]] ~SpinLockGuard() {
        if (machine_.irql() != machine::irql::dispatch) [[unlikely]] {
            report_release(lock_, irql_);
        }
        machine_.release_lock(lock_);
        machine_.lower_irql(irql_);
    }
    SpinLockGuard(const SpinLockGuard&) = delete;
    SpinLockGuard& operator=(const SpinLockGuard&) = delete;

    // The functions that report it.
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS static void report_irql(KSPIN_LOCK& lock) noexcept {
        KeAcquireSpinLockRaiseToDpc(&lock);
    }
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS static void report_release(KSPIN_LOCK& lock, KIRQL irql) noexcept {
        KeReleaseSpinLock(&lock, irql);
    }

private:
    machine::Machine& machine_;
    KSPIN_LOCK& lock_;
    KIRQL irql_;
};

// The same for a scope without a preemption point in it (no call of a driver, no kernel function). The machine does
// nothing else meanwhile, so that the lock need only be seen free. <= DISPATCH_LEVEL.
class BriefLockGuard {
public:
    [[gnu::always_inline]] explicit BriefLockGuard(KSPIN_LOCK& lock)
        : machine_(machine::Machine::current()), lock_(lock) {
        if (machine_.irql() > machine::irql::dispatch) [[unlikely]] {
            SpinLockGuard::report_irql(lock);
        }
        if (machine_.counts_as_look() || !machine_.is_found(lock, 0)) [[unlikely]] {
            begin_in_turn(lock);
        }
        if constexpr (checks_sections) {
            step_ = machine_.step();
        }
    }
    [[gnu::always_inline]] ~BriefLockGuard() {
        if constexpr (checks_sections) {
            if (machine_.step() != step_) {
                __builtin_trap();
            }
        }
        machine::tsan::release(&lock_);
    }
    BriefLockGuard(const BriefLockGuard&) = delete;
    BriefLockGuard& operator=(const BriefLockGuard&) = delete;

private:
#if defined(__has_feature)
    static constexpr bool checks_sections = __has_feature(address_sanitizer);
#else
    static constexpr bool checks_sections = false;
#endif
    // It is free when this returns, until the next preemption point.
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS static void begin_in_turn(KSPIN_LOCK& lock) noexcept {
        machine::Machine::current().look();
        while (lock != 0) {
            const SpinLockGuard until_released(lock);
        }
        machine::tsan::acquire(&lock);
    }

    machine::Machine& machine_;
    KSPIN_LOCK& lock_;
    [[maybe_unused]] std::uint64_t step_;
};

} // namespace openportcls::executive
