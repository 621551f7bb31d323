// What drivers tell of their devices to whoever listens on an open handle: RegisterDeviceNotification, and the custom
// events that come of IoReportTargetDeviceChange and IPortClsNotifications::SendNotification.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <openportcls/guid.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
struct ListenerState;
} // namespace client

struct Notification {
    Guid id;
    std::vector<std::byte> data; // what the driver has sent along
};

// From KsObject::listen_for on; it ends when this object goes, and keeps the filter, pin or stream open until then.
class NotificationListener {
public:
    NotificationListener(NotificationListener&&) noexcept;
    NotificationListener& operator=(NotificationListener&&) noexcept;
    ~NotificationListener();

    // The oldest that nobody has taken. A thousand wait; then the oldest go.
    std::optional<Notification> take();
    // The same, letting time pass until there is one; STATUS_TIMEOUT after `timeout`.
    Result<Notification> wait(std::chrono::nanoseconds timeout);
    // Calls `told` with each on a thread inside the machine, while time passes there; what applies to
    // Event::on_signal applies to it.
    Result<void> on_notification(std::function<void(const Notification&)> told);

private:
    friend class KsObject;
    explicit NotificationListener(std::unique_ptr<client::ListenerState> state);
    std::unique_ptr<client::ListenerState> state_;
};

namespace notification {
// KSNOTIFICATIONID_AudioModule: read_audio_module_notification (audio_module.hpp) says what it is about.
inline constexpr Guid audio_module{0x9c2220f0, 0xd9a6, 0x4d5c, {0xa0, 0x36, 0x57, 0x38, 0x57, 0xfd, 0x50, 0xd2}};
// KSNOTIFICATIONID_SoundDetector
inline constexpr Guid sound_detector{0x6389d844, 0xbb32, 0x4c4c, {0xa8, 0x02, 0xf4, 0xb4, 0xb7, 0x7a, 0xfe, 0xad}};
} // namespace notification

} // namespace openportcls
