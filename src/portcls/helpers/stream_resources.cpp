#include "portcls/helpers/stream_resources.h"

#include "executive/irql_check.h"
#include "portcls/helpers/com_object.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

constexpr ULONG resource_signature = 0x73526350; // 'PcRs'

struct StreamResource {
    ULONG signature;
    PCSTREAMRESOURCE_DESCRIPTOR descriptor;
    PDEVICE_OBJECT physical_device;
};

bool names_something(const PCSTREAMRESOURCE_DESCRIPTOR& descriptor) {
    switch (descriptor.Type) {
    case ePcStreamResourceInterrupt:
        return descriptor.Resource.Interrupt.Generic != nullptr;
    case ePcStreamResourceThread:
        return descriptor.Resource.Thread != nullptr;
    case ePcStreamResourceSet:
        return descriptor.Resource.ResourceSet == nullptr && descriptor.Pdo != nullptr; // device scope only
    default:
        return false;
    }
}

} // namespace

NTSTATUS add_stream_resource(PDEVICE_OBJECT physical_device, PVOID set, const PCSTREAMRESOURCE_DESCRIPTOR* descriptor,
                             PCSTREAMRESOURCE* handle) {
    if (physical_device == nullptr || set != nullptr || descriptor == nullptr || handle == nullptr ||
        descriptor->Size != sizeof(*descriptor) || descriptor->Flags != 0 || !names_something(*descriptor)) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* resource =
        static_cast<StreamResource*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(StreamResource), object_tag));
    if (resource == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    resource->signature = resource_signature;
    resource->descriptor = *descriptor;
    resource->physical_device = physical_device;
    if (descriptor->Type == ePcStreamResourceThread) {
        ObReferenceObject(descriptor->Resource.Thread);
    }
    *handle = reinterpret_cast<PCSTREAMRESOURCE>(resource);
    return STATUS_SUCCESS;
}

NTSTATUS remove_stream_resource(PCSTREAMRESOURCE handle) {
    auto* resource = reinterpret_cast<StreamResource*>(handle);
    if (resource == nullptr || resource->signature != resource_signature) {
        return STATUS_INVALID_PARAMETER;
    }
    resource->signature = 0;
    if (resource->descriptor.Type == ePcStreamResourceThread) {
        ObDereferenceObject(resource->descriptor.Resource.Thread);
    }
    ExFreePoolWithTag(resource, object_tag);
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls

using openportcls::portcls::Feature;
using openportcls::portcls::has_feature;

extern "C" {

NTSTATUS NTAPI PcAddStreamResource(PDEVICE_OBJECT PhysicalDeviceObject, PVOID ResourceSet,
                                   PPCSTREAMRESOURCE_DESCRIPTOR ResourceDescriptor, PCSTREAMRESOURCE* ResourceHandle) {
    OPC_REQUIRE_PASSIVE();
    return has_feature(Feature::stream_resources)
               ? openportcls::portcls::add_stream_resource(PhysicalDeviceObject, ResourceSet, ResourceDescriptor,
                                                           ResourceHandle)
               : STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI PcRemoveStreamResource(PCSTREAMRESOURCE ResourceHandle) {
    OPC_REQUIRE_PASSIVE();
    return has_feature(Feature::stream_resources) ? openportcls::portcls::remove_stream_resource(ResourceHandle)
                                                  : STATUS_NOT_IMPLEMENTED;
}
}
