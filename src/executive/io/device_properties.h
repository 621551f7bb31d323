// DEVPROPKEY properties of devices and device interfaces.
#pragma once

#include <wdm.h>

#include "executive/io/device_record.h"

namespace openportcls::executive {

// With the status codes of IoSetDevicePropertyData; DEVPROP_TYPE_EMPTY or no data deletes the property.
NTSTATUS set_property(PropertyTable& table, const DEVPROPKEY& key, LCID locale, DEVPROPTYPE type, ULONG bytes,
                      const void* data);
NTSTATUS get_property(const PropertyTable& table, const DEVPROPKEY& key, LCID locale, ULONG bytes, void* data,
                      ULONG* required, DEVPROPTYPE* type);

} // namespace openportcls::executive
