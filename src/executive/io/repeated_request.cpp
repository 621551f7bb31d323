#include "executive/io/repeated_request.h"

#include <cstring>

#include "executive/io/completion.h"
#include "executive/irql_check.h"
#include "executive/ke/thread_body.h"

namespace openportcls::executive {

NTSTATUS RepeatedRequest::prepare(FILE_OBJECT& file, const Parts& parts) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    file_ = &file;
    parts_ = parts;
    const NTSTATUS status = take_irp(kernel, top_of_stack(file.DeviceObject)->StackSize);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    mdl_ = IoAllocateMdl(parts.data, parts.data_bytes, FALSE, FALSE, nullptr);
    if (mdl_ == nullptr) {
        reset();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmProbeAndLockPages(mdl_, KernelMode, parts.operation);
    if (MmGetSystemAddressForMdlSafe(mdl_, NormalPagePriority) == nullptr) {
        reset();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

void RepeatedRequest::reset() {
    if (irp_ != nullptr) {
        irp_->MdlAddress = mdl_;
        free_request(Kernel::current(), irp_);
    }
    irp_ = nullptr;
    mdl_ = nullptr;
    system_buffer_ = nullptr;
}

// The first one, or another for a device stack that has grown; what is in the system buffer goes along.
NTSTATUS RepeatedRequest::take_irp(Kernel& kernel, CCHAR stack_size) {
    IRP* const irp = kernel.irps.allocate(stack_size, IrpKind::repeated, nullptr);
    if (irp == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IrpSlot& slot = *IrpSlot::of(irp);
    slot.fresh.completed_callback = &ended;
    slot.callback_context = this;
    void* const buffer = executive::system_buffer(kernel, slot, parts_.system_bytes);
    if (buffer == nullptr) {
        free_request(kernel, irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (irp_ != nullptr) {
        std::memcpy(buffer, system_buffer_, parts_.system_bytes);
        irp_->MdlAddress = nullptr; // it stays
        free_request(kernel, irp_);
    }
    irp_ = irp;
    system_buffer_ = buffer;
    return STATUS_SUCCESS;
}

NTSTATUS RepeatedRequest::send(ULONG count) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    DEVICE_OBJECT* const device = top_of_stack(file_->DeviceObject);
    if (device->StackSize > irp_->StackCount) [[unlikely]] {
        if (const NTSTATUS status = take_irp(kernel, device->StackSize); !NT_SUCCESS(status)) {
            parts_.completed(parts_.context, status, 0);
            return status;
        }
    }
    kernel.irps.reuse(*irp_);
    irp_->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(&body_of(kernel.machine.current_thread()));
    irp_->Tail.Overlay.OriginalFileObject = file_;
    irp_->AssociatedIrp.SystemBuffer = system_buffer_;
    irp_->MdlAddress = mdl_;
    mdl_->ByteCount = count;
    IO_STACK_LOCATION* const stack = IoGetNextIrpStackLocation(irp_);
    stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    stack->FileObject = file_;
    stack->Parameters.DeviceIoControl.IoControlCode = parts_.code;
    stack->Parameters.DeviceIoControl.OutputBufferLength = parts_.system_bytes;
    irp_->UserBuffer = system_buffer_;
    is_under_way_ = true;
    return dispatch(kernel.machine, device, irp_);
}

void RepeatedRequest::cancel() {
    if (is_under_way_) {
        cancel_request(irp_);
    }
}

[[gnu::hot]] void NTAPI RepeatedRequest::ended(void* context, NTSTATUS status, ULONG_PTR information) {
    auto& self = *static_cast<RepeatedRequest*>(context);
    self.is_under_way_ = false;
    self.parts_.completed(self.parts_.context, status, information);
}

} // namespace openportcls::executive
