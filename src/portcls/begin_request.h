// Whether a request is served: what every one of them begins with, hence inline.
#pragma once

#include "portcls/device_context.h"
#include "portcls/filter.h"
#include "portcls/port.h"

namespace openportcls::portcls {

NTSTATUS Port::availability() const {
    return detached_ ? STATUS_DEVICE_REMOVED : device_->availability();
}

NTSTATUS Port::begin_request() {
    return detached_ ? STATUS_DEVICE_REMOVED : device_->begin_request();
}

NTSTATUS Filter::availability() const {
    return is_subdevice_gone_ ? STATUS_DEVICE_REMOVED : port_.availability();
}

NTSTATUS Filter::begin_request() {
    return is_subdevice_gone_ ? STATUS_DEVICE_REMOVED : port_.begin_request();
}

} // namespace openportcls::portcls
