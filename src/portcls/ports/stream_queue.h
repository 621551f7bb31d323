// The stream requests of a port that copies: the bytes of all their buffers, in order.
#pragma once

#include "portcls/ports/stream_requests.h"

namespace openportcls::portcls {

class StreamQueue final : public StreamRequests {
public:
    // `looped`: the last request's buffers are gone through again and again until another one follows.
    StreamQueue(bool write, bool looped) : StreamRequests(write), looped_(looped) {}
    ~StreamQueue() { cancel_all(); }

    // A round of the owner's under the queue's lock; the requests that it has finished are completed without it.
    // <= DISPATCH_LEVEL.
    template<class Function>
    void locked(Function&& function) {
        complete([&] {
            const Locked locked(lock_);
            function();
            return take_finished();
        }());
    }
    // For what finishes none.
    KSPIN_LOCK& lock() { return lock_; }

    // IOCTL_KS_WRITE_STREAM or _READ_STREAM: STATUS_PENDING once it is queued. PASSIVE_LEVEL.
    NTSTATUS add(IRP& irp) {
        return add(irp, [this] { complete_finished(); });
    }
    // The same. queued_alone(), which completes what is finished, when nothing else was queued.
    template<class Queued>
    NTSTATUS add(IRP& irp, Queued&& queued_alone) {
        const NTSTATUS status = prepare(irp);
        if (status != STATUS_PENDING) {
            return status;
        }
        bool alone = false;
        bool is_queued = false;
        {
            const BrieflyLocked locked(lock_);
            alone = is_empty();
            is_queued = insert(irp);
        }
        if (alone) {
            queued_alone();
        } else if (!is_queued) {
            complete_finished();
        }
        return status;
    }

    // ---- under the lock ----------------------------------------------------------------------------------------
    // Moves up to `bytes`, each contiguous part by move(client's memory, bytes). Stops behind a header that ends the
    // stream, and says so.
    struct Moved {
        ULONG bytes = 0;
        bool end_of_stream = false;
    };
    template<class Move>
    Moved transfer(ULONG bytes, Move&& move) {
        Moved moved;
        while (moved.bytes < bytes && !moved.end_of_stream && find_room()) {
            const ULONG part = bytes - moved.bytes < cursor_.left ? bytes - moved.bytes : cursor_.left;
            move(cursor_.place, part);
            advance(part);
            moved.bytes += part;
            moved.end_of_stream = cursor_.left == 0 && cursor_.ends_stream(is_write());
        }
        finish_passed();
        moved.end_of_stream = moved.end_of_stream || end_passed_;
        end_passed_ = false;
        return moved;
    }

    // Looped: the length of the buffer being gone through, and which one it is, counted from the first.
    ULONG loop_bytes() const { return loop_bytes_; }
    ULONG loop_number() const { return loop_number_; }
    // Looped: goes on at this place of the buffer. False: there is none.
    bool seek(ULONGLONG offset);

    // ---- without it --------------------------------------------------------------------------------------------
    // Ends with STATUS_CANCELLED whatever is queued.
    void cancel_all();

private:
    void cancelled(IRP& irp) override;
    void NTAPI rewind(IRP& irp) noexcept;
    bool next_header();
    bool find_room();
    void advance(ULONG bytes);
    void finish_passed();
    void finish_current();

    bool looped_;
    StreamCursor cursor_; // in the first request
    ULONG loop_bytes_ = 0;
    ULONG loop_number_ = 0;
    bool end_passed_ = false; // a header without data that ends the stream
};

} // namespace openportcls::portcls
