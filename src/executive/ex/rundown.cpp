// Run-down protection, push locks and reader-writer spin locks.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/spin_lock.h"
#include "executive/ke/waits.h"
#include "executive/kernel.h"

using namespace openportcls;
using machine::Machine;

namespace {

// EX_RUNDOWN_REF counts in steps of two; while run-down is active the word points, with bit 0 set, at this.
constexpr ULONG_PTR run_down_active = 1;
constexpr ULONG_PTR one_reference = 2;

struct RundownWait {
    KEVENT drained;
    ULONG_PTR references;
};

// The word of a finished run-down is the bare bit.
RundownWait* waiter_of(const EX_RUNDOWN_REF& reference) {
    return reinterpret_cast<RundownWait*>(reference.Count & ~run_down_active);
}

bool acquire_rundown(EX_RUNDOWN_REF& reference, ULONG count) {
    Machine::current().preemption_point();
    if ((reference.Count & run_down_active) != 0) {
        return false;
    }
    reference.Count = reference.Count + count * one_reference;
    return true;
}

void release_rundown(EX_RUNDOWN_REF& reference, ULONG count) {
    Machine& machine = Machine::current();
    machine::tsan::release(&reference);
    if ((reference.Count & run_down_active) == 0) {
        reference.Count = reference.Count - count * one_reference;
    } else if (RundownWait* waiter = waiter_of(reference)) {
        waiter->references -= count;
        if (waiter->references == 0) {
            machine.set_event(waiter->drained);
        }
    }
    machine.preemption_point();
}

// EX_PUSH_LOCK without waiters: bit 0 = exclusive, the rest counts readers in steps of four. With waiters, bit 1 is set
// and the word points at the first of them, who keeps the number of readers meanwhile.
constexpr EX_PUSH_LOCK push_exclusive = 1;
constexpr EX_PUSH_LOCK push_waiters = 2;
constexpr EX_PUSH_LOCK push_reader = 4;

struct alignas(16) PushWaiter {
    KEVENT look_again{};
    PushWaiter* next = nullptr;
    ULONG_PTR readers = 0;
};

struct PushLock {
    bool exclusive;
    ULONG_PTR readers;
    PushWaiter* first;
};

PushLock read_push_lock(EX_PUSH_LOCK word) {
    if ((word & push_waiters) == 0) {
        return {(word & push_exclusive) != 0, word / push_reader, nullptr};
    }
    auto* first = reinterpret_cast<PushWaiter*>(word & ~(push_exclusive | push_waiters));
    return {(word & push_exclusive) != 0, first->readers, first};
}

EX_PUSH_LOCK push_lock_word(const PushLock& lock) {
    if (lock.first == nullptr) {
        return lock.readers * push_reader | (lock.exclusive ? push_exclusive : 0);
    }
    lock.first->readers = lock.readers;
    return reinterpret_cast<EX_PUSH_LOCK>(lock.first) | push_waiters | (lock.exclusive ? push_exclusive : 0);
}

void acquire_push_lock(EX_PUSH_LOCK& word, bool exclusive) {
    Machine& machine = Machine::current();
    machine.preemption_point();
    PushWaiter self;
    bool queued = false;
    for (;;) {
        PushLock lock = read_push_lock(word);
        if (exclusive ? !lock.exclusive && lock.readers == 0 : !lock.exclusive) {
            lock.exclusive = exclusive;
            lock.readers += exclusive ? 0 : 1;
            if (queued) {
                PushWaiter** link = &lock.first;
                while (*link != &self) {
                    link = &(*link)->next;
                }
                *link = self.next;
            }
            word = push_lock_word(lock);
            exclusive ? machine::tsan::acquire_exclusive(&word) : machine::tsan::acquire_shared(&word);
            return;
        }
        if (!queued) {
            queued = true;
            KeInitializeEvent(&self.look_again, SynchronizationEvent, FALSE);
            PushWaiter** link = &lock.first;
            while (*link != nullptr) {
                link = &(*link)->next;
            }
            *link = &self;
            word = push_lock_word(lock);
        }
        executive::wait_for_ever(machine, &self.look_again);
    }
}

void release_push_lock(EX_PUSH_LOCK& word, bool exclusive) {
    Machine& machine = Machine::current();
    PushLock lock = read_push_lock(word);
    if (exclusive ? !lock.exclusive : lock.readers == 0) [[unlikely]] {
        machine.bugcheck(0x162 /* KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE */,
                         reinterpret_cast<std::uint64_t>(&machine.current_thread()),
                         reinterpret_cast<std::uint64_t>(&word), 0, 0, "A push lock is released that is not held.");
    }
    if (exclusive) {
        machine::tsan::release_exclusive(&word);
        lock.exclusive = false;
    } else {
        machine::tsan::release_shared(&word);
        --lock.readers;
    }
    word = push_lock_word(lock);
    for (PushWaiter* waiter = lock.first; waiter != nullptr; waiter = waiter->next) {
        machine.set_event(waiter->look_again);
    }
    machine.preemption_point();
}

// EX_SPIN_LOCK: the sign bit = a writer, the rest counts readers.
constexpr LONG spin_exclusive = INT32_MIN;

void spin(const volatile LONG& lock, LONG blocking_bits) {
    Machine& machine = Machine::current();
    machine.preemption_point();
    constexpr unsigned patience = 1'000'000;
    for (unsigned turns = 0; (lock & blocking_bits) != 0; ++turns) {
        if (turns == patience) {
            machine.bugcheck(0x133 /* DPC_WATCHDOG_VIOLATION */, reinterpret_cast<std::uint64_t>(&lock),
                             static_cast<std::uint32_t>(lock), 0, 0,
                             "A processor spins on a reader-writer spin lock that nobody releases.");
        }
        machine.stall(1000);
    }
}

constexpr auto reader_writer = machine::HeldLock::Kind::reader_writer;

[[noreturn, gnu::cold, gnu::noinline]] void not_held(const volatile LONG& lock, const char* rule) {
    Machine::current().bugcheck(0x10 /* SPIN_LOCK_NOT_OWNED */, reinterpret_cast<std::uint64_t>(&lock),
                                static_cast<std::uint32_t>(lock), 0, 0, rule);
}

void released() {
    Machine& machine = Machine::current();
    --machine.processor().held_spin_locks;
    machine.preemption_point();
}

} // namespace

extern "C" {

void NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF reference) {
    reference->Count = 0;
}
void NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF reference) {
    reference->Count = 0;
}
BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF reference) {
    return acquire_rundown(*reference, 1);
}
BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF reference, ULONG count) {
    return acquire_rundown(*reference, count);
}
void NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF reference) {
    release_rundown(*reference, 1);
}
void NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF reference, ULONG count) {
    release_rundown(*reference, count);
}
void NTAPI ExRundownCompleted(PEX_RUNDOWN_REF reference) {
    reference->Count = run_down_active;
}

void NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF reference) {
    OPC_REQUIRE_APC_OR_BELOW();
    if ((reference->Count & run_down_active) != 0) {
        return;
    }
    RundownWait waiter;
    KeInitializeEvent(&waiter.drained, NotificationEvent, FALSE);
    waiter.references = reference->Count / one_reference;
    reference->Count = reinterpret_cast<ULONG_PTR>(&waiter) | run_down_active;
    if (waiter.references != 0) {
        executive::wait_for_ever(Machine::current(), &waiter.drained);
    }
    machine::tsan::acquire(reference);
    reference->Count = run_down_active;
}

void NTAPI ExInitializePushLock(PEX_PUSH_LOCK lock) {
    *lock = 0;
}

void NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK lock, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    acquire_push_lock(*lock, true);
}

void NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK lock, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    release_push_lock(*lock, true);
}

void NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK lock, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    acquire_push_lock(*lock, false);
}

void NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK lock, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    release_push_lock(*lock, false);
}

void NTAPI ExReleasePushLockEx(PEX_PUSH_LOCK lock, ULONG) {
    OPC_REQUIRE_APC_OR_BELOW();
    release_push_lock(*lock, read_push_lock(*lock).exclusive);
}

void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    spin(*lock, -1);
    *lock = spin_exclusive;
    machine::tsan::acquire_exclusive(lock);
    executive::count_spin_lock(Machine::current().processor(), {const_cast<const LONG*>(lock), reader_writer});
}
void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    if (*lock != spin_exclusive) [[unlikely]] {
        not_held(*lock, "ExReleaseSpinLockExclusive… of a reader-writer spin lock that nobody holds exclusively: who "
                        "shares it calls ExReleaseSpinLockShared….");
    }
    machine::tsan::release_exclusive(lock);
    *lock = 0;
    released();
}
void NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    spin(*lock, spin_exclusive);
    *lock = *lock + 1;
    machine::tsan::acquire_shared(lock);
    executive::count_spin_lock(Machine::current().processor(), {const_cast<const LONG*>(lock), reader_writer});
}
void NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    if (*lock <= 0) [[unlikely]] {
        not_held(*lock, "ExReleaseSpinLockShared… of a reader-writer spin lock that nobody shares: who holds it "
                        "exclusively calls ExReleaseSpinLockExclusive….");
    }
    machine::tsan::release_shared(lock);
    *lock = *lock - 1;
    released();
}
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    if (*lock != 1) {
        return FALSE;
    }
    *lock = spin_exclusive;
    machine::tsan::acquire_exclusive(lock);
    return TRUE;
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const KIRQL old = Machine::current().raise_irql(machine::irql::dispatch);
    ExAcquireSpinLockExclusiveAtDpcLevel(lock);
    return old;
}
void NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK lock, KIRQL old) {
    ExReleaseSpinLockExclusiveFromDpcLevel(lock);
    executive::leave_spin_lock(Machine::current(), const_cast<const LONG*>(lock), reader_writer, old);
}
KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const KIRQL old = Machine::current().raise_irql(machine::irql::dispatch);
    ExAcquireSpinLockSharedAtDpcLevel(lock);
    return old;
}
void NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK lock, KIRQL old) {
    ExReleaseSpinLockSharedFromDpcLevel(lock);
    executive::leave_spin_lock(Machine::current(), const_cast<const LONG*>(lock), reader_writer, old);
}

} // extern "C"
