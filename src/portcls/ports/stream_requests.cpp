#include "portcls/ports/stream_requests.h"

#include "executive/io/completion.h"

namespace openportcls::portcls {

namespace {

ULONG headers_of(const IRP& irp) {
    ULONG bytes = 0;
    ks::client_headers(irp, bytes);
    return bytes;
}

template<class Visit>
void for_each_header(const IRP& irp, Visit&& visit) {
    auto* place = static_cast<unsigned char*>(irp.AssociatedIrp.SystemBuffer);
    for (ULONG left = headers_of(irp); left != 0;) {
        auto& header = *reinterpret_cast<KSSTREAM_HEADER*>(place);
        visit(header);
        place += header.Size;
        left -= header.Size;
    }
}

} // namespace

// ---- the queue -----------------------------------------------------------------------------------------------------

StreamRequests::StreamRequests(bool write) : write_(write) {
    InitializeListHead(&queued_);
}

NTSTATUS NTAPI StreamRequests::probe(IRP& irp) const {
    return ks::probe_stream_irp(irp,
                                (write_ ? KSPROBE_STREAMWRITE : KSPROBE_STREAMREAD) | KSPROBE_ALLOCATEMDL |
                                    KSPROBE_PROBEANDLOCK | KSPROBE_SYSTEMADDRESS,
                                0);
}

// Of a request that was cancelled before it had a cancel routine, unless that one has been called after all.
bool NTAPI StreamRequests::insert_cancelled(IRP& irp) noexcept {
    if (exchange_cancel_routine(irp, nullptr) == nullptr) {
        return true;
    }
    remove(irp);
    finish(irp, STATUS_CANCELLED);
    return false;
}

ULONG NTAPI StreamRequests::bytes_of(const IRP& irp) const noexcept {
    ULONG bytes = 0;
    for_each_header(irp,
                    [&](const KSSTREAM_HEADER& header) { bytes += write_ ? header.DataUsed : header.FrameExtent; });
    return bytes;
}

void NTAPI StreamRequests::set_result(IRP& irp, NTSTATUS status) const {
    irp.IoStatus.Status = status;
    irp.IoStatus.Information = 0;
    if (status == STATUS_SUCCESS) {
        // Of a read the headers go back to the client (R-KS-06).
        irp.IoStatus.Information = write_ ? bytes_of(irp) : headers_of(irp);
    }
}

[[gnu::hot]] void NTAPI StreamRequests::finish(IRP& irp, NTSTATUS status) noexcept {
    set_result(irp, status);
    LIST_ENTRY* const link = &irp.Tail.Overlay.ListEntry;
    link->Flink = nullptr;
    (finished_ == nullptr ? finished_ : last_finished_->Flink) = link;
    last_finished_ = link;
}

void StreamRequests::finish_all() {
    while (IRP* const irp = first()) {
        if (take(*irp)) {
            finish(*irp, STATUS_CANCELLED);
        }
    }
}

[[gnu::hot]] void NTAPI StreamRequests::complete_all(LIST_ENTRY* finished) {
    executive::Kernel& kernel = executive::Kernel::current();
    do {
        IRP* const irp = at(finished);
        finished = finished->Flink;
        kernel.machine.preemption_point();
        executive::complete_request(kernel, irp);
    } while (finished != nullptr);
}

void NTAPI StreamRequests::complete_finished() {
    complete([this] {
        const BrieflyLocked locked(lock_);
        return take_finished();
    }());
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
