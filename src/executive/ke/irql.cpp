// IRQL and spin locks.
#include "executive/irql_check.h"
#include "executive/ke/spin_lock.h"
#include "executive/sentence.h"
#include "machine/spin_locks.h"

#include <fmt/format.h>

using openportcls::executive::acquire_at_once;
using openportcls::executive::acquire_spin_lock;
using openportcls::executive::changes_hands_at_once;
using openportcls::executive::count_spin_lock;
using openportcls::executive::holds_spin_lock;
using openportcls::executive::leave_spin_lock;
using openportcls::executive::release_at_once;
using openportcls::executive::release_spin_lock;
using openportcls::machine::Machine;
namespace irql = openportcls::machine::irql;

namespace {

constexpr std::uint32_t irql_not_greater_or_equal = 0x09;
constexpr std::uint32_t irql_lowered_or_raised = 0x0A;

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI wrong_direction(std::uint32_t code, const char* function,
                                                                  KIRQL wanted) {
    Machine& machine = Machine::current();
    machine.bugcheck(code, wanted, machine.irql(), 0, 0,
                     openportcls::executive::Sentence("{} moves the IRQL one way only; it is {} and {} was asked for.",
                                                      function, openportcls::executive::irql_name(machine.irql()),
                                                      openportcls::executive::irql_name(wanted)));
}

KIRQL raise(const char* function, KIRQL level) {
    Machine& machine = Machine::current();
    if (level < machine.irql() || level > irql::high) [[unlikely]] {
        wrong_direction(irql_not_greater_or_equal, function, level);
    }
    return machine.raise_irql(level);
}

void lower(const char* function, KIRQL level) {
    Machine& machine = Machine::current();
    if (level > machine.irql()) [[unlikely]] {
        wrong_direction(irql_lowered_or_raised, function, level);
    }
    if (level < irql::dispatch && holds_spin_lock(machine)) [[unlikely]] {
        openportcls::machine::lowered_with_spin_lock(machine, level);
    }
    machine.lower_irql(level);
    machine.preemption_point();
    machine.follow_affinity();
}

// ---- spin locks that are not free, or have something else to be done about them: not at once -----------------------

[[gnu::cold, gnu::noinline]] KIRQL NTAPI acquire_in_turn(PKSPIN_LOCK lock) {
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(irql::dispatch);
    machine.acquire_lock_in_turn(*lock);
    count_spin_lock(machine.processor(), {lock});
    return old;
}
[[gnu::cold, gnu::noinline]] void NTAPI acquire_in_turn(PKSPIN_LOCK lock, PKIRQL old) {
    *old = acquire_in_turn(lock);
}
[[gnu::cold, gnu::noinline]] void NTAPI acquire_at_dispatch_in_turn(PKSPIN_LOCK lock) {
    Machine& machine = Machine::current();
    machine.acquire_lock_in_turn(*lock);
    count_spin_lock(machine.processor(), {lock});
}
[[gnu::cold, gnu::noinline]] void NTAPI release_at_dispatch_in_turn(PKSPIN_LOCK lock) {
    Machine& machine = Machine::current();
    --machine.processor().held_spin_locks;
    machine.release_lock_in_turn(*lock);
}

[[gnu::noinline]] void NTAPI leave(PKSPIN_LOCK lock, KIRQL old) {
    if (old > irql::dispatch) [[unlikely]] {
        wrong_direction(irql_lowered_or_raised, "KeReleaseSpinLock", old);
    }
    leave_spin_lock(Machine::current(), lock, openportcls::machine::HeldLock::Kind::spin, old);
}
[[gnu::cold, gnu::noinline]] void NTAPI release_in_turn(PKSPIN_LOCK lock, KIRQL old) {
    release_at_dispatch_in_turn(lock);
    leave(lock, old);
}

// The pages demand DISPATCH_LEVEL for the release of a lock that raised to it.
#define OPC_REQUIRE_AT_DISPATCH()                                                                                      \
    OPC_REQUIRE_DISPATCH_OR_BELOW();                                                                                   \
    OPC_REQUIRE_IRQL_AT_LEAST(irql::dispatch)

} // namespace

extern "C" {

KIRQL NTAPI KeGetCurrentIrql() {
    return Machine::current().irql();
}
void NTAPI KeRaiseIrql(KIRQL level, PKIRQL old) {
    *old = raise(__func__, level);
}
KIRQL NTAPI KfRaiseIrql(KIRQL level) {
    return raise(__func__, level);
}
KIRQL NTAPI KeRaiseIrqlToDpcLevel() {
    return raise(__func__, irql::dispatch);
}
KIRQL NTAPI KeRaiseIrqlToSynchLevel() {
    return raise(__func__, irql::device_highest);
}
void NTAPI KeLowerIrql(KIRQL level) {
    lower(__func__, level);
}
void NTAPI KfLowerIrql(KIRQL level) {
    lower(__func__, level);
}

void NTAPI KeInitializeSpinLock(PKSPIN_LOCK lock) {
    *lock = 0;
}

[[gnu::hot]] KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    if (!changes_hands_at_once(machine, *lock, 0)) [[unlikely]] {
        return acquire_in_turn(lock);
    }
    const KIRQL old = machine.raise_irql(irql::dispatch);
    acquire_at_once(machine, *lock);
    return old;
}

KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return KeAcquireSpinLockRaiseToDpc(lock);
}

[[gnu::hot]] void NTAPI KeAcquireSpinLock(PKSPIN_LOCK lock, PKIRQL old) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    if (!changes_hands_at_once(machine, *lock, 0)) [[unlikely]] {
        return acquire_in_turn(lock, old);
    }
    *old = machine.raise_irql(irql::dispatch);
    acquire_at_once(machine, *lock);
}

[[gnu::hot]] void NTAPI KeReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old) {
    OPC_REQUIRE_AT_DISPATCH();
    Machine& machine = Machine::current();
    if (!changes_hands_at_once(machine, *lock, machine.processor().lock_word)) [[unlikely]] {
        return release_in_turn(lock, old);
    }
    release_at_once(machine, *lock);
    if (old != irql::dispatch) {
        return leave(lock, old);
    }
}

void NTAPI KfReleaseSpinLock(PKSPIN_LOCK lock, KIRQL old) {
    OPC_REQUIRE_AT_DISPATCH();
    KeReleaseSpinLock(lock, old);
}

[[gnu::hot]] void NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(irql::dispatch);
    Machine& machine = Machine::current();
    if (!changes_hands_at_once(machine, *lock, 0)) [[unlikely]] {
        return acquire_at_dispatch_in_turn(lock);
    }
    acquire_at_once(machine, *lock);
}

[[gnu::hot]] void NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(irql::dispatch);
    Machine& machine = Machine::current();
    if (!changes_hands_at_once(machine, *lock, machine.processor().lock_word)) [[unlikely]] {
        return release_at_dispatch_in_turn(lock);
    }
    release_at_once(machine, *lock);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(irql::dispatch);
    Machine& machine = Machine::current();
    const bool acquired = machine.try_acquire_lock(*lock);
    if (acquired) {
        count_spin_lock(machine.processor(), {lock});
    }
    return acquired;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK lock) {
    Machine::current().poll();
    return *lock == 0;
}

// Takes any IRQL: a threaded DPC runs at PASSIVE_LEVEL when its owner's system says so.
KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return KeAcquireSpinLockRaiseToDpc(lock);
}

void NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK lock, KIRQL old) {
    OPC_REQUIRE_AT_DISPATCH();
    KeReleaseSpinLock(lock, old);
}

void NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    handle->LockQueue.Next = nullptr;
    handle->LockQueue.Lock = lock;
    handle->OldIrql = KeAcquireSpinLockRaiseToDpc(lock);
}

void NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE handle) {
    OPC_REQUIRE_AT_DISPATCH();
    KeReleaseSpinLock(handle->LockQueue.Lock, handle->OldIrql);
}

// For threaded DPCs, which run at PASSIVE_LEVEL or at DISPATCH_LEVEL as the system likes.
void NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KeAcquireInStackQueuedSpinLock(lock, handle);
}

void NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE handle) {
    OPC_REQUIRE_AT_DISPATCH();
    KeReleaseInStackQueuedSpinLock(handle);
}

void NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle) {
    OPC_REQUIRE_IRQL_AT_LEAST(irql::dispatch);
    handle->LockQueue.Next = nullptr;
    handle->LockQueue.Lock = lock;
    acquire_spin_lock(Machine::current(), *lock);
}

void NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE handle) {
    OPC_REQUIRE_IRQL_AT_LEAST(irql::dispatch);
    release_spin_lock(Machine::current(), *handle->LockQueue.Lock);
}

} // extern "C"
