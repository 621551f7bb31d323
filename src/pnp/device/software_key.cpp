#include "pnp/device/software_key.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/unicode.h"
#include "pnp/enum_entries.h"

namespace openportcls::pnp {
namespace {

namespace paths = executive::registry_paths;
using executive::Registry;
using executive::RegistryKey;

using Names = std::set<std::u16string, CaseInsensitiveLess>;

// The Driver values of all entries of Enum but the device's own, those of absent devices among them.
Names software_keys_of_others(const Registry& registry, const RegistryKey& device) {
    Names names;
    const auto enumerated = registry.find(paths::enumerated);
    for (const RegistryKey* const entry : enum_entries(enumerated.get())) {
        const auto name = entry != &device ? entry->string(u"Driver") : std::nullopt;
        if (name) {
            names.insert(*name);
        }
    }
    return names;
}

bool is_software_key(std::u16string_view name, std::u16string_view class_guid) {
    constexpr std::size_t least_digits = 4;
    const std::size_t beginning = class_guid.size() + 1;
    if (name.size() < beginning + least_digits || name[class_guid.size()] != u'\\' ||
        !equal_ignoring_case(name.substr(0, class_guid.size()), class_guid)) {
        return false;
    }
    return name.size() - beginning <= RegistryKey::longest_name &&
           std::ranges::all_of(name.substr(beginning), [](char16_t unit) { return unit >= u'0' && unit <= u'9'; });
}

} // namespace

std::u16string choose_software_key(const Registry& registry, const RegistryKey& device,
                                   std::u16string_view class_guid) {
    const Names others = software_keys_of_others(registry, device);
    if (const auto own = device.string(u"Driver"); own && is_software_key(*own, class_guid) && !others.contains(*own)) {
        return *own;
    }
    for (unsigned number = 0;; ++number) {
        const std::u16string name = std::u16string(class_guid) + u'\\' + utf8_to_utf16(fmt::format("{:04}", number));
        if (!others.contains(name) && registry.find(std::u16string(paths::classes) + u'\\' + name) == nullptr) {
            return name;
        }
    }
}

} // namespace openportcls::pnp
