// WMI: registrations are recorded, events are logged. Nobody queries, so no WMI IRPs are sent but an application's.
#include <algorithm>

#include <fmt/format.h>

#include <ntddk.h>
#include <wmistr.h>

#include "executive/etw/debug_log.h"
#include "executive/irql_check.h"

using namespace openportcls;
using namespace openportcls::executive;

extern "C" {

NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action) {
    OPC_REQUIRE_PASSIVE();
    auto& devices = Etw::current().wmi_devices;
    const auto found = std::find(devices.begin(), devices.end(), DeviceObject);
    // The upper bits say how drivers without a dispatch routine are called back.
    switch (Action & 0xFFFF) {
    case WMIREG_ACTION_REGISTER:
        if (found == devices.end()) {
            devices.push_back(DeviceObject);
        }
        return STATUS_SUCCESS;
    case WMIREG_ACTION_DEREGISTER:
        if (found == devices.end()) {
            return STATUS_INVALID_PARAMETER;
        }
        devices.erase(found);
        return STATUS_SUCCESS;
    case WMIREG_ACTION_REREGISTER:
    case WMIREG_ACTION_UPDATE_GUIDS:
    case WMIREG_ACTION_BLOCK_IRPS:
        return found != devices.end() ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS NTAPI IoWMIWriteEvent(PVOID WnodeEventItem) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (WnodeEventItem == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    // The item comes from pool and WMI releases it; a trace item stays its owner's.
    const auto* header = static_cast<const WNODE_HEADER*>(WnodeEventItem);
    Etw::current().log(LogSource::wmi, 0, 0, fmt::format("event of {} bytes", header->BufferSize));
    if ((header->Flags & (WNODE_FLAG_TRACED_GUID | WNODE_FLAG_USE_TIMESTAMP)) == 0) {
        ExFreePool(WnodeEventItem);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID* Guid, ULONG InstanceCount, ULONG* FirstInstanceId) {
    OPC_REQUIRE_PASSIVE();
    if (Guid == nullptr || FirstInstanceId == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *FirstInstanceId = Etw::current().allocate_instance_ids(*Guid, InstanceCount);
    return STATUS_SUCCESS;
}

ULONG NTAPI IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject) {
    const auto& devices = Etw::current().wmi_devices;
    return static_cast<ULONG>(std::find(devices.begin(), devices.end(), DeviceObject) - devices.begin()) + 1;
}

} // extern "C"
