// IRP_MJ_CREATE of a pin: KSNAME_Pin with KSPIN_CONNECT and a format behind it.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

class Filter;

// `parameters` is an 8-byte aligned copy.
NTSTATUS create_pin(Filter& filter, IRP& irp, const void* parameters, ULONG parameters_bytes);

} // namespace openportcls::portcls
