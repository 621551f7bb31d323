#include "ks/clock.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "executive/ke/waits.h"
#include "ks/event_requests.h"
#include "ks/property_sets.h"
#include "machine/machine.h"

namespace openportcls::ks {

namespace {

LONGLONG system_time_100ns() {
    return static_cast<LONGLONG>(KeQueryInterruptTime());
}

// What is kept behind the EventRecord of a mark.
struct Mark {
    LONGLONG base;     // stream time
    LONGLONG interval; // 0: once
    LONGLONG due;      // the next one
    LONGLONG seen;     // the time when it was looked at last

    // The next one after `now`: the base first, then each interval, none but at one time for a position mark (R-KS-07).
    LONGLONG after(LONGLONG now) const {
        if (now < base) {
            return base;
        }
        if (interval == 0) {
            return INT64_MAX;
        }
        const ULONGLONG past = static_cast<ULONGLONG>(now) - static_cast<ULONGLONG>(base); // any base: no overflow
        const __int128 next = base + static_cast<__int128>(past / interval + 1) * interval;
        return next < INT64_MAX ? static_cast<LONGLONG>(next) : INT64_MAX;
    }
    // Whether it fires. A clock's time may step back (ksproperty-clock-time), as STOP has it do: intervals go on from
    // there, and a position mark has had its time.
    bool look(LONGLONG now) {
        if (now < seen && interval != 0) {
            due = after(now);
        }
        seen = now;
        if (due > now) {
            return false;
        }
        due = after(now);
        return true;
    }
};

Clock* clock_of(const IRP* irp) {
    return static_cast<Clock*>(OpenObject::from(IoGetCurrentIrpStackLocation(const_cast<IRP*>(irp))->FileObject));
}
Clock* clock_of(const FILE_OBJECT* file) {
    return static_cast<Clock*>(OpenObject::from(file));
}

template<bool physical>
NTSTATUS NTAPI get_time(IRP* irp, KSIDENTIFIER*, void* data) {
    Clock& clock = *clock_of(irp);
    if (!clock.is_connected()) {
        return STATUS_DEVICE_NOT_READY;
    }
    *static_cast<LONGLONG*>(data) = clock.time(physical);
    return STATUS_SUCCESS;
}

template<bool physical>
NTSTATUS NTAPI get_correlated_time(IRP* irp, KSIDENTIFIER*, void* data) {
    Clock& clock = *clock_of(irp);
    if (!clock.is_connected()) {
        return STATUS_DEVICE_NOT_READY;
    }
    auto& correlated = *static_cast<KSCORRELATED_TIME*>(data);
    correlated.Time = clock.time(physical);
    correlated.SystemTime = system_time_100ns();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI get_resolution(IRP*, KSIDENTIFIER*, void* data) {
    auto& resolution = *static_cast<KSRESOLUTION*>(data);
    resolution.Granularity = Clock::granularity;
    resolution.Error = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI get_state(IRP* irp, KSIDENTIFIER*, void* data) {
    *static_cast<KSSTATE*>(data) = clock_of(irp)->state();
    return STATUS_SUCCESS;
}

template<bool physical>
LONGLONG FASTCALL function_time(FILE_OBJECT* file) {
    return clock_of(file)->time(physical);
}

template<bool physical>
LONGLONG FASTCALL function_correlated_time(FILE_OBJECT* file, LONGLONG* system_time) {
    *system_time = system_time_100ns();
    return clock_of(file)->time(physical);
}

// Function pointers are for kernel callers only.
NTSTATUS NTAPI get_clock_functions(IRP* irp, KSIDENTIFIER*, void* data) {
    if (irp->RequestorMode != KernelMode) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    auto& table = *static_cast<KSCLOCK_FUNCTIONTABLE*>(data);
    table.GetTime = function_time<false>;
    table.GetPhysicalTime = function_time<true>;
    table.GetCorrelatedTime = function_correlated_time<false>;
    table.GetCorrelatedPhysicalTime = function_correlated_time<true>;
    return STATUS_SUCCESS;
}

KSPROPERTY_ITEM get_item(ULONG id, PFNKSHANDLER handler, ULONG bytes) {
    KSPROPERTY_ITEM item{};
    item.PropertyId = id;
    item.GetPropertyHandler = handler;
    item.MinProperty = sizeof(KSPROPERTY);
    item.MinData = bytes;
    return item;
}

const KSPROPERTY_ITEM clock_items[] = {
    get_item(KSPROPERTY_CLOCK_TIME, get_time<false>, sizeof(LONGLONG)),
    get_item(KSPROPERTY_CLOCK_PHYSICALTIME, get_time<true>, sizeof(LONGLONG)),
    get_item(KSPROPERTY_CLOCK_CORRELATEDTIME, get_correlated_time<false>, sizeof(KSCORRELATED_TIME)),
    get_item(KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME, get_correlated_time<true>, sizeof(KSCORRELATED_TIME)),
    get_item(KSPROPERTY_CLOCK_RESOLUTION, get_resolution, sizeof(KSRESOLUTION)),
    get_item(KSPROPERTY_CLOCK_STATE, get_state, sizeof(KSSTATE)),
    get_item(KSPROPERTY_CLOCK_FUNCTIONTABLE, get_clock_functions, sizeof(KSCLOCK_FUNCTIONTABLE)),
};

const GUID clock_property_set = KSPROPSETID_Clock;
const KSPROPERTY_SET clock_sets[] = {{&clock_property_set, RTL_NUMBER_OF(clock_items), clock_items, 0, nullptr}};

const GUID clock_event_set = KSEVENTSETID_Clock;
constexpr SupportedEvent clock_events[] = {
    {&clock_event_set, KSEVENT_CLOCK_INTERVAL_MARK, KSEVENT_TYPE_ENABLE, sizeof(KSEVENT_TIME_INTERVAL)},
    {&clock_event_set, KSEVENT_CLOCK_POSITION_MARK, KSEVENT_TYPE_ENABLE, sizeof(KSEVENT_TIME_MARK)},
};

} // namespace

void ClockTime::set_state(KSSTATE state) {
    const bool run = state == KSSTATE_RUN;
    if (state == KSSTATE_STOP) {
        base_ = 0;
    } else if (running_ && !run) {
        base_ = now();
    }
    if (run && !running_) {
        started_ = system_time_100ns();
    }
    running_ = run;
}

LONGLONG ClockTime::now() const {
    return running_ ? base_ + system_time_100ns() - started_ : base_;
}

// The source does not go while it is asked. Everything below the scheduler runs on one host thread: a count will do.
class Clock::SourceInUse {
public:
    explicit SourceInUse(Clock& clock) : clock_(clock), source_(clock.source_) {
        if (source_ != nullptr) {
            ++clock_.source_users_;
        }
    }
    ~SourceInUse() {
        machine::tsan::release(&clock_.source_users_);
        if (source_ != nullptr && --clock_.source_users_ == 0 && clock_.source_ == nullptr) {
            KeSetEvent(&clock_.source_unused_, IO_NO_INCREMENT, FALSE);
        }
    }
    SourceInUse(const SourceInUse&) = delete;
    SourceInUse& operator=(const SourceInUse&) = delete;

    explicit operator bool() const { return source_ != nullptr; }
    ClockSource* operator->() const { return source_; }
    ClockSource& operator*() const { return *source_; }

private:
    Clock& clock_;
    ClockSource* const source_;
};

Clock::Clock(ClockSource& source) : source_(&source) {
    KeInitializeEvent(&source_unused_, SynchronizationEvent, FALSE);
    KeInitializeTimer(&timer_);
    KeInitializeDpc(&dpc_, timer_expired, this);
}

Clock::~Clock() {
    KeCancelTimer(&timer_);
    KeFlushQueuedDpcs();
}

void Clock::release() {
    if (--references_ == 0) {
        delete this;
    }
}

NTSTATUS Clock::create(ClockSource& source, IRP& irp, const void* parameters, ULONG bytes, Clock*& clock) {
    if (bytes < sizeof(KSCLOCK_CREATE)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (static_cast<const KSCLOCK_CREATE*>(parameters)->CreateFlags != 0) {
        return STATUS_INVALID_PARAMETER; // no flag is defined
    }
    clock = new Clock(source);
    clock->attach_to(*IoGetCurrentIrpStackLocation(&irp)->FileObject);
    return STATUS_SUCCESS;
}

void Clock::source_gone() {
    source_ = nullptr;
    while (source_users_ != 0) {
        executive::wait_for_ever(machine::Machine::current(), &source_unused_);
    }
    machine::tsan::acquire(&source_users_); // what its driver did meanwhile is over
    KeCancelTimer(&timer_);
    events_.remove_all();
    release();
}

LONGLONG Clock::time(bool physical) {
    const SourceInUse source(*this);
    return source ? source->stream_time(physical) : 0;
}

void Clock::update() {
    const SourceInUse source(*this);
    if (!source || events_.is_empty()) {
        return;
    }
    update_again_ = true;
    if (is_updating_) {
        return; // whoever is at it does it once more: the time that it has may be old already
    }
    is_updating_ = true;
    while (std::exchange(update_again_, false)) {
        fire_due_marks(*source);
    }
    is_updating_ = false;
}

void Clock::fire_due_marks(ClockSource& source) {
    const LONGLONG now = source.stream_time(false);
    LONGLONG next = INT64_MAX;
    events_.visit([&](EventRecord& record) {
        Mark& mark = record.extra<Mark>();
        const bool finished = mark.look(now) && EventList::signal(record);
        next = std::min(next, mark.due);
        return finished;
    });
    if (next == INT64_MAX || source.clock_state() != KSSTATE_RUN) {
        KeCancelTimer(&timer_);
        return;
    }
    LARGE_INTEGER due;
    due.QuadPart = -std::max<LONGLONG>(next - now, 1);
    KeSetTimer(&timer_, due, &dpc_);
}

void Clock::timer_expired(KDPC*, void* context, void*, void*) {
    static_cast<Clock*>(context)->update();
}

NTSTATUS Clock::property(IRP& irp) {
    {
        const SourceInUse source(*this);
        const NTSTATUS status = source ? source->begin_clock_request() : STATUS_SUCCESS;
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    return handle_property(irp, clock_sets);
}

NTSTATUS Clock::enable_event(IRP& irp) {
    const SupportedEvent* event = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    if (answer_event_query(irp, clock_events, event, status)) {
        return status;
    }
    {
        const SourceInUse source(*this);
        status = source ? source->begin_clock_request() : STATUS_DEVICE_NOT_READY;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    EventRecord* record = nullptr;
    status = EventList::prepare(irp, sizeof(Mark), record);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Mark& mark = record->extra<Mark>();
    if (event->id == KSEVENT_CLOCK_INTERVAL_MARK) {
        KSEVENT_TIME_INTERVAL data;
        std::memcpy(&data, irp.UserBuffer, sizeof data);
        if (data.Interval <= 0) {
            EventList::discard(*record);
            return STATUS_INVALID_PARAMETER;
        }
        mark = {data.TimeBase, data.Interval, data.TimeBase, INT64_MIN};
    } else {
        KSEVENT_TIME_MARK data;
        std::memcpy(&data, irp.UserBuffer, sizeof data);
        mark = {data.MarkTime, 0, data.MarkTime, INT64_MIN};
    }
    events_.add(*record);
    update();
    return STATUS_SUCCESS;
}

NTSTATUS Clock::disable_event(IRP& irp) {
    return disable_requested_event(irp, events_);
}

void Clock::cleanup(FILE_OBJECT& file) {
    events_.remove_file(&file);
}

void Clock::close(FILE_OBJECT&) {
    {
        const SourceInUse source(*this);
        if (source) {
            source->clock_closed(*this);
        }
    }
    release();
}

} // namespace openportcls::ks
