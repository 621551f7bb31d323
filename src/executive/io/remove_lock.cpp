// Remove locks: how many still use a device that is about to go.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/ke/waits.h"

using namespace openportcls;
using machine::Machine;

extern "C" {

// Whatever form the driver compiled (with or without the debug block), the common block comes first.
void NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK lock, ULONG tag, ULONG, ULONG high_watermark, ULONG bytes) {
    OPC_REQUIRE_PASSIVE();
    memset(static_cast<void*>(lock), 0, bytes);
    lock->Common.IoCount = 1;
    KeInitializeEvent(&lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
    (void)tag;
    (void)high_watermark;
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID, PCSTR, ULONG, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine::current().preemption_point();
    if (lock->Common.Removed) {
        return STATUS_DELETE_PENDING;
    }
    lock->Common.IoCount = lock->Common.IoCount + 1;
    return STATUS_SUCCESS;
}

void NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    if (lock->Common.IoCount <= 0) [[unlikely]] {
        machine.bugcheck(0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0xDD, reinterpret_cast<std::uint64_t>(lock),
                         reinterpret_cast<std::uint64_t>(tag), 0,
                         "IoReleaseRemoveLock without the IoAcquireRemoveLock that belongs to it.");
    }
    machine::tsan::release(lock);
    lock->Common.IoCount = lock->Common.IoCount - 1;
    if (lock->Common.IoCount == 0) {
        machine.set_event(lock->Common.RemoveEvent);
    }
    machine.preemption_point();
}

void NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK lock, PVOID tag, ULONG bytes) {
    OPC_REQUIRE_PASSIVE();
    lock->Common.Removed = TRUE;
    // Once for this caller, once for the count the lock starts with.
    IoReleaseRemoveLockEx(lock, tag, bytes);
    IoReleaseRemoveLockEx(lock, tag, bytes);
    if (lock->Common.IoCount > 0) {
        executive::wait_for_ever(Machine::current(), &lock->Common.RemoveEvent);
    }
    machine::tsan::acquire(lock);
}

} // extern "C"
