#include "ks/category_names.h"

#include "executive/io/device_interfaces.h"
#include "executive/registry/registry.h"

namespace openportcls::ks {

std::optional<std::u16string> category_name(std::u16string_view categories, const GUID& guid) {
    const auto key =
        executive::Registry::current().find(std::u16string(categories) + u"\\" + executive::guid_text(guid));
    return key != nullptr ? key->string(u"Name") : std::nullopt;
}

} // namespace openportcls::ks
