// The stream requests of a pin whose port moves sound through IRPs: how they are queued, gone through, and ended.
#pragma once

#include <ks.h>

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
    void begin(IRP& request);
    // False behind the last.
    bool next_header(bool write);
    void advance(ULONG bytes) {
        place += bytes;
        left -= bytes;
    }
    bool ends_stream(bool write) const {
        return write && (header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0;
    }
};

// What is queued, in order. The derived class has a cursor in it and says what a cancelled request leaves behind.
class StreamRequests {
public:
    StreamRequests(const StreamRequests&) = delete;
    StreamRequests& operator=(const StreamRequests&) = delete;

    bool is_write() const { return write_; }
    bool is_empty() const { return IsListEmpty(&queued_); }
    // Completes what is finished. <= DISPATCH_LEVEL, without the lock.
    void complete_finished();

protected:
    explicit StreamRequests(bool write);
    ~StreamRequests() = default;

    // A new request, its headers copied and its buffers locked; from STATUS_PENDING on it is to be inserted.
    // PASSIVE_LEVEL, without the lock.
    NTSTATUS prepare(IRP& irp);

    // ---- under the lock ----------------------------------------------------------------------------------------
    // False: it was cancelled meanwhile and is finished.
    bool insert(IRP& irp);
    IRP* first() const;
    IRP* next_of(const IRP& irp) const;
    bool is_last(const IRP& irp) const { return irp.Tail.Overlay.ListEntry.Flink == &queued_; }
    // Off the queue, and no longer to be cancelled. False: its cancel routine is under way and completes it.
    static bool take(IRP& irp);
    // One that is taken: complete_finished() completes it.
    void finish(IRP& irp, NTSTATUS status);
    void set_result(IRP& irp, NTSTATUS status) const;
    // Takes and finishes all of them with STATUS_CANCELLED.
    void finish_all();
    // Data or room in all of its headers.
    ULONG bytes_of(const IRP& irp) const;
    // Whoever has the lock takes the finished ones along and completes them without it.
    void take_finished(LIST_ENTRY& finished);
    static void complete(LIST_ENTRY& finished);

    // A cancelled request: takes it off the queue (remove), without the lock; the caller completes it.
    virtual void cancelled(IRP& irp) = 0;
    static void remove(IRP& irp) { RemoveEntryList(&irp.Tail.Overlay.ListEntry); }

    KSPIN_LOCK lock_ = 0;

private:
    static void NTAPI cancel_routine(PDEVICE_OBJECT device, PIRP irp);

    bool write_;
    LIST_ENTRY queued_;
    LIST_ENTRY finished_;
};

} // namespace openportcls::portcls
