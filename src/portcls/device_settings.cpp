#include "portcls/device_settings.h"

#include <cstring>
#include <string>

#include "executive/io/device_record.h"
#include "executive/registry/registry.h"
#include "portcls/device_context.h"

namespace openportcls::portcls {

std::optional<ULONG> driver_setting(const DeviceContext& device, std::u16string_view subkey, std::u16string_view name) {
    const auto* const record = executive::find_device_record(&device.physical_device());
    if (record == nullptr || record->software_key.empty()) {
        return std::nullopt;
    }
    const auto key = executive::Registry::current().find(record->software_key + u"\\" + std::u16string(subkey));
    const executive::RegistryValue* const value = key != nullptr ? key->value(name) : nullptr;
    if (value == nullptr || (value->type != REG_DWORD && value->type != REG_BINARY) || value->data.empty() ||
        value->data.size() > sizeof(ULONG)) {
        return std::nullopt;
    }
    ULONG number = 0;
    std::memcpy(&number, value->data.data(), value->data.size());
    return number;
}

} // namespace openportcls::portcls
