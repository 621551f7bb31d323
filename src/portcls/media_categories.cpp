#include "portcls/media_categories.h"

#include "executive/io/device_interfaces.h"
#include "executive/io/device_record.h"
#include "executive/registry/registry.h"
#include "portcls/device_context.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

using executive::Registry;

bool name_below(std::u16string_view categories, const GUID& guid, std::u16string& name) {
    const auto key = Registry::current().find(std::u16string(categories) + u"\\" + executive::guid_text(guid));
    if (key == nullptr) {
        return false;
    }
    auto text = key->string(u"Name");
    if (!text) {
        return false;
    }
    name = std::move(*text);
    return true;
}

} // namespace

bool media_category_name(const DeviceContext& device, const GUID& guid, std::u16string& name) {
    // From Windows 10 1809 on the device's own key comes first (R-DESC-12).
    if (PortClsSystem::current().windows_version() >= WindowsVersion::windows_10_1703) {
        if (const auto* record = executive::find_device_record(&device.physical_device());
            record != nullptr && name_below(record->software_key + u"\\MediaCategories", guid, name)) {
            return true;
        }
    }
    return name_below(executive::registry_paths::media_categories, guid, name);
}

} // namespace openportcls::portcls
