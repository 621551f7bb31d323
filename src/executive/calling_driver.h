// Whose code asked for what is being made now.
#pragma once

#include <cstdint>

#include "machine/machine.h"

namespace openportcls::executive {

// The owner (Pool::owner_at) of the innermost driver on the stack of the running thread; 0: none, the kernel works for
// itself or for an application. Our own frames, which have frame pointers, are all that it walks.
std::uint16_t calling_driver(machine::Machine& machine);

} // namespace openportcls::executive
