// How events move through a stream. One processor at a time is "the pump"; who comes meanwhile leaves a note.
#include <algorithm>
#include <utility>

#include "machine/machine.h"
#include "portcls/ports/dmus/pin.h"

namespace openportcls::portcls {

namespace {

constexpr LONGLONG retry_interval = 10'000;          // 1 ms: how soon a busy device is asked again
constexpr ULONGLONG hardware_sequences = 1ULL << 62; // a prefetch as large as this means: hand over at once (R-DMUS-02)

} // namespace

// ---- who pumps ------------------------------------------------------------------------------------------------------

// PASSIVE_LEVEL: the pump runs at DISPATCH_LEVEL on another processor, so it ends by itself unless it is kept at work.
void DmusPin::own_pump() {
    for (;;) {
        {
            BrieflyLocked locked(lock_);
            if (!pumping_) {
                pumping_ = true;
                return;
            }
        }
        KeStallExecutionProcessor(1);
    }
}

void DmusPin::disown_pump() {
    BrieflyLocked locked(lock_);
    pumping_ = false;
    again_ = false;
}

// False: whoever has the pump is to go round once more.
[[gnu::always_inline]] inline bool DmusPin::begin_pump(bool& service) {
    BrieflyLocked locked(lock_);
    service_wanted_ = service_wanted_ || service;
    if (pumping_) {
        again_ = true;
        return false;
    }
    pumping_ = true;
    again_ = false;
    service = std::exchange(service_wanted_, false);
    return true;
}

[[gnu::always_inline]] inline bool DmusPin::pump_again(bool& service) {
    BrieflyLocked locked(lock_);
    pumping_ = std::exchange(again_, false);
    service = pumping_ && std::exchange(service_wanted_, false);
    return pumping_;
}

void DmusPin::pump(bool service) {
    if (!begin_pump(service)) {
        return;
    }
    KIRQL irql = machine::Machine::current().irql();
    const bool raises = irql != DISPATCH_LEVEL; // R-MIDI-09: the timer and the service group are there already
    if (raises) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
    }
    do {
        if (is_capture()) {
            pump_capture(service);
        } else {
            pump_render();
        }
        queue_.complete_ended();
    } while (pump_again(service));
    if (raises) {
        KeLowerIrql(irql);
    }
}

void NTAPI DmusPin::timer_expired(PEX_TIMER, PVOID context) {
    static_cast<DmusPin*>(context)->pump(false);
}

// ---- render ---------------------------------------------------------------------------------------------------------

// What is due before this goes to the miniport: its prefetch ahead of the time (R-DMUS-01).
inline LONGLONG DmusPin::horizon(LONGLONG now) const {
    return prefetch_ >= hardware_sequences ? INT64_MAX : now + static_cast<LONGLONG>(prefetch_);
}

void DmusPin::pump_render() {
    if (flow_state_ == KSSTATE_STOP) {
        return;
    }
    LONGLONG now = 0;
    do {
        now = clock_.to_presentation(master_time());
        if (!feeder_.is_idle()) {
            feed();
        }
    } while (unpack(now) || deliver(now));
    arm_timer(now);
}

[[gnu::always_inline]] inline bool DmusPin::unpack(LONGLONG now) {
    if (format_ == MusicFormat::midi && !clock_.is_running()) {
        return false;
    }
    unpacker_.forget_next();
    return !queue_.is_empty() && unpack_queued(now); // a glance without the lock: who adds a request pumps afterwards
}

bool DmusPin::unpack_queued(LONGLONG now) {
    const bool is_idle = heap_.is_empty() && feeder_.is_idle();
    const ULONGLONG before = unpacker_.bytes();
    auto verdict = PacketQueue::Verdict::next;
    bool ended = false;
    while (verdict != PacketQueue::Verdict::stay && queue_.visit_first([&](Packet& packet, NTSTATUS& why) {
        return verdict = unpacker_.unpack(packet, now, horizon(now), is_idle, why);
    })) {
        ended = ended || verdict != PacketQueue::Verdict::stay;
    }
    return ended || unpacker_.bytes() != before;
}

// R-DMUS-07: what has one time travels together.
inline DMUS_KERNEL_EVENT* DmusPin::pop_first() {
    const LONGLONG time = heap_.first_time();
    const LONGLONG master = clock_.to_master(time);
    DMUS_KERNEL_EVENT* first = nullptr;
    DMUS_KERNEL_EVENT** end = &first;
    do {
        DMUS_KERNEL_EVENT* const event = heap_.pop();
        event->ullPresTime100ns = master;
        *end = event;
        end = &event->pNextEvt;
    } while (!heap_.is_empty() && heap_.first_time() == time);
    return first;
}

// R-DMUS-11: only in RUN.
[[gnu::always_inline]] inline bool DmusPin::deliver(LONGLONG now) {
    if (!clock_.is_running()) {
        return false;
    }
    const LONGLONG until = horizon(now);
    bool delivered = false;
    while (!heap_.is_empty() && heap_.first_time() <= until && feeder_.is_idle()) {
        hand_over(pop_first());
        delivered = true;
    }
    return delivered;
}

void DmusPin::hand_over(DMUS_KERNEL_EVENT* chain) {
    if (midi_) {
        feeder_.put(chain);
        feed();
        return;
    }
    const NTSTATUS status = mxf_->PutMessage(chain);
    if (!NT_SUCCESS(status)) {
        machine::Machine::current().explain(machine::Explanations::Kind::warning, serial(), status,
                                            "PutMessage: the miniport refused an event");
    }
}

// R-MIDI-05: a broken device ends the request with its error.
void DmusPin::feed() {
    if (!clock_.is_running()) {
        return;
    }
    const NTSTATUS status = feeder_.feed(*midi_.get());
    if (!NT_SUCCESS(status)) {
        queue_.visit_first([&](Packet&, NTSTATUS& why) {
            why = status;
            return PacketQueue::Verdict::fail;
        });
    }
}

void DmusPin::arm_timer(LONGLONG now) {
    if (!clock_.is_running()) {
        return;
    }
    LONGLONG delay = INT64_MAX;
    const bool may_deliver = feeder_.is_idle();
    LONGLONG next = unpacker_.next_time();
    if (!heap_.is_empty()) {
        next = std::min(next, heap_.first_time());
    }
    if (next != INT64_MAX && may_deliver) {
        delay = std::max<LONGLONG>(next - horizon(now), 1);
    }
    if (!may_deliver || unpacker_.is_short_of_room()) {
        delay = std::min(delay, retry_interval);
    }
    if (delay != INT64_MAX) {
        ExSetTimer(timer_, -delay, 0, nullptr);
    }
}

// ---- capture --------------------------------------------------------------------------------------------------------

void DmusPin::pump_capture(bool serviced) {
    if (serviced && midi_) {
        read_midi();
    } else if (serviced) {
        mxf_->PutMessage(nullptr); // R-DMUS-09
    }
    Locked locked(capture_lock_);
    if (allocator_->take_exhausted()) {
        packer_.note_loss();
        machine::Machine::current().trace(machine::EventKind::glitch, serial(), 0,
                                          "capture overrun: the client had no request for the device's messages");
    }
    auto verdict = PacketQueue::Verdict::next;
    while (verdict != PacketQueue::Verdict::stay &&
           queue_.visit_first([&](Packet& packet, NTSTATUS& why) { return verdict = packer_.pack(packet, why); })) {
    }
}

// R-MIDI-04: until there is nothing more.
void DmusPin::read_midi() {
    for (ULONG count = 1; count != 0;) {
        count = 0;
        const NTSTATUS status = midi_->Read(read_buffer_, sizeof read_buffer_, &count);
        if (!NT_SUCCESS(status)) {
            machine::Machine::current().explain(machine::Explanations::Kind::warning, serial(), status,
                                                "Read of the miniport failed");
            return;
        }
        count = std::min<ULONG>(count, sizeof read_buffer_);
        Locked locked(capture_lock_);
        if (takes_captured()) {
            take_raw(read_buffer_, count, master_time(), 1);
        }
    }
}

void DmusPin::captured(DMUS_KERNEL_EVENT* chain) {
    {
        Locked locked(capture_lock_);
        while (chain != nullptr) {
            DMUS_KERNEL_EVENT* const event = chain;
            chain = event->pNextEvt;
            event->pNextEvt = nullptr;
            take_captured(event);
        }
    }
    pump(false);
}

// One event out of its chain (R-DMUS-06, R-DMUS-11, R-DMUS-12).
void DmusPin::take_captured(DMUS_KERNEL_EVENT* event) {
    if (!takes_captured()) {
        allocator_->PutMessage(event);
    } else if (PACKAGE_EVT(event)) {
        DMUS_KERNEL_EVENT* inner = event->uData.pPackageEvt;
        event->uData.pPackageEvt = nullptr;
        while (inner != nullptr) {
            DMUS_KERNEL_EVENT* const next = inner->pNextEvt;
            inner->pNextEvt = nullptr;
            if (PACKAGE_EVT(inner)) {
                allocator_->PutMessage(inner); // packages hold messages, not packages
            } else {
                take_captured(inner);
            }
            inner = next;
        }
        allocator_->PutMessage(event);
    } else if (INCOMPLETE_EVT(event)) {
        take_raw(EventAllocator::data_of(*event), event->cbEvent, event->ullPresTime100ns, event->usChannelGroup);
        allocator_->PutMessage(event);
    } else {
        take_message(event);
    }
}

void DmusPin::take_raw(const BYTE* bytes, ULONG count, LONGLONG master, USHORT group) {
    for (ULONG i = 0; i < count; ++i) {
        parser_.put(bytes[i], master, [&](const MidiParser::Part& part) {
            DMUS_KERNEL_EVENT* const event = allocator_->make_event(part.bytes, part.count, part.goes_on);
            if (event == nullptr) {
                return; // the allocator remembers
            }
            event->usChannelGroup = group;
            event->ullPresTime100ns = part.time;
            take_message(event);
        });
    }
}

void DmusPin::take_message(DMUS_KERNEL_EVENT* event) {
    event->ullPresTime100ns = std::max<LONGLONG>(clock_.to_presentation(event->ullPresTime100ns), 0);
    packer_.add(event);
}

} // namespace openportcls::portcls
