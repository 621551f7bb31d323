// Interrupts, threads and dependent stacks that a driver declares as used for streaming (R-WRT-30). They are checked
// and kept, with a reference on threads; a real system protects them from other work, here nothing competes.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

// `set` is reserved (R-WRT-31). STATUS_INVALID_PARAMETER for a descriptor that names nothing.
NTSTATUS add_stream_resource(PDEVICE_OBJECT physical_device, PVOID set, const PCSTREAMRESOURCE_DESCRIPTOR* descriptor,
                             PCSTREAMRESOURCE* handle);
NTSTATUS remove_stream_resource(PCSTREAMRESOURCE handle);

} // namespace openportcls::portcls
