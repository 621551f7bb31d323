// The lines of AddReg, DelReg and BitReg sections.
#pragma once

#include "pnp/inf/install.h"

#include <optional>
#include <vector>

namespace openportcls::pnp {

// A line that is wrong yields nothing and a warning.
std::optional<InfRegistryOperation> read_add_registry_line(const InfLine& line, std::vector<InfWarning>& warnings);
std::optional<InfRegistryOperation> read_delete_registry_line(const InfLine& line, std::vector<InfWarning>& warnings);
std::optional<InfRegistryOperation> read_bit_registry_line(const InfLine& line, std::vector<InfWarning>& warnings);

} // namespace openportcls::pnp
