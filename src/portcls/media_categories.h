// Texts for pin and node GUIDs from the registry (R-DESC-12).
#pragma once

#include <string>

#include <portcls.h>

namespace openportcls::portcls {

class DeviceContext;

// False when there is no text.
bool media_category_name(const DeviceContext& device, const GUID& guid, std::u16string& name);

} // namespace openportcls::portcls
