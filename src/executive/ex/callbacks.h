// Callback objects that the system itself makes.
#pragma once

#include "machine/machine.h"

namespace openportcls::executive {

// \Callback\PowerState and \Callback\SetSystemTime, which every driver can open ("nf-wdm-excreatecallback").
void create_system_callbacks(machine::Machine& machine);

} // namespace openportcls::executive
