// The interfaces that every port offers beside its own (R-INIT-11 to R-INIT-13).
#pragma once

#include <portcls.h>

#include "portcls/port.h"

namespace openportcls::portcls {

class PortServices : public Port,
                     public IPortEvents,
                     public IPortClsVersion,
                     public IPortClsSubdeviceEx,
                     public IUnregisterSubdevice,
                     public IUnregisterPhysicalConnection,
                     public IDrmPort2,
                     public IPortClsPower,
                     public IPortClsRuntimePower,
                     public IPortClsEtwHelper,
                     public IPortWMIRegistration,
                     public IPortClsPnp,
                     public IPortClsStreamResourceManager2,
                     public IPortClsNotifications {
public:
    // Which of them exist depends on the personality and, for IDrmPort(2), on the kind of port.
    bool find_service(REFIID interface_id, void** service);
    virtual bool offers_drm_port() const { return false; }

    // One definition for all bases; PortBase supplies it.
    STDMETHOD_(NTSTATUS, QueryInterface)(REFIID interface_id, PVOID* object) override = 0;
    STDMETHOD_(ULONG, AddRef)() override = 0;
    STDMETHOD_(ULONG, Release)() override = 0;

    // IPortEvents
    STDMETHOD_(void, AddEventToEventList)(PKSEVENT_ENTRY event_entry) override;
    STDMETHOD_(void, GenerateEventList)(GUID* set, ULONG event_id, BOOL pin_event, ULONG pin_id, BOOL node_event,
                                        ULONG node_id) override;
    // IPortClsVersion
    STDMETHOD_(DWORD, GetVersion)() override;
    // IPortClsSubdeviceEx
    STDMETHOD_(NTSTATUS, UpdatePinDescriptor)(ULONG pin_id, ULONG flags, PPCPIN_DESCRIPTOR pin_descriptor) override;
    // IUnregisterSubdevice
    STDMETHOD_(NTSTATUS, UnregisterSubdevice)(PDEVICE_OBJECT device, PUNKNOWN unknown) override;
    // IUnregisterPhysicalConnection
    STDMETHOD_(NTSTATUS, UnregisterPhysicalConnection)(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin,
                                                       PUNKNOWN to, ULONG to_pin) override;
    STDMETHOD_(NTSTATUS, UnregisterPhysicalConnectionToExternal)(PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin,
                                                                 PUNICODE_STRING to, ULONG to_pin) override;
    STDMETHOD_(NTSTATUS, UnregisterPhysicalConnectionFromExternal)(PDEVICE_OBJECT device, PUNICODE_STRING from,
                                                                   ULONG from_pin, PUNKNOWN to, ULONG to_pin) override;
    // IDrmPort2
    STDMETHOD_(NTSTATUS, CreateContentMixed)(PULONG content_ids, ULONG count, PULONG mixed) override;
    STDMETHOD_(NTSTATUS, DestroyContent)(ULONG content_id) override;
    STDMETHOD_(NTSTATUS, ForwardContentToFileObject)(ULONG content_id, PFILE_OBJECT file) override;
    STDMETHOD_(NTSTATUS, ForwardContentToInterface)(ULONG content_id, PUNKNOWN unknown, ULONG methods) override;
    STDMETHOD_(NTSTATUS, GetContentRights)(ULONG content_id, PDRMRIGHTS rights) override;
    STDMETHOD_(NTSTATUS, AddContentHandlers)(ULONG content_id, PVOID* handlers, ULONG count) override;
    STDMETHOD_(NTSTATUS, ForwardContentToDeviceObject)(ULONG content_id, PVOID reserved, PCDRMFORWARD forward) override;
    // IPortClsPower
    STDMETHOD_(NTSTATUS, RegisterAdapterPowerManagement)(PUNKNOWN unknown, PDEVICE_OBJECT device) override;
    STDMETHOD_(NTSTATUS, UnregisterAdapterPowerManagement)(PDEVICE_OBJECT device) override;
    STDMETHOD_(NTSTATUS, SetIdlePowerManagement)(PDEVICE_OBJECT device, BOOLEAN enabled) override;
    // IPortClsRuntimePower
    STDMETHOD_(NTSTATUS, SendPowerControl)(PDEVICE_OBJECT device, LPCGUID code, PVOID in, SIZE_T in_bytes, PVOID out,
                                           SIZE_T out_bytes, PSIZE_T returned) override;
    STDMETHOD_(NTSTATUS, RegisterPowerControlCallback)(PDEVICE_OBJECT device,
                                                       PCPFNRUNTIME_POWER_CONTROL_CALLBACK callback,
                                                       PVOID context) override;
    STDMETHOD_(NTSTATUS, UnregisterPowerControlCallback)(PDEVICE_OBJECT device) override;
    // IPortClsEtwHelper
    STDMETHOD_(NTSTATUS, MiniportWriteEtwEvent)(EPcMiniportEngineEvent type, ULONGLONG data1, ULONGLONG data2,
                                                ULONGLONG data3, ULONGLONG data4) override;
    // IPortWMIRegistration
    STDMETHOD_(NTSTATUS, RegisterWMIProvider)(PDEVICE_OBJECT device, PVOID context) override;
    STDMETHOD_(NTSTATUS, UnregisterWMIProvider)(PDEVICE_OBJECT device) override;
    // IPortClsPnp
    STDMETHOD_(NTSTATUS, RegisterAdapterPnpManagement)(PUNKNOWN unknown, PDEVICE_OBJECT device) override;
    STDMETHOD_(NTSTATUS, UnregisterAdapterPnpManagement)(PDEVICE_OBJECT device) override;
    // IPortClsStreamResourceManager(2)
    STDMETHOD_(NTSTATUS, AddStreamResource)(PVOID set, PPCSTREAMRESOURCE_DESCRIPTOR descriptor,
                                            PCSTREAMRESOURCE* handle) override;
    STDMETHOD_(NTSTATUS, RemoveStreamResource)(PCSTREAMRESOURCE handle) override;
    STDMETHOD_(NTSTATUS, AddStreamResource2)(PDEVICE_OBJECT physical_device, PVOID set,
                                             PPCSTREAMRESOURCE_DESCRIPTOR descriptor,
                                             PCSTREAMRESOURCE* handle) override;
    // IPortClsNotifications
    STDMETHOD_(NTSTATUS, AllocNotificationBuffer)(POOL_TYPE pool, USHORT bytes,
                                                  PPCNOTIFICATION_BUFFER* buffer) override;
    STDMETHOD_(void, FreeNotificationBuffer)(PPCNOTIFICATION_BUFFER buffer) override;
    STDMETHOD_(void, SendNotification)(const GUID* notification_id, PPCNOTIFICATION_BUFFER buffer) override;
};

} // namespace openportcls::portcls
