#include "portcls/port_services.h"

#include <cstring>
#include <string>

#include "base/unicode.h"
#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"
#include "portcls/device_context.h"
#include "portcls/dispatch_tables.h"
#include "portcls/helpers/engine_events.h"
#include "portcls/helpers/notifications.h"
#include "portcls/helpers/registry_key.h"
#include "portcls/helpers/stream_resources.h"
#include "portcls/port_base.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

NTSTATUS remove_connection(PDEVICE_OBJECT device, ConnectionEnd from, ConnectionEnd to) {
    DeviceContext* const context = DeviceContext::from(device);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->remove_connection({std::move(from), std::move(to)});
}

} // namespace

bool is_unknown_interface(REFIID interface_id) {
    static constexpr GUID com_unknown = {0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    return IsEqualGUID(interface_id, IID_IUnknown) || IsEqualGUID(interface_id, com_unknown);
}

NTSTATUS get_device_property(DEVICE_OBJECT* device, DEVICE_REGISTRY_PROPERTY property, ULONG buffer_bytes, void* buffer,
                             ULONG* result_bytes) {
    return PcGetDeviceProperty(device, property, buffer_bytes, buffer, result_bytes);
}

// R-REG-07: device and subdevice are implied; only the interface key needs the subdevice.
NTSTATUS new_port_registry_key(Port& port, IRegistryKey** key, IUnknown* outer, ULONG type, ACCESS_MASK access,
                               OBJECT_ATTRIBUTES* attributes, ULONG options, ULONG* disposition) {
    if (!port.is_initialised_or_initialising()) {
        return STATUS_DEVICE_NOT_READY;
    }
    if (type != DeviceInterfaceRegistryKey) {
        return PcNewRegistryKey(key, outer, type, access, &port.device_object(), nullptr, attributes, options,
                                disposition);
    }
    const Subdevice* const subdevice = port.device().subdevice_of(port);
    if (key == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (subdevice == nullptr || subdevice->symbolic_links.empty()) {
        return STATUS_DEVICE_NOT_READY;
    }
    return RegistryKey::open_interface(subdevice->symbolic_links.front(), access, key);
}

bool PortServices::find_service(REFIID interface_id, void** service) {
    struct Service {
        const IID& id;
        Feature feature;
        void* object;
    };
    const Service services[] = {
        {IID_IPortClsVersion, Feature::port_cls_version, static_cast<IPortClsVersion*>(this)},
        {IID_IPortClsSubdeviceEx, Feature::subdevice_ex, static_cast<IPortClsSubdeviceEx*>(this)},
        {IID_IUnregisterSubdevice, Feature::unregistering, static_cast<IUnregisterSubdevice*>(this)},
        {IID_IUnregisterPhysicalConnection, Feature::unregistering, static_cast<IUnregisterPhysicalConnection*>(this)},
        {IID_IPortClsPower, Feature::port_cls_power, static_cast<IPortClsPower*>(this)},
        {IID_IPortClsRuntimePower, Feature::runtime_power, static_cast<IPortClsRuntimePower*>(this)},
        {IID_IPortClsEtwHelper, Feature::etw_helper, static_cast<IPortClsEtwHelper*>(this)},
        {IID_IPortWMIRegistration, Feature::wmi_registration, static_cast<IPortWMIRegistration*>(this)},
        {IID_IPortClsPnp, Feature::pnp_management, static_cast<IPortClsPnp*>(this)},
        {IID_IPortClsStreamResourceManager, Feature::stream_resources,
         static_cast<IPortClsStreamResourceManager2*>(this)},
        {IID_IPortClsStreamResourceManager2, Feature::stream_resources_2,
         static_cast<IPortClsStreamResourceManager2*>(this)},
        {IID_IPortClsNotifications, Feature::notifications, static_cast<IPortClsNotifications*>(this)},
    };
    if (IsEqualGUID(interface_id, IID_IPortEvents)) {
        *service = static_cast<IPortEvents*>(this);
        return true;
    }
    const PortClsSystem& system = PortClsSystem::current();
    if (offers_drm_port() && system.has(Feature::content_functions) &&
        (IsEqualGUID(interface_id, IID_IDrmPort) || IsEqualGUID(interface_id, IID_IDrmPort2))) {
        *service = static_cast<IDrmPort2*>(this);
        return true;
    }
    for (const Service& candidate : services) {
        if (IsEqualGUID(interface_id, candidate.id)) {
            *service = candidate.object;
            return system.has(candidate.feature);
        }
    }
    return false;
}

// ---- IPortEvents ------------------------------------------------------------------------------------------------

void PortServices::AddEventToEventList(PKSEVENT_ENTRY event_entry) {
    OPC_REQUIRE_PASSIVE();
    ks::EventRecord& record = ks::EventRecord::of(*event_entry);
    if (record.list == nullptr) {
        events().add(record); // R-EVENT-02
    }
}

void PortServices::GenerateEventList(GUID* set, ULONG event_id, BOOL pin_event, ULONG pin_id, BOOL node_event,
                                     ULONG node_id) {
    generate_events(set, event_id, pin_event != FALSE, pin_id, node_event != FALSE, node_id);
}

// ---- IPortClsVersion, IPortClsSubdeviceEx -----------------------------------------------------------------------

DWORD PortServices::GetVersion() {
    OPC_REQUIRE_PASSIVE();
    return static_cast<DWORD>(port_cls_version_number(PortClsSystem::current().windows_version()));
}

NTSTATUS PortServices::UpdatePinDescriptor(ULONG pin_id, ULONG flags, PPCPIN_DESCRIPTOR pin_descriptor) {
    if (!is_initialised() || is_detached()) {
        return STATUS_DEVICE_NOT_READY;
    }
    if (pin_id >= description().pin_count() || pin_descriptor == nullptr ||
        flags != PCUPDATE_PIN_DESC_FLAG_DATARANGES) {
        return STATUS_INVALID_PARAMETER;
    }
    DeviceLockGuard guard(device().lock());
    description().replace_data_ranges(pin_id, *pin_descriptor);
    return STATUS_SUCCESS;
}

// ---- IUnregisterSubdevice, IUnregisterPhysicalConnection --------------------------------------------------------

NTSTATUS PortServices::UnregisterSubdevice(PDEVICE_OBJECT device, PUNKNOWN unknown) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(device);
    return context == nullptr || unknown == nullptr ? STATUS_INVALID_PARAMETER : context->unregister_subdevice(unknown);
}

NTSTATUS PortServices::UnregisterPhysicalConnection(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin, PUNKNOWN to,
                                                    ULONG to_pin) {
    OPC_REQUIRE_PASSIVE();
    Port* const from_port = Port::from(from);
    Port* const to_port = Port::from(to);
    return from_port == nullptr || to_port == nullptr
               ? STATUS_INVALID_PARAMETER
               : remove_connection(device, {from_port, {}, from_pin}, {to_port, {}, to_pin});
}

NTSTATUS PortServices::UnregisterPhysicalConnectionToExternal(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin,
                                                              PUNICODE_STRING to, ULONG to_pin) {
    OPC_REQUIRE_PASSIVE();
    Port* const from_port = Port::from(from);
    return from_port == nullptr ? STATUS_INVALID_PARAMETER
                                : remove_connection(device, {from_port, {}, from_pin},
                                                    {nullptr, std::u16string(executive::text_of(to)), to_pin});
}

NTSTATUS PortServices::UnregisterPhysicalConnectionFromExternal(PDEVICE_OBJECT device, PUNICODE_STRING from,
                                                                ULONG from_pin, PUNKNOWN to, ULONG to_pin) {
    OPC_REQUIRE_PASSIVE();
    Port* const to_port = Port::from(to);
    return to_port == nullptr ? STATUS_INVALID_PARAMETER
                              : remove_connection(device, {nullptr, std::u16string(executive::text_of(from)), from_pin},
                                                  {to_port, {}, to_pin});
}

// ---- IDrmPort2 (R-DRM-07) ---------------------------------------------------------------------------------------

NTSTATUS PortServices::CreateContentMixed(PULONG content_ids, ULONG count, PULONG mixed) {
    return PcCreateContentMixed(content_ids, count, mixed);
}
NTSTATUS PortServices::DestroyContent(ULONG content_id) {
    return PcDestroyContent(content_id);
}
NTSTATUS PortServices::ForwardContentToFileObject(ULONG content_id, PFILE_OBJECT file) {
    return PcForwardContentToFileObject(content_id, file);
}
NTSTATUS PortServices::ForwardContentToInterface(ULONG content_id, PUNKNOWN unknown, ULONG methods) {
    return PcForwardContentToInterface(content_id, unknown, methods);
}
NTSTATUS PortServices::GetContentRights(ULONG content_id, PDRMRIGHTS rights) {
    return PcGetContentRights(content_id, rights);
}
NTSTATUS PortServices::AddContentHandlers(ULONG content_id, PVOID* handlers, ULONG count) {
    return PcAddContentHandlers(content_id, handlers, count);
}
NTSTATUS PortServices::ForwardContentToDeviceObject(ULONG content_id, PVOID reserved, PCDRMFORWARD forward) {
    return PcForwardContentToDeviceObject(content_id, reserved, forward);
}

// ---- power ------------------------------------------------------------------------------------------------------

NTSTATUS PortServices::RegisterAdapterPowerManagement(PUNKNOWN unknown, PDEVICE_OBJECT device) {
    return PcRegisterAdapterPowerManagement(unknown, device);
}
NTSTATUS PortServices::UnregisterAdapterPowerManagement(PDEVICE_OBJECT device) {
    return PcUnregisterAdapterPowerManagement(device);
}

NTSTATUS PortServices::SetIdlePowerManagement(PDEVICE_OBJECT device, BOOLEAN enabled) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(device);
    if (context == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    context->power().set_idle_management(enabled != FALSE);
    return STATUS_SUCCESS;
}

// There is no power engine plug-in that could take a driver's request.
NTSTATUS PortServices::SendPowerControl(PDEVICE_OBJECT device, LPCGUID code, PVOID, SIZE_T, PVOID, SIZE_T,
                                        PSIZE_T returned) {
    if (DeviceContext::from(device) == nullptr || code == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (returned != nullptr) {
        *returned = 0;
    }
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS PortServices::RegisterPowerControlCallback(PDEVICE_OBJECT device, PCPFNRUNTIME_POWER_CONTROL_CALLBACK callback,
                                                    PVOID context) {
    DeviceContext* const of_device = DeviceContext::from(device);
    return of_device == nullptr ? STATUS_INVALID_PARAMETER
                                : of_device->power().register_control_callback(callback, context);
}

NTSTATUS PortServices::UnregisterPowerControlCallback(PDEVICE_OBJECT device) {
    DeviceContext* const context = DeviceContext::from(device);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->power().unregister_control_callback();
}

// ---- tracing, WMI, Plug and Play --------------------------------------------------------------------------------

NTSTATUS PortServices::MiniportWriteEtwEvent(EPcMiniportEngineEvent type, ULONGLONG data1, ULONGLONG data2,
                                             ULONGLONG data3, ULONGLONG data4) {
    return write_engine_event(type, data1, data2, data3, data4);
}

NTSTATUS PortServices::RegisterWMIProvider(PDEVICE_OBJECT device, PVOID wmi_context) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(device);
    return context == nullptr || wmi_context == nullptr
               ? STATUS_INVALID_PARAMETER
               : context->register_wmi_provider(*static_cast<WMILIB_CONTEXT*>(wmi_context));
}

NTSTATUS PortServices::UnregisterWMIProvider(PDEVICE_OBJECT device) {
    OPC_REQUIRE_PASSIVE();
    DeviceContext* const context = DeviceContext::from(device);
    return context == nullptr ? STATUS_INVALID_PARAMETER : context->unregister_wmi_provider();
}

NTSTATUS PortServices::RegisterAdapterPnpManagement(PUNKNOWN unknown, PDEVICE_OBJECT device) {
    return PcRegisterAdapterPnpManagement(unknown, device);
}
NTSTATUS PortServices::UnregisterAdapterPnpManagement(PDEVICE_OBJECT device) {
    return PcUnregisterAdapterPnpManagement(device);
}

// ---- stream resources and notifications -------------------------------------------------------------------------

NTSTATUS PortServices::AddStreamResource(PVOID set, PPCSTREAMRESOURCE_DESCRIPTOR descriptor, PCSTREAMRESOURCE* handle) {
    OPC_REQUIRE_PASSIVE();
    return is_initialised_or_initialising() ? add_stream_resource(&device().physical_device(), set, descriptor, handle)
                                            : STATUS_DEVICE_NOT_READY;
}
NTSTATUS PortServices::RemoveStreamResource(PCSTREAMRESOURCE handle) {
    OPC_REQUIRE_PASSIVE();
    return remove_stream_resource(handle);
}
NTSTATUS PortServices::AddStreamResource2(PDEVICE_OBJECT physical_device, PVOID set,
                                          PPCSTREAMRESOURCE_DESCRIPTOR descriptor, PCSTREAMRESOURCE* handle) {
    OPC_REQUIRE_PASSIVE();
    return add_stream_resource(physical_device, set, descriptor, handle);
}

NTSTATUS PortServices::AllocNotificationBuffer(POOL_TYPE pool, USHORT bytes, PPCNOTIFICATION_BUFFER* buffer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return allocate_notification_buffer(pool, bytes, buffer);
}
void PortServices::FreeNotificationBuffer(PPCNOTIFICATION_BUFFER buffer) {
    OPC_REQUIRE_PASSIVE();
    free_notification_buffer(buffer);
}
void PortServices::SendNotification(const GUID* notification_id, PPCNOTIFICATION_BUFFER buffer) {
    OPC_REQUIRE_PASSIVE();
    if (notification_id != nullptr && is_initialised_or_initialising()) {
        send_notification(&device().physical_device(), *notification_id, buffer);
    } else {
        free_notification_buffer(buffer);
    }
}

} // namespace openportcls::portcls
