// What the PnP manager knows about a physical device object: identity, resources, keys, properties. Filled by the
// PnP layer; read by IoGetDeviceProperty, device interfaces, interrupts, DMA and bus data.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <wdm.h>

namespace openportcls::executive {

struct PropertyKey {
    GUID set;
    ULONG id;
    LCID locale;
    bool operator<(const PropertyKey& other) const;
};
struct PropertyValue {
    ULONG type; // DEVPROPTYPE
    std::vector<UCHAR> data;
};
using PropertyTable = std::map<PropertyKey, PropertyValue>;

struct DeviceRecord {
    std::u16string instance_path; // ROOT\MEDIA\0000
    std::u16string enumerator = u"ROOT";
    std::vector<std::u16string> hardware_ids;
    std::vector<std::u16string> compatible_ids;
    std::u16string description;
    std::u16string friendly_name;
    std::u16string manufacturer;
    std::u16string class_name = u"MEDIA";
    std::u16string class_guid = u"{4d36e96c-e325-11ce-bfc1-08002be10318}";
    std::u16string location;
    std::u16string software_key; // full registry path of the driver (software) key
    std::u16string hardware_key; // full registry path of the instance key; "Device Parameters" lies below
    INTERFACE_TYPE bus_type = InterfaceTypeUndefined;
    GUID bus_type_guid{};
    ULONG bus_number = 0;
    ULONG address = 0; // PCI: device << 16 | function
    ULONG ui_number = 0xFFFFFFFF;
    // Started devices only; both lists describe the same entries in the same order (R-RES-05).
    std::vector<UCHAR> raw_resources;        // CM_RESOURCE_LIST
    std::vector<UCHAR> translated_resources; // CM_RESOURCE_LIST
    // IRP_MN_START_DEVICE has completed once: the device may be opened, and whoever listens hears of its interfaces
    // (nf-wdm-iosetdeviceinterfacestate).
    bool start_completed = false;
    PropertyTable properties;
};

// The record of a physical device object, made on first use. It lives as long as the device object.
DeviceRecord& device_record(DEVICE_OBJECT* physical_device);
// nullptr for a device object that is no PDO (has no record).
DeviceRecord* find_device_record(DEVICE_OBJECT* device);

} // namespace openportcls::executive
