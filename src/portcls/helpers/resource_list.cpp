#include "portcls/helpers/resource_list.h"

#include <cstring>

#include "executive/irql_check.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

using Entry = CM_PARTIAL_RESOURCE_DESCRIPTOR;

// Calls `visit(entry)` for each entry of all full descriptors. A device-specific entry is followed by its data.
template<class Visit>
void for_each_entry(const CM_RESOURCE_LIST* list, Visit&& visit) {
    if (list == nullptr) {
        return;
    }
    auto* full = reinterpret_cast<const char*>(list->List);
    for (ULONG i = 0; i < list->Count; ++i) {
        const auto* descriptor = reinterpret_cast<const CM_FULL_RESOURCE_DESCRIPTOR*>(full);
        auto* position = reinterpret_cast<const char*>(descriptor->PartialResourceList.PartialDescriptors);
        for (ULONG k = 0; k < descriptor->PartialResourceList.Count; ++k) {
            const auto* entry = reinterpret_cast<const Entry*>(position);
            visit(*entry);
            position += sizeof(Entry);
            if (entry->Type == CmResourceTypeDeviceSpecific) {
                position += entry->u.DeviceSpecificData.DataSize;
            }
        }
        full = position;
    }
}

ULONG count_entries(const CM_RESOURCE_LIST* list) {
    ULONG count = 0;
    for_each_entry(list, [&](const Entry&) { ++count; });
    return count;
}

// The n-th entry of the one full descriptor of a list made here: entries are equally long.
Entry& entry_at(PCM_RESOURCE_LIST list, ULONG index) {
    return list->List[0].PartialResourceList.PartialDescriptors[index];
}

void add(PCM_RESOURCE_LIST list, const Entry& entry) {
    CM_PARTIAL_RESOURCE_LIST& partial = list->List[0].PartialResourceList;
    Entry& copy = partial.PartialDescriptors[partial.Count++];
    copy = entry;
    if (copy.Type == CmResourceTypeDeviceSpecific) {
        copy.u.DeviceSpecificData.DataSize = 0; // the data that followed the original is not part of the copy
    }
}

PCM_RESOURCE_LIST new_list(ULONG maximum_entries, INTERFACE_TYPE bus, ULONG bus_number) {
    const std::size_t size = sizeof(CM_RESOURCE_LIST) + std::size_t{maximum_entries} * sizeof(Entry);
    auto* list = static_cast<PCM_RESOURCE_LIST>(ExAllocatePoolWithTag(NonPagedPoolNx, size, object_tag));
    if (list != nullptr) {
        std::memset(list, 0, size);
        list->Count = 1;
        list->List[0].InterfaceType = bus;
        list->List[0].BusNumber = bus_number;
        list->List[0].PartialResourceList.Version = 1;
        list->List[0].PartialResourceList.Revision = 1;
    }
    return list;
}

constexpr ULONG largest_list = 0x10000; // more entries than any bus can assign: a wild argument

} // namespace

bool ResourceList::allocate(ULONG maximum_entries, INTERFACE_TYPE bus, ULONG bus_number) {
    maximum_entries_ = maximum_entries;
    translated_ = new_list(maximum_entries, bus, bus_number);
    untranslated_ = new_list(maximum_entries, bus, bus_number);
    return translated_ != nullptr && untranslated_ != nullptr;
}

void ResourceList::append(const CM_RESOURCE_LIST* translated, const CM_RESOURCE_LIST* untranslated) {
    for_each_entry(translated, [&](const Entry& entry) { add(translated_, entry); });
    for_each_entry(untranslated, [&](const Entry& entry) { add(untranslated_, entry); });
}

NTSTATUS ResourceList::create(const CM_RESOURCE_LIST* translated, const CM_RESOURCE_LIST* untranslated,
                              IResourceList** result) {
    const ULONG count = count_entries(translated);
    if (result == nullptr || count != count_entries(untranslated)) {
        return STATUS_INVALID_PARAMETER;
    }
    auto list = ComPointer<ResourceList>::adopt(new ResourceList);
    const bool has_bus = translated != nullptr && translated->Count != 0;
    if (!list || !list->allocate(count, has_bus ? translated->List[0].InterfaceType : InterfaceTypeUndefined,
                                 has_bus ? translated->List[0].BusNumber : 0)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list->append(translated, untranslated);
    for (ULONG i = 0; i < count; ++i) {
        if (entry_at(list->translated_, i).Type != entry_at(list->untranslated_, i).Type) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    *result = list.detach();
    return STATUS_SUCCESS;
}

NTSTATUS ResourceList::create_sublist(IResourceList* parent, ULONG maximum_entries, IResourceList** result) {
    if (result == nullptr || parent == nullptr || maximum_entries > largest_list) {
        return STATUS_INVALID_PARAMETER;
    }
    auto list = ComPointer<ResourceList>::adopt(new ResourceList);
    const CM_RESOURCE_LIST* model = parent->TranslatedList();
    const bool has_bus = model != nullptr && model->Count != 0;
    if (!list || !list->allocate(maximum_entries, has_bus ? model->List[0].InterfaceType : InterfaceTypeUndefined,
                                 has_bus ? model->List[0].BusNumber : 0)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *result = list.detach();
    return STATUS_SUCCESS;
}

ResourceList::~ResourceList() {
    for (PCM_RESOURCE_LIST list : {translated_, untranslated_}) {
        if (list != nullptr) {
            ExFreePoolWithTag(list, object_tag);
        }
    }
}

void* ResourceList::find_interface(const GUID& id) {
    return id == IID_IResourceList ? static_cast<IResourceList*>(this) : nullptr;
}

ULONG NTAPI ResourceList::NumberOfEntries() {
    OPC_REQUIRE_PASSIVE();
    return translated_->List[0].PartialResourceList.Count;
}

ULONG NTAPI ResourceList::NumberOfEntriesOfType(CM_RESOURCE_TYPE type) {
    OPC_REQUIRE_PASSIVE();
    ULONG count = 0;
    for_each_entry(translated_, [&](const Entry& entry) { count += entry.Type == type; });
    return count;
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR ResourceList::find(PCM_RESOURCE_LIST list, CM_RESOURCE_TYPE type, ULONG index) const {
    const ULONG count = list->List[0].PartialResourceList.Count;
    for (ULONG i = 0; i < count; ++i) {
        Entry& entry = entry_at(list, i);
        if (entry.Type == type && index-- == 0) { // indices count within one type (R-RES-04)
            return &entry;
        }
    }
    return nullptr;
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI ResourceList::FindTranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) {
    OPC_REQUIRE_PASSIVE();
    return find(translated_, type, index);
}

PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI ResourceList::FindUntranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) {
    OPC_REQUIRE_PASSIVE();
    return find(untranslated_, type, index);
}

NTSTATUS NTAPI ResourceList::AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR translated,
                                      PCM_PARTIAL_RESOURCE_DESCRIPTOR untranslated) {
    OPC_REQUIRE_PASSIVE();
    if (translated == nullptr || untranslated == nullptr || translated->Type != untranslated->Type) {
        return STATUS_INVALID_PARAMETER;
    }
    if (translated_->List[0].PartialResourceList.Count == maximum_entries_) {
        return STATUS_INSUFFICIENT_RESOURCES; // R-RES-01
    }
    add(translated_, *translated);
    add(untranslated_, *untranslated);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ResourceList::AddEntryFromParent(IResourceList* parent, CM_RESOURCE_TYPE type, ULONG index) {
    OPC_REQUIRE_PASSIVE();
    if (parent == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    // R-RES-02: AddEntry refuses the null pointers of a missing index.
    return AddEntry(parent->FindTranslatedEntry(type, index), parent->FindUntranslatedEntry(type, index));
}

} // namespace openportcls::portcls

using openportcls::portcls::made_for;
using openportcls::portcls::ResourceList;

extern "C" {

[[gnu::noinline]] NTSTATUS NTAPI PcNewResourceList(PRESOURCELIST* OutResourceList, PUNKNOWN, POOL_TYPE,
                                                   PCM_RESOURCE_LIST TranslatedResources,
                                                   PCM_RESOURCE_LIST UntranslatedResources) {
    OPC_REQUIRE_PASSIVE();
    const NTSTATUS status = ResourceList::create(TranslatedResources, UntranslatedResources, OutResourceList);
    return made_for(status, NT_SUCCESS(status) ? *OutResourceList : nullptr, "resource list", __func__,
                    __builtin_return_address(0));
}

[[gnu::noinline]] NTSTATUS NTAPI PcNewResourceSublist(PRESOURCELIST* OutResourceList, PUNKNOWN, POOL_TYPE,
                                                      PRESOURCELIST ParentList, ULONG MaximumEntries) {
    OPC_REQUIRE_PASSIVE();
    const NTSTATUS status = ResourceList::create_sublist(ParentList, MaximumEntries, OutResourceList);
    return made_for(status, NT_SUCCESS(status) ? *OutResourceList : nullptr, "resource list", __func__,
                    __builtin_return_address(0));
}
}
