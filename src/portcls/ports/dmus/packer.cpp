#include "portcls/ports/dmus/packer.h"

#include <algorithm>
#include <cstring>

#include <dmusbuff.h>
#include <ksmedia.h>

namespace openportcls::portcls {

namespace {} // namespace

void Packer::add(DMUS_KERNEL_EVENT* event) {
    event->pNextEvt = nullptr;
    event->bReserved = lost_ ? 1 : 0;
    lost_ = false;
    (first_ == nullptr ? first_ : last_->pNextEvt) = event;
    last_ = event;
}

void Packer::drop_first() {
    DMUS_KERNEL_EVENT* const event = first_;
    first_ = event->pNextEvt;
    taken_ = 0;
    event->pNextEvt = nullptr;
    event->bReserved = 0;
    allocator_.PutMessage(event);
}

void Packer::reset() {
    while (first_ != nullptr) {
        drop_first();
    }
    lost_ = false;
}

ULONG Packer::bytes_to_take(const DMUS_KERNEL_EVENT& event, ULONG room) const {
    const ULONG header = format_ == MusicFormat::midi ? sizeof(KSMUSICFORMAT) : sizeof(DMUS_EVENTHEADER);
    const ULONG left = event.cbEvent - taken_;
    if (room >= header + left) {
        return left;
    }
    // Only what is long may be cut.
    return SHORT_EVT(&event) || room < header + sizeof event.uData ? 0 : room - header;
}

void Packer::write_record(Packet& packet, const DMUS_KERNEL_EVENT& event, ULONG count) {
    BYTE* place = packet.data + packet.used;
    ULONG unit = 0;
    if (format_ == MusicFormat::midi) {
        // Rounded sums, not sums of rounded: the milliseconds do not drift.
        const LONGLONG delta =
            std::clamp<LONGLONG>((event.ullPresTime100ns - packet.time) / units_per_millisecond, 0, MAXULONG);
        packet.time += delta * units_per_millisecond;
        const KSMUSICFORMAT record = {static_cast<ULONG>(delta), count};
        std::memcpy(place, &record, sizeof record);
        place += sizeof record;
        unit = sizeof(ULONG);
    } else {
        const bool is_whole = COMPLETE_EVT(&event) && taken_ == 0 && count == event.cbEvent;
        const DMUS_EVENTHEADER record = {count, event.usChannelGroup, event.ullPresTime100ns - packet.time,
                                         is_whole ? DMUS_EVENT_STRUCTURED : DWORD{0}};
        std::memcpy(place, &record, sizeof record);
        place += sizeof record;
        unit = sizeof(ULONGLONG);
    }
    std::memcpy(place, EventAllocator::data_of(event) + taken_, count);
    const auto end = static_cast<ULONG>(place + count - packet.data);
    const ULONG aligned = std::min<ULONG>((end + unit - 1) / unit * unit, packet.size);
    std::memset(packet.data + end, 0, aligned - end);
    packet.used = aligned;
    taken_ += count;
}

PacketQueue::Verdict Packer::pack(Packet& packet, NTSTATUS& why) {
    using Verdict = PacketQueue::Verdict;
    KSSTREAM_HEADER& header = *packet.header;
    while (first_ != nullptr) {
        const bool is_seam = first_->bReserved != 0 && taken_ == 0;
        if (is_seam && packet.used != 0) {
            return Verdict::next; // what was lost was lost between two buffers
        }
        if (!packet.is_begun) {
            packet.is_begun = true;
            packet.time = first_->ullPresTime100ns;
            header.PresentationTime = {packet.time, 1, 1};
            header.OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
            if (is_seam) {
                header.OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
            }
        }
        const ULONG count = bytes_to_take(*first_, packet.size - packet.used);
        if (count == 0) {
            why = STATUS_BUFFER_TOO_SMALL; // not one message has room in it
            return packet.used == 0 ? Verdict::fail : Verdict::next;
        }
        write_record(packet, *first_, count);
        if (taken_ == first_->cbEvent) {
            drop_first();
        }
    }
    return packet.used == 0 ? Verdict::stay : Verdict::next;
}

} // namespace openportcls::portcls
