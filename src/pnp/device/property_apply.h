// Puts the property lines of an installation into the properties of a device or an interface.
#pragma once

#include <span>

#include "executive/io/device_record.h"
#include "pnp/inf/install.h"

namespace openportcls::pnp {

void apply_properties(executive::PropertyTable& table, std::span<const InfProperty> properties);

} // namespace openportcls::pnp
