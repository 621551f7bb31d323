// Device interfaces as applications list them.
#pragma once

#include <string_view>
#include <vector>

#include <openportcls/machine.hpp>

namespace openportcls::client {

struct MachineState;
std::vector<FilterInfo> list_filters(MachineState& state);
Result<std::vector<InterfaceValue>> interface_values(MachineState& state, std::string_view path);

} // namespace openportcls::client
