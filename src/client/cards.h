// The cards in a machine, as the library's users see them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "machine/machine.h"
#include "pnp/pnp_manager.h"

namespace openportcls::client {

struct MachineState;

// Builds the board with what MachineOptions::hardware names. Inside the machine, before the kernel.
Result<void> plug_cards(machine::Machine& machine, const std::vector<std::string>& orders);

// The cards lose their power with the system's, from S3 on: what sleeps less deeply keeps its context. With a PnP
// manager.
void follow_system_power(MachineState& state);

// Finds the first card that has no device yet for a new device of this driver. A card on the PCI bus says what it is,
// and goes to a driver whose INF names it; of others the device gets what they are set to, when the driver's INF asks
// for resources: the answer that a person gives the installer of a driver for a card that cannot be found by itself.
// STATUS_NO_SUCH_DEVICE when there are cards for the driver and all have devices, and when it is for a PCI card and
// there are only others.
Result<void> find_card(MachineState& state, const pnp::LoadedDriver& driver, pnp::DeviceSpec& spec);

// The cards that no device is for: "ac97: PCI\\VEN_8086&...", "sb16-2: ports 240-24f, ...".
std::vector<std::string> cards_without_device(const MachineState& state);

} // namespace openportcls::client
