// The cards in a machine, as the library's users see them.
#pragma once

#include <vector>

#include "base/result.h"
#include "machine/machine.h"
#include "pnp/pnp_manager.h"

namespace openportcls::client {

struct MachineState;

// Builds the board with what MachineOptions::hardware names. Inside the machine, before the kernel.
Result<void> plug_cards(machine::Machine& machine, const std::vector<std::string>& orders);

// What the first card that has no device yet is set to, when the driver's INF asks for resources: the answer that a
// person gives the installer of a driver for a card that cannot be found by itself.
std::vector<pnp::Resource> resources_of_next_card(MachineState& state, const pnp::LoadedDriver& driver);

} // namespace openportcls::client
