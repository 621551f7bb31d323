// Device interfaces as applications list them.
#pragma once

#include <vector>

#include <openportcls/machine.hpp>

namespace openportcls::client {

struct MachineState;
std::vector<FilterInfo> list_filters(MachineState& state);

} // namespace openportcls::client
