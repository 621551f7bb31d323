// IPortClsNotifications: buffers that carry an audio module's asynchronous messages to applications (R-OFF-10).
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

NTSTATUS allocate_notification_buffer(POOL_TYPE pool, USHORT bytes, PPCNOTIFICATION_BUFFER* buffer);
void free_notification_buffer(PPCNOTIFICATION_BUFFER buffer);
// Delivers a custom device-change event to those who registered on the device, and takes the buffer. Returns the
// status of the delivery; the interface method has none to return.
NTSTATUS send_notification(PDEVICE_OBJECT physical_device, const GUID& notification_id, PPCNOTIFICATION_BUFFER buffer);

} // namespace openportcls::portcls
