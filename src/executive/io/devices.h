// Device objects from inside the executive.
#pragma once

#include <wdm.h>

#include "executive/kernel.h"

namespace openportcls::executive {

// What a device object carries behind DEVOBJ_EXTENSION.
struct DeviceExtra {
    DEVOBJ_EXTENSION documented{};
    DEVICE_OBJECT* attached_to = nullptr;
    bool delete_pending = false;
    DEVICE_POWER_STATE device_power = PowerDeviceD0;
    SYSTEM_POWER_STATE system_power = PowerSystemWorking;
    void* power = nullptr; // PoFxRegisterDevice
};

inline DeviceExtra& extra_of(DEVICE_OBJECT* device) {
    return *reinterpret_cast<DeviceExtra*>(device->DeviceObjectExtension);
}

// A file object refers to the device, or does no longer; a deleted device goes with the last one.
void reference_device_for_file(DEVICE_OBJECT* device);
void release_device_for_file(DEVICE_OBJECT* device);
// Called when the last file object of a device that stays is gone: the PnP manager removes what has been pulled out.
// Code, not state: the layer above sets it once for all machines.
using DeviceClosedHook = void (*)(machine::Machine& machine, DEVICE_OBJECT* device);
extern DeviceClosedHook device_closed_hook;

// Gives the device a name (\Device\0000002a) when it has none.
NTSTATUS ensure_device_name(DEVICE_OBJECT* device);

} // namespace openportcls::executive
