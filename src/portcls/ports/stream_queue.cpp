#include "portcls/ports/stream_queue.h"

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

StreamQueue::StreamQueue(bool write, bool looped) : write_(write), looped_(looped) {
    InitializeListHead(&queued_);
    InitializeListHead(&finished_);
}

StreamQueue::~StreamQueue() {
    cancel_all();
}

IRP* StreamQueue::first() const {
    return IsListEmpty(&queued_) ? nullptr : CONTAINING_RECORD(queued_.Flink, IRP, Tail.Overlay.ListEntry);
}

NTSTATUS StreamQueue::add(IRP& irp) {
    const NTSTATUS probed = ks::probe_stream_irp(irp,
                                                 (write_ ? KSPROBE_STREAMWRITE : KSPROBE_STREAMREAD) |
                                                     KSPROBE_ALLOCATEMDL | KSPROBE_PROBEANDLOCK | KSPROBE_SYSTEMADDRESS,
                                                 0);
    if (!NT_SUCCESS(probed)) {
        return probed;
    }
    irp.Tail.Overlay.DriverContext[0] = this;
    IoMarkIrpPending(&irp);
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    InsertTailList(&queued_, &irp.Tail.Overlay.ListEntry);
    IoSetCancelRoutine(&irp, &StreamQueue::cancelled);
    const bool was_cancelled = irp.Cancel && IoSetCancelRoutine(&irp, nullptr) != nullptr;
    if (was_cancelled) {
        RemoveEntryList(&irp.Tail.Overlay.ListEntry);
        finish(&irp, STATUS_CANCELLED);
    }
    KeReleaseSpinLock(&lock_, irql);
    if (was_cancelled) {
        complete_finished();
    }
    return STATUS_PENDING;
}

// ---- the cursor -----------------------------------------------------------------------------------------------------

void StreamQueue::rewind(IRP* irp) {
    current_ = irp;
    header_ = nullptr;
    headers_left_ = headers_of(*irp);
    mdl_ = irp->MdlAddress;
    place_ = nullptr;
    left_ = 0;
    loop_bytes_ = 0;
    if (looped_) {
        for_each_header(*irp, [this](const KSSTREAM_HEADER& header) {
            loop_bytes_ += write_ ? header.DataUsed : header.FrameExtent;
        });
    }
}

// To the next header of the current request; false behind the last.
bool StreamQueue::next_header() {
    if (header_ == nullptr) {
        header_ = first_header(*current_);
    } else {
        if (has_buffer(*header_)) {
            mdl_ = mdl_->Next;
        }
        headers_left_ -= header_->Size;
        header_ = reinterpret_cast<KSSTREAM_HEADER*>(reinterpret_cast<unsigned char*>(header_) + header_->Size);
    }
    if (headers_left_ == 0) {
        return false;
    }
    left_ = write_ ? header_->DataUsed : header_->FrameExtent;
    place_ = has_buffer(*header_) ? static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(mdl_, NormalPagePriority))
                                  : nullptr;
    end_passed_ = end_passed_ || (left_ == 0 && ends_stream());
    return true;
}

// To the next byte that can be moved; false when nothing is queued.
bool StreamQueue::find_room() {
    unsigned empty_rounds = 0;
    while (left_ == 0) {
        if (current_ == nullptr) {
            IRP* const irp = first();
            if (irp == nullptr) {
                return false;
            }
            rewind(irp);
        }
        if (next_header()) {
            continue;
        }
        const bool is_last = current_->Tail.Overlay.ListEntry.Flink == &queued_;
        if (looped_ && is_last) {
            if (loop_bytes_ == 0 || ++empty_rounds > 1) {
                return false;
            }
            rewind(current_);
            continue;
        }
        RemoveEntryList(&current_->Tail.Overlay.ListEntry);
        finish(current_, STATUS_SUCCESS);
        current_ = nullptr;
    }
    return true;
}

void StreamQueue::advance(ULONG bytes) {
    place_ += bytes;
    left_ -= bytes;
    if (!write_) {
        header_->DataUsed = header_->FrameExtent - left_;
    }
}

bool StreamQueue::ends_stream() const {
    return write_ && (header_->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0;
}

// A request is finished with its last byte, not with the first one of its successor.
void StreamQueue::finish_passed() {
    while (current_ != nullptr && left_ == 0 && !looped_) {
        if (next_header()) {
            continue;
        }
        RemoveEntryList(&current_->Tail.Overlay.ListEntry);
        finish(current_, STATUS_SUCCESS);
        current_ = nullptr;
    }
}

bool StreamQueue::seek(ULONGLONG offset) {
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    bool found = false;
    if (IRP* const irp = first(); irp != nullptr && looped_) {
        rewind(irp);
        ULONGLONG passed = 0;
        while (!found && next_header()) {
            found = offset < passed + left_;
            if (found) {
                const auto into = static_cast<ULONG>(offset - passed);
                place_ += into;
                left_ -= into;
            } else {
                passed += left_;
                left_ = 0;
            }
        }
        if (!found) {
            rewind(irp);
        }
    }
    KeReleaseSpinLock(&lock_, irql);
    return found;
}

// ---- the end of requests --------------------------------------------------------------------------------------------

// Under the lock: off the list of queued ones already, or about to be forgotten by its cancel routine.
void StreamQueue::finish(IRP* irp, NTSTATUS status) {
    if (status == STATUS_SUCCESS && IoSetCancelRoutine(irp, nullptr) == nullptr) {
        InitializeListHead(&irp->Tail.Overlay.ListEntry); // its cancel routine is waiting for the lock and completes it
        return;
    }
    ULONG_PTR information = 0;
    if (status == STATUS_SUCCESS) {
        // Of a read the headers go back to the client (R-KS-06).
        information = write_ ? 0 : headers_of(*irp);
        if (write_) {
            for_each_header(*irp, [&](const KSSTREAM_HEADER& header) { information += header.DataUsed; });
        }
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    InsertTailList(&finished_, &irp->Tail.Overlay.ListEntry);
}

void StreamQueue::complete_finished() {
    for (;;) {
        KIRQL irql;
        KeAcquireSpinLock(&lock_, &irql);
        IRP* const irp = IsListEmpty(&finished_)
                             ? nullptr
                             : CONTAINING_RECORD(RemoveHeadList(&finished_), IRP, Tail.Overlay.ListEntry);
        KeReleaseSpinLock(&lock_, irql);
        if (irp == nullptr) {
            return;
        }
        IoCompleteRequest(irp, IO_SOUND_INCREMENT);
    }
}

void NTAPI StreamQueue::cancelled(PDEVICE_OBJECT, PIRP irp) {
    auto& self = *static_cast<StreamQueue*>(irp->Tail.Overlay.DriverContext[0]);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KIRQL irql;
    KeAcquireSpinLock(&self.lock_, &irql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    if (self.current_ == irp) {
        self.current_ = nullptr;
        self.left_ = 0;
    }
    KeReleaseSpinLock(&self.lock_, irql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

void StreamQueue::cancel_all() {
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    current_ = nullptr;
    left_ = 0;
    while (!IsListEmpty(&queued_)) {
        IRP* const irp = CONTAINING_RECORD(RemoveHeadList(&queued_), IRP, Tail.Overlay.ListEntry);
        if (IoSetCancelRoutine(irp, nullptr) != nullptr) {
            finish(irp, STATUS_CANCELLED);
        } else {
            InitializeListHead(&irp->Tail.Overlay.ListEntry);
        }
    }
    KeReleaseSpinLock(&lock_, irql);
    complete_finished();
}

} // namespace openportcls::portcls
