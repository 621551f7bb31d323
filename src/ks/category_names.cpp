#include "ks/category_names.h"

#include "executive/io/device_interfaces.h"
#include "executive/registry/registry.h"

namespace openportcls::ks {

std::optional<std::u16string> category_name(std::span<const GUID* const> guids) {
    const std::u16string categories(executive::registry_paths::media_categories);
    for (const GUID* const guid : guids) {
        if (guid == nullptr) {
            continue;
        }
        const auto key = executive::Registry::current().find(categories + u"\\" + executive::guid_text(*guid));
        if (auto text = key != nullptr ? key->string(u"Name") : std::nullopt) {
            return text;
        }
    }
    return std::nullopt;
}

} // namespace openportcls::ks
