// The events a client wants signalled at the notification points of its buffer (R-WRT-12).
#pragma once

#include <vector>

#include <portcls.h>

namespace openportcls::portcls {

// Each event is referenced from registration to unregistration, so a closed handle cannot leave the driver with a
// dangling KEVENT.
class NotificationEvents {
public:
    NotificationEvents() = default;
    ~NotificationEvents();
    NotificationEvents(const NotificationEvents&) = delete;
    NotificationEvents& operator=(const NotificationEvents&) = delete;

    NTSTATUS add(HANDLE handle, KPROCESSOR_MODE mode, IMiniportWaveRTStreamNotification& stream);
    NTSTATUS remove(HANDLE handle, KPROCESSOR_MODE mode, IMiniportWaveRTStreamNotification& stream);
    // What a client left registered, at close (R-WRT-13).
    void remove_all(IMiniportWaveRTStreamNotification& stream);

private:
    std::vector<PKEVENT> events_;
};

} // namespace openportcls::portcls
