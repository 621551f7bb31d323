// What a device's key of the registry says of its device objects.
#pragma once

#include <wdm.h>

#include "executive/registry/key.h"

namespace openportcls::pnp {

// The type and whether it is exclusive: the physical device object's alone, as that is the one with a name.
void apply_to_physical_object(DEVICE_OBJECT& physical_device, const executive::RegistryKey& instance);

// Of the characteristics those that hold for a whole stack: what the registry or any of the drivers says is said by
// each object ("Specifying Device Characteristics"). To be called when the stack is complete, before it is started.
void apply_characteristics(DEVICE_OBJECT& physical_device, const executive::RegistryKey& instance);

} // namespace openportcls::pnp
