// The entries of the Enum key: one for each device that was ever there, present or not.
#pragma once

#include <vector>

#include "executive/registry/key.h"

namespace openportcls::pnp {

// Enum\enumerator\device\instance; `enumerated` is Enum itself, or null. They live as long as that.
inline std::vector<const executive::RegistryKey*> enum_entries(const executive::RegistryKey* enumerated) {
    std::vector<const executive::RegistryKey*> entries;
    if (enumerated == nullptr) {
        return entries;
    }
    for (const auto& [enumerator_name, enumerator] : enumerated->subkeys()) {
        for (const auto& [device_name, device] : enumerator->subkeys()) {
            for (const auto& [instance_name, instance] : device->subkeys()) {
                entries.push_back(instance.get());
            }
        }
    }
    return entries;
}

} // namespace openportcls::pnp
