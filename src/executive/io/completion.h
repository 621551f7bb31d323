// The end of an IRP's way, for those that send IRPs from inside the executive.
#pragma once

#include <wdm.h>

#include "executive/io/irp_pool.h"
#include "executive/kernel.h"

namespace openportcls::executive {

// What IofCallDriver does, without its checks of the caller.
NTSTATUS dispatch(machine::Machine& machine, DEVICE_OBJECT* device, IRP* irp);

// What IofCompleteRequest does, likewise.
void NTAPI complete_request(Kernel& kernel, IRP* irp);

// Waits until a request (IrpKind::request) is complete; `status` is what its dispatch routine returned. Returns the
// final status.
NTSTATUS wait_for_request(machine::Machine& machine, IrpSlot& slot, NTSTATUS status);

// The system buffer of a request, freed with its IRP: a small one lies in the slot and costs nothing. Null without
// memory.
void* system_buffer(Kernel& kernel, IrpSlot& slot, ULONG bytes);

// Frees what the I/O manager hung on an IRP (system buffer, MDLs) and the IRP itself.
void free_request(Kernel& kernel, IRP* irp);
void free_irp_buffers(Kernel& kernel, IRP* irp);

} // namespace openportcls::executive
