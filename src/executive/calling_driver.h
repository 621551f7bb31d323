// Whose code asked for what is being made now.
#pragma once

#include <cstdint>

#include "machine/machine.h"

namespace openportcls::executive {

// The return address in the innermost driver on the stack of the running thread; null: none. Our own frames, which have
// frame pointers, are all that it walks.
const void* place_in_driver(machine::Machine& machine);

// The owner (Pool::owner_at) of that driver; 0: none, the kernel works for itself or for an application.
std::uint16_t calling_driver(machine::Machine& machine);

} // namespace openportcls::executive
