// The end of an IRP's way, for those that send IRPs from inside the executive.
#pragma once

#include <wdm.h>

#include "executive/io/irp_pool.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

// What IofCallDriver does, without its checks of the caller. Inline: every request passes here.
inline NTSTATUS dispatch(machine::Machine& machine, DEVICE_OBJECT* device, IRP* irp);
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI dispatch_refused(machine::Machine& machine, IRP* irp);
[[noreturn, gnu::cold, gnu::noinline]] void NTAPI dispatched_wrongly(const CalledAt& before, UCHAR major,
                                                                     PDRIVER_DISPATCH routine, IRP* irp);
[[gnu::cold, gnu::noinline]] void NTAPI trace_dispatch(machine::Machine& machine, IRP* irp, UCHAR major);

// What IofCompleteRequest does, likewise.
void NTAPI complete_request(Kernel& kernel, IRP* irp);

// Waits until a request (IrpKind::request) is complete; `status` is what its dispatch routine returned. Returns the
// final status.
inline NTSTATUS wait_for_request(machine::Machine& machine, IrpSlot& slot, NTSTATUS status);
[[gnu::cold, gnu::noinline]] void wait_until_complete(machine::Machine& machine, IrpSlot& slot, NTSTATUS status);

// The system buffer of a request, freed with its IRP: a small one lies in the slot and costs nothing. Null without
// memory.
void* system_buffer(Kernel& kernel, IrpSlot& slot, ULONG bytes);

// Frees what the I/O manager hung on an IRP (system buffer, MDLs) and the IRP itself.
inline void free_request(Kernel& kernel, IRP* irp);
[[gnu::noinline]] void free_irp_buffers(Kernel& kernel, IRP* irp);

NTSTATUS dispatch(machine::Machine& machine, DEVICE_OBJECT* device, IRP* irp) {
    if (--irp->CurrentLocation <= 0 || !machine.are_interrupts_enabled()) [[unlikely]] {
        dispatch_refused(machine, irp);
    }
    IO_STACK_LOCATION* const stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = device;
    const UCHAR major = stack->MajorFunction;
    if (machine.is_observed()) [[unlikely]] {
        trace_dispatch(machine, irp, major);
    }
    const CalledAt before(machine);
    const PDRIVER_DISPATCH routine = device->DriverObject->MajorFunction[major];
    const NTSTATUS status = routine(device, irp);
    if (!before.is_kept(machine) || status == status_of_gone_irp) [[unlikely]] {
        dispatched_wrongly(CalledAt(before), major, routine, irp);
    }
    return status;
}

NTSTATUS wait_for_request(machine::Machine& machine, IrpSlot& slot, NTSTATUS status) {
    if (!slot.completed) [[unlikely]] {
        wait_until_complete(machine, slot, status);
    }
    machine::tsan::acquire(slot.irp());
    return status == STATUS_PENDING ? slot.result.Status : status;
}

inline void free_request(Kernel& kernel, IRP* irp) {
    if (irp->MdlAddress != nullptr || IrpSlot::of(irp)->fresh.pool_buffer != nullptr) {
        free_irp_buffers(kernel, irp);
    }
    kernel.irps.free(irp);
}

} // namespace openportcls::executive
