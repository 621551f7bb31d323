// Content ids and their rights (R-DRM).
#pragma once

#include <map>

#include <portcls.h>

namespace openportcls::portcls {

class DrmContents {
public:
    // Id 0 is the default: no restriction, never destroyed (R-DRM-01).
    NTSTATUS rights(ULONG content_id, DRMRIGHTS& rights) const;
    // The most restrictive rights of all (R-DRM-02).
    NTSTATUS create_mixed(const ULONG* content_ids, ULONG count, ULONG& mixed);
    NTSTATUS destroy(ULONG content_id);
    // Looks at the modules that the handlers are in (R-DRM-07); nobody ever calls them.
    NTSTATUS authenticate_handlers(ULONG content_id, void* const* handlers, ULONG count) const;
    bool exists(ULONG content_id) const { return content_id == 0 || contents_.contains(content_id); }

    // A content that a protected application brings along; what the DRM system of a client does.
    ULONG create(const DRMRIGHTS& rights);

private:
    std::map<ULONG, DRMRIGHTS> contents_;
    ULONG last_id_ = 0;
};

} // namespace openportcls::portcls
