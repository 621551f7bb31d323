// IResourceList: the hardware resources of a start request, and sublists of them for the subdevices.
#pragma once

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class ResourceList final : public ComObject<ResourceList, IResourceList> {
public:
    // Copies both lists; both may be null (a device without resources). STATUS_INVALID_PARAMETER when they do not
    // describe the same entries in the same order (R-RES-05).
    static NTSTATUS create(const CM_RESOURCE_LIST* translated, const CM_RESOURCE_LIST* untranslated,
                           IResourceList** result);
    // Empty, with room for `maximum_entries` (R-RES-01).
    static NTSTATUS create_sublist(IResourceList* parent, ULONG maximum_entries, IResourceList** result);
    ~ResourceList();

    void* find_interface(const GUID& id);

    ULONG NTAPI NumberOfEntries() override;
    ULONG NTAPI NumberOfEntriesOfType(CM_RESOURCE_TYPE type) override;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI FindTranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) override;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI FindUntranslatedEntry(CM_RESOURCE_TYPE type, ULONG index) override;
    NTSTATUS NTAPI AddEntry(PCM_PARTIAL_RESOURCE_DESCRIPTOR translated,
                            PCM_PARTIAL_RESOURCE_DESCRIPTOR untranslated) override;
    NTSTATUS NTAPI AddEntryFromParent(IResourceList* parent, CM_RESOURCE_TYPE type, ULONG index) override;
    PCM_RESOURCE_LIST NTAPI TranslatedList() override { return translated_; }
    PCM_RESOURCE_LIST NTAPI UntranslatedList() override { return untranslated_; }

private:
    ResourceList() = default;
    bool allocate(ULONG maximum_entries, INTERFACE_TYPE bus, ULONG bus_number);
    void append(const CM_RESOURCE_LIST* translated, const CM_RESOURCE_LIST* untranslated);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR find(PCM_RESOURCE_LIST list, CM_RESOURCE_TYPE type, ULONG index) const;

    PCM_RESOURCE_LIST translated_ = nullptr; // always one full descriptor with room for maximum_entries_
    PCM_RESOURCE_LIST untranslated_ = nullptr;
    ULONG maximum_entries_ = 0;
};

} // namespace openportcls::portcls
