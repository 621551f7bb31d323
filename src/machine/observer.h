// What happens in the machine, told to whoever wants to know: tracer, verifier, tests.
// Everything reported is deterministic: names and serial numbers, never addresses.
#pragma once

#include <cstdint>
#include <string_view>

#include "machine/types.h"

namespace openportcls::machine {

enum class EventKind : std::uint8_t {
    interrupt_enter,
    interrupt_leave,
    dpc_enter,
    dpc_leave,
    thread_switch,
    timer_expired,
    object_signalled,
    wait_begin,
    wait_end,
    line_raised,
    line_lowered,
    // Reported by the layers above.
    irp_dispatched,
    irp_completed,
    service,
    stream_opened, // value: its pin; detail: its filter
    stream_state,
    stream_position,
    stream_notification,
    glitch,
    power_state,
    log,
};

std::string_view event_kind_name(EventKind kind);

struct TraceEvent {
    Nanoseconds time;
    EventKind kind;
    std::uint8_t processor;
    KIRQL irql;
    std::uint32_t subject;   // serial number of the thread, line, stream or IRP concerned
    std::int64_t value;      // meaning depends on kind
    std::string_view detail; // valid during the call only
};

class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_event(const TraceEvent& event) = 0;
};

} // namespace openportcls::machine
