#include "portcls/ports/dmus/unpacker.h"

#include <algorithm>
#include <cstring>

#include <dmusbuff.h>
#include <ksmedia.h>

namespace openportcls::portcls {

namespace {

ULONG rounded_up(ULONG bytes, ULONG unit) {
    return (bytes + unit - 1) / unit * unit;
}

// When a packet begins (R-MIDI-11): what its header says, if that is valid (ns-ks-ksstream_header).
LONGLONG begin_of(const KSSTREAM_HEADER& header, LONGLONG now) {
    const KSTIME& time = header.PresentationTime;
    if ((header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) == 0) {
        return now;
    }
    if (time.Numerator == time.Denominator || time.Denominator == 0) {
        return time.Time;
    }
    return static_cast<LONGLONG>(static_cast<__int128>(time.Time) * time.Numerator / time.Denominator);
}

} // namespace

void Unpacker::reset() {
    parser_.reset();
    forget_next();
    bytes_ = 0;
}

PacketQueue::Verdict Unpacker::unpack(Packet& packet, LONGLONG now, LONGLONG horizon, bool is_idle, NTSTATUS& why) {
    forget_next();
    if (!packet.is_begun) {
        packet.is_begun = true;
        packet.time = begin_of(*packet.header, now);
    }
    const Verdict verdict =
        format_ == MusicFormat::midi ? unpack_midi(packet, horizon, is_idle, why) : unpack_direct_music(packet, why);
    const bool ends_stream = (packet.header->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0;
    if (verdict == Verdict::next && ends_stream && !allocator_.mark_end()) { // R-EVENT-12
        short_of_room_ = true;
        return Verdict::stay;
    }
    return verdict;
}

[[gnu::always_inline]] inline bool Unpacker::push(DMUS_KERNEL_EVENT* event, LONGLONG time, ULONG group) {
    if (event == nullptr) {
        return false;
    }
    event->usChannelGroup = static_cast<USHORT>(group);
    event->ullPresTime100ns = time;
    event->ullBytePosition = bytes_;
    if (!heap_.push(time, event)) {
        allocator_.PutMessage(event);
        return false;
    }
    return true;
}

// False: no room; `part` says how far it came.
[[gnu::always_inline]] inline bool Unpacker::take(const BYTE* bytes, ULONG count, ULONG& part, LONGLONG time,
                                                  ULONG group, bool as_is) {
    if (!as_is) {
        return take_parsed(bytes, count, part, time, group);
    }
    while (part < count) {
        if (heap_.is_full() || !allocator_.make_room(1)) {
            return false;
        }
        const ULONG step = std::min<ULONG>(count - part, EventAllocator::buffer_bytes);
        bytes_ += step;
        if (!push(allocator_.make_event(bytes + part, step, part + step < count), time, group)) {
            bytes_ -= step;
            return false;
        }
        part += step;
    }
    return true;
}

bool Unpacker::take_parsed(const BYTE* bytes, ULONG count, ULONG& part, LONGLONG time, ULONG group) {
    const auto emit = [&](const MidiParser::Part& message) {
        push(allocator_.make_event(message.bytes, message.count, message.goes_on), time, group);
    };
    for (; part < count; ++part) {
        if (heap_.is_full() || !allocator_.make_room(2)) { // a byte ends up to two messages
            return false;
        }
        ++bytes_;
        parser_.put(bytes[part], time, emit);
    }
    // What a record has of an exclusive message leaves at the record's time: the rest has a time of its own
    // (R-DMUS-06). There is room: a last byte that ends two messages begins none.
    parser_.flush_exclusive(emit);
    return true;
}

// R-MIDI-10 to R-MIDI-12: one record at a time, each when it is due and everything before it has been played.
PacketQueue::Verdict Unpacker::unpack_midi(Packet& packet, LONGLONG horizon, bool is_idle, NTSTATUS& why) {
    if (!is_idle) {
        return Verdict::stay;
    }
    for (;;) {
        const ULONG left = packet.size - packet.used;
        if (left < sizeof(KSMUSICFORMAT)) {
            return heap_.is_empty() ? Verdict::next : Verdict::stay;
        }
        KSMUSICFORMAT record;
        std::memcpy(&record, packet.data + packet.used, sizeof record);
        if (record.ByteCount > left - sizeof record) {
            why = STATUS_INVALID_PARAMETER;
            return Verdict::fail;
        }
        const LONGLONG time = packet.time + record.TimeDeltaMs * units_per_millisecond;
        if (time > horizon) {
            next_time_ = time;
            return Verdict::stay;
        }
        const BYTE* const bytes = packet.data + packet.used + sizeof record;
        if (!take(bytes, record.ByteCount, packet.part, time, 1, !splits_)) {
            short_of_room_ = true;
            return Verdict::stay;
        }
        packet.time = time;
        packet.part = 0;
        packet.used =
            std::min<ULONG>(packet.used + rounded_up(sizeof record + record.ByteCount, sizeof(ULONG)), packet.size);
    }
}

// All of it at once: the sequencer puts the events in order.
PacketQueue::Verdict Unpacker::unpack_direct_music(Packet& packet, NTSTATUS& why) {
    for (;;) {
        const ULONG left = packet.size - packet.used;
        if (left < sizeof(DMUS_EVENTHEADER)) {
            return Verdict::next;
        }
        DMUS_EVENTHEADER record;
        std::memcpy(&record, packet.data + packet.used, sizeof record);
        if (record.cbEvent > left - sizeof record) {
            why = STATUS_INVALID_PARAMETER;
            return Verdict::fail;
        }
        const BYTE* const bytes = packet.data + packet.used + sizeof record;
        const bool is_message = (record.dwFlags & DMUS_EVENT_STRUCTURED) != 0;
        if (!take(bytes, record.cbEvent, packet.part, packet.time + record.rtDelta, record.dwChannelGroup,
                  is_message)) {
            short_of_room_ = true;
            return Verdict::stay;
        }
        packet.part = 0;
        packet.used =
            std::min<ULONG>(packet.used + rounded_up(sizeof record + record.cbEvent, sizeof(ULONGLONG)), packet.size);
    }
}

} // namespace openportcls::portcls
