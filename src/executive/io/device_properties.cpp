#include "executive/io/device_properties.h"

#include <cstring>
#include <string>

#include "executive/io/device_interfaces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/not_done.h"
#include "executive/objects/object_manager.h"
#include "executive/registry/registry.h"
#include "executive/rtl/guest_enum.h"

namespace openportcls::executive {

namespace {

PropertyKey table_key(const DEVPROPKEY& key, LCID locale) {
    return {key.fmtid, key.pid, locale};
}

} // namespace

NTSTATUS set_property(PropertyTable& table, const DEVPROPKEY& key, LCID locale, DEVPROPTYPE type, ULONG bytes,
                      const void* data) {
    constexpr ULONG first_property_id = 2; // 0 and 1 are reserved
    if (key.pid < first_property_id) {
        return STATUS_INVALID_PARAMETER;
    }
    if (data == nullptr || type == DEVPROP_TYPE_EMPTY) {
        table.erase(table_key(key, locale));
        return STATUS_SUCCESS;
    }
    const auto* first = static_cast<const UCHAR*>(data);
    table[table_key(key, locale)] = {type, {first, first + bytes}};
    return STATUS_SUCCESS;
}

NTSTATUS get_property(const PropertyTable& table, const DEVPROPKEY& key, LCID locale, ULONG bytes, void* data,
                      ULONG* required, DEVPROPTYPE* type) {
    const auto found = table.find(table_key(key, locale));
    if (found == table.end()) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    const PropertyValue& value = found->second;
    const auto size = static_cast<ULONG>(value.data.size());
    if (required != nullptr) {
        *required = size;
    }
    if (type != nullptr) {
        *type = value.type;
    }
    if (bytes < size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (size != 0) {
        std::memcpy(data, value.data.data(), size);
    }
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive

using namespace openportcls;
using executive::DeviceRecord;
using executive::Kernel;
using executive::Registry;

namespace {

// The container of the machine itself. No bus here tells of another one or has removable devices, and those that are
// not removable are in the container of what they are on (how-container-ids-are-generated, …-from-the-removable-
// device-capability).
constexpr std::u16string_view machines_container = u"{00000000-0000-0000-ffff-ffffffffffff}";

NTSTATUS give(const void* data, std::size_t bytes, ULONG length, void* buffer, ULONG* result) {
    *result = static_cast<ULONG>(bytes);
    if (length < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (bytes != 0) {
        std::memcpy(buffer, data, bytes);
    }
    return STATUS_SUCCESS;
}

NTSTATUS give(std::u16string_view text, ULONG length, void* buffer, ULONG* result) {
    const std::u16string terminated(text);
    return give(terminated.c_str(), (terminated.size() + 1) * sizeof(char16_t), length, buffer, result);
}

NTSTATUS give_optional(std::u16string_view text, ULONG length, void* buffer, ULONG* result) {
    *result = 0;
    return text.empty() ? STATUS_OBJECT_NAME_NOT_FOUND : give(text, length, buffer, result);
}

NTSTATUS give_list(const std::vector<std::u16string>& texts, ULONG length, void* buffer, ULONG* result) {
    std::u16string list;
    for (const std::u16string& text : texts) {
        list += text;
        list += u'\0';
    }
    list += u'\0';
    return give(list.data(), list.size() * sizeof(char16_t), length, buffer, result);
}

NTSTATUS query(DEVICE_OBJECT* device, const DeviceRecord& record, DEVICE_REGISTRY_PROPERTY property, ULONG length,
               void* buffer, ULONG* result) {
    switch (property) {
    case DevicePropertyDeviceDescription:
        return give_optional(record.description, length, buffer, result);
    case DevicePropertyHardwareID:
        return give_list(record.hardware_ids, length, buffer, result);
    case DevicePropertyCompatibleIDs:
        return give_list(record.compatible_ids, length, buffer, result);
    case DevicePropertyClassName:
        return give_optional(record.class_name, length, buffer, result);
    case DevicePropertyClassGuid:
        return give_optional(record.class_guid, length, buffer, result);
    case DevicePropertyManufacturer:
        return give_optional(record.manufacturer, length, buffer, result);
    case DevicePropertyFriendlyName:
        return give_optional(record.friendly_name, length, buffer, result);
    case DevicePropertyLocationInformation:
        return give_optional(record.location, length, buffer, result);
    case DevicePropertyEnumeratorName:
        return give(record.enumerator, length, buffer, result);
    case DevicePropertyDriverKeyName: {
        // Relative to …\Control\Class: "{guid}\0000".
        const auto class_begin = record.software_key.find(u'{');
        return give_optional(class_begin == std::u16string::npos
                                 ? std::u16string_view{}
                                 : std::u16string_view(record.software_key).substr(class_begin),
                             length, buffer, result);
    }
    case DevicePropertyPhysicalDeviceObjectName: {
        const auto* header = executive::ObjectManager::current().find(device);
        if (header == nullptr || header->name.empty()) {
            *result = 0;
            return STATUS_SUCCESS; // an unnamed device has an empty name
        }
        return give(header->name, length, buffer, result);
    }
    case DevicePropertyBusTypeGuid:
        return give(&record.bus_type_guid, sizeof(GUID), length, buffer, result);
    case DevicePropertyLegacyBusType:
        return give(&record.bus_type, sizeof(INTERFACE_TYPE), length, buffer, result);
    case DevicePropertyBusNumber:
        return give(&record.bus_number, sizeof(ULONG), length, buffer, result);
    case DevicePropertyAddress:
        return give(&record.address, sizeof(ULONG), length, buffer, result);
    case DevicePropertyUINumber:
        return give(&record.ui_number, sizeof(ULONG), length, buffer, result);
    case DevicePropertyInstallState: {
        const ULONG installed = InstallStateInstalled;
        return give(&installed, sizeof installed, length, buffer, result);
    }
    case DevicePropertyRemovalPolicy: {
        const ULONG policy = RemovalPolicyExpectNoRemoval;
        return give(&policy, sizeof policy, length, buffer, result);
    }
    case DevicePropertyBootConfiguration:
    case DevicePropertyAllocatedResources:
        return give(record.raw_resources.data(), record.raw_resources.size(), length, buffer, result);
    case DevicePropertyBootConfigurationTranslated:
        return give(record.translated_resources.data(), record.translated_resources.size(), length, buffer, result);
    case DevicePropertyContainerID:
        return give(machines_container, length, buffer, result);
    default:
        *result = 0;
        return STATUS_INVALID_PARAMETER_2;
    }
}

NTSTATUS open_key(const std::u16string& path, ACCESS_MASK access, HANDLE* handle) {
    if (path.empty()) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    Registry& registry = Registry::current();
    const auto key = registry.create(path);
    if (key == nullptr) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *handle = registry.open_handle(key, access);
    return STATUS_SUCCESS;
}

} // namespace

extern "C" {

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT device, DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer,
                                   PULONG result) {
    OPC_REQUIRE_PASSIVE();
    const DeviceRecord* record = executive::find_device_record(device);
    if (record == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return query(device, *record, property, length, buffer, result);
}

NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT device, const DEVPROPKEY* key, LCID locale, ULONG,
                                       DEVPROPTYPE type, ULONG bytes, PVOID data) {
    OPC_REQUIRE_PASSIVE();
    DeviceRecord* record = executive::find_device_record(device);
    return record == nullptr ? STATUS_INVALID_DEVICE_REQUEST
                             : executive::set_property(record->properties, *key, locale, type, bytes, data);
}

NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT device, const DEVPROPKEY* key, LCID locale, ULONG, ULONG bytes,
                                       PVOID data, PULONG required, PDEVPROPTYPE type) {
    OPC_REQUIRE_PASSIVE();
    const DeviceRecord* record = executive::find_device_record(device);
    return record == nullptr ? STATUS_INVALID_DEVICE_REQUEST
                             : executive::get_property(record->properties, *key, locale, bytes, data, required, type);
}

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT device, ULONG kind, ACCESS_MASK access, PHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    const DeviceRecord* record = executive::find_device_record(device);
    if (record == nullptr) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    switch (kind & ~static_cast<ULONG>(PLUGPLAY_REGKEY_CURRENT_HWPROFILE)) {
    case PLUGPLAY_REGKEY_DEVICE:
        return record->hardware_key.empty() ? STATUS_OBJECT_NAME_NOT_FOUND
                                            : open_key(record->hardware_key + u"\\Device Parameters", access, handle);
    case PLUGPLAY_REGKEY_DRIVER:
        return open_key(record->software_key, access, handle);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS NTAPI IoOpenDriverRegistryKey(PDRIVER_OBJECT driver, DRIVER_REGKEY_TYPE kind, ACCESS_MASK access, ULONG flags,
                                       PHANDLE handle) {
    OPC_REQUIRE_PASSIVE();
    if (flags != 0 || driver->DriverExtension == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const UNICODE_STRING& service = driver->DriverExtension->ServiceKeyName;
    std::u16string path(service.Buffer, service.Length / sizeof(WCHAR));
    if (!path.starts_with(u'\\')) {
        path = std::u16string(executive::registry_paths::services) + u'\\' + path;
    }
    switch (executive::guest_value(kind)) {
    case DriverRegKeyParameters:
        path += u"\\Parameters";
        break;
    case DriverRegKeyPersistentState:
        path += u"\\State";
        break;
    case DriverRegKeySharedPersistentState:
        path += u"\\SharedState";
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return open_key(path, access, handle);
}

// Driver folders are part of a file system that machines do not have beyond their sandbox.
NTSTATUS NTAPI IoGetDriverDirectory(PDRIVER_OBJECT, DRIVER_DIRECTORY_TYPE, ULONG, PHANDLE) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

} // extern "C"
