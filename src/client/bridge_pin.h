// Why a bridge pin cannot be opened.
#pragma once

#include <openportcls/filter.hpp>

namespace openportcls::client {

// One that stands for a connection (to another filter, a socket) that no stream goes through (R-DESC-07).
bool is_bridge_pin(const Filter& filter, std::uint32_t pin);
Error bridge_pin_error(const Filter& filter, std::uint32_t pin);

} // namespace openportcls::client
