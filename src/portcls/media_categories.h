// Texts for pin and node GUIDs from the registry (R-DESC-12).
#pragma once

#include <optional>
#include <string>

#include <portcls.h>

namespace openportcls::portcls {

class DeviceContext;

// Nothing when there is no text.
std::optional<std::u16string> media_category_name(const DeviceContext& device, const GUID& guid);

} // namespace openportcls::portcls
