// WMI: registrations are recorded, events are logged. Nobody queries, so no WMI IRPs are sent.
#include <algorithm>

#include <fmt/format.h>

#include <ntddk.h>
#include <wmilib.h>

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

// The requests' owner decides: what is for another provider is forwarded, what is no WMI request goes back to the
// driver. No one here asks for data blocks, so the answer to a request for the driver's own is "not supported".
NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                PSYSCTL_IRP_DISPOSITION IrpDisposition) {
    OPC_REQUIRE_PASSIVE();
    const IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(Irp);
    if (reinterpret_cast<ULONG_PTR>(DeviceObject) != stack->Parameters.WMI.ProviderId) {
        *IrpDisposition = IrpForward;
        return STATUS_SUCCESS;
    }
    constexpr UCHAR last_wmi_function = 0x09; // IRP_MN_EXECUTE_METHOD
    if (stack->MinorFunction > last_wmi_function) {
        *IrpDisposition = IrpNotWmi;
        return STATUS_SUCCESS;
    }
    *IrpDisposition = IrpNotCompleted;
    Irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    Irp->IoStatus.Information = 0;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT, PIRP Irp, NTSTATUS Status, ULONG BufferUsed, CCHAR PriorityBoost) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = NT_SUCCESS(Status) ? BufferUsed : 0;
    IoCompleteRequest(Irp, PriorityBoost);
    return Status;
}

NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT, LPCGUID Guid, ULONG InstanceIndex, ULONG EventDataSize, PVOID EventData) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (Guid == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    Etw::current().log(LogSource::wmi, 0, 0,
                       fmt::format("event {:08x} of instance {}, {} bytes", Guid->Data1, InstanceIndex, EventDataSize));
    if (EventData != nullptr) {
        ExFreePool(EventData); // the buffer is WMI's from here on
    }
    return STATUS_SUCCESS;
}

} // extern "C"
