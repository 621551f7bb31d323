#include <openportcls/audio_module.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>

#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"
#include "client/ranges.h"

namespace openportcls {

namespace {

// "KSAUDIOMODULE_DESCRIPTOR": 128 characters, with a zero behind the last unless it fills them.
std::string name_of(const KSAUDIOMODULE_DESCRIPTOR& module) {
    const WCHAR* const end = std::find(std::begin(module.Name), std::end(module.Name), 0);
    return client::text_of(std::as_bytes(std::span(std::begin(module.Name), end)));
}

} // namespace

Result<std::vector<AudioModule>> audio_modules(const KsObject& object) {
    const auto descriptors = object.get_items<KSAUDIOMODULE_DESCRIPTOR>(property::audio_module_descriptors);
    if (!descriptors) {
        return descriptors.error();
    }
    std::vector<AudioModule> modules;
    for (const KSAUDIOMODULE_DESCRIPTOR& each : *descriptors) {
        modules.push_back(
            {client::from_windows(each.ClassId), each.InstanceId, each.VersionMajor, each.VersionMinor, name_of(each)});
    }
    return modules;
}

Result<std::vector<std::byte>> command_audio_module(const KsObject& object, const AudioModule& module,
                                                    std::span<const std::byte> arguments) {
    KSAUDIOMODULE_PROPERTY head{};
    head.ClassId = client::to_windows(module.class_id);
    head.InstanceId = module.instance;
    // "Implementing Audio Module Communication": the arguments follow the structure, its last padding included.
    const auto id = std::as_bytes(std::span(&head, 1)).subspan(sizeof head.Property);
    std::vector<std::byte> descriptor(id.begin(), id.end());
    descriptor.insert(descriptor.end(), arguments.begin(), arguments.end());
    std::vector<std::byte> answer(AUDIOMODULE_MAX_DATA_SIZE);
    const auto [set, command] = property::audio_module_command;
    const auto got = object.property(set, command, property_get, descriptor, answer);
    if (!got) {
        return got.error();
    }
    answer.resize(std::min(*got, answer.size()));
    return answer;
}

std::optional<AudioModuleNotification> read_audio_module_notification(const Notification& notification) {
    KSAUDIOMODULE_NOTIFICATION head;
    if (notification.id != notification::audio_module || notification.data.size() < sizeof head) {
        return std::nullopt;
    }
    std::memcpy(&head, notification.data.data(), sizeof head);
    return AudioModuleNotification{client::from_windows(head.ProviderId.DeviceId),
                                   client::from_windows(head.ProviderId.ClassId),
                                   head.ProviderId.InstanceId,
                                   {notification.data.begin() + sizeof head, notification.data.end()}};
}

} // namespace openportcls
