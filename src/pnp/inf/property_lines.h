// The lines of AddProperty and DelProperty sections.
#pragma once

#include "pnp/inf/install.h"

#include <optional>
#include <vector>

namespace openportcls::pnp {

// A line that is wrong yields nothing and a warning.
std::optional<InfProperty> read_add_property_line(const InfLine& line, std::vector<InfWarning>& warnings);
std::optional<InfProperty> read_delete_property_line(const InfLine& line, std::vector<InfWarning>& warnings);

} // namespace openportcls::pnp
