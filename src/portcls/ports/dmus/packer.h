// The tail of a capture stream: events as records in the client's buffers (R-MIDI-10, R-DMUS-12).
#pragma once

#include "portcls/ports/dmus/event_allocator.h"
#include "portcls/ports/dmus/packet_queue.h"
#include "portcls/ports/dmus/unpacker.h"

namespace openportcls::portcls {

class Packer {
public:
    Packer(MusicFormat format, EventAllocator& allocator) : format_(format), allocator_(allocator) {}

    // Takes over one complete event, whose time is presentation time.
    void add(DMUS_KERNEL_EVENT* event);
    // Something was lost before whatever is added next.
    void note_loss() { lost_ = true; }
    // Fills the packet; it ends when there is something in it (a message must not wait for others).
    PacketQueue::Verdict pack(Packet& packet, NTSTATUS& why);
    void reset();

private:
    // Of the event's remaining bytes, how many go into this much room; 0: wait for the next buffer.
    ULONG bytes_to_take(const DMUS_KERNEL_EVENT& event, ULONG room) const;
    void write_record(Packet& packet, const DMUS_KERNEL_EVENT& event, ULONG count);
    void drop_first();

    MusicFormat format_;
    EventAllocator& allocator_;
    DMUS_KERNEL_EVENT* first_ = nullptr;
    DMUS_KERNEL_EVENT* last_ = nullptr;
    ULONG taken_ = 0;   // bytes of the first
    bool lost_ = false; // the next event's bReserved will say so until it leaves
};

} // namespace openportcls::portcls
