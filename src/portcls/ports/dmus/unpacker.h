// The head of a render stream: records of the client's buffers as events in the sequencer (R-DMUS-01, R-MIDI-10).
#pragma once

#include "portcls/helpers/midi_parser.h"
#include "portcls/ports/dmus/event_allocator.h"
#include "portcls/ports/dmus/event_heap.h"
#include "portcls/ports/dmus/packet_queue.h"

namespace openportcls::portcls {

enum class MusicFormat { midi, direct_music };

class Unpacker {
public:
    // `splits`: MIDI records become one event per message (a DMus miniport's); otherwise their bytes go as they are.
    Unpacker(MusicFormat format, bool splits, EventAllocator& allocator, EventHeap& heap)
        : format_(format), splits_(splits), allocator_(allocator), heap_(heap) {}

    // What lies before `horizon` (presentation time; what is due, and the prefetch) leaves the packet. `now` is when a
    // packet without a time of its own begins. `is_idle`: everything before has been played; MIDI packets wait for
    // that (R-MIDI-12) and end with it, DirectMusic ones end when they are unpacked.
    PacketQueue::Verdict unpack(Packet& packet, LONGLONG now, LONGLONG horizon, bool is_idle, NTSTATUS& why);

    // When the next record wants to be looked at; INT64_MAX: not by time.
    LONGLONG next_time() const { return next_time_; }
    void forget_next() {
        next_time_ = INT64_MAX;
        short_of_room_ = false;
    }
    bool is_short_of_room() const { return short_of_room_; }
    ULONGLONG bytes() const { return bytes_; } // unpacked since STOP
    void reset();

private:
    using Verdict = PacketQueue::Verdict;

    Verdict unpack_midi(Packet& packet, LONGLONG horizon, bool is_idle, NTSTATUS& why);
    Verdict unpack_direct_music(Packet& packet, NTSTATUS& why);
    inline bool take(const BYTE* bytes, ULONG count, ULONG& part, LONGLONG time, ULONG group, bool as_is);
    bool take_parsed(const BYTE* bytes, ULONG count, ULONG& part, LONGLONG time, ULONG group);
    inline bool push(DMUS_KERNEL_EVENT* event, LONGLONG time, ULONG group);

    MusicFormat format_;
    bool splits_;
    EventAllocator& allocator_;
    EventHeap& heap_;
    MidiParser parser_;
    LONGLONG next_time_ = INT64_MAX;
    bool short_of_room_ = false;
    ULONGLONG bytes_ = 0;
};

} // namespace openportcls::portcls
