// Interrupt objects.
#pragma once

#include <optional>

#include <wdm.h>

#include "executive/io/passive_interrupt.h"
#include "machine/machine.h"

// What PKINTERRUPT points at.
struct _KINTERRUPT : openportcls::machine::InterruptHandler {
    openportcls::machine::Machine* machine = nullptr;
    openportcls::machine::InterruptLine* line = nullptr;
    PKSERVICE_ROUTINE service_routine = nullptr;
    PKMESSAGE_SERVICE_ROUTINE message_routine = nullptr;
    void* service_context = nullptr;
    ULONG message = 0;
    KIRQL irql = 0; // with `mode` and `shared`: what others on the line have to agree to
    openportcls::machine::TriggerMode mode = openportcls::machine::TriggerMode::level;
    bool shared = false;
    bool connected = false;
    std::optional<openportcls::executive::PassiveInterrupt> passive; // nothing: the routine runs at its DIRQL
};
