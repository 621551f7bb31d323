// Clock objects: KSNAME_Clock opened on a pin, its properties and its interval and position marks (R-KS-07).
#pragma once

#include <ks.h>

#include "ks/events.h"
#include "ks/open_object.h"

namespace openportcls::ks {

class Clock;

// What a clock tells the time of. <= DISPATCH_LEVEL.
class ClockSource {
public:
    // In 100 ns since STOP. `physical`: where the device is, as opposed to what has been presented.
    virtual LONGLONG stream_time(bool physical) = 0;
    virtual KSSTATE clock_state() = 0;
    // Before a client's request: what the device's state allows. PASSIVE_LEVEL.
    virtual NTSTATUS begin_clock_request() = 0;
    // The clock's last handle is gone.
    virtual void clock_closed(Clock& clock) = 0;

protected:
    ~ClockSource() = default;
};

// Stream time of a source without a position of its own: system time while in RUN, held in PAUSE, 0 in STOP.
class ClockTime {
public:
    void set_state(KSSTATE state);
    LONGLONG now() const;

private:
    LONGLONG base_ = 0;
    LONGLONG started_ = 0;
    bool running_ = false;
};

class Clock final : public OpenObject {
public:
    // IRP_MJ_CREATE with KSNAME_Clock: checks KSCLOCK_CREATE, makes the clock and attaches it to the IRP's file.
    static NTSTATUS create(ClockSource& source, IRP& irp, const void* parameters, ULONG bytes, Clock*& clock);

    // The source lets go of its clock, of which it has a reference, before it goes itself: from now on the clock
    // answers STATUS_DEVICE_NOT_READY. Waits until nobody asks the source any more, hence holds no lock that
    // `ClockSource`'s functions need. PASSIVE_LEVEL.
    void source_gone();
    // The source's state has changed: marks are timed anew.
    void state_changed() { update(); }
    // Fires the marks that are due and arms the timer for the next. <= DISPATCH_LEVEL.
    void update();

    void reference() { ++references_; }
    void release();

    bool is_connected() const { return source_ != nullptr; }
    LONGLONG time(bool physical);
    KSSTATE state() const { return source_ == nullptr ? KSSTATE_STOP : source_->clock_state(); }

    NTSTATUS property(IRP& irp) override;
    NTSTATUS enable_event(IRP& irp) override;
    NTSTATUS disable_event(IRP& irp) override;
    void cleanup(FILE_OBJECT& file) override;
    void close(FILE_OBJECT& file) override;

    // 100 ns: what KSPROPERTY_CLOCK_RESOLUTION reports. Positions of audio hardware move in steps of about this.
    static constexpr LONGLONG granularity = 10'000;

private:
    class SourceInUse;

    explicit Clock(ClockSource& source);
    ~Clock() override;

    void fire_due_marks(ClockSource& source);
    static void NTAPI timer_expired(KDPC* dpc, void* context, void* argument1, void* argument2);

    ClockSource* source_;
    ULONG source_users_ = 0; // who are in a function of it
    KEVENT source_unused_;   // source_gone() waits
    ULONG references_ = 1;   // the file's
    bool is_updating_ = false;
    bool update_again_ = false;
    EventList events_;
    KTIMER timer_;
    KDPC dpc_;
};

} // namespace openportcls::ks
