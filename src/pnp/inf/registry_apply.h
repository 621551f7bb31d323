// Puts the registry lines of an installation into a registry.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "executive/registry/key.h"
#include "pnp/inf/install.h"

namespace openportcls::pnp {

// Where the lines of one section go.
struct RegistryPlace {
    executive::RegistryKey& root; // \Registry
    // The full path that HKR stands for, e.g. \Registry\Machine\System\CurrentControlSet\Control\Class\{guid}\0000.
    std::u16string_view relative_root;
    std::span<const std::u16string> kept; // full paths of keys that stay, besides the system's own and HKR
    std::int64_t now = 0;                 // becomes the keys' last-write time
};

// What of the operations is refused comes back, with the lines.
std::vector<InfWarning> apply_registry_operations(const RegistryPlace& place,
                                                  std::span<const InfRegistryOperation> operations);

} // namespace openportcls::pnp
