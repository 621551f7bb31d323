#include "pnp/kmdf/request.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "pnp/kmdf/io_target.h"

namespace openportcls::pnp::kmdf {

Request::Request(Object* parent, machine::Machine& machine) : Object(object_type, parent, machine) {
    KeInitializeEvent(&completed_, NotificationEvent, TRUE);
    KeInitializeTimer(&timeout_);
    KeInitializeDpc(&timeout_dpc_, on_timeout, this);
}

Request::~Request() {
    release_buffers();
}

void Request::dispose() {
    // A request that is still with its target keeps a reference and ends when it comes back.
    if (!is_pending()) {
        release_buffers();
    }
}

void Request::release_buffers() {
    for (Buffer* buffer : {&input_, &output_}) {
        if (buffer->memory != nullptr) {
            buffer->memory->dereference();
        }
        *buffer = {};
    }
    formatted_ = false;
}

NTSTATUS Request::format_ioctl(ULONG code, const Buffer& input, const Buffer& output) {
    if (is_pending()) {
        return STATUS_INVALID_DEVICE_REQUEST; // "nf-wdfiotarget-wdfiotargetformatrequestforioctl": it is at a target
    }
    release_buffers();
    code_ = code;
    input_ = input;
    output_ = output;
    for (const Buffer* buffer : {&input_, &output_}) {
        if (buffer->memory != nullptr) {
            buffer->memory->reference();
        }
    }
    formatted_ = true;
    return STATUS_SUCCESS;
}

void Request::free_system_buffer() {
    free_in_pool(std::exchange(system_buffer_, nullptr), "Noticed when the request was complete");
}

// As the control code's method says, for a requester in kernel mode.
NTSTATUS Request::attach_buffers(IRP* irp, IO_STACK_LOCATION& stack) {
    stack.MajorFunction = IRP_MJ_DEVICE_CONTROL;
    stack.Parameters.DeviceIoControl.IoControlCode = code_;
    stack.Parameters.DeviceIoControl.InputBufferLength = static_cast<ULONG>(input_.length);
    stack.Parameters.DeviceIoControl.OutputBufferLength = static_cast<ULONG>(output_.length);
    constexpr ULONG method_mask = 3;
    const ULONG method = code_ & method_mask;
    if (method == METHOD_NEITHER) {
        stack.Parameters.DeviceIoControl.Type3InputBuffer = input_.data();
        irp->UserBuffer = output_.data();
        return STATUS_SUCCESS;
    }
    const std::size_t buffered = method == METHOD_BUFFERED ? std::max(input_.length, output_.length) : input_.length;
    if (buffered != 0) {
        constexpr ULONG buffer_tag = 0x66427846; // 'FxBf'
        system_buffer_ = pool().allocate_object("system buffer of a request", buffered, buffer_tag, created_by());
        if (input_.length != 0) {
            std::memcpy(system_buffer_, input_.data(), input_.length);
        }
        irp->AssociatedIrp.SystemBuffer = system_buffer_;
    }
    return method != METHOD_BUFFERED && output_.length != 0 ? describe_output(irp, method) : STATUS_SUCCESS;
}

NTSTATUS Request::describe_output(IRP* irp, ULONG method) const {
    MDL* mdl = IoAllocateMdl(output_.data(), static_cast<ULONG>(output_.length), FALSE, FALSE, nullptr);
    if (mdl == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (output_.memory != nullptr) {
        MmBuildMdlForNonPagedPool(mdl);
    } else {
        MmProbeAndLockPages(mdl, KernelMode, method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    }
    irp->MdlAddress = mdl;
    return STATUS_SUCCESS;
}

NTSTATUS Request::check_sending(const IoTarget& target, ULONG flags) const {
    if (is_pending()) {
        return STATUS_WDF_REQUEST_ALREADY_PENDING;
    }
    if (!formatted_) {
        return STATUS_WDF_REQUEST_INVALID_STATE;
    }
    const bool ignore_state = (flags & WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE) != 0;
    return target.accepts_requests(ignore_state) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

IRP* Request::build_irp(const IoTarget& target) {
    IRP* irp = IoAllocateIrp(target.device()->StackSize, FALSE);
    if (irp == nullptr) {
        status_ = STATUS_INSUFFICIENT_RESOURCES;
        return nullptr;
    }
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    status_ = attach_buffers(irp, *stack);
    if (!NT_SUCCESS(status_)) {
        free_system_buffer();
        IoFreeIrp(irp);
        return nullptr;
    }
    stack->FileObject = target.file();
    irp->RequestorMode = KernelMode;
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    IoSetCompletionRoutine(irp, on_completion, this, TRUE, TRUE, TRUE);
    return irp;
}

bool Request::send(IoTarget& target, const WDF_REQUEST_SEND_OPTIONS* options) {
    const ULONG flags = options != nullptr ? options->Flags : 0;
    information_ = 0;
    status_ = check_sending(target, flags);
    IRP* irp = NT_SUCCESS(status_) ? build_irp(target) : nullptr;
    if (irp == nullptr) {
        return false;
    }
    status_ = STATUS_PENDING;
    irp_ = irp;
    target_ = &target;
    const bool synchronous = (flags & WDF_REQUEST_SEND_OPTION_SYNCHRONOUS) != 0;
    call_routine_ = !synchronous && (flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET) == 0;
    KeClearEvent(&completed_);
    reference(); // given back by complete()
    reference(); // for the rest of this function
    target.reference();
    constexpr ULONG untracked = WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE | WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET;
    is_tracked_ = (flags & untracked) == 0;
    start_timeout((flags & WDF_REQUEST_SEND_OPTION_TIMEOUT) != 0 ? options->Timeout : 0);
    target.take(*this);
    if (synchronous) {
        KeWaitForSingleObject(&completed_, Executive, KernelMode, FALSE, nullptr);
    }
    dereference();
    return true;
}

NTSTATUS Request::send_ioctl_and_wait(IoTarget& target, ULONG code, const Buffer& input, const Buffer& output,
                                      const WDF_REQUEST_SEND_OPTIONS* options) {
    const NTSTATUS formatted = format_ioctl(code, input, output);
    if (!NT_SUCCESS(formatted)) {
        return formatted;
    }
    WDF_REQUEST_SEND_OPTIONS waiting;
    WDF_REQUEST_SEND_OPTIONS_INIT(&waiting, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS);
    if (options != nullptr) {
        waiting.Flags |= options->Flags;
        waiting.Timeout = options->Timeout;
    }
    send(target, &waiting);
    for (Buffer* buffer : {&input_, &output_}) {
        if (buffer->memory == nullptr) {
            *buffer = {}; // the caller's, who goes on now
        }
    }
    return status_;
}

// "ns-wdfrequest-_wdf_request_send_options": zero is no time-out.
void Request::start_timeout(LONGLONG due) {
    timed_out_ = false;
    if (due != 0) {
        LARGE_INTEGER time{};
        time.QuadPart = due;
        reference();
        KeSetTimer(&timeout_, time, &timeout_dpc_);
    }
}

void Request::stop_timeout() {
    if (KeCancelTimer(&timeout_) != FALSE || KeRemoveQueueDpc(&timeout_dpc_) != FALSE) {
        dereference();
    }
}

VOID NTAPI Request::on_timeout(PKDPC, PVOID context, PVOID, PVOID) {
    auto* request = static_cast<Request*>(context);
    request->timed_out_ = request->is_pending();
    request->cancel();
    request->dereference();
}

NTSTATUS NTAPI Request::on_completion(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    static_cast<Request*>(context)->complete(irp);
    return STATUS_MORE_PROCESSING_REQUIRED; // the IRP was ours
}

void Request::complete(IRP* irp) {
    stop_timeout();
    // Its target may have completed it all the same.
    const bool timed_out = timed_out_ && irp->IoStatus.Status == STATUS_CANCELLED;
    status_ = timed_out ? STATUS_IO_TIMEOUT : irp->IoStatus.Status;
    information_ = irp->IoStatus.Information;
    if (system_buffer_ != nullptr && (code_ & 3u) == METHOD_BUFFERED && !NT_ERROR(status_) && output_.length != 0) {
        std::memcpy(output_.data(), system_buffer_, std::min<std::size_t>(information_, output_.length));
    }
    free_system_buffer();
    if (irp->MdlAddress != nullptr) {
        if ((irp->MdlAddress->MdlFlags & MDL_PAGES_LOCKED) != 0) {
            MmUnlockPages(irp->MdlAddress);
        }
        IoFreeMdl(irp->MdlAddress);
        irp->MdlAddress = nullptr;
    }
    IoFreeIrp(irp);
    irp_ = nullptr;
    IoTarget* target = std::exchange(target_, nullptr);
    if (call_routine_ && completion_routine_ != nullptr && !is_silent()) {
        WDF_REQUEST_COMPLETION_PARAMS parameters;
        WDF_REQUEST_COMPLETION_PARAMS_INIT(&parameters);
        fill(parameters);
        completion_routine_(static_cast<WDFREQUEST>(handle()), static_cast<WDFIOTARGET>(target->handle()), &parameters,
                            completion_context_);
    }
    target->request_completed(*this);
    target->dereference();
    if (is_deleted() && !is_pending()) {
        release_buffers();
    }
    KeSetEvent(&completed_, IO_NO_INCREMENT, FALSE);
    dereference();
}

void Request::fill(WDF_REQUEST_COMPLETION_PARAMS& parameters) const {
    parameters.Type = formatted_ ? WdfRequestTypeDeviceControl : WdfRequestTypeNoFormat;
    parameters.IoStatus.Status = status_;
    parameters.IoStatus.Information = information_;
    if (!formatted_) {
        return;
    }
    auto& ioctl = parameters.Parameters.Ioctl;
    const auto handle_of = [](Memory* memory) {
        return memory != nullptr ? static_cast<WDFMEMORY>(memory->handle()) : nullptr;
    };
    ioctl.IoControlCode = code_;
    ioctl.Input.Buffer = handle_of(input_.memory);
    ioctl.Input.Offset = input_.offset;
    ioctl.Output.Buffer = handle_of(output_.memory);
    ioctl.Output.Offset = output_.offset;
    ioctl.Output.Length = information_;
}

bool Request::cancel() {
    if (irp_ == nullptr) {
        return false;
    }
    if (!target_->let_go(*this)) {
        return IoCancelIrp(irp_) != FALSE;
    }
    irp_->IoStatus.Status = STATUS_CANCELLED;
    irp_->IoStatus.Information = 0;
    complete(irp_);
    return true;
}

NTSTATUS Request::reuse(NTSTATUS status) {
    if (is_pending()) {
        return STATUS_WDF_REQUEST_ALREADY_PENDING;
    }
    release_buffers();
    status_ = status;
    information_ = 0;
    completion_routine_ = nullptr;
    completion_context_ = nullptr;
    return STATUS_SUCCESS;
}

} // namespace openportcls::pnp::kmdf

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

namespace {

Request& request_of(WDFREQUEST handle) {
    return Framework::current().get<Request>(handle);
}

NTSTATUS buffer_of(WDFMEMORY memory, const WDFMEMORY_OFFSET* part, Request::Buffer* buffer) {
    if (memory == nullptr) {
        return STATUS_SUCCESS;
    }
    buffer->memory = &Framework::current().get<Memory>(memory);
    buffer->offset = part != nullptr ? part->BufferOffset : 0;
    if (buffer->offset > buffer->memory->size) {
        return STATUS_INTEGER_OVERFLOW;
    }
    const std::size_t rest = buffer->memory->size - buffer->offset;
    buffer->length = part != nullptr && part->BufferLength != 0 ? part->BufferLength : rest;
    return buffer->length <= rest && buffer->length <= MAXULONG ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfRequestCreate(PWDF_OBJECT_ATTRIBUTES RequestAttributes, WDFIOTARGET IoTarget, WDFREQUEST* Request) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework& framework = Framework::current();
    if (IoTarget != nullptr) {
        framework.get<pnp::kmdf::IoTarget>(IoTarget); // must be one
    }
    pnp::kmdf::Request* request = nullptr;
    const NTSTATUS status = framework.create(OPC_WDF_CALLER(), RequestAttributes, OPC_WDF_CALLING_DRIVER(), &request);
    if (NT_SUCCESS(status)) {
        *Request = static_cast<WDFREQUEST>(request->handle());
    }
    return status;
}

NTSTATUS NTAPI WdfRequestReuse(WDFREQUEST Request, PWDF_REQUEST_REUSE_PARAMS ReuseParams) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& request = request_of(Request);
    if (ReuseParams == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (ReuseParams->Size != sizeof *ReuseParams) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if ((ReuseParams->Flags & WDF_REQUEST_REUSE_SET_NEW_IRP) != 0) {
        return STATUS_WDF_REQUEST_INVALID_STATE; // for requests of WdfRequestCreateFromIrp, of which there are none
                                                 // here
    }
    return request.reuse(ReuseParams->Status);
}

NTSTATUS NTAPI WdfIoTargetFormatRequestForIoctl(WDFIOTARGET IoTarget, WDFREQUEST Request, ULONG IoctlCode,
                                                WDFMEMORY InputBuffer, PWDFMEMORY_OFFSET InputBufferOffset,
                                                WDFMEMORY OutputBuffer, PWDFMEMORY_OFFSET OutputBufferOffset) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework::current().get<pnp::kmdf::IoTarget>(IoTarget);
    pnp::kmdf::Request::Buffer input;
    pnp::kmdf::Request::Buffer output;
    NTSTATUS status = buffer_of(InputBuffer, InputBufferOffset, &input);
    status = NT_SUCCESS(status) ? buffer_of(OutputBuffer, OutputBufferOffset, &output) : status;
    return NT_SUCCESS(status) ? request_of(Request).format_ioctl(IoctlCode, input, output) : status;
}

VOID NTAPI WdfRequestSetCompletionRoutine(WDFREQUEST Request, PFN_WDF_REQUEST_COMPLETION_ROUTINE CompletionRoutine,
                                          PVOID CompletionContext) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    request_of(Request).set_completion_routine(CompletionRoutine, CompletionContext);
}

BOOLEAN NTAPI WdfRequestSend(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_SEND_OPTIONS Options) {
    if (Options != nullptr && (Options->Flags & WDF_REQUEST_SEND_OPTION_SYNCHRONOUS) != 0) {
        OPC_REQUIRE_PASSIVE();
    } else {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
    }
    auto& target = Framework::current().get<pnp::kmdf::IoTarget>(Target);
    auto& request = request_of(Request);
    if (Options != nullptr && Options->Size != sizeof *Options) {
        request.note_failure(STATUS_INFO_LENGTH_MISMATCH);
        return FALSE;
    }
    return request.send(target, Options);
}

// Every request has one already.
NTSTATUS NTAPI WdfRequestAllocateTimer(WDFREQUEST Request) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    request_of(Request);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI WdfRequestCancelSentRequest(WDFREQUEST Request) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return request_of(Request).cancel();
}

NTSTATUS NTAPI WdfRequestGetStatus(WDFREQUEST Request) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return request_of(Request).status();
}

VOID NTAPI WdfRequestGetCompletionParams(WDFREQUEST Request, PWDF_REQUEST_COMPLETION_PARAMS Params) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    request_of(Request).fill(*Params);
}

ULONG_PTR NTAPI WdfRequestGetInformation(WDFREQUEST Request) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return request_of(Request).information();
}

// Only requests that came from a framework queue can be completed, and a miniport has no queues.
VOID NTAPI WdfRequestComplete(WDFREQUEST Request, NTSTATUS) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework::current().violation(8, Request,
                                   "WdfRequestComplete was called for a request that the driver made itself.");
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
