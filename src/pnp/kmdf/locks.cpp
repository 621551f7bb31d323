// WDFSPINLOCK, WDFWAITLOCK.
#include <ntddk.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "pnp/kmdf/object.h"

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

namespace {

class SpinLock final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::spin_lock;
    SpinLock(Object* parent, machine::Machine& machine) : Object(object_type, parent, machine) {}
};

class WaitLock final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::wait_lock;
    WaitLock(Object* parent, machine::Machine& machine) : Object(object_type, parent, machine) {
        KeInitializeEvent(&free, SynchronizationEvent, TRUE);
    }

    KEVENT free{};
    const machine::Thread* owner = nullptr;
};

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfSpinLockCreate(PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, WDFSPINLOCK* SpinLock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ::SpinLock* lock = nullptr;
    const NTSTATUS status =
        Framework::current().create(OPC_WDF_CALLER(), SpinLockAttributes, OPC_WDF_CALLING_DRIVER(), &lock);
    if (NT_SUCCESS(status)) {
        *SpinLock = static_cast<WDFSPINLOCK>(lock->handle());
    }
    return status;
}

VOID NTAPI WdfSpinLockAcquire(WDFSPINLOCK SpinLock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& lock = Framework::current().get<::SpinLock>(SpinLock);
    KIRQL irql = 0;
    KeAcquireSpinLock(&lock.lock, &irql);
    lock.lock_irql = irql;
}

VOID NTAPI WdfSpinLockRelease(WDFSPINLOCK SpinLock) {
    auto& lock = Framework::current().get<::SpinLock>(SpinLock);
    KeReleaseSpinLock(&lock.lock, lock.lock_irql);
}

NTSTATUS NTAPI WdfWaitLockCreate(PWDF_OBJECT_ATTRIBUTES LockAttributes, WDFWAITLOCK* Lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    WaitLock* lock = nullptr;
    const NTSTATUS status =
        Framework::current().create(OPC_WDF_CALLER(), LockAttributes, OPC_WDF_CALLING_DRIVER(), &lock);
    if (NT_SUCCESS(status)) {
        *Lock = static_cast<WDFWAITLOCK>(lock->handle());
    }
    return status;
}

NTSTATUS NTAPI WdfWaitLockAcquire(WDFWAITLOCK Lock, PLONGLONG Timeout) {
    // Trying without waiting is allowed at DISPATCH_LEVEL.
    if (Timeout != nullptr && *Timeout == 0) {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
    } else {
        OPC_REQUIRE_PASSIVE();
    }
    Framework& framework = Framework::current();
    auto& lock = framework.get<WaitLock>(Lock);
    const machine::Thread* thread = &lock.machine().current_thread();
    if (lock.owner == thread && Timeout == nullptr) {
        framework.violation(7, Lock, "WdfWaitLockAcquire would wait for the lock that its own thread holds.");
    }
    KeEnterCriticalRegion();
    LARGE_INTEGER time{};
    time.QuadPart = Timeout != nullptr ? *Timeout : 0;
    const NTSTATUS status =
        KeWaitForSingleObject(&lock.free, Executive, KernelMode, FALSE, Timeout != nullptr ? &time : nullptr);
    if (status == STATUS_SUCCESS) {
        lock.owner = thread;
    } else {
        KeLeaveCriticalRegion();
    }
    return status;
}

VOID NTAPI WdfWaitLockRelease(WDFWAITLOCK Lock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework& framework = Framework::current();
    auto& lock = framework.get<WaitLock>(Lock);
    if (lock.owner != &lock.machine().current_thread()) {
        framework.violation(7, Lock, "WdfWaitLockRelease was called by a thread that does not hold the lock.");
    }
    lock.owner = nullptr;
    KeSetEvent(&lock.free, IO_NO_INCREMENT, FALSE);
    KeLeaveCriticalRegion();
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
