// What the system's DRM does with a protected application's stream (R-DRM).
#include <openportcls/object.hpp>

#include <portcls.h>

#include "client/state.h"
#include "portcls/portcls_system.h"

namespace openportcls {

namespace client {

namespace {

NTSTATUS forward(ULONG content, FILE_OBJECT* file) {
    DRMFORWARD target{};
    target.DeviceObject = file->DeviceObject;
    target.FileObject = file;
    return DrmForwardContentToDeviceObject(content, nullptr, &target);
}

} // namespace

// R-DRM-03: the former id goes once the new one has arrived; R-DRM-01: who restricts nothing needs none.
NTSTATUS ObjectState::set_content_rights(const ContentRights& rights) {
    machine->begin_request();
    return machine->call([&] {
        const bool restricts = rights.copy_protect || rights.digital_output_disable;
        const DRMRIGHTS wanted{rights.copy_protect, 0, rights.digital_output_disable};
        const ULONG created = restricts ? portcls::PortClsSystem::current().drm().create(wanted) : 0;
        const NTSTATUS status = forward(created, file);
        const ULONG superfluous = NT_SUCCESS(status) ? std::exchange(content, created) : created;
        if (superfluous != 0) {
            DrmDestroyContent(superfluous);
        }
        return status;
    });
}

} // namespace client

Result<void> KsObject::set_content_rights(const ContentRights& rights) const {
    const NTSTATUS status = object_->set_content_rights(rights);
    return NT_SUCCESS(status) ? Result<void>()
                              : Result<void>(object_->error(status, "setting the rights of what it plays"));
}

} // namespace openportcls
