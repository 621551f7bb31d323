#include "portcls/ports/wavert/notification_events.h"

#include <algorithm>

namespace openportcls::portcls {

namespace {

NTSTATUS event_of(HANDLE handle, KPROCESSOR_MODE mode, PKEVENT& event) {
    PVOID object = nullptr;
    const NTSTATUS status =
        ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType, mode, &object, nullptr);
    event = static_cast<PKEVENT>(object);
    return status;
}

} // namespace

NotificationEvents::~NotificationEvents() {
    for (PKEVENT event : events_) {
        ObDereferenceObject(event);
    }
}

NTSTATUS NotificationEvents::add(HANDLE handle, KPROCESSOR_MODE mode, IMiniportWaveRTStreamNotification& stream) {
    PKEVENT event = nullptr;
    NTSTATUS status = event_of(handle, mode, event);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = stream.RegisterNotificationEvent(event);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(event);
        return status;
    }
    events_.push_back(event);
    return STATUS_SUCCESS;
}

NTSTATUS NotificationEvents::remove(HANDLE handle, KPROCESSOR_MODE mode, IMiniportWaveRTStreamNotification& stream) {
    PKEVENT event = nullptr;
    NTSTATUS status = event_of(handle, mode, event);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const auto registered = std::find(events_.begin(), events_.end(), event);
    if (registered == events_.end()) {
        status = STATUS_NOT_FOUND;
    } else {
        status = stream.UnregisterNotificationEvent(event);
        if (NT_SUCCESS(status)) {
            events_.erase(registered);
            ObDereferenceObject(event);
        }
    }
    ObDereferenceObject(event);
    return status;
}

void NotificationEvents::remove_all(IMiniportWaveRTStreamNotification& stream) {
    for (PKEVENT event : events_) {
        stream.UnregisterNotificationEvent(event);
        ObDereferenceObject(event);
    }
    events_.clear();
}

} // namespace openportcls::portcls
