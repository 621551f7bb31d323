// Which release of Windows the machine claims to be.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "machine/machine.h"

namespace openportcls::executive {

struct SystemVersion {
    std::uint32_t major = 10;
    std::uint32_t minor = 0;
    std::uint32_t build = 22621;
    std::uint16_t service_pack = 0;

    // The value of NTDDI_VERSION for this release, as RtlIsNtDdiVersionAvailable compares it.
    std::uint32_t ntddi() const;
};

// "2000", "xp", "vista", "7", "8", "8.1", "10", "11", and the first releases "xp-rtm", "10-rtm", "10-1511".
std::optional<SystemVersion> system_version_named(std::string_view name);

// What the machine's kernel says; the registry's CurrentVersion key says the same.
SystemVersion system_version(machine::Machine& machine);
void set_system_version(machine::Machine& machine, const SystemVersion& version);

} // namespace openportcls::executive
