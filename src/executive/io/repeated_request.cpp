#include "executive/io/repeated_request.h"

#include "executive/io/completion.h"
#include "executive/irql_check.h"

namespace openportcls::executive {

NTSTATUS RepeatedRequest::prepare(FILE_OBJECT& file, const Parts& parts) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    file_ = &file;
    parts_ = parts;
    irp_ = kernel.irps.allocate(top_of_stack(file.DeviceObject)->StackSize, IrpKind::repeated, nullptr);
    if (irp_ == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IrpSlot& slot = *IrpSlot::of(irp_);
    slot.completed_callback = &ended;
    slot.callback_context = this;
    system_buffer_ = executive::system_buffer(kernel, slot, parts.system_bytes);
    mdl_ = IoAllocateMdl(parts.data, parts.data_bytes, FALSE, FALSE, nullptr);
    if (system_buffer_ == nullptr || mdl_ == nullptr) {
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
    } else if (mdl_ != nullptr) {
        IoFreeMdl(mdl_);
    }
    irp_ = nullptr;
    mdl_ = nullptr;
    system_buffer_ = nullptr;
}

NTSTATUS RepeatedRequest::send(ULONG count) {
    OPC_REQUIRE_PASSIVE();
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    DEVICE_OBJECT* const device = top_of_stack(file_->DeviceObject);
    kernel.irps.reuse(*irp_, device->StackSize);
    irp_->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(&kernel.machine.current_thread());
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

void RepeatedRequest::ended(void* context, NTSTATUS status, ULONG_PTR information) {
    auto& self = *static_cast<RepeatedRequest*>(context);
    self.is_under_way_ = false;
    self.parts_.completed(self.parts_.context, status, information);
}

} // namespace openportcls::executive
