// Waiting inside the executive itself.
#pragma once

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

// Waits for one dispatcher object for ever; a wait that nothing can ever end is a bugcheck, not a return.
void wait_for_ever(machine::Machine& machine, void* object);

} // namespace openportcls::executive
