// Numbers that an INF leaves in a device's driver key.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <portcls.h>

namespace openportcls::portcls {

class DeviceContext;

// A REG_DWORD or a REG_BINARY of one to four bytes below HKR\subkey (R-PWR-13).
std::optional<ULONG> driver_setting(const DeviceContext& device, std::u16string_view subkey, std::u16string_view name);

} // namespace openportcls::portcls
