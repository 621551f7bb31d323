// Texts for GUIDs of pins and nodes, as the registry has them for all devices.
#pragma once

#include <optional>
#include <span>
#include <string>

#include <ks.h>

namespace openportcls::ks {

// Of the first GUID that has one; null pointers are passed over.
std::optional<std::u16string> category_name(std::span<const GUID* const> guids);

} // namespace openportcls::ks
