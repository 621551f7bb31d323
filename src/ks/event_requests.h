// IOCTL_KS_ENABLE_EVENT and _DISABLE_EVENT up to the point where the object itself has to decide.
#pragma once

#include <span>

#include <ks.h>

#include "ks/events.h"

namespace openportcls::ks {

// One event that an object can send.
struct SupportedEvent {
    const GUID* set;
    ULONG id;
    ULONG flags;     // KSEVENT_TYPE_ENABLE, _ONESHOT, _ENABLEBUFFERED that are possible; ONESHOT goes with ENABLE
    ULONG data_size; // smallest KSEVENTDATA or structure beginning with it
};

// True: the request was a query, or wrong, and `status` is its answer. False: `event` is to be enabled, its data is
// long enough.
bool answer_event_query(IRP& irp, std::span<const SupportedEvent> events, const SupportedEvent*& event,
                        NTSTATUS& status);

// The checks that come before any table is looked at. `event` receives the captured KSEVENT.
NTSTATUS check_event_request(IRP& irp, KSEVENT& event);

// By the address that comes as input buffer.
NTSTATUS disable_requested_event(IRP& irp, EventList& events);

} // namespace openportcls::ks
