// Clock objects: KSNAME_Clock opened on a pin, its properties and its interval and position marks (R-KS-07).
#pragma once

#include <memory>

#include <ks.h>

#include "ks/events.h"
#include "ks/open_object.h"

namespace openportcls::ks {

class Clock;

// What a clock tells the time of. <= DISPATCH_LEVEL.
class ClockSource {
public:
    virtual LONGLONG stream_time() = 0; // 100 ns since STOP
    virtual KSSTATE clock_state() = 0;
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
    Clock(ClockSource& source, FILE_OBJECT& file);
    ~Clock() override;

    // The source has gone or changed state: marks are re-timed.
    void source_gone();
    void state_changed();
    // Position moved: fires the marks that are due. <= DISPATCH_LEVEL.
    void update();

    // Correlated: also the system time of the reading.
    LONGLONG time() const;
    LONGLONG physical_time() const;
    KSSTATE state() const;

    NTSTATUS property(IRP& irp) override;
    NTSTATUS enable_event(IRP& irp) override;
    NTSTATUS disable_event(IRP& irp) override;
    void cleanup(FILE_OBJECT& file) override;
    void close(FILE_OBJECT& file) override;

    static NTSTATUS create(ClockSource& source, IRP& irp, const void* parameters, ULONG bytes, Clock*& clock);

private:
    static void NTAPI timer_expired(KDPC* dpc, void* context, void*, void*);
    void arm();

    ClockSource* source_;
    EventList events_;
    KTIMER timer_;
    KDPC dpc_;
};

} // namespace openportcls::ks
