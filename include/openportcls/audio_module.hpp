// Audio modules: processing in a device or one of its streams that applications send commands to
// (KSPROPSETID_AudioModule, Windows 10).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <openportcls/notification.hpp>
#include <openportcls/object.hpp>

namespace openportcls {

struct AudioModule {
    Guid class_id;
    std::uint32_t instance = 0;
    std::uint32_t major_version = 0;
    std::uint32_t minor_version = 0;
    std::string name;
};

// All of a filter, or those of a pin or stream. STATUS_NOT_FOUND from a driver that has none.
Result<std::vector<AudioModule>> audio_modules(const KsObject& object);

// What `arguments` are, and what the answer is, is a matter between the application and the module. Asked once, with
// room for AUDIOMODULE_MAX_DATA_SIZE (64,000) bytes.
Result<std::vector<std::byte>> command_audio_module(const KsObject& object, const AudioModule& module,
                                                    std::span<const std::byte> arguments = {});

struct AudioModuleNotification {
    Guid device; // the one that property::audio_module_notification_device names
    Guid class_id;
    std::uint32_t instance = 0;
    std::vector<std::byte> data; // the module's own
};

// Of one that KsObject::listen_for(notification::audio_module) has heard; nothing for any other, and for one that is
// shorter than KSAUDIOMODULE_NOTIFICATION.
std::optional<AudioModuleNotification> read_audio_module_notification(const Notification& notification);

} // namespace openportcls
