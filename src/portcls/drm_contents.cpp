#include "portcls/drm_contents.h"

#include <algorithm>

#include "executive/module_code.h"

namespace openportcls::portcls {

NTSTATUS DrmContents::rights(ULONG content_id, DRMRIGHTS& rights) const {
    if (content_id == 0) {
        rights = {};
        return STATUS_SUCCESS;
    }
    const auto found = contents_.find(content_id);
    if (found == contents_.end()) {
        return STATUS_INVALID_PARAMETER;
    }
    rights = found->second;
    return STATUS_SUCCESS;
}

ULONG DrmContents::create(const DRMRIGHTS& rights) {
    contents_[++last_id_] = rights;
    return last_id_;
}

NTSTATUS DrmContents::create_mixed(const ULONG* content_ids, ULONG count, ULONG& mixed) {
    DRMRIGHTS strictest{};
    for (ULONG i = 0; i < count; ++i) {
        DRMRIGHTS one;
        const NTSTATUS status = rights(content_ids[i], one);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        strictest.CopyProtect |= one.CopyProtect;
        strictest.DigitalOutputDisable |= one.DigitalOutputDisable;
    }
    mixed = create(strictest);
    return STATUS_SUCCESS;
}

NTSTATUS DrmContents::destroy(ULONG content_id) {
    return content_id != 0 && contents_.erase(content_id) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// nf-drmk-drmaddcontenthandlers. No handlers are in no module, so there is nothing to object to. A module that is
// loaded is as good as any other here: none is signed.
NTSTATUS DrmContents::authenticate_handlers(ULONG content_id, void* const* handlers, ULONG count) const {
    if (!exists(content_id) || (count != 0 && handlers == nullptr)) {
        return STATUS_INVALID_PARAMETER;
    }
    return std::all_of(handlers, handlers + count, executive::is_code_of_a_module) ? STATUS_SUCCESS
                                                                                   : STATUS_INVALID_PARAMETER;
}

} // namespace openportcls::portcls
