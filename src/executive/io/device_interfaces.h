// Device interfaces: the names under which applications and other drivers find a device's functions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "executive/io/device_record.h"

namespace openportcls::executive {

struct DeviceInterface {
    std::u16string symbolic_link; // \??\ROOT#MEDIA#0000#{6994ad04-…}\Wave
    GUID interface_class{};
    std::u16string reference; // "Wave", without backslash; may be empty
    DEVICE_OBJECT* physical_device = nullptr;
    bool enabled = false;
    bool announced = false;      // enabled, and its device is started: listeners have heard of it
    std::u16string registry_key; // full path; its "Device Parameters" is what drivers open
    PropertyTable properties;
};

class DeviceInterfaceTable {
public:
    // Registers (or finds) an interface instance.
    DeviceInterface& add(DEVICE_OBJECT* physical_device, const GUID& interface_class, std::u16string_view reference);
    // Case-insensitive; accepts \??\, \\?\ and \DosDevices\ prefixes.
    DeviceInterface* find(std::u16string_view symbolic_link);
    // Finds the interface of which `path` is an extension; `rest` receives what follows the link.
    DeviceInterface* find_prefix(std::u16string_view path, std::u16string* rest);
    NTSTATUS set_state(DeviceInterface& entry, bool enabled);
    // IRP_MN_START_DEVICE has completed: what was enabled meanwhile arrives now.
    void device_started(DEVICE_OBJECT* physical_device);

    // In order of registration.
    std::vector<const DeviceInterface*> enumerate(const GUID* interface_class = nullptr,
                                                  bool enabled_only = true) const;
    std::vector<const DeviceInterface*> of_device(DEVICE_OBJECT* physical_device) const;

    // All interfaces of a device that is being removed are disabled and forgotten.
    void remove_device(DEVICE_OBJECT* physical_device);

    // Called after an interface of a started device was enabled or disabled. Returns an id for unsubscribe.
    using Changed = std::function<void(const DeviceInterface& entry, bool enabled)>;
    unsigned subscribe(Changed changed);
    void unsubscribe(unsigned id);

private:
    void announce(DeviceInterface& entry);

    std::vector<std::unique_ptr<DeviceInterface>> entries_;
    std::map<std::u16string, DeviceInterface*, std::less<>> by_link_; // folded, without prefix
    std::map<unsigned, Changed> listeners_;
    unsigned last_listener_ = 0;
};

// "{6994ad04-93ef-11d0-a3cc-00a0c9223196}"
std::u16string guid_text(const GUID& guid);

} // namespace openportcls::executive
