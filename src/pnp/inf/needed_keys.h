// Keys that no INF takes away.
#pragma once

#include <span>
#include <string>

#include "executive/registry/key.h"

namespace openportcls::pnp {

// Whether the system cannot do without the key, or without one below it: the layout of the registry, what the PnP
// manager keeps of devices, the services and software keys that Enum entries name, and `kept` (full paths).
// `root`: \Registry.
bool is_needed_key(executive::RegistryKey& root, const executive::RegistryKey& key,
                   std::span<const std::u16string> kept);

} // namespace openportcls::pnp
