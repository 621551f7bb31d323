#include "portcls/ports/dmus/packet_queue.h"

#include "ks/stream_headers.h"

namespace openportcls::portcls {

namespace {

ULONG headers_of(const IRP& irp) {
    ULONG bytes = 0;
    ks::client_headers(irp, bytes);
    return bytes;
}

KSSTREAM_HEADER* first_header(const IRP& irp) {
    return static_cast<KSSTREAM_HEADER*>(irp.AssociatedIrp.SystemBuffer);
}

KSSTREAM_HEADER* behind(KSSTREAM_HEADER* header) {
    return reinterpret_cast<KSSTREAM_HEADER*>(reinterpret_cast<unsigned char*>(header) + header->Size);
}

IRP* irp_of(LIST_ENTRY* link) {
    return CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
}

} // namespace

PacketQueue::PacketQueue(bool write) : write_(write) {
    InitializeListHead(&queued_);
    InitializeListHead(&finished_);
}

NTSTATUS PacketQueue::add(IRP& irp) {
    const ULONG direction = write_ ? KSPROBE_STREAMWRITE : KSPROBE_STREAMREAD;
    const NTSTATUS probed =
        ks::probe_stream_irp(irp, direction | KSPROBE_ALLOCATEMDL | KSPROBE_PROBEANDLOCK | KSPROBE_SYSTEMADDRESS, 0);
    if (!NT_SUCCESS(probed)) {
        return probed;
    }
    irp.Tail.Overlay.DriverContext[0] = this;
    IoMarkIrpPending(&irp);
    bool was_cancelled = false;
    {
        Locked locked(lock_);
        InsertTailList(&queued_, &irp.Tail.Overlay.ListEntry);
        IoSetCancelRoutine(&irp, &PacketQueue::cancelled);
        was_cancelled = irp.Cancel && IoSetCancelRoutine(&irp, nullptr) != nullptr;
        if (was_cancelled) {
            RemoveEntryList(&irp.Tail.Overlay.ListEntry);
            finish(&irp, STATUS_CANCELLED);
        }
    }
    if (was_cancelled) {
        complete_finished();
    }
    return STATUS_PENDING;
}

bool PacketQueue::find_packet() {
    if (current_ == nullptr) {
        if (IsListEmpty(&queued_)) {
            return false;
        }
        current_ = irp_of(queued_.Flink);
        headers_left_ = headers_of(*current_);
        mdl_ = current_->MdlAddress;
        packet_ = Packet{};
        packet_.header = first_header(*current_);
        use_header();
    }
    return true;
}

void PacketQueue::use_header() {
    KSSTREAM_HEADER& header = *packet_.header;
    packet_.size = write_ ? header.DataUsed : header.FrameExtent;
    packet_.data =
        header.FrameExtent == 0 ? nullptr : static_cast<BYTE*>(MmGetSystemAddressForMdlSafe(mdl_, NormalPagePriority));
}

void PacketQueue::end_packet(NTSTATUS status) {
    KSSTREAM_HEADER* const header = packet_.header;
    if (!write_) {
        header->DataUsed = packet_.used;
    }
    headers_left_ -= header->Size;
    if (NT_SUCCESS(status) && headers_left_ != 0) {
        if (header->FrameExtent != 0) {
            mdl_ = mdl_->Next;
        }
        packet_ = Packet{};
        packet_.header = behind(header);
        use_header();
        return;
    }
    RemoveEntryList(&current_->Tail.Overlay.ListEntry);
    finish(current_, status);
    current_ = nullptr;
}

// Under the lock; off the list of queued ones already, or about to be forgotten by its cancel routine.
void PacketQueue::finish(IRP* irp, NTSTATUS status) {
    if (status != STATUS_CANCELLED && IoSetCancelRoutine(irp, nullptr) == nullptr) {
        InitializeListHead(&irp->Tail.Overlay.ListEntry); // its cancel routine waits for the lock and completes it
        return;
    }
    ULONG_PTR information = 0;
    if (NT_SUCCESS(status)) {
        const ULONG headers = headers_of(*irp);
        if (write_) {
            KSSTREAM_HEADER* header = first_header(*irp);
            for (ULONG left = headers; left != 0; left -= header->Size, header = behind(header)) {
                information += header->DataUsed;
            }
        } else {
            information = headers; // they go back to the client (R-KS-06)
        }
    }
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    InsertTailList(&finished_, &irp->Tail.Overlay.ListEntry);
}

void PacketQueue::complete_finished() {
    for (;;) {
        IRP* irp = nullptr;
        {
            Locked locked(lock_);
            if (!IsListEmpty(&finished_)) {
                irp = irp_of(RemoveHeadList(&finished_));
            }
        }
        if (irp == nullptr) {
            return;
        }
        IoCompleteRequest(irp, IO_SOUND_INCREMENT);
    }
}

void NTAPI PacketQueue::cancelled(PDEVICE_OBJECT, PIRP irp) {
    auto& self = *static_cast<PacketQueue*>(irp->Tail.Overlay.DriverContext[0]);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    {
        Locked locked(self.lock_);
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        if (self.current_ == irp) {
            self.current_ = nullptr;
        }
    }
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

void PacketQueue::cancel_all() {
    {
        Locked locked(lock_);
        current_ = nullptr;
        while (!IsListEmpty(&queued_)) {
            IRP* const irp = irp_of(RemoveHeadList(&queued_));
            if (IoSetCancelRoutine(irp, nullptr) != nullptr) {
                finish(irp, STATUS_CANCELLED);
            } else {
                InitializeListHead(&irp->Tail.Overlay.ListEntry);
            }
        }
    }
    complete_finished();
}

} // namespace openportcls::portcls
