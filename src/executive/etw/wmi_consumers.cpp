// IoWMIOpenBlock and what is done with an open data block. [nf-wdm-iowmi*, the pages of the WMI requests]
#include <algorithm>
#include <cstring>

#include "executive/callers.h"
#include "executive/etw/debug_log.h"
#include "executive/etw/wmi.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"

namespace openportcls::executive {

namespace {

constexpr ULONG first_room = 1024;
constexpr ULONG most_room = 1 << 20;
constexpr ULONG instance_name_tag = 0x496D5749; // 'IWmI'

using Bytes = std::vector<UCHAR>;

template<class Node>
Node& node_in(Bytes& bytes) {
    return *reinterpret_cast<Node*>(bytes.data());
}

// WNODE_SINGLE_INSTANCE, WNODE_SINGLE_ITEM or WNODE_METHOD_ITEM with the name of the instance and room for data.
template<class Node>
Bytes make_node(ULONG provider, const GUID& block, ULONG flags, std::u16string_view name, ULONG data_bytes) {
    constexpr auto name_offset = static_cast<ULONG>(FIELD_OFFSET(Node, VariableData) + 1) & ~1U;
    const auto name_bytes = static_cast<USHORT>(name.size() * sizeof(char16_t));
    const ULONG data_offset = wnode_aligned(name_offset + static_cast<ULONG>(sizeof name_bytes) + name_bytes);
    Bytes bytes(std::max<std::size_t>(data_offset + std::size_t{data_bytes}, sizeof(Node)));
    std::memcpy(bytes.data() + name_offset, &name_bytes, sizeof name_bytes);
    std::memcpy(bytes.data() + name_offset + sizeof name_bytes, name.data(), name_bytes);
    auto& node = node_in<Node>(bytes);
    node.WnodeHeader.BufferSize = static_cast<ULONG>(bytes.size());
    node.WnodeHeader.ProviderId = provider;
    node.WnodeHeader.Guid = block;
    node.WnodeHeader.Flags = flags;
    node.OffsetInstanceName = name_offset;
    node.DataBlockOffset = data_offset;
    return bytes;
}

// What a driver's answer says of the room it wants: 0 when it was enough.
ULONG wanted_room(NTSTATUS status, Bytes& bytes) {
    if (status == STATUS_BUFFER_TOO_SMALL) {
        return static_cast<ULONG>(bytes.size()) * 2;
    }
    const auto& node = node_in<WNODE_TOO_SMALL>(bytes);
    const bool is_too_small = NT_SUCCESS(status) && (node.WnodeHeader.Flags & WNODE_FLAG_TOO_SMALL) != 0;
    return is_too_small ? std::max(node.SizeNeeded, static_cast<ULONG>(bytes.size()) + 1) : 0;
}

// Where an instance is: a driver's static name has a number there; a dynamic one has to be asked for.
struct Place {
    ULONG provider = 0;
    bool is_static = false;
    ULONG index = 0;
};

std::vector<Place> places_of(Wmi& wmi, const GUID& block, std::u16string_view name) {
    std::vector<Place> places;
    for (const ULONG id : wmi.providers_of(block)) {
        const WmiBlock& known = *wmi.find(id)->find(block);
        if (!known.has_static_names()) {
            places.push_back({id, false, 0});
            continue;
        }
        const auto found = std::find(known.names.begin(), known.names.end(), name);
        if (found != known.names.end()) {
            places.push_back({id, true, static_cast<ULONG>(found - known.names.begin())});
        }
    }
    return places;
}

// Sends a node about one instance to whoever has it. `fill` gets the node and may add to it; with `*room` the answer
// may be that long, and the node is sent again with what the driver wants.
template<class Node, class Fill>
NTSTATUS ask_instance(const WmiDataBlock& block, UCHAR function, ULONG flags, std::u16string_view name, ULONG room,
                      Fill&& fill, Bytes* answer) {
    Wmi& wmi = Etw::current().wmi;
    if (wmi.providers_of(block.id).empty()) {
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    NTSTATUS status = STATUS_WMI_INSTANCE_NOT_FOUND;
    for (const Place& place : places_of(wmi, block.id, name)) {
        const ULONG all_flags = flags | (place.is_static ? WNODE_FLAG_STATIC_INSTANCE_NAMES : 0);
        for (ULONG now = room;;) {
            *answer = make_node<Node>(place.provider, block.id, all_flags, name, now);
            auto& node = node_in<Node>(*answer);
            node.InstanceIndex = place.index;
            fill(node, answer->data() + node.DataBlockOffset);
            const ULONG data_offset = node.DataBlockOffset;
            status = wmi.send(place.provider, function, &block.id, answer->data(), static_cast<ULONG>(answer->size()));
            const ULONG wanted = wanted_room(status, *answer);
            if (wanted == 0) {
                break;
            }
            status = STATUS_BUFFER_TOO_SMALL;
            if (wanted > most_room || wanted <= data_offset + now) {
                break;
            }
            now = wanted - data_offset;
        }
        if (status != STATUS_WMI_INSTANCE_NOT_FOUND && status != STATUS_WMI_GUID_NOT_FOUND) {
            return status;
        }
    }
    return status;
}

NTSTATUS query_instance(const WmiDataBlock& block, const UNICODE_STRING* name, Bytes* answer) {
    const NTSTATUS status = ask_instance<WNODE_SINGLE_INSTANCE>(
        block, IRP_MN_QUERY_SINGLE_INSTANCE, WNODE_FLAG_SINGLE_INSTANCE, text_of(name), first_room,
        [](const WNODE_SINGLE_INSTANCE&, const UCHAR*) {}, answer);
    if (NT_SUCCESS(status)) {
        const auto& node = node_in<WNODE_SINGLE_INSTANCE>(*answer);
        answer->resize(std::clamp(std::size_t{node.DataBlockOffset} + node.SizeDataBlock, sizeof node, answer->size()));
        auto& header = node_in<WNODE_HEADER>(*answer);
        header.BufferSize = static_cast<ULONG>(answer->size());
        header.Linkage = 0;
    }
    return status;
}

// A consumer does not know the numbers of static instances: it gets their names.
void insert_names(Bytes& bytes, const WmiBlock& block) {
    auto& header = node_in<WNODE_ALL_DATA>(bytes);
    if ((header.WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) == 0) {
        return;
    }
    header.WnodeHeader.Flags &= ~static_cast<ULONG>(WNODE_FLAG_STATIC_INSTANCE_NAMES | WNODE_FLAG_PDO_INSTANCE_NAMES);
    const ULONG count = std::min(header.InstanceCount, static_cast<ULONG>(block.names.size()));
    header.InstanceCount = count;
    const ULONG table = wnode_aligned(static_cast<ULONG>(bytes.size()));
    header.OffsetInstanceNameOffsets = table;
    bytes.resize(table + std::size_t{count} * sizeof(ULONG));
    for (ULONG index = 0; index < count; ++index) {
        const std::u16string& name = block.names[index];
        const auto length = static_cast<USHORT>(name.size() * sizeof(char16_t));
        const auto offset = static_cast<ULONG>(bytes.size());
        bytes.resize(offset + sizeof length + length);
        std::memcpy(bytes.data() + table + std::size_t{index} * sizeof(ULONG), &offset, sizeof offset);
        std::memcpy(bytes.data() + offset, &length, sizeof length);
        std::memcpy(bytes.data() + offset + sizeof length, name.data(), length);
    }
    node_in<WNODE_HEADER>(bytes).BufferSize = static_cast<ULONG>(bytes.size());
}

NTSTATUS query_provider(Wmi& wmi, ULONG provider, const GUID& id, Bytes* answer) {
    const WmiBlock block = *wmi.find(provider)->find(id);
    for (ULONG room = first_room;;) {
        answer->assign(room, 0);
        auto& header = node_in<WNODE_HEADER>(*answer);
        header.BufferSize = room;
        header.ProviderId = provider;
        header.Guid = id;
        header.Flags = WNODE_FLAG_ALL_DATA | (block.has_static_names() ? WNODE_FLAG_STATIC_INSTANCE_NAMES : 0);
        ULONG_PTR information = 0;
        const NTSTATUS status = wmi.send(provider, IRP_MN_QUERY_ALL_DATA, &id, answer->data(), room, &information);
        const ULONG wanted = wanted_room(status, *answer);
        if (wanted != 0 && wanted <= most_room) {
            room = wanted;
            continue;
        }
        if (NT_SUCCESS(status)) {
            answer->resize(std::clamp<std::size_t>(information, sizeof(WNODE_ALL_DATA), answer->size()));
            insert_names(*answer, block);
        }
        return wanted != 0 ? STATUS_BUFFER_TOO_SMALL : status;
    }
}

// One node behind the other, each linked to the next.
void append(Bytes& chain, std::size_t& last, const Bytes& node) {
    if (!chain.empty()) {
        chain.resize(wnode_aligned(static_cast<ULONG>(chain.size())));
        reinterpret_cast<WNODE_HEADER*>(chain.data() + last)->Linkage = static_cast<ULONG>(chain.size() - last);
        last = chain.size();
    }
    chain.insert(chain.end(), node.begin(), node.end());
    reinterpret_cast<WNODE_HEADER*>(chain.data() + last)->Linkage = 0;
}

NTSTATUS query_all(const WmiDataBlock& block, Bytes& chain, std::size_t& last) {
    Wmi& wmi = Etw::current().wmi;
    NTSTATUS status = STATUS_WMI_GUID_NOT_FOUND;
    bool found = false;
    for (const ULONG provider : wmi.providers_of(block.id)) {
        const WmiProvider* known = wmi.find(provider);
        const WmiBlock* data = known != nullptr ? known->find(block.id) : nullptr; // it may have gone
        if (data == nullptr || (data->flags & WMIREG_FLAG_EVENT_ONLY_GUID) != 0) {
            continue;
        }
        Bytes answer;
        status = query_provider(wmi, provider, block.id, &answer);
        if (NT_SUCCESS(status)) {
            append(chain, last, answer);
            found = true;
        }
    }
    return found ? STATUS_SUCCESS : status;
}

NTSTATUS hand_over(const Bytes& bytes, ULONG* size, void* buffer) {
    const auto needed = static_cast<ULONG>(bytes.size());
    const bool fits = *size >= needed && (buffer != nullptr || needed == 0);
    *size = needed;
    if (fits && needed != 0) {
        std::memcpy(buffer, bytes.data(), needed);
    }
    return fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS find_block(void* object, ACCESS_MASK access, WmiDataBlock** block) {
    const ObjectHeader* header = ObjectManager::current().find(object);
    if (header == nullptr || header->type != &object_types::wmi_guid) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *block = static_cast<WmiDataBlock*>(object);
    return ((*block)->access & access) == access ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

NTSTATUS name_of_first_instance(void* object, DEVICE_OBJECT* device, UNICODE_STRING* name) {
    WmiDataBlock* block = nullptr;
    const NTSTATUS status = find_block(object, 0, &block);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Wmi& wmi = Etw::current().wmi;
    for (const ULONG id : wmi.providers_of(block->id)) {
        const WmiProvider& provider = *wmi.find(id);
        const WmiBlock& known = *provider.find(block->id);
        const bool is_device = provider.device == device || bottom_of_stack(provider.device) == bottom_of_stack(device);
        if (!is_device || known.names.empty()) {
            continue;
        }
        const std::u16string& text = known.names.front();
        const auto bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
        auto* buffer = static_cast<WCHAR*>(ExAllocatePoolWithTag(PagedPool, bytes + sizeof(WCHAR), instance_name_tag));
        if (buffer == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        std::memcpy(buffer, text.c_str(), bytes + sizeof(WCHAR));
        *name = {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), buffer};
        return STATUS_SUCCESS;
    }
    return STATUS_WMI_INSTANCE_NOT_FOUND;
}

void destroy_block(machine::Machine& machine, void* body) {
    auto* block = static_cast<WmiDataBlock*>(body);
    Etw::of(machine).wmi.close(*block);
    machine.subsystem<Kernel>().pool.free(block, 0, "ObDereferenceObject");
}

} // namespace

} // namespace openportcls::executive

using namespace openportcls::executive;

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI IoWMIOpenBlock(LPCGUID Guid, ULONG DesiredAccess, PVOID* DataBlockObject) {
    OPC_REQUIRE_PASSIVE();
    if (Guid == nullptr || DataBlockObject == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* block = Kernel::current().pool.allocate_object<WmiDataBlock>(
        object_types::wmi_guid.what, object_types::wmi_guid.tag(), __builtin_return_address(0));
    block->id = *Guid;
    block->access = object_types::wmi_guid.map(DesiredAccess);
    ObjectManager& objects = ObjectManager::current();
    objects.add(block, object_types::wmi_guid, {.destroy = &destroy_block});
    objects.note_reference(block, __builtin_return_address(0));
    Etw::current().wmi.open(*block);
    *DataBlockObject = block;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIQueryAllDataMultiple(PVOID* DataBlockObjectList, ULONG ObjectCount, PULONG InOutBufferSize,
                                         PVOID OutBuffer) {
    OPC_REQUIRE_PASSIVE();
    Bytes chain;
    std::size_t last = 0;
    for (ULONG index = 0; index < ObjectCount; ++index) {
        WmiDataBlock* block = nullptr;
        const NTSTATUS status = find_block(DataBlockObjectList[index], WMIGUID_QUERY, &block);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        (void)query_all(*block, chain, last); // classes that nobody implements are left out
    }
    return hand_over(chain, InOutBufferSize, OutBuffer);
}

NTSTATUS NTAPI IoWMIQueryAllData(PVOID DataBlockObject, PULONG InOutBufferSize, PVOID OutBuffer) {
    OPC_REQUIRE_PASSIVE();
    WmiDataBlock* block = nullptr;
    NTSTATUS status = find_block(DataBlockObject, WMIGUID_QUERY, &block);
    Bytes chain;
    std::size_t last = 0;
    if (NT_SUCCESS(status)) {
        status = query_all(*block, chain, last);
    }
    return NT_SUCCESS(status) ? hand_over(chain, InOutBufferSize, OutBuffer) : status;
}

NTSTATUS NTAPI IoWMIQuerySingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName, PULONG InOutBufferSize,
                                        PVOID OutBuffer) {
    OPC_REQUIRE_PASSIVE();
    WmiDataBlock* block = nullptr;
    NTSTATUS status = find_block(DataBlockObject, WMIGUID_QUERY, &block);
    Bytes answer;
    if (NT_SUCCESS(status)) {
        status = query_instance(*block, InstanceName, &answer);
    }
    return NT_SUCCESS(status) ? hand_over(answer, InOutBufferSize, OutBuffer) : status;
}

NTSTATUS NTAPI IoWMIQuerySingleInstanceMultiple(PVOID* DataBlockObjectList, PUNICODE_STRING InstanceNames,
                                                ULONG ObjectCount, PULONG InOutBufferSize, PVOID OutBuffer) {
    OPC_REQUIRE_PASSIVE();
    Bytes chain;
    std::size_t last = 0;
    for (ULONG index = 0; index < ObjectCount; ++index) {
        WmiDataBlock* block = nullptr;
        const NTSTATUS status = find_block(DataBlockObjectList[index], WMIGUID_QUERY, &block);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        Bytes answer;
        if (NT_SUCCESS(query_instance(*block, &InstanceNames[index], &answer))) {
            append(chain, last, answer);
        }
    }
    return hand_over(chain, InOutBufferSize, OutBuffer);
}

NTSTATUS NTAPI IoWMISetSingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG Version,
                                      ULONG ValueBufferSize, PVOID ValueBuffer) {
    OPC_REQUIRE_PASSIVE();
    WmiDataBlock* block = nullptr;
    const NTSTATUS status = find_block(DataBlockObject, WMIGUID_SET, &block);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Bytes answer;
    return ask_instance<WNODE_SINGLE_INSTANCE>(
        *block, IRP_MN_CHANGE_SINGLE_INSTANCE, WNODE_FLAG_SINGLE_INSTANCE, text_of(InstanceName), ValueBufferSize,
        [&](WNODE_SINGLE_INSTANCE& node, UCHAR* data) {
            node.WnodeHeader.Version = Version;
            node.SizeDataBlock = ValueBufferSize;
            std::memcpy(data, ValueBuffer, ValueBufferSize);
        },
        &answer);
}

NTSTATUS NTAPI IoWMISetSingleItem(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG DataItemId, ULONG Version,
                                  ULONG ValueBufferSize, PVOID ValueBuffer) {
    OPC_REQUIRE_PASSIVE();
    WmiDataBlock* block = nullptr;
    const NTSTATUS status = find_block(DataBlockObject, WMIGUID_SET, &block);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Bytes answer;
    return ask_instance<WNODE_SINGLE_ITEM>(
        *block, IRP_MN_CHANGE_SINGLE_ITEM, WNODE_FLAG_SINGLE_ITEM, text_of(InstanceName), ValueBufferSize,
        [&](WNODE_SINGLE_ITEM& node, UCHAR* data) {
            node.WnodeHeader.Version = Version;
            node.ItemId = DataItemId;
            node.SizeDataItem = ValueBufferSize;
            std::memcpy(data, ValueBuffer, ValueBufferSize);
        },
        &answer);
}

NTSTATUS NTAPI IoWMIExecuteMethod(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG MethodId,
                                  ULONG InBufferSize, PULONG OutBufferSize, PUCHAR InOutBuffer) {
    OPC_REQUIRE_PASSIVE();
    WmiDataBlock* block = nullptr;
    NTSTATUS status = find_block(DataBlockObject, WMIGUID_EXECUTE, &block);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Bytes answer;
    ULONG room = std::max(InBufferSize, *OutBufferSize);
    const auto fill = [&](WNODE_METHOD_ITEM& node, UCHAR* data) {
        node.MethodId = MethodId;
        node.SizeDataBlock = InBufferSize;
        if (InBufferSize != 0) {
            std::memcpy(data, InOutBuffer, InBufferSize);
        }
    };
    status = ask_instance<WNODE_METHOD_ITEM>(*block, IRP_MN_EXECUTE_METHOD, WNODE_FLAG_METHOD_ITEM,
                                             text_of(InstanceName), room, fill, &answer);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const auto& node = node_in<WNODE_METHOD_ITEM>(answer);
    const std::size_t begin = std::min<std::size_t>(node.DataBlockOffset, answer.size()); // as the driver says
    const auto bytes = static_cast<ULONG>(std::min<std::size_t>(node.SizeDataBlock, answer.size() - begin));
    const bool fits = bytes <= *OutBufferSize;
    *OutBufferSize = bytes;
    if (fits && bytes != 0) {
        std::memcpy(InOutBuffer, answer.data() + begin, bytes);
    }
    return fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS NTAPI IoWMISetNotificationCallback(PVOID Object, WMI_NOTIFICATION_CALLBACK Callback, PVOID Context) {
    OPC_REQUIRE_PASSIVE();
    WmiDataBlock* block = nullptr;
    const NTSTATUS status = find_block(Object, WMIGUID_NOTIFICATION, &block);
    if (NT_SUCCESS(status)) {
        block->callback = Callback;
        block->context = Context;
    }
    return status;
}

NTSTATUS NTAPI IoWMIDeviceObjectToInstanceName(PVOID DataBlockObject, PDEVICE_OBJECT DeviceObject,
                                               PUNICODE_STRING InstanceName) {
    OPC_REQUIRE_PASSIVE();
    return name_of_first_instance(DataBlockObject, DeviceObject, InstanceName);
}

NTSTATUS NTAPI IoWMIHandleToInstanceName(PVOID DataBlockObject, HANDLE FileHandle, PUNICODE_STRING InstanceName) {
    OPC_REQUIRE_PASSIVE();
    void* body = nullptr;
    const NTSTATUS status =
        ObjectManager::current().find_by_handle(FileHandle, &object_types::file, 0, KernelMode, &body);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DEVICE_OBJECT* device = static_cast<FILE_OBJECT*>(body)->DeviceObject;
    return device != nullptr ? name_of_first_instance(DataBlockObject, device, InstanceName)
                             : STATUS_WMI_INSTANCE_NOT_FOUND;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
