// IoWMI…: how drivers register and fire events. What kernel code asks them: wmi_consumers.cpp.
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
    Wmi& wmi = Etw::current().wmi;
    // The upper bits say how drivers without a dispatch routine are called back.
    const auto result = [](bool known) { return known ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER; };
    switch (Action & 0xFFFF) {
    case WMIREG_ACTION_REGISTER:
        wmi.add(DeviceObject);
        return STATUS_SUCCESS;
    case WMIREG_ACTION_DEREGISTER:
        return result(wmi.remove(DeviceObject));
    case WMIREG_ACTION_REREGISTER:
    case WMIREG_ACTION_UPDATE_GUIDS:
        return result(wmi.ask_again(DeviceObject, (Action & 0xFFFF) == WMIREG_ACTION_UPDATE_GUIDS));
    case WMIREG_ACTION_BLOCK_IRPS:
        return result(wmi.find(DeviceObject) != nullptr);
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
    auto* header = static_cast<WNODE_HEADER*>(WnodeEventItem);
    Etw::current().log(LogSource::wmi, 0, 0, fmt::format("event of {} bytes", header->BufferSize));
    if ((header->Flags & (WNODE_FLAG_TRACED_GUID | WNODE_FLAG_USE_TIMESTAMP)) == 0) {
        Etw::current().wmi.deliver(header);
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
    return Etw::current().wmi.id_of(DeviceObject);
}

} // extern "C"
