// Which directives the sections of an installation may have, and which of them do something here.
#pragma once

#include <vector>

#include "pnp/inf/inf_file.h"

namespace openportcls::pnp {

enum class InfSectionKind : std::uint8_t {
    install,       // DDInstall
    hardware,      // DDInstall.HW
    interfaces,    // DDInstall.Interfaces
    add_interface, // what AddInterface names
    services,      // DDInstall.Services
    add_service,   // what AddService names
};

// A warning for each line of the section that nothing is done for.
void note_undone_directives(const InfSection& section, InfSectionKind kind, std::vector<InfWarning>& warnings);

} // namespace openportcls::pnp
