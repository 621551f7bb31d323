#include "pnp/inf/needed_keys.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "executive/registry/paths.h"
#include "pnp/enum_entries.h"

namespace openportcls::pnp {
namespace {

namespace paths = executive::registry_paths;
using executive::RegistryKey;

constexpr std::u16string_view hardware_key_name = u"Device Parameters";

// Deeper ones bring those above them along.
constexpr std::u16string_view layout[] = {
    paths::services,
    paths::enumerated,
    paths::classes,
    paths::device_classes,
    paths::media_categories,
    u"\\Registry\\User\\.Default",
    u"\\Registry\\Machine\\Hardware\\DeviceMap",
    u"\\Registry\\Machine\\Software\\Classes\\Wow6432Node",
    u"\\Registry\\Machine\\Software\\Wow6432Node",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows\\CurrentVersion",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
};

bool starts_with(std::u16string_view path, std::u16string_view beginning) {
    return path.size() >= beginning.size() && equal_ignoring_case(path.substr(0, beginning.size()), beginning);
}

// `path` itself, or a key above it.
bool is_on_the_way_to(std::u16string_view key, std::u16string_view path) {
    return starts_with(path, key) && (path.size() == key.size() || path[key.size()] == u'\\');
}

// The names of `path` below `above`; none when it is not below.
std::vector<std::u16string_view> names_below(std::u16string_view above, std::u16string_view path) {
    std::vector<std::u16string_view> names;
    if (!is_on_the_way_to(above, path)) {
        return names;
    }
    path.remove_prefix(above.size());
    while (!path.empty()) {
        path.remove_prefix(1); // the backslash
        names.push_back(path.substr(0, path.find(u'\\')));
        path.remove_prefix(names.back().size());
    }
    return names;
}

// Three keys below `above` and the hardware key there. Enum\enumerator\device\instance: setup has no business with
// another device's, and the PnP manager writes the own one. DeviceClasses\{class}\##?#device\#reference.
bool is_on_the_way_to_hardware_key(std::u16string_view above, std::u16string_view path) {
    const auto names = names_below(above, path);
    return (!names.empty() && names.size() <= 3) ||
           (names.size() == 4 && equal_ignoring_case(names.back(), hardware_key_name));
}

// Class\{class}, or Class\{class}\nnnn.
bool is_class_or_software_key(std::u16string_view path) {
    const auto names = names_below(paths::classes, path);
    return names.size() == 1 || (names.size() == 2 && std::ranges::all_of(names[1], [](char16_t unit) {
                                     return unit >= u'0' && unit <= u'9';
                                 }));
}

bool names_service(const RegistryKey& instance, std::u16string_view service) {
    const auto own = instance.string(u"Service");
    return own && equal_ignoring_case(*own, service);
}

// A service that an Enum entry names: the driver of a device, present or not.
bool is_devices_service(RegistryKey& root, std::u16string_view path) {
    const auto names = names_below(paths::services, path);
    if (names.size() != 1) {
        return false;
    }
    const auto enumerated = root.find(paths::enumerated.substr(std::u16string_view(u"\\Registry").size()));
    return std::ranges::any_of(enum_entries(enumerated.get()),
                               [&](const RegistryKey* entry) { return names_service(*entry, names[0]); });
}

} // namespace

bool is_needed_key(RegistryKey& root, const RegistryKey& key, std::span<const std::u16string> kept) {
    const std::u16string path = key.full_path();
    const auto above = [&](std::u16string_view needed) { return is_on_the_way_to(path, needed); };
    return std::ranges::any_of(layout, above) || std::ranges::any_of(kept, above) ||
           is_on_the_way_to_hardware_key(paths::enumerated, path) ||
           is_on_the_way_to_hardware_key(paths::device_classes, path) || is_class_or_software_key(path) ||
           is_devices_service(root, path);
}

} // namespace openportcls::pnp
