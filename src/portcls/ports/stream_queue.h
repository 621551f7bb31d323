// The stream requests of a pin whose port moves sound through IRPs: the bytes of all their buffers, in order.
#pragma once

#include <ks.h>

namespace openportcls::portcls {

class StreamQueue {
public:
    // `looped`: the last request's buffers are gone through again and again until another one follows.
    StreamQueue(bool write, bool looped);
    ~StreamQueue();
    StreamQueue(const StreamQueue&) = delete;
    StreamQueue& operator=(const StreamQueue&) = delete;

    // IOCTL_KS_WRITE_STREAM or _READ_STREAM: STATUS_PENDING once it is queued. PASSIVE_LEVEL.
    NTSTATUS add(IRP& irp);

    // Moves up to `bytes`, each contiguous part by move(client's memory, bytes). Stops behind a header that ends the
    // stream, and says so. What it finishes is completed by complete_finished(). The owner serialises; <=
    // DISPATCH_LEVEL.
    struct Moved {
        ULONG bytes = 0;
        bool end_of_stream = false;
    };
    template<class Move>
    Moved transfer(ULONG bytes, Move&& move) {
        Moved moved;
        KeAcquireSpinLockAtDpcLevel(&lock_);
        while (moved.bytes < bytes && !moved.end_of_stream && find_room()) {
            const ULONG part = bytes - moved.bytes < left_ ? bytes - moved.bytes : left_;
            move(place_, part);
            advance(part);
            moved.bytes += part;
            moved.end_of_stream = left_ == 0 && ends_stream();
        }
        finish_passed();
        moved.end_of_stream = moved.end_of_stream || end_passed_;
        end_passed_ = false;
        KeReleaseSpinLockFromDpcLevel(&lock_);
        return moved;
    }
    void complete_finished();

    // Ends with STATUS_CANCELLED whatever is queued.
    void cancel_all();

    // Looped: the length of the buffer being gone through, and where in it the next byte is moved.
    ULONG loop_bytes() const { return loop_bytes_; }
    // Goes on there. False: there is no such place.
    bool seek(ULONGLONG offset);

private:
    static void NTAPI cancelled(PDEVICE_OBJECT device, PIRP irp);
    IRP* first() const;
    void rewind(IRP* irp);
    bool find_room();
    bool next_header();
    void advance(ULONG bytes);
    bool ends_stream() const;
    void finish_passed();
    void finish(IRP* irp, NTSTATUS status);

    bool write_;
    bool looped_;
    KSPIN_LOCK lock_ = 0;
    LIST_ENTRY queued_;
    LIST_ENTRY finished_;
    // Where the first request is: header, its buffer, what is left of that.
    IRP* current_ = nullptr;
    KSSTREAM_HEADER* header_ = nullptr;
    ULONG headers_left_ = 0; // bytes, this one included
    MDL* mdl_ = nullptr;
    unsigned char* place_ = nullptr;
    ULONG left_ = 0;
    ULONG loop_bytes_ = 0;
    bool end_passed_ = false; // a header without data that ends the stream
};

} // namespace openportcls::portcls
