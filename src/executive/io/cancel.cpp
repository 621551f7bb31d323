// Cancelling IRPs, and queues that can be cancelled safely.
#include <wdm.h>

#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/ke/spin_lock.h"
#include "executive/kernel.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;

namespace {

constexpr ULONG csq_type = 1;
constexpr ULONG csq_extended_type = 3;
constexpr ULONG csq_context_type = 2;

// The IRP's slot in DriverContext that a cancel-safe queue uses: the queue, or the caller's context.
PVOID& csq_slot(IRP* irp) {
    return irp->Tail.Overlay.DriverContext[3];
}

IO_CSQ* queue_of(IRP* irp, IO_CSQ_IRP_CONTEXT** context) {
    const auto type = *static_cast<ULONG*>(csq_slot(irp));
    if (type == csq_context_type) {
        *context = static_cast<IO_CSQ_IRP_CONTEXT*>(csq_slot(irp));
        return (*context)->Csq;
    }
    *context = nullptr;
    return static_cast<IO_CSQ*>(csq_slot(irp));
}

void forget(IRP* irp, IO_CSQ_IRP_CONTEXT* context) {
    if (context != nullptr) {
        context->Irp = nullptr;
    }
    csq_slot(irp) = nullptr;
}

void NTAPI cancel_queued(PDEVICE_OBJECT, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
    IO_CSQ_IRP_CONTEXT* context;
    IO_CSQ* queue = queue_of(irp, &context);
    KIRQL old;
    queue->ReservePointer = nullptr;
    queue->CsqAcquireLock(queue, &old);
    queue->CsqRemoveIrp(queue, irp);
    forget(irp, context);
    queue->CsqReleaseLock(queue, old);
    queue->CsqCompleteCanceledIrp(queue, irp);
}

NTSTATUS insert(IO_CSQ* queue, IRP* irp, IO_CSQ_IRP_CONTEXT* context, void* insert_context) {
    KIRQL old;
    queue->ReservePointer = nullptr;
    queue->CsqAcquireLock(queue, &old);
    if (context != nullptr) {
        context->Type = csq_context_type;
        context->Irp = irp;
        context->Csq = queue;
        csq_slot(irp) = context;
    } else {
        csq_slot(irp) = queue;
    }
    NTSTATUS status = STATUS_SUCCESS;
    if (queue->Type == csq_extended_type) {
        const auto function = reinterpret_cast<PIO_CSQ_INSERT_IRP_EX>(reinterpret_cast<void*>(queue->CsqInsertIrp));
        status = function(queue, irp, insert_context);
        if (!NT_SUCCESS(status)) {
            forget(irp, context);
            queue->CsqReleaseLock(queue, old);
            return status;
        }
    } else {
        queue->CsqInsertIrp(queue, irp);
    }
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, &cancel_queued);
    // Cancelled before the routine was there: whoever takes the routine away again completes the IRP.
    if (irp->Cancel && IoSetCancelRoutine(irp, nullptr) != nullptr) {
        queue->CsqRemoveIrp(queue, irp);
        forget(irp, context);
        queue->CsqReleaseLock(queue, old);
        queue->CsqCompleteCanceledIrp(queue, irp);
        return status;
    }
    queue->CsqReleaseLock(queue, old);
    return status;
}

NTSTATUS initialise(IO_CSQ* queue, ULONG type, PIO_CSQ_INSERT_IRP insert_irp, PIO_CSQ_REMOVE_IRP remove,
                    PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                    PIO_CSQ_COMPLETE_CANCELED_IRP complete) {
    *queue = {type, insert_irp, remove, peek, acquire, release, complete, nullptr};
    return STATUS_SUCCESS;
}

// With the cancel spin lock held; releases it.
bool cancel_locked(IRP* irp, KIRQL old) {
    irp->Cancel = TRUE;
    const PDRIVER_CANCEL routine = IoSetCancelRoutine(irp, nullptr);
    if (routine == nullptr) {
        IoReleaseCancelSpinLock(old);
        return false;
    }
    if (irp->CurrentLocation > irp->StackCount + 1) [[unlikely]] {
        Machine::current().bugcheck(0x48 /* CANCEL_STATE_IN_COMPLETED_IRP */, reinterpret_cast<std::uint64_t>(irp),
                                    reinterpret_cast<std::uint64_t>(routine), 0, 0,
                                    "A completed IRP still has a cancel routine (IoCancelIrp).");
    }
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    executive::call_cancel_routine(routine, irp->CurrentLocation <= irp->StackCount ? stack->DeviceObject : nullptr,
                                   irp, old);
    return true;
}

} // namespace

void executive::call_cancel_routine(PDRIVER_CANCEL routine, PDEVICE_OBJECT device, PIRP irp, KIRQL old) {
    auto& machine = Machine::current();
    executive::CalledAt without_lock(machine);
    without_lock.irql = old;
    --without_lock.held_spin_locks;
    irp->CancelIrql = old;
    routine(device, irp);
    executive::require_kept(machine, without_lock, "A cancel routine", routine);
}

// While the lock is being acquired the request may complete, and its memory serve another one.
bool executive::cancel_request(IRP* request) {
    const std::uint32_t serial = executive::IrpSlot::of(request)->serial;
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    if (!executive::IrpPool::is_living(request, serial)) {
        IoReleaseCancelSpinLock(old);
        return false;
    }
    return cancel_locked(request, old);
}

extern "C" {

void NTAPI IoAcquireCancelSpinLock(PKIRQL old) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    *old = kernel.machine.raise_irql(machine::irql::dispatch);
    kernel.machine.acquire_lock(kernel.cancel_lock);
    executive::count_spin_lock(kernel.machine.processor(), {&kernel.cancel_lock, machine::HeldLock::Kind::cancel});
}

void NTAPI IoReleaseCancelSpinLock(KIRQL old) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    executive::release_spin_lock(kernel.machine, kernel.cancel_lock);
    executive::leave_spin_lock(kernel.machine, &kernel.cancel_lock, machine::HeldLock::Kind::cancel, old);
}

BOOLEAN NTAPI IoCancelIrp(PIRP irp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KIRQL old;
    IoAcquireCancelSpinLock(&old);
    return cancel_locked(irp, old);
}

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ queue, PIO_CSQ_INSERT_IRP insert_irp, PIO_CSQ_REMOVE_IRP remove,
                               PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                               PIO_CSQ_COMPLETE_CANCELED_IRP complete) {
    return initialise(queue, csq_type, insert_irp, remove, peek, acquire, release, complete);
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ queue, PIO_CSQ_INSERT_IRP_EX insert_irp, PIO_CSQ_REMOVE_IRP remove,
                                 PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP complete) {
    return initialise(queue, csq_extended_type,
                      reinterpret_cast<PIO_CSQ_INSERT_IRP>(reinterpret_cast<void*>(insert_irp)), remove, peek, acquire,
                      release, complete);
}

void NTAPI IoCsqInsertIrp(PIO_CSQ queue, PIRP irp, PIO_CSQ_IRP_CONTEXT context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    insert(queue, irp, context, nullptr);
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ queue, PIRP irp, PIO_CSQ_IRP_CONTEXT context, PVOID insert_context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return insert(queue, irp, context, insert_context);
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ queue, PVOID peek_context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KIRQL old;
    queue->ReservePointer = nullptr;
    queue->CsqAcquireLock(queue, &old);
    IRP* irp = queue->CsqPeekNextIrp(queue, nullptr, peek_context);
    // An IRP whose cancel routine is gone is being cancelled: leave it to the routine.
    while (irp != nullptr && IoSetCancelRoutine(irp, nullptr) == nullptr) {
        irp = queue->CsqPeekNextIrp(queue, irp, peek_context);
    }
    if (irp != nullptr) {
        queue->CsqRemoveIrp(queue, irp);
        IO_CSQ_IRP_CONTEXT* context;
        queue_of(irp, &context);
        forget(irp, context);
    }
    queue->CsqReleaseLock(queue, old);
    return irp;
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ queue, PIO_CSQ_IRP_CONTEXT context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KIRQL old;
    queue->ReservePointer = nullptr;
    queue->CsqAcquireLock(queue, &old);
    IRP* irp = context->Irp;
    if (irp != nullptr) {
        if (IoSetCancelRoutine(irp, nullptr) == nullptr) {
            irp = nullptr;
        } else {
            queue->CsqRemoveIrp(queue, irp);
            forget(irp, context);
        }
    }
    queue->CsqReleaseLock(queue, old);
    return irp;
}

} // extern "C"
