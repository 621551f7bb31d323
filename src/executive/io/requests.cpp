// Requests of applications: device control, read and write, synchronous and not.
#include <wdm.h>

#include <algorithm>

#include "executive/callers.h"
#include "executive/ex/asan.h"
#include "executive/io/completion.h"
#include "executive/io/file_record.h"
#include "executive/io/io_manager.h"
#include "executive/io/transfer.h"
#include "executive/irql_check.h"
#include "executive/ke/thread_body.h"
#include "executive/ke/waits.h"
#include "machine/guarded_access.h"

namespace openportcls::executive {

namespace {

// The mode a request came in with is what ExGetPreviousMode tells on the client's thread meanwhile.
class PreviousMode {
public:
    PreviousMode(Kernel& kernel, KPROCESSOR_MODE mode) : kernel_(kernel), before_(kernel.client_mode) {
        kernel.client_mode = mode;
    }
    ~PreviousMode() { kernel_.client_mode = before_; }
    PreviousMode(const PreviousMode&) = delete;
    PreviousMode& operator=(const PreviousMode&) = delete;

private:
    Kernel& kernel_;
    KPROCESSOR_MODE before_;
};

// The rights a control code asks for stand in bits 14 and 15.
bool access_allowed(const FILE_OBJECT& file, ULONG code, KPROCESSOR_MODE mode) {
    if (mode == KernelMode) {
        return true;
    }
    const ULONG required = code >> 14 & 3;
    return ((required & FILE_READ_ACCESS) == 0 || file.ReadAccess) &&
           ((required & FILE_WRITE_ACCESS) == 0 || file.WriteAccess);
}

// What the I/O manager probes, and copies within __try: a buffer of a client may lie anywhere.
NTSTATUS probe(const void* buffer, ULONG bytes, KPROCESSOR_MODE mode, machine::Access access) {
    return mode != UserMode || machine::is_accessible(buffer, bytes, access) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

NTSTATUS lock_user_buffer(IRP* irp, const void* buffer, ULONG bytes, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
    const NTSTATUS probed =
        probe(buffer, bytes, mode, operation == IoReadAccess ? machine::Access::read : machine::Access::write);
    if (!NT_SUCCESS(probed)) {
        return probed;
    }
    MDL* mdl = IoAllocateMdl(const_cast<void*>(buffer), bytes, FALSE, FALSE, irp);
    if (mdl == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmProbeAndLockPages(mdl, KernelMode, operation); // probed above, where a failure is a status
    return STATUS_SUCCESS;
}

// Attaches the caller's buffers the way the control code's method says.
NTSTATUS attach_control_buffers(Kernel& kernel, IRP* irp, ULONG code, const void* in, ULONG in_bytes, void* out,
                                ULONG out_bytes, KPROCESSOR_MODE mode) {
    IrpSlot& slot = *IrpSlot::of(irp);
    const ULONG method = METHOD_FROM_CTL_CODE(code);
    if (method == METHOD_NEITHER) {
        IoGetNextIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer = const_cast<void*>(in);
        irp->UserBuffer = out;
        return STATUS_SUCCESS;
    }
    NTSTATUS probed = probe(in, in_bytes, mode, machine::Access::read);
    if (NT_SUCCESS(probed) && method == METHOD_BUFFERED) {
        probed = probe(out, out_bytes, mode, machine::Access::write);
    }
    if (!NT_SUCCESS(probed)) {
        return probed;
    }
    const ULONG buffered = method == METHOD_BUFFERED ? std::max(in_bytes, out_bytes) : in_bytes;
    if (buffered != 0) {
        void* buffer = system_buffer(kernel, slot, buffered);
        if (buffer == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        irp->AssociatedIrp.SystemBuffer = buffer;
        if (in_bytes != 0) {
            memcpy(buffer, in, in_bytes);
        }
        if (buffered > in_bytes) {
            memset(static_cast<char*>(buffer) + in_bytes, 0, buffered - in_bytes);
        }
        irp->Flags |= IRP_BUFFERED_IO;
    }
    if (method == METHOD_BUFFERED) {
        irp->UserBuffer = out;
        slot.fresh.copy_to = out_bytes != 0 ? out : nullptr;
        slot.fresh.copy_limit = out_bytes;
        return STATUS_SUCCESS;
    }
    if (out_bytes == 0) {
        return STATUS_SUCCESS;
    }
    return lock_user_buffer(irp, out, out_bytes, mode, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
}

[[gnu::always_inline]] inline IRP* new_request(Kernel& kernel, machine::Machine& machine, DEVICE_OBJECT* device,
                                               FILE_OBJECT* file, IrpKind kind, UCHAR major, KPROCESSOR_MODE mode) {
    IRP* irp = kernel.irps.allocate(device->StackSize, kind, nullptr);
    if (irp == nullptr) {
        return nullptr;
    }
    irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(&executive::body_of(machine.current_thread()));
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->RequestorMode = mode;
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = major;
    stack->FileObject = file;
    return irp;
}

[[gnu::always_inline]] inline NTSTATUS finish(Kernel& kernel, machine::Machine& machine, DEVICE_OBJECT* device,
                                              FILE_OBJECT* file, IRP* irp, ULONG_PTR* information) {
    IrpSlot& slot = *IrpSlot::of(irp);
    begin_request(file);
    const NTSTATUS status = wait_for_request(machine, slot, dispatch(machine, device, irp));
    if (information != nullptr) {
        *information = slot.result.Information;
    }
    free_request(kernel, irp);
    end_request(file);
    return status;
}

// Attaches the caller's buffer the way the device asks for.
NTSTATUS attach_transfer_buffer(Kernel& kernel, const DEVICE_OBJECT& device, IRP* irp, const Transfer& request) {
    const bool reads = request.major == IRP_MJ_READ;
    irp->UserBuffer = request.buffer;
    if (request.bytes == 0) {
        return STATUS_SUCCESS;
    }
    if ((device.Flags & DO_BUFFERED_IO) == 0) {
        return (device.Flags & DO_DIRECT_IO) == 0 ? STATUS_SUCCESS
                                                  : lock_user_buffer(irp, request.buffer, request.bytes, request.mode,
                                                                     reads ? IoWriteAccess : IoReadAccess);
    }
    const NTSTATUS status =
        probe(request.buffer, request.bytes, request.mode, reads ? machine::Access::write : machine::Access::read);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    IrpSlot& slot = *IrpSlot::of(irp);
    irp->AssociatedIrp.SystemBuffer = system_buffer(kernel, slot, request.bytes);
    if (irp->AssociatedIrp.SystemBuffer == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->Flags |= IRP_BUFFERED_IO;
    if (reads) {
        memset(irp->AssociatedIrp.SystemBuffer, 0, request.bytes);
        slot.fresh.copy_to = request.buffer;
        slot.fresh.copy_limit = request.bytes;
    } else {
        memcpy(irp->AssociatedIrp.SystemBuffer, request.buffer, request.bytes);
    }
    return STATUS_SUCCESS;
}

// The request for the device; what a driver's handle grants was looked at with the handle.
NTSTATUS make_transfer(Kernel& kernel, DEVICE_OBJECT* device, const Transfer& request, IrpKind kind, IRP** made) {
    const bool reads = request.major == IRP_MJ_READ;
    if (request.mode == UserMode && !(reads ? request.file->ReadAccess : request.file->WriteAccess)) {
        return STATUS_ACCESS_DENIED;
    }
    IRP* irp = new_request(kernel, kernel.machine, device, request.file, kind, request.major, request.mode);
    if (irp == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->Flags |= reads ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
    auto& parameters = IoGetNextIrpStackLocation(irp)->Parameters.Read; // Write has the same shape
    parameters.Length = request.bytes;
    parameters.ByteOffset.QuadPart = request.offset;
    const NTSTATUS status = attach_transfer_buffer(kernel, *device, irp, request);
    if (!NT_SUCCESS(status)) {
        free_request(kernel, irp);
        return status;
    }
    *made = irp;
    return STATUS_SUCCESS;
}

} // namespace

void* system_buffer(Kernel& kernel, IrpSlot& slot, ULONG bytes) {
    // Under AddressSanitizer a buffer of its own shows a driver that reads or writes beyond it.
    if (bytes <= IrpSlot::inline_buffer_bytes && !small_buffers_from_pool()) {
        return slot.take_inline_buffer(bytes);
    }
    slot.fresh.pool_buffer = kernel.pool.allocate(bytes, IrpSlot::buffer_tag, PoolKind::non_paged, false, nullptr);
    return slot.fresh.pool_buffer;
}

[[gnu::hot]] NTSTATUS device_control(const ControlRequest& request) {
    OPC_REQUIRE_PASSIVE();
    machine::Machine& machine = machine::Machine::current();
    Kernel& kernel = machine.subsystem<Kernel>();
    machine.preemption_point();
    const PreviousMode previous(kernel, request.mode);
    if (request.information != nullptr) {
        *request.information = 0;
    }
    if (!access_allowed(*request.file, request.code, request.mode)) [[unlikely]] {
        return STATUS_ACCESS_DENIED;
    }
    DEVICE_OBJECT* const device = top_of_stack(request.file->DeviceObject);
    IRP* const irp =
        new_request(kernel, machine, device, request.file, IrpKind::request, IRP_MJ_DEVICE_CONTROL, request.mode);
    if (irp == nullptr) [[unlikely]] {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    auto& parameters = IoGetNextIrpStackLocation(irp)->Parameters.DeviceIoControl;
    parameters.OutputBufferLength = request.out_bytes;
    parameters.InputBufferLength = request.in_bytes;
    parameters.IoControlCode = request.code;
    if (METHOD_FROM_CTL_CODE(request.code) == METHOD_NEITHER) [[likely]] {
        parameters.Type3InputBuffer = const_cast<void*>(request.in);
        irp->UserBuffer = request.out;
    } else {
        const NTSTATUS status = attach_control_buffers(kernel, irp, request.code, request.in, request.in_bytes,
                                                       request.out, request.out_bytes, request.mode);
        if (!NT_SUCCESS(status)) {
            free_request(kernel, irp);
            return status;
        }
    }
    return finish(kernel, machine, device, request.file, irp, request.information);
}

NTSTATUS start_device_control(FILE_OBJECT* file, ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                              RequestCompleted completed, void* context, IRP** request, KPROCESSOR_MODE mode) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    const PreviousMode previous(kernel, mode);
    if (request != nullptr) {
        *request = nullptr;
    }
    if (!access_allowed(*file, code, mode)) {
        completed(context, STATUS_ACCESS_DENIED, 0);
        return STATUS_ACCESS_DENIED;
    }
    DEVICE_OBJECT* device = top_of_stack(file->DeviceObject);
    IRP* irp = new_request(kernel, kernel.machine, device, file, IrpKind::detached, IRP_MJ_DEVICE_CONTROL, mode);
    if (irp == nullptr) {
        completed(context, STATUS_INSUFFICIENT_RESOURCES, 0);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IrpSlot& slot = *IrpSlot::of(irp);
    slot.fresh.completed_callback = completed;
    slot.callback_context = context;
    auto& parameters = IoGetNextIrpStackLocation(irp)->Parameters.DeviceIoControl;
    parameters.OutputBufferLength = out_bytes;
    parameters.InputBufferLength = in_bytes;
    parameters.IoControlCode = code;
    NTSTATUS status = attach_control_buffers(kernel, irp, code, in, in_bytes, out, out_bytes, mode);
    if (!NT_SUCCESS(status)) {
        free_request(kernel, irp);
        completed(context, status, 0);
        return status;
    }
    const std::uint32_t serial = slot.serial;
    slot.kept[0] = file;
    begin_request(file);
    status = dispatch(kernel.machine, device, irp);
    // The slot may be in use for another request by now: its serial number tells.
    if (request != nullptr && status == STATUS_PENDING && kernel.irps.is_living(irp, serial)) {
        *request = irp;
    }
    return status;
}

NTSTATUS transfer(const Transfer& request, ULONG_PTR* information) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    const PreviousMode previous(kernel, request.mode);
    DEVICE_OBJECT* device = top_of_stack(request.file->DeviceObject);
    IRP* irp = nullptr;
    const NTSTATUS status = make_transfer(kernel, device, request, IrpKind::request, &irp);
    return NT_SUCCESS(status) ? finish(kernel, kernel.machine, device, request.file, irp, information) : status;
}

NTSTATUS start_transfer(const Transfer& request, RequestCompleted completed, void* context) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    const PreviousMode previous(kernel, request.mode);
    DEVICE_OBJECT* device = top_of_stack(request.file->DeviceObject);
    IRP* irp = nullptr;
    const NTSTATUS status = make_transfer(kernel, device, request, IrpKind::detached, &irp);
    if (!NT_SUCCESS(status)) {
        completed(context, status, 0);
        return status;
    }
    IrpSlot& slot = *IrpSlot::of(irp);
    slot.fresh.completed_callback = completed;
    slot.callback_context = context;
    slot.kept[0] = request.file;
    begin_request(request.file);
    return dispatch(kernel.machine, device, irp);
}

NTSTATUS read_file(FILE_OBJECT* file, void* buffer, ULONG bytes, LONGLONG offset, ULONG_PTR* information) {
    return transfer({file, IRP_MJ_READ, UserMode, bytes, buffer, offset}, information);
}

NTSTATUS write_file(FILE_OBJECT* file, const void* buffer, ULONG bytes, LONGLONG offset, ULONG_PTR* information) {
    return transfer({file, IRP_MJ_WRITE, UserMode, bytes, const_cast<void*>(buffer), offset}, information);
}

} // namespace openportcls::executive

using namespace openportcls;
using executive::IrpKind;
using executive::IrpSlot;
using executive::Kernel;

namespace {

// A buffer of the driver's own: its pages need no probing, and the MDL goes with the IRP.
bool describe_driver_buffer(IRP* irp, void* buffer, ULONG bytes, LOCK_OPERATION operation) {
    MDL* mdl = IoAllocateMdl(buffer, bytes, FALSE, FALSE, irp);
    if (mdl == nullptr) {
        return false;
    }
    MmProbeAndLockPages(mdl, KernelMode, operation);
    return true;
}

IRP* build_control(ULONG code, DEVICE_OBJECT* device, void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                   bool internal, KEVENT* event, IO_STATUS_BLOCK* result, const void* caller) {
    Kernel& kernel = Kernel::current();
    IRP* irp = kernel.irps.allocate(device->StackSize, IrpKind::threaded, caller);
    if (irp == nullptr) {
        return nullptr;
    }
    irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(&executive::body_of(kernel.machine.current_thread()));
    irp->UserEvent = event;
    irp->UserIosb = result;
    irp->RequestorMode = KernelMode;
    irp->Flags |= IRP_SYNCHRONOUS_API;
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    stack->Parameters.DeviceIoControl.OutputBufferLength = out_bytes;
    stack->Parameters.DeviceIoControl.InputBufferLength = in_bytes;
    stack->Parameters.DeviceIoControl.IoControlCode = code;
    if (!NT_SUCCESS(executive::attach_control_buffers(kernel, irp, code, in, in_bytes, out, out_bytes, KernelMode))) {
        executive::free_request(kernel, irp);
        return nullptr;
    }
    return irp;
}

IRP* build_transfer(ULONG major, DEVICE_OBJECT* device, void* buffer, ULONG bytes, const LARGE_INTEGER* offset,
                    IrpKind kind, const void* caller) {
    Kernel& kernel = Kernel::current();
    IRP* irp = kernel.irps.allocate(device->StackSize, kind, caller);
    if (irp == nullptr) {
        return nullptr;
    }
    irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(&executive::body_of(kernel.machine.current_thread()));
    irp->RequestorMode = KernelMode;
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = static_cast<UCHAR>(major);
    if (major != IRP_MJ_READ && major != IRP_MJ_WRITE) {
        return irp;
    }
    const bool reads = major == IRP_MJ_READ;
    stack->Parameters.Read.Length = bytes;
    stack->Parameters.Read.ByteOffset.QuadPart = offset != nullptr ? offset->QuadPart : 0;
    irp->UserBuffer = buffer;
    if ((device->Flags & DO_BUFFERED_IO) != 0) {
        IrpSlot& slot = *IrpSlot::of(irp);
        irp->AssociatedIrp.SystemBuffer = executive::system_buffer(kernel, slot, bytes);
        irp->Flags |= IRP_BUFFERED_IO;
        if (reads) {
            memset(irp->AssociatedIrp.SystemBuffer, 0, bytes);
            slot.fresh.copy_to = buffer;
            slot.fresh.copy_limit = bytes;
        } else {
            memcpy(irp->AssociatedIrp.SystemBuffer, buffer, bytes);
        }
    } else if ((device->Flags & DO_DIRECT_IO) != 0 &&
               !describe_driver_buffer(irp, buffer, bytes, reads ? IoWriteAccess : IoReadAccess)) {
        executive::free_request(kernel, irp);
        return nullptr;
    }
    return irp;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID in, ULONG in_bytes, PVOID out,
                                         ULONG out_bytes, BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK result) {
    OPC_REQUIRE_APC_OR_BELOW();
    return build_control(code, device, in, in_bytes, out, out_bytes, internal != FALSE, event, result,
                         __builtin_return_address(0));
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG bytes,
                                        PLARGE_INTEGER offset, PKEVENT event, PIO_STATUS_BLOCK result) {
    OPC_REQUIRE_APC_OR_BELOW();
    IRP* irp = build_transfer(major, device, buffer, bytes, offset, IrpKind::threaded, __builtin_return_address(0));
    if (irp != nullptr) {
        irp->UserEvent = event;
        irp->UserIosb = result;
        irp->Flags |= IRP_SYNCHRONOUS_API;
    }
    return irp;
}

// Not tied to a thread: a completion routine of the caller's frees it.
PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG bytes,
                                         PLARGE_INTEGER offset, PIO_STATUS_BLOCK result) {
    OPC_REQUIRE_APC_OR_BELOW();
    IRP* irp = build_transfer(major, device, buffer, bytes, offset, IrpKind::driver, __builtin_return_address(0));
    if (irp != nullptr) {
        irp->UserIosb = result;
    }
    return irp;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
