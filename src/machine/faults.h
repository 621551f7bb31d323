// Host signals that a guest causes (bad pointers, division by zero, endless loops) become bugchecks.
#pragma once

namespace openportcls::machine {

// Idempotent; signals that do not come from a guest go to whoever handled them before.
void install_fault_handlers();

} // namespace openportcls::machine
