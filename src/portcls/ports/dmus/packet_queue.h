// The stream requests of a MIDI or DirectMusic pin, worked off strictly in order (R-MIDI-12), and how far the first is.
#pragma once

#include <ks.h>

#include "portcls/ports/stream_requests.h"

namespace openportcls::portcls {

// The header that is worked on, and its buffer.
struct Packet {
    KSSTREAM_HEADER* header = nullptr;
    BYTE* data = nullptr;
    ULONG size = 0;        // DataUsed of a write, FrameExtent of a read
    ULONG used = 0;        // gone through, or filled
    ULONG part = 0;        // of the record at `used`: bytes done
    bool is_begun = false; // `time` is known
    LONGLONG time = 0;     // of the record before
};

class PacketQueue final : public StreamRequests {
public:
    enum class Verdict { stay, next, fail };

    class Owner {
    public:
        // A request was cancelled: what comes next may be due earlier. <= DISPATCH_LEVEL, without a lock.
        virtual void request_withdrawn() = 0;

    protected:
        ~Owner() = default;
    };

    PacketQueue(bool write, Owner& owner) : StreamRequests(write), owner_(owner) {}
    ~PacketQueue() { cancel_all(); }

    // IOCTL_KS_WRITE_STREAM or _READ_STREAM: STATUS_PENDING once it is queued. PASSIVE_LEVEL.
    NTSTATUS add(IRP& irp);

    // Verdict visit(Packet&, NTSTATUS& why), under the queue's lock: calls no miniport. `next` ends the header, and
    // with its last one the request; `fail` the request. False: nothing is queued. <= DISPATCH_LEVEL.
    template<class Visit>
    bool visit_first(Visit&& visit) {
        if (is_empty()) {
            return false;
        }
        Locked locked(lock_);
        if (!find_packet()) {
            return false;
        }
        NTSTATUS why = STATUS_SUCCESS;
        const Verdict verdict = visit(packet_, why);
        if (verdict != Verdict::stay) {
            end_packet(verdict == Verdict::fail ? why : STATUS_SUCCESS);
        }
        return true;
    }
    // Completes what has ended in visits of the caller's. <= DISPATCH_LEVEL, without the lock.
    void complete_ended() {
        if (has_finished()) {
            complete_them();
        }
    }
    // Ends with STATUS_CANCELLED whatever is queued.
    void cancel_all();

private:
    void cancelled(IRP& irp) override;
    bool find_packet();
    void use_header();
    void end_packet(NTSTATUS status);
    [[gnu::noinline]] void NTAPI complete_them();

    Owner& owner_;
    StreamCursor cursor_; // at the packet's header
    Packet packet_;
};

} // namespace openportcls::portcls
