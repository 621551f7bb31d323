// Texts for GUIDs of pins and nodes in the registry.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ks.h>

namespace openportcls::ks {

// The Name of the GUID's key below `categories`: registry_paths::media_categories for all devices, or a device's own.
std::optional<std::u16string> category_name(std::u16string_view categories, const GUID& guid);

} // namespace openportcls::ks
