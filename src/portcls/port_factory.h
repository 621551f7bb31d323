// Which port and system miniport drivers there are.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

// STATUS_NOT_SUPPORTED for a port driver that the release in force does not have or that is not there yet,
// STATUS_INVALID_PARAMETER for a class that is no port's. The reference is the caller's.
NTSTATUS new_port(REFCLSID class_id, IPort** port);
NTSTATUS new_miniport(REFCLSID class_id, IMiniport** miniport);

} // namespace openportcls::portcls
