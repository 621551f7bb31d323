// Fast and guarded mutexes.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/regions.h"
#include "executive/ke/waits.h"
#include "executive/sentence.h"

using namespace openportcls;
using machine::Machine;

namespace {

void initialise(FAST_MUTEX& mutex) {
    mutex.Count = 1;
    mutex.Owner = nullptr;
    mutex.Contention = 0;
    mutex.OldIrql = 0;
    KeInitializeEvent(&mutex.Event, SynchronizationEvent, FALSE);
}

void acquire(Machine& machine, FAST_MUTEX& mutex, const char* function) {
    machine.preemption_point();
    while (mutex.Count != 1) {
        if (mutex.Owner == &machine.current_thread()) [[unlikely]] {
            machine.bugcheck(
                0x162 /* KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE */,
                reinterpret_cast<std::uint64_t>(&machine.current_thread()), reinterpret_cast<std::uint64_t>(&mutex), 0,
                0, executive::Sentence("{}: the thread owns this mutex already and would wait for itself.", function));
        }
        ++mutex.Contention;
        executive::wait_for_ever(machine, &mutex.Event);
        --mutex.Contention;
    }
    mutex.Count = 0;
    mutex.Owner = &machine.current_thread();
    machine::tsan::acquire(&mutex);
}

bool try_acquire(Machine& machine, FAST_MUTEX& mutex) {
    machine.preemption_point();
    if (mutex.Count != 1) {
        machine.poll();
        return false;
    }
    mutex.Count = 0;
    mutex.Owner = &machine.current_thread();
    machine::tsan::acquire(&mutex);
    return true;
}

void release(Machine& machine, FAST_MUTEX& mutex, const char* function) {
    if (mutex.Owner != &machine.current_thread()) [[unlikely]] {
        machine.bugcheck(0x162, reinterpret_cast<std::uint64_t>(&machine.current_thread()),
                         reinterpret_cast<std::uint64_t>(&mutex), 0, 0,
                         executive::Sentence("{}: the mutex is not owned by the thread that releases it.", function));
    }
    machine::tsan::release(&mutex);
    mutex.Count = 1;
    mutex.Owner = nullptr;
    if (mutex.Contention != 0) {
        machine.set_event(mutex.Event);
    }
    machine.preemption_point();
}

} // namespace

extern "C" {

void NTAPI ExInitializeFastMutex(PFAST_MUTEX mutex) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    initialise(*mutex);
}

void NTAPI ExAcquireFastMutex(PFAST_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(machine::irql::apc);
    acquire(machine, *mutex, __func__);
    mutex->OldIrql = old;
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(machine::irql::apc);
    if (!try_acquire(machine, *mutex)) {
        machine.lower_irql(old);
        return FALSE;
    }
    mutex->OldIrql = old;
    return TRUE;
}

void NTAPI ExReleaseFastMutex(PFAST_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::apc);
    Machine& machine = Machine::current();
    const auto old = static_cast<KIRQL>(mutex->OldIrql);
    release(machine, *mutex, __func__);
    machine.lower_irql(old);
}

// The unsafe forms leave IRQL alone: the caller is at APC_LEVEL or in a critical region.
void NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    acquire(Machine::current(), *mutex, __func__);
}
void NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    release(Machine::current(), *mutex, __func__);
}

void NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX mutex) {
    initialise(*mutex);
}

void NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    machine.current_thread().critical_region_depth += executive::guarded_region;
    acquire(machine, *mutex, __func__);
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    if (!try_acquire(machine, *mutex)) {
        return FALSE;
    }
    machine.current_thread().critical_region_depth += executive::guarded_region;
    return TRUE;
}

void NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    Machine& machine = Machine::current();
    release(machine, *mutex, __func__);
    machine.current_thread().critical_region_depth -= executive::guarded_region;
}

void NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    acquire(Machine::current(), *mutex, __func__);
}
void NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX mutex) {
    OPC_REQUIRE_APC_OR_BELOW();
    release(Machine::current(), *mutex, __func__);
}

} // extern "C"
