// KTIMERs: they expire at the first clock interrupt at or after their due time.
#include "machine/machine.h"

namespace openportcls::machine {

namespace {

bool lies_in(const void* object, const void* begin, std::size_t bytes) {
    const auto offset = reinterpret_cast<std::uintptr_t>(object) - reinterpret_cast<std::uintptr_t>(begin);
    return offset < bytes;
}

} // namespace

Nanoseconds Machine::round_to_clock(Nanoseconds due) const {
    return due == never ? never : (due + clock_interval_ - 1) / clock_interval_ * clock_interval_;
}

// With a period of whole intervals a timer is as late each time, which saves the division.
Nanoseconds Machine::expiry_of(TimerRecord& record) const {
    if (record.rounded_for == clock_interval_) {
        return record.nominal + record.rounding;
    }
    const Nanoseconds expiry = round_to_clock(record.nominal);
    const bool stays = record.period > 0 && record.period % clock_interval_ == 0;
    record.rounding = expiry - record.nominal;
    record.rounded_for = stays ? clock_interval_ : 0;
    return expiry;
}

// A set timer's list entry points twice at our record; anything else means "not set".
Machine::TimerRecord* Machine::timer_record(const KTIMER& timer) const {
    const LIST_ENTRY& entry = timer.TimerListEntry;
    if (timer.Header.TimerMiscFlags == 0 || entry.Flink == nullptr || entry.Flink != entry.Blink) {
        return nullptr;
    }
    return reinterpret_cast<TimerRecord*>(entry.Flink);
}

bool Machine::set_timer(KTIMER& timer, Nanoseconds due, Nanoseconds period, KDPC* dpc, const void* caller) {
    const bool was_set = cancel_timer(timer);
    tsan::release(&timer);
    if (dpc != nullptr) {
        tsan::release(dpc);
    }
    TimerRecord* record = free_timers_;
    if (record != nullptr) {
        free_timers_ = record->next;
    } else {
        record = new_timer_record();
    }
    record->timer = &timer;
    record->caller = caller;
    record->nominal = due;
    record->period = period;
    record->rounded_for = 0;
    record->previous = nullptr;
    record->next = active_timers_;
    if (active_timers_ != nullptr) {
        active_timers_->previous = record;
    }
    active_timers_ = record;

    timer.Dpc = dpc;
    timer.DueTime.QuadPart = static_cast<ULONGLONG>(due / nanoseconds_per_tick);
    timer.Header.SignalState = 0;
    timer.Header.TimerMiscFlags = 1;
    timer.TimerListEntry.Flink = timer.TimerListEntry.Blink = reinterpret_cast<LIST_ENTRY*>(record);
    clock_.schedule(record->event, expiry_of(*record));
    if (clock_.is_due()) {
        draw_attention();
    }
    return was_set;
}

[[gnu::cold, gnu::noinline]] Machine::TimerRecord* Machine::new_timer_record() {
    timer_records_.push_back(std::make_unique<TimerRecord>());
    TimerRecord* const record = timer_records_.back().get();
    record->machine = this;
    record->event.bind(&Machine::timer_due, record);
    return record;
}

bool Machine::cancel_timer(KTIMER& timer) {
    TimerRecord* record = timer_record(timer);
    if (record == nullptr) {
        return false;
    }
    clock_.cancel(record->event);
    unlink_timer(*record);
    return true;
}

std::vector<const void*> Machine::set_timers() const {
    std::vector<const void*> callers;
    for (const TimerRecord* record = active_timers_; record != nullptr; record = record->next) {
        callers.push_back(record->caller);
    }
    return callers;
}

const KTIMER* Machine::set_timer_in(const void* begin, std::size_t bytes) const {
    for (const TimerRecord* record = active_timers_; record != nullptr; record = record->next) {
        if (lies_in(record->timer, begin, bytes)) {
            return record->timer;
        }
    }
    return nullptr;
}

const KDPC* Machine::queued_dpc_in(const void* begin, std::size_t bytes) const {
    for (unsigned number = 0; number < config_.processors; ++number) {
        for (const KDPC* dpc = processors_[number].dpc_head; dpc != nullptr;
             dpc = reinterpret_cast<const KDPC*>(dpc->DpcListEntry.Next)) {
            if (lies_in(dpc, begin, bytes)) {
                return dpc;
            }
        }
    }
    return nullptr;
}

void Machine::unlink_timer(TimerRecord& record) {
    record.timer->Header.TimerMiscFlags = 0;
    record.timer->TimerListEntry = {nullptr, nullptr};
    (record.previous != nullptr ? record.previous->next : active_timers_) = record.next;
    if (record.next != nullptr) {
        record.next->previous = record.previous;
    }
    record.next = free_timers_;
    free_timers_ = &record;
}

void Machine::timer_due(ClockEvent& event) {
    auto& record = *static_cast<TimerRecord*>(event.context());
    Machine& machine = *record.machine;
    KTIMER& timer = *record.timer;
    machine.trace(EventKind::timer_expired, 0);
    if (record.period > 0) {
        record.nominal += record.period;
        machine.clock_.schedule(record.event, machine.expiry_of(record));
    } else {
        machine.unlink_timer(record);
    }
    KDPC* const dpc = timer.Dpc;
    timer.Header.SignalState = 1;
    machine.wake_waiters(timer.Header);
    if (dpc != nullptr) {
        machine.queue_dpc(*dpc, nullptr, nullptr);
    }
}

void Machine::set_clock_interval(Nanoseconds interval) {
    clock_interval_ = interval;
    for (TimerRecord* record = active_timers_; record != nullptr; record = record->next) {
        clock_.schedule(record->event, expiry_of(*record));
    }
}

} // namespace openportcls::machine
