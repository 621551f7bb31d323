// Callback objects that the system itself makes.
#pragma once

#include "machine/machine.h"

namespace openportcls::executive {

// The names under \Callback that every driver can open ("nf-wdm-excreatecallback", "Callback Objects").
void create_system_callbacks(machine::Machine& machine);

// Tells the routines of \Callback\PowerState what has changed, a PO_CB_ constant, and how
// ("nf-wdm-exregistercallback"). The machine has neither a lid nor power policies: PO_CB_AC_STATUS and
// PO_CB_SYSTEM_STATE_LOCK are what there is to tell.
void notify_power_state(machine::Machine& machine, ULONG what, bool how);

} // namespace openportcls::executive
