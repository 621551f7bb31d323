#include "pnp/kmdf/io_target.h"

#include <algorithm>
#include <utility>

#include "executive/callers.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"
#include "pnp/kmdf/request.h"

namespace openportcls::pnp::kmdf {

IoTarget::IoTarget(Object* parent, machine::Machine& machine) : Object(object_type, parent, machine) {
    KeInitializeEvent(&completed_, NotificationEvent, FALSE);
}

void IoTarget::open_local(DEVICE_OBJECT* device) {
    device_ = device;
    state_ = WdfIoTargetStarted;
}

NTSTATUS IoTarget::open(const WDF_IO_TARGET_OPEN_PARAMS& parameters) {
    if (parameters.Size != sizeof parameters) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (state_ != WdfIoTargetClosed && state_ != WdfIoTargetClosedForQueryRemove) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    switch (parameters.Type) {
    case WdfIoTargetOpenUseExistingDevice:
        return open_existing(parameters);
    case WdfIoTargetOpenByName:
        name_ = executive::text_of(&parameters.TargetDeviceName);
        access_ = parameters.DesiredAccess;
        set_callbacks(parameters);
        return open_named();
    case WdfIoTargetOpenReopen:
        return reopen();
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

void IoTarget::set_callbacks(const WDF_IO_TARGET_OPEN_PARAMS& parameters) {
    callbacks_ = {parameters.EvtIoTargetQueryRemove, parameters.EvtIoTargetRemoveCanceled,
                  parameters.EvtIoTargetRemoveComplete};
}

NTSTATUS IoTarget::open_existing(const WDF_IO_TARGET_OPEN_PARAMS& parameters) {
    if (parameters.TargetDeviceObject == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    set_callbacks(parameters);
    name_.clear(); // of another opening: this one is not opened again by itself
    device_ = parameters.TargetDeviceObject;
    file_ = parameters.TargetFileObject;
    owns_file_ = false;
    ObReferenceObject(device_);
    state_ = WdfIoTargetStarted;
    watch_device();
    return STATUS_SUCCESS;
}

NTSTATUS IoTarget::open_named() {
    executive::OpenOptions options;
    options.desired_access = access_;
    options.mode = KernelMode;
    const NTSTATUS status = executive::open_file(name_, nullptr, &file_, options);
    if (!NT_SUCCESS(status)) {
        file_ = nullptr;
        return status;
    }
    owns_file_ = true;
    device_ = executive::top_of_stack(file_->DeviceObject);
    ObReferenceObject(device_);
    state_ = WdfIoTargetStarted;
    watch_device();
    return STATUS_SUCCESS;
}

// With the callbacks of the opening before.
NTSTATUS IoTarget::reopen() {
    return name_.empty() ? STATUS_INVALID_PARAMETER : open_named(); // nothing was opened by name before
}

void IoTarget::close(WDF_IO_TARGET_STATE state) {
    if (state != WdfIoTargetClosedForQueryRemove) {
        unwatch_device();
    }
    if (device_ == nullptr) {
        state_ = state;
        return;
    }
    stop(state, true, true);
    const bool is_local = parent() != nullptr && parent()->type() == ObjectType::device &&
                          static_cast<Device*>(parent())->local_target == this;
    if (!is_local) {
        ObDereferenceObject(device_);
    }
    if (owns_file_) {
        executive::close_file(file_);
    }
    device_ = nullptr;
    file_ = nullptr;
    owns_file_ = false;
}

// A registration is for the file, and a device that was opened by its pointer may have none. Its owner is the
// framework: the driver cannot forget it.
void IoTarget::watch_device() {
    unwatch_device();
    if (file_ == nullptr) {
        return;
    }
    executive::NotificationTable::Entry entry{};
    entry.category = EventCategoryTargetDeviceChange;
    entry.file = file_;
    entry.target = executive::NotificationTable::target_of(executive::bottom_of_stack(file_->DeviceObject));
    entry.callback = on_target_change;
    entry.context = this;
    watch_ = executive::Kernel::current().notifications.add(entry);
}

void IoTarget::unwatch_device() {
    if (watch_ != nullptr) {
        executive::Kernel::current().notifications.remove(std::exchange(watch_, nullptr));
    }
}

NTSTATUS NTAPI IoTarget::on_target_change(PVOID structure, PVOID context) {
    auto* target = static_cast<IoTarget*>(context);
    const GUID& event = static_cast<const TARGET_DEVICE_REMOVAL_NOTIFICATION*>(structure)->Event;
    NTSTATUS status = STATUS_SUCCESS;
    target->reference(); // the driver may delete it
    if (IsEqualGUID(event, GUID_TARGET_DEVICE_QUERY_REMOVE)) {
        status = target->query_remove();
    } else if (IsEqualGUID(event, GUID_TARGET_DEVICE_REMOVE_CANCELLED)) {
        target->remove_canceled();
    } else if (IsEqualGUID(event, GUID_TARGET_DEVICE_REMOVE_COMPLETE)) {
        target->remove_complete();
    }
    target->dereference();
    return status;
}

// "nc-wdfiotarget-evt_wdf_io_target_query_remove": without the callback, the device may go.
NTSTATUS IoTarget::query_remove() {
    if (callbacks_.query_remove != nullptr) {
        return callbacks_.query_remove(static_cast<WDFIOTARGET>(handle()));
    }
    close(WdfIoTargetClosedForQueryRemove);
    return STATUS_SUCCESS;
}

// "nc-wdfiotarget-evt_wdf_io_target_remove_canceled"
void IoTarget::remove_canceled() {
    if (callbacks_.remove_canceled != nullptr) {
        callbacks_.remove_canceled(static_cast<WDFIOTARGET>(handle()));
    } else if (state_ == WdfIoTargetClosedForQueryRemove) {
        reopen(); // when that fails it stays closed
    }
}

// "nc-wdfiotarget-evt_wdf_io_target_remove_complete": without the callback it is closed for good.
void IoTarget::remove_complete() {
    if (callbacks_.remove_complete != nullptr) {
        callbacks_.remove_complete(static_cast<WDFIOTARGET>(handle()));
    } else {
        close(WdfIoTargetClosed);
    }
}

void IoTarget::silence() {
    Object::silence();
    callbacks_ = {};
}

NTSTATUS IoTarget::start() {
    if (device_ == nullptr) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    state_ = WdfIoTargetStarted;
    while (!kept_.empty() && state_ == WdfIoTargetStarted) { // a completion routine may stop it
        Request& oldest = *kept_.front();
        kept_.erase(kept_.begin());
        deliver(oldest);
    }
    return STATUS_SUCCESS;
}

void IoTarget::stop(WDF_IO_TARGET_STATE state, bool cancel, bool wait) {
    state_ = state;
    const bool goes = state != WdfIoTargetStopped && state != WdfIoTargetPurged;
    if (cancel) {
        cancel_all(goes);
    }
    if (wait) {
        wait_for_sent(goes);
    }
}

void IoTarget::dispose() {
    if (auto* owner = parent(); owner != nullptr && owner->type() == ObjectType::device) {
        auto* device = static_cast<Device*>(owner);
        if (device->local_target == this) {
            stop(WdfIoTargetDeleted, true, machine().irql() == machine::irql::passive);
            device->local_target = nullptr;
            device_ = nullptr;
            return;
        }
    }
    close(WdfIoTargetDeleted);
}

void IoTarget::take(Request& request) {
    if (state_ == WdfIoTargetStopped && request.is_tracked()) {
        kept_.push_back(&request);
    } else {
        deliver(request);
    }
}

void IoTarget::deliver(Request& request) {
    sent_.push_back(&request);
    IoCallDriver(device_, request.irp());
}

bool IoTarget::let_go(const Request& request) {
    return std::erase(kept_, &request) != 0;
}

void IoTarget::request_completed(Request& request) {
    std::erase(sent_, &request);
    KeSetEvent(&completed_, IO_NO_INCREMENT, FALSE);
}

void IoTarget::cancel_all(bool also_untracked) {
    // Cancelling completes requests, which takes them off the lists.
    std::vector<Request*> all = sent_;
    all.insert(all.end(), kept_.begin(), kept_.end());
    const auto is_in = [](const std::vector<Request*>& list, const Request* request) {
        return std::find(list.begin(), list.end(), request) != list.end();
    };
    for (Request* request : all) {
        if ((is_in(sent_, request) || is_in(kept_, request)) && (also_untracked || request->is_tracked())) {
            request->cancel();
        }
    }
}

void IoTarget::wait_for_sent(bool also_untracked) {
    const auto is_awaited = [&](const Request* request) { return also_untracked || request->is_tracked(); };
    for (;;) {
        KeClearEvent(&completed_); // before the look: what completes behind it is heard
        if (std::none_of(sent_.begin(), sent_.end(), is_awaited)) {
            return;
        }
        KeWaitForSingleObject(&completed_, Executive, KernelMode, FALSE, nullptr);
    }
}

} // namespace openportcls::pnp::kmdf

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

namespace {

IoTarget& target_of(WDFIOTARGET handle) {
    return Framework::current().get<IoTarget>(handle);
}

NTSTATUS buffer_of(const WDF_MEMORY_DESCRIPTOR* descriptor, Request::Buffer* buffer) {
    if (descriptor == nullptr) {
        return STATUS_SUCCESS;
    }
    switch (descriptor->Type) {
    case WdfMemoryDescriptorTypeBuffer:
        buffer->local = descriptor->u.BufferType.Buffer;
        buffer->length = descriptor->u.BufferType.Length;
        return STATUS_SUCCESS;
    case WdfMemoryDescriptorTypeMdl:
        buffer->local = MmGetSystemAddressForMdlSafe(descriptor->u.MdlType.Mdl, NormalPagePriority);
        buffer->length = descriptor->u.MdlType.BufferLength;
        return buffer->local != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    case WdfMemoryDescriptorTypeHandle: {
        auto& memory = Framework::current().get<Memory>(descriptor->u.HandleType.Memory);
        const WDFMEMORY_OFFSET* part = descriptor->u.HandleType.Offsets;
        const std::size_t offset = part != nullptr ? part->BufferOffset : 0;
        const std::size_t length = part != nullptr && part->BufferLength != 0
                                       ? part->BufferLength
                                       : memory.size - std::min(offset, memory.size);
        if (offset > memory.size || length > memory.size - offset) {
            return STATUS_BUFFER_OVERFLOW;
        }
        *buffer = {&memory, offset, length};
        return STATUS_SUCCESS;
    }
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfIoTargetCreate(WDFDEVICE Device, PWDF_OBJECT_ATTRIBUTES IoTargetAttributes, WDFIOTARGET* IoTarget) {
    OPC_REQUIRE_PASSIVE();
    Framework& framework = Framework::current();
    auto& device = framework.get<pnp::kmdf::Device>(Device);
    pnp::kmdf::IoTarget* target = nullptr;
    const NTSTATUS status = framework.create(OPC_WDF_CALLER(), IoTargetAttributes, &device, &target);
    if (NT_SUCCESS(status)) {
        *IoTarget = static_cast<WDFIOTARGET>(target->handle());
    }
    return status;
}

NTSTATUS NTAPI WdfIoTargetOpen(WDFIOTARGET IoTarget, PWDF_IO_TARGET_OPEN_PARAMS OpenParams) {
    OPC_REQUIRE_PASSIVE();
    return OpenParams == nullptr ? STATUS_INVALID_PARAMETER : target_of(IoTarget).open(*OpenParams);
}

VOID NTAPI WdfIoTargetClose(WDFIOTARGET IoTarget) {
    OPC_REQUIRE_PASSIVE();
    target_of(IoTarget).close(WdfIoTargetClosed);
}

VOID NTAPI WdfIoTargetCloseForQueryRemove(WDFIOTARGET IoTarget) {
    OPC_REQUIRE_PASSIVE();
    target_of(IoTarget).close(WdfIoTargetClosedForQueryRemove);
}

NTSTATUS NTAPI WdfIoTargetStart(WDFIOTARGET IoTarget) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return target_of(IoTarget).start();
}

VOID NTAPI WdfIoTargetStop(WDFIOTARGET IoTarget, WDF_IO_TARGET_SENT_IO_ACTION Action) {
    const bool leave = Action == WdfIoTargetLeaveSentIoPending;
    if (leave) {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
    } else {
        OPC_REQUIRE_PASSIVE();
    }
    target_of(IoTarget).stop(WdfIoTargetStopped, Action == WdfIoTargetCancelSentIo, !leave);
}

VOID NTAPI WdfIoTargetPurge(WDFIOTARGET IoTarget, WDF_IO_TARGET_PURGE_IO_ACTION Action) {
    const bool wait = Action == WdfIoTargetPurgeIoAndWait;
    if (wait) {
        OPC_REQUIRE_PASSIVE();
    } else {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
    }
    target_of(IoTarget).stop(WdfIoTargetPurged, true, wait);
}

WDF_IO_TARGET_STATE NTAPI WdfIoTargetGetState(WDFIOTARGET IoTarget) {
    return target_of(IoTarget).state();
}

WDFDEVICE NTAPI WdfIoTargetGetDevice(WDFIOTARGET IoTarget) {
    auto* device = target_of(IoTarget).ancestor(ObjectType::device);
    return device != nullptr ? static_cast<WDFDEVICE>(device->handle()) : nullptr;
}

NTSTATUS NTAPI WdfIoTargetQueryForInterface(WDFIOTARGET IoTarget, LPCGUID InterfaceType, PINTERFACE Interface,
                                            USHORT Size, USHORT Version, PVOID InterfaceSpecificData) {
    OPC_REQUIRE_PASSIVE();
    auto& target = target_of(IoTarget);
    if (InterfaceType == nullptr || Interface == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (target.device() == nullptr) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    DEVICE_OBJECT* device = executive::top_of_stack(target.device());
    IRP* irp = executive::build_request(device, IRP_MJ_PNP, IRP_MN_QUERY_INTERFACE);
    if (irp == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    auto& query = IoGetNextIrpStackLocation(irp)->Parameters.QueryInterface;
    query.InterfaceType = InterfaceType;
    query.Interface = Interface;
    query.Size = Size;
    query.Version = Version;
    query.InterfaceSpecificData = InterfaceSpecificData;
    return executive::call_synchronously(device, irp);
}

PDEVICE_OBJECT NTAPI WdfIoTargetWdmGetTargetDeviceObject(WDFIOTARGET IoTarget) {
    return target_of(IoTarget).device();
}

PDEVICE_OBJECT NTAPI WdfIoTargetWdmGetTargetPhysicalDevice(WDFIOTARGET IoTarget) {
    DEVICE_OBJECT* device = target_of(IoTarget).device();
    return device != nullptr ? executive::bottom_of_stack(device) : nullptr;
}

PFILE_OBJECT NTAPI WdfIoTargetWdmGetTargetFileObject(WDFIOTARGET IoTarget) {
    return target_of(IoTarget).file();
}

NTSTATUS NTAPI WdfIoTargetSendIoctlSynchronously(WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                 PWDF_MEMORY_DESCRIPTOR InputBuffer,
                                                 PWDF_MEMORY_DESCRIPTOR OutputBuffer,
                                                 PWDF_REQUEST_SEND_OPTIONS RequestOptions, PULONG_PTR BytesReturned) {
    OPC_REQUIRE_PASSIVE();
    auto& target = target_of(IoTarget);
    if (RequestOptions != nullptr && RequestOptions->Size != sizeof *RequestOptions) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    pnp::kmdf::Request::Buffer input;
    pnp::kmdf::Request::Buffer output;
    NTSTATUS status = buffer_of(InputBuffer, &input);
    status = NT_SUCCESS(status) ? buffer_of(OutputBuffer, &output) : status;
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Framework& framework = Framework::current();
    pnp::kmdf::Request* request = nullptr;
    if (Request != nullptr) {
        request = &framework.get<pnp::kmdf::Request>(Request);
    } else if (status = framework.create(nullptr, nullptr, OPC_WDF_CALLING_DRIVER(), &request); !NT_SUCCESS(status)) {
        return status;
    }
    request->reference();
    status = request->send_ioctl_and_wait(target, IoctlCode, input, output, RequestOptions);
    if (BytesReturned != nullptr) {
        *BytesReturned = request->information();
    }
    if (Request == nullptr) {
        request->remove();
    }
    request->dereference();
    return status;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
