// The generated table behind exports().
#pragma once

#include "pnp/exports.h"

namespace openportcls::pnp {

std::span<const Export> export_table();

} // namespace openportcls::pnp
