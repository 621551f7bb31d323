// KSEVENT_LOOPEDSTREAMING_POSITION: a looped stream has come by a place of its buffer. WaveCyclic and WavePci ports
// send it up to Server 2003 (R-EVENT-10).
#pragma once

#include <ks.h>

#include "ks/events.h"

namespace openportcls::portcls {

class Pin;

extern const GUID looped_streaming_event_set;

// Whether this release has them.
bool has_loop_events();

// Enables the event that the request's data describe (LOOPEDSTREAMING_POSITION_EVENT_DATA).
NTSTATUS enable_loop_event(Pin& pin, ks::EventList& events, IRP& irp);

// Whether anybody may wait for one: then it is worth while to ask for the position.
bool awaits_loop_events(const Pin& pin);
// The stream has played up to `position`, which lies at `offset` of a loop. <= DISPATCH_LEVEL.
void fire_loop_events(Pin& pin, ULONGLONG position, ULONGLONG offset, ULONG loop_bytes);

} // namespace openportcls::portcls
