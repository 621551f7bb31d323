// IOCTL_KS_PROPERTY on filter and pin handles: from the IRP to the handler and back.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

class Filter;
class Pin;

// `pin` is nullptr for a request on the filter's handle.
NTSTATUS dispatch_property(Filter& filter, Pin* pin, IRP& irp);

// PcCompletePendingPropertyRequest (R-PROP-17).
NTSTATUS complete_pending_property(PCPROPERTY_REQUEST& request, NTSTATUS status);

} // namespace openportcls::portcls
