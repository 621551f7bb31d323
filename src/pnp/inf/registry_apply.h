// Puts the registry lines of an installation into a machine's registry.
#pragma once

#include <span>
#include <string_view>

#include "executive/registry/registry.h"
#include "pnp/inf/install.h"

namespace openportcls::pnp {

// `relative_root`: the full path that HKR stands for, e.g. \Registry\Machine\System\CurrentControlSet\Control\Class\
// {guid}\0000. The other roots are HKLM = \Registry\Machine, HKU = \Registry\User, HKCR and HKCU their usual places.
void apply_registry_operations(executive::Registry& registry, std::span<const InfRegistryOperation> operations,
                               std::u16string_view relative_root);

} // namespace openportcls::pnp
