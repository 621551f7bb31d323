// IOCTL_KS_ENABLE_EVENT on filter and pin handles.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

class Filter;
class Pin;

// `pin` is nullptr for a request on the filter's handle.
NTSTATUS dispatch_enable_event(Filter& filter, Pin* pin, IRP& irp);

} // namespace openportcls::portcls
