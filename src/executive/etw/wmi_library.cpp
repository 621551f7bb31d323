// The WMI library (wmilib.sys): WmiSystemControl takes a WMI request apart for the driver's DpWmiXxx routines and puts
// their answers together; WmiCompleteRequest is how they answer. [nf-wmilib-wmisystemcontrol, the pages of the IRPs]
#include <algorithm>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include <ntddk.h>
#include <wmilib.h>

#include "executive/etw/debug_log.h"
#include "executive/irql_check.h"

using namespace openportcls::executive;

namespace {

// What a request is about.
struct Request {
    WMILIB_CONTEXT& driver;
    DEVICE_OBJECT* device;
    IRP* irp;
    UCHAR function;
    void* path; // a GUID, or the action of a registration
    UCHAR* buffer;
    ULONG bytes;
    ULONG block = 0; // index of the GUID

    template<class Node>
    Node* node() const { // null: the buffer has no room for it
        return bytes >= sizeof(Node) ? reinterpret_cast<Node*>(buffer) : nullptr;
    }
};

NTSTATUS finish(const Request& request, SYSCTL_IRP_DISPOSITION& disposition, NTSTATUS status, ULONG information = 0) {
    disposition = IrpNotCompleted;
    request.irp->IoStatus.Status = status;
    request.irp->IoStatus.Information = information;
    return status;
}

// ---- registration
// -----------------------------------------------------------------------------------------------------

struct Registration {
    ULONG flags = 0;
    UNICODE_STRING instance_name{};
    UNICODE_STRING* registry_path = nullptr;
    UNICODE_STRING mof_name{};
    DEVICE_OBJECT* pdo = nullptr;
};

// Writes counted strings one behind the other; with no room it only counts.
class StringWriter {
public:
    StringWriter(UCHAR* base, ULONG begin, ULONG room) : base_(base), used_(begin), room_(room) {}

    ULONG put(const UNICODE_STRING* text) { // its offset
        const ULONG offset = used_;
        const USHORT length = text == nullptr ? USHORT{0} : text->Length;
        used_ += static_cast<ULONG>(sizeof length) + length;
        if (used_ <= room_) {
            std::memcpy(base_ + offset, &length, sizeof length);
            if (length != 0) {
                std::memcpy(base_ + offset + sizeof length, text->Buffer, length);
            }
        }
        return offset;
    }
    ULONG used() const { return used_; }

private:
    UCHAR* base_;
    ULONG used_;
    ULONG room_;
};

void describe_blocks(const Request& request, const Registration& answer, WMIREGGUIDW* blocks, ULONG name_offset) {
    for (ULONG i = 0; i < request.driver.GuidCount; ++i) {
        const WMIGUIDREGINFO& block = request.driver.GuidList[i];
        blocks[i] = {};
        blocks[i].Guid = *block.Guid;
        blocks[i].Flags = block.Flags | answer.flags;
        blocks[i].InstanceCount = block.InstanceCount;
        if ((blocks[i].Flags & WMIREG_FLAG_INSTANCE_PDO) != 0 && answer.pdo != nullptr) {
            if (request.function == IRP_MN_REGINFO_EX) {
                ObReferenceObject(answer.pdo); // WMI gives it back when it has made the names
            }
            blocks[i].Pdo = reinterpret_cast<ULONG_PTR>(answer.pdo);
        } else if ((blocks[i].Flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0) {
            blocks[i].BaseNameOffset = name_offset;
        }
    }
}

// IRP_MN_REGINFO, IRP_MN_REGINFO_EX: WMIREGINFO with what DpWmiQueryReginfo says; the driver completes the IRP.
NTSTATUS register_blocks(const Request& request, SYSCTL_IRP_DISPOSITION& disposition) {
    Registration answer;
    const NTSTATUS status = request.driver.QueryWmiRegInfo(request.device, &answer.flags, &answer.instance_name,
                                                           &answer.registry_path, &answer.mof_name, &answer.pdo);
    const bool has_base_name = (answer.flags & WMIREG_FLAG_INSTANCE_BASENAME) != 0;
    const auto release_name = [&] {
        if (has_base_name && answer.instance_name.Buffer != nullptr) {
            ExFreePool(answer.instance_name.Buffer); // WMI's since the routine returned
        }
    };
    if (!NT_SUCCESS(status)) {
        release_name();
        return finish(request, disposition, status);
    }
    const auto fixed =
        static_cast<ULONG>(sizeof(WMIREGINFOW) + std::size_t{request.driver.GuidCount} * sizeof(WMIREGGUIDW));
    StringWriter strings(request.buffer, fixed, request.bytes);
    const bool is_update = reinterpret_cast<ULONG_PTR>(request.path) == WMIUPDATE;
    const ULONG path_offset = is_update ? 0 : strings.put(answer.registry_path);
    const ULONG mof_offset = is_update || answer.mof_name.Length == 0 ? 0 : strings.put(&answer.mof_name);
    const ULONG name_offset = has_base_name ? strings.put(&answer.instance_name) : 0;
    release_name();
    const ULONG needed = strings.used();
    if (needed > request.bytes) {
        const bool has_room = request.bytes >= sizeof needed;
        if (has_room) {
            std::memcpy(request.buffer, &needed, sizeof needed);
        }
        return finish(request, disposition, STATUS_BUFFER_TOO_SMALL, has_room ? ULONG{sizeof needed} : 0);
    }
    auto& info = *reinterpret_cast<WMIREGINFOW*>(request.buffer);
    info.BufferSize = needed;
    info.NextWmiRegInfo = 0;
    info.RegistryPath = path_offset;
    info.MofResourceName = mof_offset;
    info.GuidCount = request.driver.GuidCount;
    describe_blocks(request, answer, info.WmiRegGuid, name_offset);
    return finish(request, disposition, STATUS_SUCCESS, needed);
}

// ---- data blocks --------------------------------------------------------------------------------------------------

ULONG data_offset_of_all(ULONG instances) {
    return wnode_aligned(static_cast<ULONG>(FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) +
                                            std::size_t{instances} * sizeof(OFFSETINSTANCEDATAANDLENGTH)));
}

NTSTATUS query_all(const Request& request) {
    const ULONG instances = request.driver.GuidList[request.block].InstanceCount;
    const ULONG offset = data_offset_of_all(instances);
    const bool has_room = request.bytes > offset;
    ULONG* lengths = nullptr;
    auto* node = request.node<WNODE_ALL_DATA>();
    if (node != nullptr) {
        node->InstanceCount = instances;
        node->DataBlockOffset = offset;
        node->OffsetInstanceNameOffsets = 0; // static names
    }
    if (node != nullptr && has_room) {
        lengths = &node->OffsetInstanceDataAndLength[0].OffsetInstanceData; // made into pairs on completion
        std::memset(lengths, 0, instances * sizeof *lengths);
    }
    return request.driver.QueryWmiDataBlock(request.device, request.irp, request.block, 0, instances, lengths,
                                            has_room ? request.bytes - offset : 0,
                                            has_room ? request.buffer + offset : nullptr);
}

void finish_all(WNODE_ALL_DATA& node) {
    const auto* lengths = &node.OffsetInstanceDataAndLength[0].OffsetInstanceData;
    ULONG end = node.DataBlockOffset;
    for (ULONG i = 0; i < node.InstanceCount; ++i) {
        end = wnode_aligned(end) + lengths[i];
    }
    // Each pair takes the place of two lengths: from the last one on.
    for (ULONG i = node.InstanceCount; i-- > 0;) {
        const ULONG length = lengths[i];
        const ULONG begin = end - length;
        node.OffsetInstanceDataAndLength[i] = {begin, length};
        ULONG before = node.DataBlockOffset;
        for (ULONG each = 0; each < i; ++each) {
            before = wnode_aligned(before) + lengths[each];
        }
        end = before;
    }
    node.WnodeHeader.Flags |= WNODE_FLAG_ALL_DATA | WNODE_FLAG_STATIC_INSTANCE_NAMES;
    node.WnodeHeader.Flags &= ~static_cast<ULONG>(WNODE_FLAG_FIXED_INSTANCE_SIZE);
    KeQuerySystemTime(&node.WnodeHeader.TimeStamp);
}

// The instance's data lies within the buffer, and is found by index: drivers of this library have static names.
template<class Node>
NTSTATUS check_instance(const Request& request, const Node* node, ULONG data_bytes) {
    if (node == nullptr || node->DataBlockOffset > request.bytes ||
        data_bytes > request.bytes - node->DataBlockOffset) {
        return STATUS_INVALID_PARAMETER;
    }
    const bool is_known = (node->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) != 0 &&
                          node->InstanceIndex < request.driver.GuidList[request.block].InstanceCount;
    return is_known ? STATUS_SUCCESS : STATUS_WMI_INSTANCE_NOT_FOUND;
}

NTSTATUS query_single(const Request& request, NTSTATUS& refusal) {
    auto* node = request.node<WNODE_SINGLE_INSTANCE>();
    refusal = check_instance(request, node, 0);
    if (!NT_SUCCESS(refusal)) {
        return refusal;
    }
    const ULONG room = request.bytes - node->DataBlockOffset;
    return request.driver.QueryWmiDataBlock(request.device, request.irp, request.block, node->InstanceIndex, 1,
                                            room == 0 ? nullptr : &node->SizeDataBlock, room,
                                            room == 0 ? nullptr : request.buffer + node->DataBlockOffset);
}

NTSTATUS change_instance(const Request& request, NTSTATUS& refusal) {
    auto* node = request.node<WNODE_SINGLE_INSTANCE>();
    refusal = request.driver.SetWmiDataBlock == nullptr
                  ? STATUS_WMI_READ_ONLY
                  : check_instance(request, node, node == nullptr ? 0 : node->SizeDataBlock);
    return NT_SUCCESS(refusal)
               ? request.driver.SetWmiDataBlock(request.device, request.irp, request.block, node->InstanceIndex,
                                                node->SizeDataBlock, request.buffer + node->DataBlockOffset)
               : refusal;
}

NTSTATUS change_item(const Request& request, NTSTATUS& refusal) {
    auto* node = request.node<WNODE_SINGLE_ITEM>();
    refusal = request.driver.SetWmiDataItem == nullptr
                  ? STATUS_WMI_READ_ONLY
                  : check_instance(request, node, node == nullptr ? 0 : node->SizeDataItem);
    return NT_SUCCESS(refusal)
               ? request.driver.SetWmiDataItem(request.device, request.irp, request.block, node->InstanceIndex,
                                               node->ItemId, node->SizeDataItem, request.buffer + node->DataBlockOffset)
               : refusal;
}

NTSTATUS execute(const Request& request, NTSTATUS& refusal) {
    auto* node = request.node<WNODE_METHOD_ITEM>();
    refusal = request.driver.ExecuteWmiMethod == nullptr
                  ? STATUS_INVALID_DEVICE_REQUEST
                  : check_instance(request, node, node == nullptr ? 0 : node->SizeDataBlock);
    return NT_SUCCESS(refusal)
               ? request.driver.ExecuteWmiMethod(
                     request.device, request.irp, request.block, node->InstanceIndex, node->MethodId,
                     node->SizeDataBlock, request.bytes - node->DataBlockOffset, request.buffer + node->DataBlockOffset)
               : refusal;
}

NTSTATUS control(const Request& request) {
    const bool is_event = request.function == IRP_MN_ENABLE_EVENTS || request.function == IRP_MN_DISABLE_EVENTS;
    const bool enable = request.function == IRP_MN_ENABLE_EVENTS || request.function == IRP_MN_ENABLE_COLLECTION;
    return request.driver.WmiFunctionControl(request.device, request.irp, request.block,
                                             is_event ? WmiEventControl : WmiDataBlockControl, enable ? TRUE : FALSE);
}

// Asks the driver; what is refused before that is left for it to complete.
NTSTATUS ask_driver(const Request& request, SYSCTL_IRP_DISPOSITION& disposition) {
    NTSTATUS refusal = STATUS_SUCCESS;
    NTSTATUS status = STATUS_SUCCESS;
    disposition = IrpProcessed;
    switch (request.function) {
    case IRP_MN_QUERY_ALL_DATA:
        return query_all(request);
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        status = query_single(request, refusal);
        break;
    case IRP_MN_CHANGE_SINGLE_INSTANCE:
        status = change_instance(request, refusal);
        break;
    case IRP_MN_CHANGE_SINGLE_ITEM:
        status = change_item(request, refusal);
        break;
    case IRP_MN_EXECUTE_METHOD:
        status = execute(request, refusal);
        break;
    default:
        return request.driver.WmiFunctionControl != nullptr ? control(request)
                                                            : finish(request, disposition, STATUS_SUCCESS);
    }
    return NT_SUCCESS(refusal) ? status : finish(request, disposition, refusal);
}

bool find_block(Request& request) {
    const auto* path = static_cast<const GUID*>(request.path);
    for (ULONG i = 0; path != nullptr && i < request.driver.GuidCount; ++i) {
        if (IsEqualGUID(*request.driver.GuidList[i].Guid, *path)) {
            request.block = i;
            return true;
        }
    }
    return false;
}

// ---- completion ---------------------------------------------------------------------------------------------------

// Where the driver's data begins in the node of this request; 0 for requests that return none.
ULONG data_offset(UCHAR function, const UCHAR* buffer, ULONG instances) {
    switch (function) {
    case IRP_MN_QUERY_ALL_DATA:
        return data_offset_of_all(instances);
    case IRP_MN_QUERY_SINGLE_INSTANCE:
        return reinterpret_cast<const WNODE_SINGLE_INSTANCE*>(buffer)->DataBlockOffset;
    case IRP_MN_EXECUTE_METHOD:
        return reinterpret_cast<const WNODE_METHOD_ITEM*>(buffer)->DataBlockOffset;
    default:
        return 0;
    }
}

NTSTATUS say_too_small(IRP& irp, UCHAR* buffer, ULONG room, ULONG needed) {
    if (room < sizeof(WNODE_TOO_SMALL)) {
        irp.IoStatus.Information = 0;
        return STATUS_BUFFER_TOO_SMALL;
    }
    auto& node = *reinterpret_cast<WNODE_TOO_SMALL*>(buffer);
    node.WnodeHeader.BufferSize = sizeof node;
    node.WnodeHeader.Flags = WNODE_FLAG_TOO_SMALL;
    node.SizeNeeded = needed;
    irp.IoStatus.Information = sizeof node;
    return STATUS_SUCCESS;
}

void fill_in(IRP& irp, UCHAR function, UCHAR* buffer, ULONG offset, ULONG used) {
    if (function == IRP_MN_QUERY_ALL_DATA) {
        finish_all(*reinterpret_cast<WNODE_ALL_DATA*>(buffer));
    } else if (function == IRP_MN_QUERY_SINGLE_INSTANCE) {
        reinterpret_cast<WNODE_SINGLE_INSTANCE*>(buffer)->SizeDataBlock = used;
    } else if (function == IRP_MN_EXECUTE_METHOD) {
        reinterpret_cast<WNODE_METHOD_ITEM*>(buffer)->SizeDataBlock = used;
    }
    reinterpret_cast<WNODE_HEADER*>(buffer)->BufferSize = offset + used;
    irp.IoStatus.Information = offset + used;
}

} // namespace

extern "C" {

NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                PSYSCTL_IRP_DISPOSITION IrpDisposition) {
    OPC_REQUIRE_PASSIVE();
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(Irp);
    if (reinterpret_cast<ULONG_PTR>(DeviceObject) != stack.Parameters.WMI.ProviderId) {
        *IrpDisposition = IrpForward;
        return STATUS_SUCCESS;
    }
    const UCHAR function = stack.MinorFunction;
    if (function > IRP_MN_EXECUTE_METHOD && function != IRP_MN_REGINFO_EX) {
        *IrpDisposition = IrpNotWmi;
        return STATUS_SUCCESS;
    }
    Request request{*WmiLibInfo,
                    DeviceObject,
                    Irp,
                    function,
                    stack.Parameters.WMI.DataPath,
                    static_cast<UCHAR*>(stack.Parameters.WMI.Buffer),
                    stack.Parameters.WMI.BufferSize};
    if (function == IRP_MN_REGINFO || function == IRP_MN_REGINFO_EX) {
        return register_blocks(request, *IrpDisposition);
    }
    return find_block(request) ? ask_driver(request, *IrpDisposition)
                               : finish(request, *IrpDisposition, STATUS_WMI_GUID_NOT_FOUND);
}

NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT, PIRP Irp, NTSTATUS Status, ULONG BufferUsed, CCHAR PriorityBoost) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(Irp);
    auto* buffer = static_cast<UCHAR*>(stack.Parameters.WMI.Buffer);
    const ULONG room = stack.Parameters.WMI.BufferSize;
    const bool all = stack.MinorFunction == IRP_MN_QUERY_ALL_DATA;
    const ULONG instances =
        all && room >= sizeof(WNODE_ALL_DATA) ? reinterpret_cast<const WNODE_ALL_DATA*>(buffer)->InstanceCount : 1;
    const ULONG offset = data_offset(stack.MinorFunction, buffer, instances);
    Irp->IoStatus.Information = 0;
    if (Status == STATUS_BUFFER_TOO_SMALL) {
        Status = say_too_small(*Irp, buffer, room, offset + BufferUsed);
    } else if (NT_SUCCESS(Status) && offset != 0) {
        fill_in(*Irp, stack.MinorFunction, buffer, offset, BufferUsed);
    }
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, PriorityBoost);
    return Status;
}

NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid, ULONG InstanceIndex, ULONG EventDataSize,
                            PVOID EventData) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (Guid == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    Etw& etw = Etw::current();
    etw.log(LogSource::wmi, 0, 0,
            fmt::format("event {:08x} of instance {}, {} bytes", Guid->Data1, InstanceIndex, EventDataSize));
    constexpr ULONG data_offset = wnode_aligned(FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData));
    const ULONG data_bytes = EventData != nullptr ? EventDataSize : 0;
    const ULONG bytes = data_offset + data_bytes;
    void* memory = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, 0x696D5745 /* 'EWmi' */);
    if (memory != nullptr) {
        std::memset(memory, 0, data_offset);
        auto* node = static_cast<WNODE_SINGLE_INSTANCE*>(memory);
        node->WnodeHeader.BufferSize = bytes;
        node->WnodeHeader.ProviderId = etw.wmi.id_of(DeviceObject);
        node->WnodeHeader.Guid = *Guid;
        node->WnodeHeader.Flags = WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_STATIC_INSTANCE_NAMES;
        KeQuerySystemTime(&node->WnodeHeader.TimeStamp);
        node->InstanceIndex = InstanceIndex;
        node->DataBlockOffset = data_offset;
        node->SizeDataBlock = data_bytes;
        if (data_bytes != 0) {
            std::memcpy(static_cast<UCHAR*>(memory) + data_offset, EventData, data_bytes);
        }
        etw.wmi.deliver(&node->WnodeHeader);
    }
    if (EventData != nullptr) {
        ExFreePool(EventData); // the buffer is WMI's from here on
    }
    return memory != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

} // extern "C"
