// The stream requests of a pin whose port moves sound through IRPs: how they are queued, gone through, and ended.
#pragma once

#include <utility>

#include <ks.h>

#include "ks/stream_headers.h"
#include "portcls/helpers/spin_lock.h"

namespace openportcls::portcls {

// A place in the data of one request.
struct StreamCursor {
    IRP* irp = nullptr;
    KSSTREAM_HEADER* header = nullptr;
    ULONG headers_left = 0; // bytes, this one included
    MDL* mdl = nullptr;     // of this header's buffer
    unsigned char* base = nullptr;
    unsigned char* place = nullptr;
    ULONG left = 0; // of this header's data (write) or room (read)

    // Before the first header.
    void begin(IRP& request) {
        irp = &request;
        header = nullptr;
        ks::client_headers(request, headers_left);
        mdl = request.MdlAddress;
        base = place = nullptr;
        left = 0;
    }
    // False behind the last.
    bool next_header(bool write) {
        if (headers_left == 0) {
            return false;
        }
        if (header == nullptr) {
            header = static_cast<KSSTREAM_HEADER*>(irp->AssociatedIrp.SystemBuffer);
        } else {
            mdl = has_buffer() ? mdl->Next : mdl;
            headers_left -= header->Size;
            if (headers_left == 0) {
                return false;
            }
            header = reinterpret_cast<KSSTREAM_HEADER*>(reinterpret_cast<unsigned char*>(header) + header->Size);
        }
        left = write ? header->DataUsed : header->FrameExtent;
        base = has_buffer() ? static_cast<unsigned char*>(mdl->MappedSystemVa) : nullptr; // since prepare()
        place = base;
        return true;
    }
    bool has_buffer() const { return header->FrameExtent != 0; } // then it has an MDL
    void advance(ULONG bytes) {
        place += bytes;
        left -= bytes;
    }
    bool ends_stream(bool write) const {
        return write && (header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0;
    }
};

// What is queued, in order. The derived class has a cursor in it and says what a cancelled request leaves behind.
// NTAPI: miniports call what calls these, see machine.h.
class StreamRequests {
public:
    StreamRequests(const StreamRequests&) = delete;
    StreamRequests& operator=(const StreamRequests&) = delete;

    bool is_write() const { return write_; }
    bool is_empty() const { return IsListEmpty(&queued_); }
    // Completes what is finished. <= DISPATCH_LEVEL, without the lock.
    [[gnu::noinline]] void NTAPI complete_finished();

protected:
    explicit StreamRequests(bool write);
    ~StreamRequests() = default;

    // A new request, its headers copied and its buffers locked; from STATUS_PENDING on it is to be inserted.
    // PASSIVE_LEVEL, without the lock.
    [[gnu::always_inline]] NTSTATUS prepare(IRP& irp) {
        if (!ks::is_probed(irp)) {
            if (const NTSTATUS status = probe(irp); !NT_SUCCESS(status)) {
                return status;
            }
        }
        irp.Tail.Overlay.DriverContext[0] = this;
        IoMarkIrpPending(&irp);
        return STATUS_PENDING;
    }

    // ---- under the lock ----------------------------------------------------------------------------------------
    // False: it was cancelled meanwhile and is finished.
    bool insert(IRP& irp) {
        InsertTailList(&queued_, &irp.Tail.Overlay.ListEntry);
        exchange_cancel_routine(irp, &StreamRequests::cancel_routine);
        return !irp.Cancel || insert_cancelled(irp);
    }
    IRP* first() const { return IsListEmpty(&queued_) ? nullptr : at(queued_.Flink); }
    IRP* next_of(const IRP& irp) const { return is_last(irp) ? nullptr : at(irp.Tail.Overlay.ListEntry.Flink); }
    bool is_last(const IRP& irp) const { return irp.Tail.Overlay.ListEntry.Flink == &queued_; }
    // Off the queue, and no longer to be cancelled. False: its cancel routine is under way and completes it.
    static bool take(IRP& irp) {
        remove(irp);
        if (exchange_cancel_routine(irp, nullptr) != nullptr) [[likely]] {
            return true;
        }
        InitializeListHead(&irp.Tail.Overlay.ListEntry); // the cancel routine removes it once more
        return false;
    }
    // One that is taken: complete_finished() completes it.
    void NTAPI finish(IRP& irp, NTSTATUS status) noexcept;
    void NTAPI set_result(IRP& irp, NTSTATUS status) const;
    // Takes and finishes all of them with STATUS_CANCELLED.
    void finish_all();
    // Data or room in all of its headers.
    ULONG NTAPI bytes_of(const IRP& irp) const noexcept;
    bool has_finished() const { return finished_ != nullptr; }
    // Whoever has the lock takes the finished ones along and completes them without it.
    LIST_ENTRY* take_finished() { return std::exchange(finished_, nullptr); }
    static void complete(LIST_ENTRY* finished) {
        if (finished != nullptr) {
            complete_all(finished);
        }
    }

    // A cancelled request: takes it off the queue (remove), without the lock; the caller completes it.
    virtual void cancelled(IRP& irp) = 0;
    static void remove(IRP& irp) { RemoveEntryList(&irp.Tail.Overlay.ListEntry); }

    KSPIN_LOCK lock_ = 0;

private:
    static IRP* at(LIST_ENTRY* link) { return CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry); }
    // IoSetCancelRoutine without the bus lock: one host thread runs the whole machine.
    static PDRIVER_CANCEL exchange_cancel_routine(IRP& irp, PDRIVER_CANCEL routine) {
        return std::exchange(irp.CancelRoutine, routine);
    }
    [[gnu::noinline]] NTSTATUS NTAPI probe(IRP& irp) const;
    [[gnu::cold]] bool NTAPI insert_cancelled(IRP& irp) noexcept;
    [[gnu::noinline]] static void NTAPI complete_all(LIST_ENTRY* finished);
    static void NTAPI cancel_routine(PDEVICE_OBJECT device, PIRP irp);

    bool write_;
    LIST_ENTRY queued_;
    LIST_ENTRY* finished_ = nullptr; // in order, each link leads to the next: those were on the queue
    LIST_ENTRY* last_finished_ = nullptr;
};

} // namespace openportcls::portcls
