// Exports of ks.sys: properties, methods, events and pin helpers for drivers that handle KS requests themselves.
#include <ks.h>

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "executive/irql_check.h"
#include "executive/registry/registry.h"
#include "ks/answers.h"
#include "ks/category_names.h"
#include "ks/data_format.h"
#include "ks/open_object.h"
#include "ks/property_sets.h"
#include "ks/range_items.h"
#include "machine/guarded_access.h"

using namespace openportcls;

namespace {

IO_STACK_LOCATION& location_of(IRP* irp) {
    return *IoGetCurrentIrpStackLocation(irp);
}
ULONG room_of(IRP* irp) {
    return location_of(irp).Parameters.DeviceIoControl.OutputBufferLength;
}

// Answers into `data`, which KsPropertyHandler has sized by the client's output buffer.
template<class Value>
NTSTATUS answer_value(IRP* irp, void* data, const Value& value) {
    ULONG bytes = 0;
    const NTSTATUS status = ks::answer(&value, sizeof value, data, room_of(irp), bytes);
    irp->IoStatus.Information = bytes;
    return status;
}

NTSTATUS answer_items(IRP* irp, void* data, ULONG count, const void* items, std::size_t item_bytes) {
    ULONG bytes = 0;
    const NTSTATUS status =
        ks::answer_list(count, items, static_cast<ULONG>(count * item_bytes), data, room_of(irp), bytes);
    irp->IoStatus.Information = bytes;
    return status;
}

// The registry's text of the first of the GUIDs that has one, with its zero.
NTSTATUS answer_name(IRP* irp, void* data, const GUID* name, const GUID* otherwise) {
    std::optional<std::u16string> text;
    for (const GUID* const guid : {name, otherwise}) {
        if (!text && guid != nullptr) {
            text = ks::category_name(executive::registry_paths::media_categories, *guid);
        }
    }
    if (!text) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    ULONG bytes = 0;
    const auto size = static_cast<ULONG>((text->size() + 1) * sizeof(WCHAR));
    const NTSTATUS status = ks::answer(text->c_str(), size, data, room_of(irp), bytes);
    irp->IoStatus.Information = bytes;
    return status;
}

NTSTATUS answer_ranges(IRP* irp, void* data, const PKSDATARANGE* ranges, ULONG count) {
    const std::vector<char> items = ks::range_items(ranges, count);
    ULONG written = 0;
    const NTSTATUS status =
        ks::answer_list(count, items.data(), static_cast<ULONG>(items.size()), data, room_of(irp), written);
    irp->IoStatus.Information = written;
    return status;
}

// answer(client range, range of the pin) for each pair of the same kind, until it is not STATUS_NO_MATCH.
template<class Answer>
NTSTATUS for_each_match(IRP* irp, KSP_PIN* request, const KSPIN_DESCRIPTOR& pin, Answer&& answer) {
    const ULONG in_bytes = location_of(irp).Parameters.DeviceIoControl.InputBufferLength;
    ks::RangeList client_ranges;
    NTSTATUS status = ks::RangeList::parse(request + 1, in_bytes - static_cast<ULONG>(sizeof(KSP_PIN)), client_ranges);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    for (KSDATARANGE* const client : client_ranges.items()) {
        for (ULONG i = 0; i < pin.DataRangesCount; ++i) {
            KSDATARANGE* const own = pin.DataRanges[i];
            i += ks::has_attribute_list(pin.DataRanges, pin.DataRangesCount, i) ? 1 : 0;
            if (!ks::range_matches(*client, *own)) {
                continue;
            }
            status = answer(client, own);
            if (status != STATUS_NO_MATCH) {
                return status;
            }
        }
    }
    return STATUS_NO_MATCH;
}

} // namespace

extern "C" {

KSDDKAPI NTSTATUS NTAPI KsPropertyHandler(PIRP Irp, ULONG PropertySetsCount, const KSPROPERTY_SET* PropertySet) {
    OPC_REQUIRE_PASSIVE();
    return ks::handle_property(*Irp, {PropertySet, PropertySetsCount});
}

// The allocator decides where the system copy lies; ours lies in a frame that costs nothing.
KSDDKAPI NTSTATUS NTAPI KsPropertyHandlerWithAllocator(PIRP Irp, ULONG PropertySetsCount,
                                                       const KSPROPERTY_SET* PropertySet, PFNKSALLOCATOR,
                                                       ULONG PropertyItemSize) {
    OPC_REQUIRE_PASSIVE();
    return ks::handle_property(*Irp, {PropertySet, PropertySetsCount},
                               PropertyItemSize != 0 ? PropertyItemSize : sizeof(KSPROPERTY_ITEM));
}

// FALSE: the slow path is to be taken.
KSDDKAPI BOOLEAN NTAPI KsFastPropertyHandler(PFILE_OBJECT, PKSPROPERTY, ULONG, PVOID, ULONG, PIO_STATUS_BLOCK, ULONG,
                                             const KSPROPERTY_SET*) {
    return FALSE;
}

KSDDKAPI NTSTATUS NTAPI KsMethodHandler(PIRP Irp, ULONG MethodSetsCount, const KSMETHOD_SET* MethodSet) {
    OPC_REQUIRE_PASSIVE();
    return ks::handle_method(*Irp, {MethodSet, MethodSetsCount});
}

KSDDKAPI NTSTATUS NTAPI KsMethodHandlerWithAllocator(PIRP Irp, ULONG MethodSetsCount, const KSMETHOD_SET* MethodSet,
                                                     PFNKSALLOCATOR, ULONG MethodItemSize) {
    OPC_REQUIRE_PASSIVE();
    return ks::handle_method(*Irp, {MethodSet, MethodSetsCount},
                             MethodItemSize != 0 ? MethodItemSize : sizeof(KSMETHOD_ITEM));
}

KSDDKAPI BOOLEAN NTAPI KsFastMethodHandler(PFILE_OBJECT, PKSMETHOD, ULONG, PVOID, ULONG, PIO_STATUS_BLOCK, ULONG,
                                           const KSMETHOD_SET*) {
    return FALSE;
}

KSDDKAPI NTSTATUS NTAPI KsHandleSizedListQuery(PIRP Irp, ULONG DataItemsCount, ULONG DataItemSize,
                                               const VOID* DataItems) {
    OPC_REQUIRE_PASSIVE();
    void* const data = Irp->AssociatedIrp.SystemBuffer != nullptr ? Irp->AssociatedIrp.SystemBuffer : Irp->UserBuffer;
    return answer_items(Irp, data, DataItemsCount, DataItems, DataItemSize);
}

KSDDKAPI NTSTATUS NTAPI KsPinPropertyHandler(PIRP Irp, PKSPROPERTY Property, PVOID Data, ULONG DescriptorsCount,
                                             const KSPIN_DESCRIPTOR* Descriptor) {
    OPC_REQUIRE_PASSIVE();
    if (Property->Id == KSPROPERTY_PIN_CTYPES) {
        return answer_value(Irp, Data, DescriptorsCount);
    }
    if (location_of(Irp).Parameters.DeviceIoControl.InputBufferLength < sizeof(KSP_PIN)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const ULONG id = reinterpret_cast<const KSP_PIN*>(Property)->PinId;
    if (id >= DescriptorsCount) {
        return STATUS_INVALID_PARAMETER;
    }
    const KSPIN_DESCRIPTOR& pin = Descriptor[id];
    switch (Property->Id) {
    case KSPROPERTY_PIN_DATAFLOW:
        return answer_value(Irp, Data, pin.DataFlow);
    case KSPROPERTY_PIN_COMMUNICATION:
        return answer_value(Irp, Data, pin.Communication);
    case KSPROPERTY_PIN_CATEGORY:
        return pin.Category == nullptr ? STATUS_NOT_FOUND : answer_value(Irp, Data, *pin.Category);
    case KSPROPERTY_PIN_INTERFACES:
        return answer_items(Irp, Data, pin.InterfacesCount, pin.Interfaces, sizeof(KSPIN_INTERFACE));
    case KSPROPERTY_PIN_MEDIUMS:
        return answer_items(Irp, Data, pin.MediumsCount, pin.Mediums, sizeof(KSPIN_MEDIUM));
    case KSPROPERTY_PIN_NAME:
        return answer_name(Irp, Data, pin.Name, pin.Category);
    case KSPROPERTY_PIN_DATARANGES:
        return answer_ranges(Irp, Data, pin.DataRanges, pin.DataRangesCount);
    case KSPROPERTY_PIN_CONSTRAINEDDATARANGES: {
        // A pin that constrains nothing has its data ranges.
        const bool constrains = pin.ConstrainedDataRangesCount != 0 && pin.ConstrainedDataRanges != nullptr;
        return constrains ? answer_ranges(Irp, Data, pin.ConstrainedDataRanges, pin.ConstrainedDataRangesCount)
                          : answer_ranges(Irp, Data, pin.DataRanges, pin.DataRangesCount);
    }
    default:
        return STATUS_NOT_FOUND;
    }
}

KSDDKAPI NTSTATUS NTAPI KsPinDataIntersectionEx(PIRP Irp, PKSP_PIN Pin, PVOID Data, ULONG DescriptorsCount,
                                                const KSPIN_DESCRIPTOR* Descriptor, ULONG DescriptorSize,
                                                PFNKSINTERSECTHANDLEREX IntersectHandler, PVOID HandlerContext) {
    OPC_REQUIRE_PASSIVE();
    const ULONG in_bytes = location_of(Irp).Parameters.DeviceIoControl.InputBufferLength;
    if (in_bytes < sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (Pin->PinId >= DescriptorsCount) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto& pin = *reinterpret_cast<const KSPIN_DESCRIPTOR*>(
        reinterpret_cast<const char*>(Descriptor) +
        std::size_t{Pin->PinId} * (DescriptorSize != 0 ? DescriptorSize : sizeof(KSPIN_DESCRIPTOR)));
    return for_each_match(Irp, Pin, pin, [&](KSDATARANGE* client, KSDATARANGE* own) -> NTSTATUS {
        if (IntersectHandler == nullptr) {
            Irp->IoStatus.Information = 0; // optional: the ranges match, and nobody has a format to give
            return STATUS_SUCCESS;
        }
        ULONG bytes = 0;
        const NTSTATUS status = IntersectHandler(HandlerContext, Irp, Pin, client, own, room_of(Irp), Data, &bytes);
        Irp->IoStatus.Information = NT_ERROR(status) ? 0 : bytes;
        return status;
    });
}

KSDDKAPI NTSTATUS NTAPI KsPinDataIntersection(PIRP Irp, PKSP_PIN Pin, PVOID Data, ULONG DescriptorsCount,
                                              const KSPIN_DESCRIPTOR* Descriptor,
                                              PFNKSINTERSECTHANDLER IntersectHandler) {
    OPC_REQUIRE_PASSIVE();
    const ULONG in_bytes = location_of(Irp).Parameters.DeviceIoControl.InputBufferLength;
    if (in_bytes < sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (Descriptor == nullptr || Pin->PinId >= DescriptorsCount) {
        return STATUS_INVALID_PARAMETER;
    }
    // The handler learns the client's range only: it is asked once for each.
    const KSDATARANGE* asked = nullptr;
    return for_each_match(Irp, Pin, Descriptor[Pin->PinId], [&](KSDATARANGE* client, KSDATARANGE*) -> NTSTATUS {
        return std::exchange(asked, client) == client ? STATUS_NO_MATCH : IntersectHandler(Irp, Pin, client, Data);
    });
}

KSDDKAPI NTSTATUS NTAPI KsTopologyPropertyHandler(PIRP Irp, PKSPROPERTY Property, PVOID Data,
                                                  const KSTOPOLOGY* Topology) {
    OPC_REQUIRE_PASSIVE();
    switch (Property->Id) {
    case KSPROPERTY_TOPOLOGY_CATEGORIES:
        return answer_items(Irp, Data, Topology->CategoriesCount, Topology->Categories, sizeof(GUID));
    case KSPROPERTY_TOPOLOGY_NODES:
        return answer_items(Irp, Data, Topology->TopologyNodesCount, Topology->TopologyNodes, sizeof(GUID));
    case KSPROPERTY_TOPOLOGY_CONNECTIONS:
        return answer_items(Irp, Data, Topology->TopologyConnectionsCount, Topology->TopologyConnections,
                            sizeof(KSTOPOLOGY_CONNECTION));
    case KSPROPERTY_TOPOLOGY_NAME: {
        if (location_of(Irp).Parameters.DeviceIoControl.InputBufferLength < sizeof(KSP_NODE)) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        const ULONG node = reinterpret_cast<const KSP_NODE*>(Property)->NodeId;
        if (node >= Topology->TopologyNodesCount) {
            return STATUS_INVALID_PARAMETER;
        }
        const GUID* const names = Topology->TopologyNodesNames;
        return answer_name(Irp, Data, names != nullptr ? &names[node] : nullptr, &Topology->TopologyNodes[node]);
    }
    default:
        return STATUS_NOT_FOUND;
    }
}

KSDDKAPI NTSTATUS NTAPI KsAcquireResetValue(PIRP Irp, KSRESET* ResetValue) {
    OPC_REQUIRE_PASSIVE();
    const auto& control = location_of(Irp).Parameters.DeviceIoControl;
    if (control.InputBufferLength < sizeof(KSRESET)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (!machine::is_accessible(control.Type3InputBuffer, sizeof(KSRESET), machine::Access::read)) {
        return STATUS_ACCESS_VIOLATION;
    }
    LONG value = 0; // a KSRESET, if the client is in its right mind
    std::memcpy(&value, control.Type3InputBuffer, sizeof value);
    std::memcpy(ResetValue, &value, sizeof value);
    return value == KSRESET_BEGIN || value == KSRESET_END ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

KSDDKAPI NTSTATUS NTAPI KsDispatchInvalidDeviceRequest(PDEVICE_OBJECT, PIRP Irp) {
    return ks::complete(*Irp, STATUS_INVALID_DEVICE_REQUEST);
}

KSDDKAPI NTSTATUS NTAPI KsDispatchIrp(PDEVICE_OBJECT, PIRP Irp) {
    return ks::dispatch_irp(*Irp);
}

KSDDKAPI NTSTATUS NTAPI KsDispatchQuerySecurity(PDEVICE_OBJECT, PIRP Irp) {
    return ks::complete(*Irp, STATUS_NO_SECURITY_ON_OBJECT);
}

KSDDKAPI NTSTATUS NTAPI KsDispatchSetSecurity(PDEVICE_OBJECT, PIRP Irp) {
    return ks::complete(*Irp, STATUS_NO_SECURITY_ON_OBJECT);
}

KSDDKAPI NTSTATUS NTAPI KsDefaultDeviceIoCompletion(PDEVICE_OBJECT, PIRP Irp) {
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    switch (location_of(Irp).Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_KS_PROPERTY:
    case IOCTL_KS_METHOD:
    case IOCTL_KS_ENABLE_EVENT:
        status = STATUS_PROPSET_NOT_FOUND;
        break;
    case IOCTL_KS_DISABLE_EVENT:
        status = STATUS_UNSUCCESSFUL;
        break;
    default:
        break;
    }
    return ks::complete(*Irp, status);
}

KSDDKAPI NTSTATUS NTAPI KsSetMajorFunctionHandler(PDRIVER_OBJECT DriverObject, ULONG MajorFunction) {
    OPC_REQUIRE_PASSIVE();
    switch (MajorFunction) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLOSE:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
        DriverObject->MajorFunction[MajorFunction] = KsDispatchIrp;
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

KSDDKAPI BOOLEAN NTAPI KsDispatchFastIoDeviceControlFailure(PFILE_OBJECT, BOOLEAN, PVOID, ULONG, PVOID, ULONG, ULONG,
                                                            PIO_STATUS_BLOCK, PDEVICE_OBJECT) {
    return FALSE;
}

KSDDKAPI BOOLEAN NTAPI KsDispatchFastReadFailure(PFILE_OBJECT, PLARGE_INTEGER, ULONG, BOOLEAN, ULONG, PVOID,
                                                 PIO_STATUS_BLOCK, PDEVICE_OBJECT) {
    return FALSE;
}

KSDDKAPI VOID NTAPI KsNullDriverUnload(PDRIVER_OBJECT) {}

} // extern "C"
