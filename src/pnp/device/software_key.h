// Which software key a device has.
#pragma once

#include <string>

#include "executive/registry/registry.h"

namespace openportcls::pnp {

// "{class}\nnnn", relative to Control\Class: what the Driver value of the device's Enum key names when that is a
// software key of its class and no other device's, else the first number that no device has and no key is.
std::u16string choose_software_key(const executive::Registry& registry, const executive::RegistryKey& device,
                                   std::u16string_view class_guid);

} // namespace openportcls::pnp
