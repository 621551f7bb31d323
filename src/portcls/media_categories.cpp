#include "portcls/media_categories.h"

#include "executive/io/device_record.h"
#include "executive/registry/registry.h"
#include "ks/category_names.h"
#include "portcls/device_context.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

std::optional<std::u16string> media_category_name(const DeviceContext& device, const GUID& guid) {
    // From Windows 10 1809 on the device's own key comes first (R-DESC-12).
    if (PortClsSystem::current().windows_version() >= WindowsVersion::windows_10_1703) {
        const auto* const record = executive::find_device_record(&device.physical_device());
        if (record != nullptr) {
            if (auto own = ks::category_name(record->software_key + u"\\MediaCategories", guid)) {
                return own;
            }
        }
    }
    return ks::category_name(executive::registry_paths::media_categories, guid);
}

} // namespace openportcls::portcls
