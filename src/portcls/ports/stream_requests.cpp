#include "portcls/ports/stream_requests.h"

#include "executive/io/completion.h"
#include "ks/stream_headers.h"

namespace openportcls::portcls {

namespace {

bool has_buffer(const KSSTREAM_HEADER& header) {
    return header.FrameExtent != 0; // then it has an MDL
}

ULONG headers_of(const IRP& irp) {
    ULONG bytes = 0;
    ks::client_headers(irp, bytes);
    return bytes;
}

KSSTREAM_HEADER* first_header(const IRP& irp) {
    return static_cast<KSSTREAM_HEADER*>(irp.AssociatedIrp.SystemBuffer);
}

template<class Visit>
void for_each_header(const IRP& irp, Visit&& visit) {
    auto* place = reinterpret_cast<unsigned char*>(first_header(irp));
    for (ULONG left = headers_of(irp); left != 0;) {
        auto& header = *reinterpret_cast<KSSTREAM_HEADER*>(place);
        visit(header);
        place += header.Size;
        left -= header.Size;
    }
}

} // namespace

// ---- a place in a request ------------------------------------------------------------------------------------------

void StreamCursor::begin(IRP& request) {
    irp = &request;
    header = nullptr;
    headers_left = headers_of(request);
    mdl = request.MdlAddress;
    base = place = nullptr;
    left = 0;
}

bool StreamCursor::next_header(bool write) {
    if (headers_left == 0) {
        return false;
    }
    if (header == nullptr) {
        header = first_header(*irp);
    } else {
        if (has_buffer(*header)) {
            mdl = mdl->Next;
        }
        headers_left -= header->Size;
        if (headers_left == 0) {
            return false;
        }
        header = reinterpret_cast<KSSTREAM_HEADER*>(reinterpret_cast<unsigned char*>(header) + header->Size);
    }
    left = write ? header->DataUsed : header->FrameExtent;
    base = has_buffer(*header) ? static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority))
                               : nullptr;
    place = base;
    return true;
}

// ---- the queue -----------------------------------------------------------------------------------------------------

StreamRequests::StreamRequests(bool write) : write_(write) {
    InitializeListHead(&queued_);
    InitializeListHead(&finished_);
}

NTSTATUS StreamRequests::prepare(IRP& irp) {
    const NTSTATUS probed = ks::probe_stream_irp(irp,
                                                 (write_ ? KSPROBE_STREAMWRITE : KSPROBE_STREAMREAD) |
                                                     KSPROBE_ALLOCATEMDL | KSPROBE_PROBEANDLOCK | KSPROBE_SYSTEMADDRESS,
                                                 0);
    if (!NT_SUCCESS(probed)) {
        return probed;
    }
    irp.Tail.Overlay.DriverContext[0] = this;
    IoMarkIrpPending(&irp);
    return STATUS_PENDING;
}

bool StreamRequests::insert(IRP& irp) {
    InsertTailList(&queued_, &irp.Tail.Overlay.ListEntry);
    IoSetCancelRoutine(&irp, &StreamRequests::cancel_routine);
    if (!irp.Cancel || IoSetCancelRoutine(&irp, nullptr) == nullptr) {
        return true;
    }
    remove(irp);
    finish(irp, STATUS_CANCELLED);
    return false;
}

IRP* StreamRequests::first() const {
    return IsListEmpty(&queued_) ? nullptr : CONTAINING_RECORD(queued_.Flink, IRP, Tail.Overlay.ListEntry);
}

IRP* StreamRequests::next_of(const IRP& irp) const {
    return is_last(irp) ? nullptr : CONTAINING_RECORD(irp.Tail.Overlay.ListEntry.Flink, IRP, Tail.Overlay.ListEntry);
}

ULONG StreamRequests::bytes_of(const IRP& irp) const {
    ULONG bytes = 0;
    for_each_header(irp,
                    [&](const KSSTREAM_HEADER& header) { bytes += write_ ? header.DataUsed : header.FrameExtent; });
    return bytes;
}

bool StreamRequests::take(IRP& irp) {
    remove(irp);
    InitializeListHead(&irp.Tail.Overlay.ListEntry); // a cancel routine that waits for the lock removes it once more
    return IoSetCancelRoutine(&irp, nullptr) != nullptr;
}

void StreamRequests::set_result(IRP& irp, NTSTATUS status) const {
    irp.IoStatus.Status = status;
    irp.IoStatus.Information = 0;
    if (status == STATUS_SUCCESS) {
        // Of a read the headers go back to the client (R-KS-06).
        irp.IoStatus.Information = write_ ? bytes_of(irp) : headers_of(irp);
    }
}

void StreamRequests::finish(IRP& irp, NTSTATUS status) {
    set_result(irp, status);
    InsertTailList(&finished_, &irp.Tail.Overlay.ListEntry);
}

void StreamRequests::finish_all() {
    while (IRP* const irp = first()) {
        if (take(*irp)) {
            finish(*irp, STATUS_CANCELLED);
        }
    }
}

void StreamRequests::take_finished(LIST_ENTRY& finished) {
    InitializeListHead(&finished);
    if (!IsListEmpty(&finished_)) {
        finished = finished_;
        finished.Flink->Blink = &finished;
        finished.Blink->Flink = &finished;
        InitializeListHead(&finished_);
    }
}

void StreamRequests::complete(LIST_ENTRY& finished) {
    if (IsListEmpty(&finished)) {
        return;
    }
    executive::Kernel& kernel = executive::Kernel::current();
    do {
        IRP* const irp = CONTAINING_RECORD(RemoveHeadList(&finished), IRP, Tail.Overlay.ListEntry);
        kernel.machine.preemption_point();
        executive::complete_request(kernel, irp);
    } while (!IsListEmpty(&finished));
}

void StreamRequests::complete_finished() {
    LIST_ENTRY finished;
    {
        BrieflyLocked locked(lock_);
        take_finished(finished);
    }
    complete(finished);
}

void NTAPI StreamRequests::cancel_routine(PDEVICE_OBJECT, PIRP irp) {
    auto& self = *static_cast<StreamRequests*>(irp->Tail.Overlay.DriverContext[0]);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    self.cancelled(*irp);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

} // namespace openportcls::portcls
