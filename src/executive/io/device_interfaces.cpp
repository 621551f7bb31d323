#include "executive/io/device_interfaces.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/unicode.h"
#include "executive/io/devices.h"
#include "executive/objects/object_manager.h"
#include "executive/registry/registry.h"

namespace openportcls::executive {

namespace {

constexpr std::u16string_view kernel_prefix = u"\\??\\";

std::u16string_view without_prefix(std::u16string_view link) {
    for (const std::u16string_view prefix :
         {kernel_prefix, std::u16string_view(u"\\\\?\\"), std::u16string_view(u"\\\\.\\"),
          std::u16string_view(u"\\DosDevices\\"), std::u16string_view(u"\\GLOBAL??\\")}) {
        if (link.starts_with(prefix)) {
            return link.substr(prefix.size());
        }
    }
    return link;
}

std::u16string folded(std::u16string_view link) {
    return upcase(without_prefix(link));
}

// ROOT\MEDIA\0000 and {guid} make ROOT#MEDIA#0000#{guid}.
std::u16string device_part(const DeviceRecord& record, const GUID& interface_class) {
    std::u16string text = record.instance_path;
    std::replace(text.begin(), text.end(), u'\\', u'#');
    return text + u'#' + guid_text(interface_class);
}

} // namespace

bool PropertyKey::operator<(const PropertyKey& other) const {
    if (const int order = std::memcmp(&set, &other.set, sizeof set); order != 0) {
        return order < 0;
    }
    return id != other.id ? id < other.id : locale < other.locale;
}

std::u16string guid_text(const GUID& guid) {
    const std::string text =
        fmt::format("{{{:08x}-{:04x}-{:04x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}}}",
                    static_cast<std::uint32_t>(guid.Data1), guid.Data2, guid.Data3, guid.Data4[0], guid.Data4[1],
                    guid.Data4[2], guid.Data4[3], guid.Data4[4], guid.Data4[5], guid.Data4[6], guid.Data4[7]);
    return std::u16string(text.begin(), text.end());
}

DeviceInterface& DeviceInterfaceTable::add(DEVICE_OBJECT* physical_device, const GUID& interface_class,
                                           std::u16string_view reference) {
    const std::u16string device = device_part(device_record(physical_device), interface_class);
    std::u16string link(kernel_prefix);
    link += device;
    if (!reference.empty()) {
        link += u'\\';
        link += reference;
    }
    if (DeviceInterface* known = find(link)) {
        return *known;
    }
    auto entry = std::make_unique<DeviceInterface>();
    entry->symbolic_link = link;
    entry->interface_class = interface_class;
    entry->reference = reference;
    entry->physical_device = physical_device;
    // Where Windows keeps it: DeviceClasses\{guid}\##?#ROOT#MEDIA#0000#{guid}\#Wave
    entry->registry_key = std::u16string(registry_paths::device_classes) + u'\\' + guid_text(interface_class) +
                          u"\\##?#" + device + u"\\#" + std::u16string(reference);
    DeviceInterface& result = *entry;
    by_link_[folded(link)] = entry.get();
    entries_.push_back(std::move(entry));
    return result;
}

DeviceInterface* DeviceInterfaceTable::find(std::u16string_view symbolic_link) {
    const auto found = by_link_.find(folded(symbolic_link));
    return found == by_link_.end() ? nullptr : found->second;
}

DeviceInterface* DeviceInterfaceTable::find_prefix(std::u16string_view path, std::u16string* rest) {
    std::u16string_view candidate = path;
    while (!candidate.empty()) {
        if (DeviceInterface* entry = find(candidate)) {
            *rest = path.substr(candidate.size());
            return entry;
        }
        const auto slash = candidate.rfind(u'\\');
        if (slash == std::u16string_view::npos) {
            break;
        }
        candidate = candidate.substr(0, slash);
    }
    return nullptr;
}

// The link object belongs to all interfaces of the device in this class: what differs between them, the reference
// string, stands behind it and reaches the driver as the file's name.
NTSTATUS DeviceInterfaceTable::set_state(DeviceInterface& entry, bool enabled) {
    if (entry.enabled == enabled) {
        return enabled ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    }
    const auto shares_link = [&entry](const auto& other) {
        return other.get() != &entry && other->enabled && other->physical_device == entry.physical_device &&
               std::memcmp(&other->interface_class, &entry.interface_class, sizeof(GUID)) == 0;
    };
    const bool link_exists = std::any_of(entries_.begin(), entries_.end(), shares_link);
    if (!link_exists) {
        ObjectManager& objects = ObjectManager::current();
        std::u16string link(kernel_prefix);
        link += device_part(device_record(entry.physical_device), entry.interface_class);
        if (enabled) {
            ensure_device_name(entry.physical_device);
            const ObjectHeader* header = objects.find(entry.physical_device);
            const NTSTATUS status = objects.create_symbolic_link(link, header->name);
            if (!NT_SUCCESS(status) && status != STATUS_OBJECT_NAME_COLLISION) {
                return status;
            }
        } else {
            objects.delete_symbolic_link(link);
        }
    }
    entry.enabled = enabled;
    // Of what never arrived nobody hears that it goes.
    if (enabled ? device_record(entry.physical_device).start_completed : entry.announced) {
        announce(entry);
    }
    return STATUS_SUCCESS;
}

void DeviceInterfaceTable::announce(DeviceInterface& entry) {
    const bool enabled = entry.enabled;
    entry.announced = enabled;
    const auto listeners = listeners_; // one of them may unsubscribe
    for (const auto& [id, changed] : listeners) {
        changed(entry, enabled);
    }
}

void DeviceInterfaceTable::device_started(DEVICE_OBJECT* physical_device) {
    device_record(physical_device).start_completed = true;
    // Listeners may register, enable and disable others.
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        DeviceInterface& entry = *entries_[i];
        if (entry.physical_device == physical_device && entry.enabled && !entry.announced) {
            announce(entry);
        }
    }
}

std::vector<const DeviceInterface*> DeviceInterfaceTable::enumerate(const GUID* interface_class,
                                                                    bool enabled_only) const {
    std::vector<const DeviceInterface*> result;
    for (const auto& entry : entries_) {
        const bool wanted =
            interface_class == nullptr || std::memcmp(&entry->interface_class, interface_class, sizeof(GUID)) == 0;
        if (wanted && (entry->enabled || !enabled_only)) {
            result.push_back(entry.get());
        }
    }
    return result;
}

std::vector<const DeviceInterface*> DeviceInterfaceTable::of_device(DEVICE_OBJECT* physical_device) const {
    std::vector<const DeviceInterface*> result;
    for (const auto& entry : entries_) {
        if (entry->physical_device == physical_device) {
            result.push_back(entry.get());
        }
    }
    return result;
}

void DeviceInterfaceTable::remove_device(DEVICE_OBJECT* physical_device) {
    for (const auto& entry : entries_) {
        if (entry->physical_device == physical_device && entry->enabled) {
            set_state(*entry, false);
        }
    }
    std::erase_if(entries_, [&](const auto& entry) {
        if (entry->physical_device != physical_device) {
            return false;
        }
        by_link_.erase(folded(entry->symbolic_link));
        return true;
    });
}

unsigned DeviceInterfaceTable::subscribe(Changed changed) {
    listeners_[++last_listener_] = std::move(changed);
    return last_listener_;
}

void DeviceInterfaceTable::unsubscribe(unsigned id) {
    listeners_.erase(id);
}

} // namespace openportcls::executive
