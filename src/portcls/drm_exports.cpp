// The content functions of portcls.sys and drmk.sys: two names for the same thing (R-DRM-07).
#include <portcls.h>

#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/module_code.h"
#include "machine/guarded_access.h"
#include "portcls/portcls_system.h"

using namespace openportcls;
using portcls::DrmContents;
using portcls::Feature;
using portcls::PortClsSystem;

namespace {

const GUID drm_set = KSPROPSETID_DrmAudioStream;

bool is_available() {
    return portcls::has_feature(Feature::content_functions);
}
DrmContents& contents() {
    return PortClsSystem::current().drm();
}

// What a driver below gets with the content id, so that it can call back without being linked to drmk.sys.
KSP_DRMAUDIOSTREAM_CONTENTID content_request(void* context) {
    KSP_DRMAUDIOSTREAM_CONTENTID request{};
    request.Property.Set = drm_set;
    request.Property.Id = KSPROPERTY_DRMAUDIOSTREAM_CONTENTID;
    request.Property.Flags = KSPROPERTY_TYPE_SET;
    request.Context = context;
    request.DrmAddContentHandlers = DrmAddContentHandlers;
    request.DrmCreateContentMixed = DrmCreateContentMixed;
    request.DrmDestroyContent = DrmDestroyContent;
    request.DrmForwardContentToDeviceObject = DrmForwardContentToDeviceObject;
    request.DrmForwardContentToFileObject = DrmForwardContentToFileObject;
    request.DrmForwardContentToInterface = DrmForwardContentToInterface;
    request.DrmGetContentRights = DrmGetContentRights;
    return request;
}

NTSTATUS forward_to_file(ULONG content_id, FILE_OBJECT* file, void* context) {
    KSDRMAUDIOSTREAM_CONTENTID value{content_id, {}};
    const NTSTATUS status = contents().rights(content_id, value.DrmRights);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KSP_DRMAUDIOSTREAM_CONTENTID request = content_request(context);
    ULONG_PTR returned = 0;
    return executive::device_control(file, IOCTL_KS_PROPERTY, &request, sizeof request, &value, sizeof value, &returned,
                                     KernelMode);
}

// R-DRM-06: the first entries of the object's table of methods are code of loaded modules. A table is read as far as
// there is memory: it may be shorter than the caller says.
__attribute__((no_sanitize("address"))) bool has_methods(IUnknown* object, ULONG count) {
    void* const* const table = *reinterpret_cast<void* const* const*>(object);
    for (ULONG index = 0; index < count; ++index) {
        if (!machine::is_accessible(table + index, sizeof *table, machine::Access::read) ||
            !executive::is_code_of_a_module(table[index])) {
            return false;
        }
    }
    return true;
}

} // namespace

PORTCLASSAPI NTSTATUS NTAPI DrmAddContentHandlers(ULONG ContentId, PVOID* paHandlers, ULONG NumHandlers) {
    OPC_REQUIRE_PASSIVE();
    return is_available() ? contents().authenticate_handlers(ContentId, paHandlers, NumHandlers)
                          : STATUS_NOT_IMPLEMENTED;
}

PORTCLASSAPI NTSTATUS NTAPI DrmCreateContentMixed(PULONG paContentId, ULONG cContentId, PULONG pMixedContentId) {
    OPC_REQUIRE_PASSIVE();
    if (!is_available()) {
        return STATUS_NOT_IMPLEMENTED;
    }
    if (pMixedContentId == nullptr || (cContentId != 0 && paContentId == nullptr)) {
        return STATUS_INVALID_PARAMETER;
    }
    return contents().create_mixed(paContentId, cContentId, *pMixedContentId);
}

PORTCLASSAPI NTSTATUS NTAPI DrmDestroyContent(ULONG ContentId) {
    OPC_REQUIRE_PASSIVE();
    return is_available() ? contents().destroy(ContentId) : STATUS_NOT_IMPLEMENTED;
}

PORTCLASSAPI NTSTATUS NTAPI DrmForwardContentToDeviceObject(ULONG ContentId, PVOID, PCDRMFORWARD DrmForward) {
    OPC_REQUIRE_PASSIVE();
    if (!is_available()) {
        return STATUS_NOT_IMPLEMENTED;
    }
    if (DrmForward == nullptr || DrmForward->DeviceObject == nullptr || DrmForward->FileObject == nullptr ||
        DrmForward->Flags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return forward_to_file(ContentId, DrmForward->FileObject, DrmForward->Context);
}

PORTCLASSAPI NTSTATUS NTAPI DrmForwardContentToFileObject(ULONG ContentId, PFILE_OBJECT FileObject) {
    OPC_REQUIRE_PASSIVE();
    if (!is_available()) {
        return STATUS_NOT_IMPLEMENTED;
    }
    return FileObject == nullptr ? STATUS_INVALID_PARAMETER : forward_to_file(ContentId, FileObject, nullptr);
}

// nf-drmk-drmforwardcontenttointerface: all methods are authenticated before one is called.
PORTCLASSAPI NTSTATUS NTAPI DrmForwardContentToInterface(ULONG ContentId, PUNKNOWN pUnknown, ULONG NumMethods) {
    OPC_REQUIRE_PASSIVE();
    if (!is_available()) {
        return STATUS_NOT_IMPLEMENTED;
    }
    if (pUnknown == nullptr || NumMethods < 3) { // IUnknown alone has three
        return STATUS_INVALID_PARAMETER;
    }
    DRMRIGHTS rights;
    NTSTATUS status = contents().rights(ContentId, rights);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!has_methods(pUnknown, NumMethods)) {
        return STATUS_INVALID_PARAMETER;
    }
    IDrmAudioStream* stream = nullptr;
    status = pUnknown->QueryInterface(IID_IDrmAudioStream, reinterpret_cast<void**>(&stream));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = stream->SetContentId(ContentId, &rights);
    stream->Release();
    return status;
}

PORTCLASSAPI NTSTATUS NTAPI DrmGetContentRights(ULONG ContentId, PDRMRIGHTS DrmRights) {
    OPC_REQUIRE_PASSIVE();
    if (!is_available()) {
        return STATUS_NOT_IMPLEMENTED;
    }
    return DrmRights == nullptr ? STATUS_INVALID_PARAMETER : contents().rights(ContentId, *DrmRights);
}

PORTCLASSAPI NTSTATUS NTAPI PcAddContentHandlers(ULONG ContentId, PVOID* paHandlers, ULONG NumHandlers) {
    return DrmAddContentHandlers(ContentId, paHandlers, NumHandlers);
}
PORTCLASSAPI NTSTATUS NTAPI PcCreateContentMixed(PULONG paContentId, ULONG cContentId, PULONG pMixedContentId) {
    return DrmCreateContentMixed(paContentId, cContentId, pMixedContentId);
}
PORTCLASSAPI NTSTATUS NTAPI PcDestroyContent(ULONG ContentId) {
    return DrmDestroyContent(ContentId);
}
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToDeviceObject(ULONG ContentId, PVOID Reserved, PCDRMFORWARD DrmForward) {
    return DrmForwardContentToDeviceObject(ContentId, Reserved, DrmForward);
}
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToFileObject(ULONG ContentId, PFILE_OBJECT FileObject) {
    return DrmForwardContentToFileObject(ContentId, FileObject);
}
PORTCLASSAPI NTSTATUS NTAPI PcForwardContentToInterface(ULONG ContentId, PUNKNOWN pUnknown, ULONG NumMethods) {
    return DrmForwardContentToInterface(ContentId, pUnknown, NumMethods);
}
PORTCLASSAPI NTSTATUS NTAPI PcGetContentRights(ULONG ContentId, PDRMRIGHTS DrmRights) {
    return DrmGetContentRights(ContentId, DrmRights);
}
