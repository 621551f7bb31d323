// EX_TIMER: drivers hold the header, to wait for; the rest is the executive's.
#pragma once

#include <wdm.h>

#include "machine/machine.h"

struct _EX_TIMER {
    DISPATCHER_HEADER header;
};

namespace openportcls::executive {

struct ExTimer {
    EX_TIMER* object = nullptr;
    machine::Machine* machine = nullptr;
    machine::ClockEvent event;
    KDPC dpc{};
    KEVENT idle{}; // signalled while no callback is queued or running
    PEXT_CALLBACK callback = nullptr;
    void* context = nullptr;
    bool high_resolution = false;
    bool deleting = false;
    machine::Nanoseconds nominal = 0;
    machine::Nanoseconds period = 0;
    PEXT_DELETE_CALLBACK delete_callback = nullptr;
    void* delete_context = nullptr;
};

} // namespace openportcls::executive
