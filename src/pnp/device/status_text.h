// NTSTATUS values as people read them.
#pragma once

#include <string>

#include <wdm.h>

namespace openportcls::pnp {

// "STATUS_DEVICE_BUSY (0x80000011)"; the number alone when its name is not among the usual ones.
std::string status_text(NTSTATUS status);

} // namespace openportcls::pnp
