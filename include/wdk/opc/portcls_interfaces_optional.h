/* Optional interfaces, found with QueryInterface on a port or on a miniport. */
#ifndef OPC_PORTCLS_INTERFACES_OPTIONAL_H
#define OPC_PORTCLS_INTERFACES_OPTIONAL_H

#include "portcls_types.h"

/* Optional miniport interface for dynamic pin limits. */
#define OPC_METHODS_IPinCount(METHOD_, END)                                                                            \
    METHOD_(VOID, PinCount)(THIS_ _In_ ULONG PinId, _Inout_ PULONG FilterNecessary, _Inout_ PULONG FilterCurrent,      \
                            _Inout_ PULONG FilterPossible, _Inout_ PULONG GlobalCurrent,                               \
                            _Inout_ PULONG GlobalPossible) END
#undef INTERFACE
#define INTERFACE IPinCount
DECLARE_INTERFACE_(IPinCount, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPinCount(STDMETHOD_, PURE;)
};
typedef IPinCount* PPINCOUNT;
#define IMP_IPinCount OPC_METHODS_IPinCount(OPC_IMPLEMENT_, ;)

/* Port interface to queue and fire KS events. */
#define OPC_METHODS_IPortEvents(METHOD_, END)                                                                          \
    METHOD_(VOID, AddEventToEventList)(THIS_ _In_ PKSEVENT_ENTRY EventEntry) END METHOD_(VOID, GenerateEventList)(     \
        THIS_ _In_opt_ GUID * Set, _In_ ULONG EventId, _In_ BOOL PinEvent, _In_ ULONG PinId, _In_ BOOL NodeEvent,      \
        _In_ ULONG NodeId) END
#undef INTERFACE
#define INTERFACE IPortEvents
DECLARE_INTERFACE_(IPortEvents, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortEvents(STDMETHOD_, PURE;)
};
typedef IPortEvents* PPORTEVENTS;
#define IMP_IPortEvents OPC_METHODS_IPortEvents(OPC_IMPLEMENT_, ;)

/* DRM wrappers on WaveCyclic/WavePci port objects. */
#define OPC_METHODS_IDrmPort(METHOD_, END)                                                                             \
    METHOD_(NTSTATUS, CreateContentMixed)(THIS_ _In_ PULONG paContentId, _In_ ULONG cContentId,                        \
                                          _Out_ PULONG pMixedContentId) END                                            \
    METHOD_(NTSTATUS, DestroyContent)(THIS_ _In_ ULONG ContentId)                                                      \
        END METHOD_(NTSTATUS, ForwardContentToFileObject)(THIS_ _In_ ULONG ContentId, _In_ PFILE_OBJECT FileObject)    \
            END METHOD_(NTSTATUS, ForwardContentToInterface)(THIS_ _In_ ULONG ContentId, _In_ PUNKNOWN pUnknown,       \
                                                             _In_ ULONG NumMethods)                                    \
                END METHOD_(NTSTATUS, GetContentRights)(THIS_ _In_ ULONG ContentId, _Out_ PDRMRIGHTS DrmRights) END
#define DEFINE_ABSTRACT_DRMPORT() OPC_METHODS_IDrmPort(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IDrmPort
DECLARE_INTERFACE_(IDrmPort, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IDrmPort(STDMETHOD_, PURE;)
};
typedef IDrmPort* PDRMPORT;
#define IMP_IDrmPort OPC_METHODS_IDrmPort(OPC_IMPLEMENT_, ;)

/* Superset of IDrmPort. */
#define OPC_METHODS_IDrmPort2(METHOD_, END)                                                                            \
    METHOD_(NTSTATUS, AddContentHandlers)(THIS_ _In_ ULONG ContentId, _In_ PVOID * paHandlers, _In_ ULONG NumHandlers) \
        END                                                                                                            \
        METHOD_(NTSTATUS, ForwardContentToDeviceObject)(THIS_ _In_ ULONG ContentId, _In_ PVOID Reserved,               \
                                                        _In_ PCDRMFORWARD DrmForward) END
#undef INTERFACE
#define INTERFACE IDrmPort2
DECLARE_INTERFACE_(IDrmPort2, IDrmPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IDrmPort(STDMETHOD_, PURE;) OPC_METHODS_IDrmPort2(STDMETHOD_, PURE;)
};
typedef IDrmPort2* PDRMPORT2;
#define IMP_IDrmPort2 OPC_METHODS_IDrmPort(OPC_IMPLEMENT_, ;) OPC_METHODS_IDrmPort2(OPC_IMPLEMENT_, ;)

/* Version query on any port object. */
#define OPC_METHODS_IPortClsVersion(METHOD_, END) METHOD_(DWORD, GetVersion)(THIS) END
#undef INTERFACE
#define INTERFACE IPortClsVersion
DECLARE_INTERFACE_(IPortClsVersion, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsVersion(STDMETHOD_, PURE;)
};
typedef IPortClsVersion* PPORTCLSVERSION;
#define IMP_IPortClsVersion OPC_METHODS_IPortClsVersion(OPC_IMPLEMENT_, ;)

/* (header only) QI on port; run-time pin descriptor update. */
#define OPC_METHODS_IPortClsSubdeviceEx(METHOD_, END)                                                                  \
    METHOD_(NTSTATUS, UpdatePinDescriptor)(THIS_ _In_ ULONG _ulPinId, _In_ ULONG _ulFlags,                             \
                                           _In_ PPCPIN_DESCRIPTOR _pPinDescriptor) END
#undef INTERFACE
#define INTERFACE IPortClsSubdeviceEx
DECLARE_INTERFACE_(IPortClsSubdeviceEx, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsSubdeviceEx(STDMETHOD_, PURE;)
};
typedef IPortClsSubdeviceEx* PPORTCLSSUBDEVICEEX;
#define IMP_IPortClsSubdeviceEx OPC_METHODS_IPortClsSubdeviceEx(OPC_IMPLEMENT_, ;)

/* Port-side power registration usable where the Pc* export may be missing. */
#define OPC_METHODS_IPortClsPower(METHOD_, END)                                                                        \
    METHOD_(NTSTATUS, RegisterAdapterPowerManagement)(THIS_ _In_ PUNKNOWN _pUnknown,                                   \
                                                      _In_ PDEVICE_OBJECT _DeviceObject) END                           \
    METHOD_(NTSTATUS, UnregisterAdapterPowerManagement)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject)                       \
        END METHOD_(NTSTATUS, SetIdlePowerManagement)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject, _In_ BOOLEAN _bEnabled) \
            END
#undef INTERFACE
#define INTERFACE IPortClsPower
DECLARE_INTERFACE_(IPortClsPower, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsPower(STDMETHOD_, PURE;)
};
typedef IPortClsPower* PPORTCLSPOWER;
#define IMP_IPortClsPower OPC_METHODS_IPortClsPower(OPC_IMPLEMENT_, ;)

/* PEP private channel through the WaveRT port. */
#define OPC_METHODS_IPortClsRuntimePower(METHOD_, END)                                                                 \
    METHOD_(NTSTATUS, SendPowerControl)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject, _In_ LPCGUID _PowerControlCode,       \
                                        _In_opt_ PVOID _InBuffer, _In_ SIZE_T _InBufferSize,                           \
                                        _Out_opt_ PVOID _OutBuffer, _In_ SIZE_T _OutBufferSize,                        \
                                        _Out_opt_ PSIZE_T _BytesReturned) END                                          \
    METHOD_(NTSTATUS, RegisterPowerControlCallback)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject,                           \
                                                    _In_ PCPFNRUNTIME_POWER_CONTROL_CALLBACK _Callback,                \
                                                    _In_opt_ PVOID _Context)                                           \
        END METHOD_(NTSTATUS, UnregisterPowerControlCallback)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject) END
#undef INTERFACE
#define INTERFACE IPortClsRuntimePower
DECLARE_INTERFACE_(IPortClsRuntimePower, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsRuntimePower(STDMETHOD_, PURE;)
};
typedef IPortClsRuntimePower* PPORTCLSRUNTIMEPOWER;
#define IMP_IPortClsRuntimePower OPC_METHODS_IPortClsRuntimePower(OPC_IMPLEMENT_, ;)

/* Tracing helper on the port. */
#define OPC_METHODS_IPortClsEtwHelper(METHOD_, END)                                                                    \
    METHOD_(NTSTATUS, MiniportWriteEtwEvent)(THIS_ _In_ EPcMiniportEngineEvent miniportEventType,                      \
                                             _In_ ULONGLONG pvData1, _In_ ULONGLONG pvData2, _In_ ULONGLONG ulData3,   \
                                             _In_ ULONGLONG ulData4) END
#undef INTERFACE
#define INTERFACE IPortClsEtwHelper
DECLARE_INTERFACE_(IPortClsEtwHelper, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsEtwHelper(STDMETHOD_, PURE;)
};
typedef IPortClsEtwHelper* PPORTCLSETWHELPER;
#define IMP_IPortClsEtwHelper OPC_METHODS_IPortClsEtwHelper(OPC_IMPLEMENT_, ;)

/* WMI registration helper on the port. */
#define OPC_METHODS_IPortWMIRegistration(METHOD_, END)                                                                 \
    METHOD_(NTSTATUS, RegisterWMIProvider)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject, _In_ PVOID _Context) END METHOD_(  \
        NTSTATUS, UnregisterWMIProvider)(THIS_ _In_ PDEVICE_OBJECT _DeviceObject) END
#undef INTERFACE
#define INTERFACE IPortWMIRegistration
DECLARE_INTERFACE_(IPortWMIRegistration, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortWMIRegistration(STDMETHOD_, PURE;)
};
typedef IPortWMIRegistration* PPORTWMIREGISTRATION;
#define IMP_IPortWMIRegistration OPC_METHODS_IPortWMIRegistration(OPC_IMPLEMENT_, ;)

/* Found on the WavePci port *stream*. */
#define OPC_METHODS_IPreFetchOffset(METHOD_, END) METHOD_(VOID, SetPreFetchOffset)(THIS_ _In_ ULONG PreFetchOffset) END
#undef INTERFACE
#define INTERFACE IPreFetchOffset
DECLARE_INTERFACE_(IPreFetchOffset, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPreFetchOffset(STDMETHOD_, PURE;)
};
typedef IPreFetchOffset* PPREFETCHOFFSET;
#define IMP_IPreFetchOffset OPC_METHODS_IPreFetchOffset(OPC_IMPLEMENT_, ;)

/* Found on port; remove a subdevice while the adapter runs. */
#define OPC_METHODS_IUnregisterSubdevice(METHOD_, END)                                                                 \
    METHOD_(NTSTATUS, UnregisterSubdevice)(THIS_ _In_ PDEVICE_OBJECT DeviceObject, _In_ PUNKNOWN Unknown) END
#undef INTERFACE
#define INTERFACE IUnregisterSubdevice
DECLARE_INTERFACE_(IUnregisterSubdevice, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IUnregisterSubdevice(STDMETHOD_, PURE;)
};
typedef IUnregisterSubdevice* PUNREGISTERSUBDEVICE;
#define IMP_IUnregisterSubdevice OPC_METHODS_IUnregisterSubdevice(OPC_IMPLEMENT_, ;)

/* Found on port; remove cable records. */
#define OPC_METHODS_IUnregisterPhysicalConnection(METHOD_, END)                                                        \
    METHOD_(NTSTATUS, UnregisterPhysicalConnection)(THIS_ _In_ PDEVICE_OBJECT DeviceObject, _In_ PUNKNOWN FromUnknown, \
                                                    _In_ ULONG FromPin, _In_ PUNKNOWN ToUnknown, _In_ ULONG ToPin) END \
    METHOD_(NTSTATUS, UnregisterPhysicalConnectionToExternal)(THIS_ _In_ PDEVICE_OBJECT DeviceObject,                  \
                                                              _In_ PUNKNOWN FromUnknown, _In_ ULONG FromPin,           \
                                                              _In_ PUNICODE_STRING ToString, _In_ ULONG ToPin)         \
        END METHOD_(NTSTATUS, UnregisterPhysicalConnectionFromExternal)(                                               \
            THIS_ _In_ PDEVICE_OBJECT DeviceObject, _In_ PUNICODE_STRING FromString, _In_ ULONG FromPin,               \
            _In_ PUNKNOWN ToUnknown, _In_ ULONG ToPin) END
#undef INTERFACE
#define INTERFACE IUnregisterPhysicalConnection
DECLARE_INTERFACE_(IUnregisterPhysicalConnection, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IUnregisterPhysicalConnection(STDMETHOD_, PURE;)
};
typedef IUnregisterPhysicalConnection* PUNREGISTERPHYSICALCONNECTION;
#define IMP_IUnregisterPhysicalConnection OPC_METHODS_IUnregisterPhysicalConnection(OPC_IMPLEMENT_, ;)

/* Optional miniport interface giving pin names at run time. */
#define OPC_METHODS_IPinName(METHOD_, END)                                                                             \
    METHOD_(NTSTATUS, GetPinName)(THIS_ _In_ PIRP Irp, _In_ PKSP_PIN Pin, _Out_ PVOID Data) END
#undef INTERFACE
#define INTERFACE IPinName
DECLARE_INTERFACE_(IPinName, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPinName(STDMETHOD_, PURE;)
};
typedef IPinName* PPINNAME;
#define IMP_IPinName OPC_METHODS_IPinName(OPC_IMPLEMENT_, ;)

/* Device-wide offload engine properties; QI'd from the WaveRT miniport. */
#define OPC_METHODS_IMiniportAudioEngineNode(METHOD_, END)                                                             \
    METHOD_(NTSTATUS, GetAudioEngineDescriptor)(THIS_ _In_ ULONG ulNodeId,                                             \
                                                _Out_ KSAUDIOENGINE_DESCRIPTOR * pAudioEngineDescriptor) END           \
    METHOD_(NTSTATUS, GetGfxState)(THIS_ _In_ ULONG ulNodeId, _Out_ BOOL * pbEnable)                                   \
        END METHOD_(NTSTATUS, SetGfxState)(THIS_ _In_ ULONG ulNodeId, _In_ BOOL bEnable) END METHOD_(                  \
            NTSTATUS, GetEngineFormatSize)(THIS_ _In_ ULONG ulNodeId, _In_ eEngineFormatType formatType,               \
                                           _Out_ ULONG * pulFormatSize)                                                \
            END METHOD_(NTSTATUS, GetMixFormat)(THIS_ _In_ ULONG ulNodeId, _Out_ KSDATAFORMAT_WAVEFORMATEX * pFormat,  \
                                                _In_ ULONG ulBufferSize)                                               \
                END METHOD_(NTSTATUS, GetDeviceFormat)(                                                                \
                    THIS_ _In_ ULONG ulNodeId, _Out_ KSDATAFORMAT_WAVEFORMATEX * pFormat, _In_ ULONG ulBufferSize)     \
                    END METHOD_(NTSTATUS, SetDeviceFormat)(                                                            \
                        THIS_ _In_ ULONG ulNodeId, _In_ KSDATAFORMAT_WAVEFORMATEX * pFormat, _In_ ULONG ulBufferSize)  \
                        END METHOD_(NTSTATUS, GetSupportedDeviceFormats)(                                              \
                            THIS_ _In_ ULONG ulNodeId, _Out_ KSMULTIPLE_ITEM * pFormats, _In_ ULONG ulBufferSize)      \
                            END METHOD_(NTSTATUS, GetDeviceChannelCount)(THIS_ _In_ ULONG ulNodeId,                    \
                                                                         _In_ eChannelTargetType targetType,           \
                                                                         _Out_ UINT32 * pulChannelCount)               \
                                END METHOD_(NTSTATUS, GetDeviceAttributeSteppings)(                                    \
                                    THIS_ _In_ ULONG ulNodeId, _In_ eChannelTargetType targetType,                     \
                                    _Out_ PKSPROPERTY_STEPPING_LONG pKsPropStepLong, _In_ UINT32 ui32DataSize)         \
                                    END METHOD_(NTSTATUS, GetDeviceChannelVolume)(                                     \
                                        THIS_ _In_ ULONG ulNodeId, _In_ UINT32 ulChannel, _Out_ LONG * plVolume)       \
                                        END METHOD_(NTSTATUS, SetDeviceChannelVolume)(                                 \
                                            THIS_ _In_ ULONG ulNodeId, _In_ UINT32 ulChannel, _In_ LONG lVolume)       \
                                            END METHOD_(NTSTATUS, GetDeviceChannelMute)(                               \
                                                THIS_ _In_ ULONG ulNodeId, _In_ UINT32 ulChannel, _Out_ BOOL * pbMute) \
                                                END METHOD_(NTSTATUS, SetDeviceChannelMute)(                           \
                                                    THIS_ _In_ ULONG ulNodeId, _In_ UINT32 ulChannel, _In_ BOOL bMute) \
                                                    END METHOD_(NTSTATUS, GetDeviceChannelPeakMeter)(                  \
                                                        THIS_ _In_ ULONG ulNodeId, _In_ UINT32 ulChannel,              \
                                                        _Out_ LONG * plPeakMeter)                                      \
                                                        END METHOD_(NTSTATUS, GetBufferSizeRange)(                     \
                                                            THIS_ _In_ ULONG ulNodeId,                                 \
                                                            _In_ KSDATAFORMAT_WAVEFORMATEX * pKsDataFormatWfx,         \
                                                            _Out_ KSAUDIOENGINE_BUFFER_SIZE_RANGE * pBufferSizeRange)  \
                                                            END
#undef INTERFACE
#define INTERFACE IMiniportAudioEngineNode
DECLARE_INTERFACE_(IMiniportAudioEngineNode, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportAudioEngineNode(STDMETHOD_, PURE;)
};
typedef IMiniportAudioEngineNode* PMINIPORTAUDIOENGINENODE;
#define IMP_IMiniportAudioEngineNode OPC_METHODS_IMiniportAudioEngineNode(OPC_IMPLEMENT_, ;)

/* Per-stream offload properties; QI'd from the WaveRT stream. */
#define OPC_METHODS_IMiniportStreamAudioEngineNode(METHOD_, END)                                                       \
    METHOD_(NTSTATUS, GetLfxState)(THIS_ _Out_ BOOL * pbEnable) END METHOD_(NTSTATUS,                                  \
                                                                            SetLfxState)(THIS_ _In_ BOOL bEnable)      \
        END METHOD_(NTSTATUS, GetStreamChannelCount)(THIS_ _In_ eChannelTargetType targetType,                         \
                                                     _Out_ UINT32 * pulChannelCount)                                   \
            END METHOD_(NTSTATUS, GetStreamAttributeSteppings)(THIS_ _In_ eChannelTargetType targetType,               \
                                                               _Out_ PKSPROPERTY_STEPPING_LONG pKsPropStepLong,        \
                                                               _In_ UINT32 ui32DataSize)                               \
                END METHOD_(NTSTATUS, GetStreamChannelVolume)(THIS_ _In_ UINT32 ulChannel, _Out_ LONG * plValue)       \
                    END METHOD_(NTSTATUS, SetStreamChannelVolume)(THIS_ _In_ UINT32 Channel, _In_ LONG TargetVolume,   \
                                                                  _In_ AUDIO_CURVE_TYPE CurveType,                     \
                                                                  _In_ ULONGLONG CurveDuration)                        \
                        END METHOD_(NTSTATUS, GetStreamChannelMute)(THIS_ _In_ UINT32 ulChannel, _Out_ BOOL * pbMute)  \
                            END METHOD_(NTSTATUS, SetStreamChannelMute)(THIS_ _In_ UINT32 ulChannel, _In_ BOOL bMute)  \
                                END METHOD_(NTSTATUS, GetStreamChannelPeakMeter)(THIS_ _In_ UINT32 ulChannel,          \
                                                                                 _Out_ LONG * plPeakMeter)             \
                                    END METHOD_(NTSTATUS, GetStreamPresentationPosition)(                              \
                                        THIS_ _Out_ KSAUDIO_PRESENTATION_POSITION * pPresentationPosition)             \
                                        END METHOD_(NTSTATUS, SetStreamCurrentWritePosition)(                          \
                                            THIS_ _In_ ULONG ulCurrentWritePosition)                                   \
                                            END METHOD_(NTSTATUS, GetStreamLinearBufferPosition)(                      \
                                                THIS_ _Out_ ULONGLONG * pullLinearBufferPosition)                      \
                                                END METHOD_(NTSTATUS, SetStreamLoopbackProtection)(                    \
                                                    THIS_ _In_ CONSTRICTOR_OPTION ProtectionOption) END
#undef INTERFACE
#define INTERFACE IMiniportStreamAudioEngineNode
DECLARE_INTERFACE_(IMiniportStreamAudioEngineNode, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportStreamAudioEngineNode(STDMETHOD_, PURE;)
};
typedef IMiniportStreamAudioEngineNode* PMINIPORTSTREAMAUDIOENGINENODE;
#define IMP_IMiniportStreamAudioEngineNode OPC_METHODS_IMiniportStreamAudioEngineNode(OPC_IMPLEMENT_, ;)

/* Down-level alternative of PcAdd/RemoveStreamResource, QI on port. */
#define OPC_METHODS_IPortClsStreamResourceManager(METHOD_, END)                                                        \
    METHOD_(NTSTATUS, AddStreamResource)(THIS_ _In_ PVOID ResourceSet,                                                 \
                                         _In_ PPCSTREAMRESOURCE_DESCRIPTOR ResourceDescriptor,                         \
                                         _Out_ PCSTREAMRESOURCE * ResourceHandle) END                                  \
    METHOD_(NTSTATUS, RemoveStreamResource)(THIS_ _In_ PCSTREAMRESOURCE ResourceHandle) END
#define DEFINE_ABSTRACT_IPORTCLSSTREAMRESOURCEMANAGER() OPC_METHODS_IPortClsStreamResourceManager(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IPortClsStreamResourceManager
DECLARE_INTERFACE_(IPortClsStreamResourceManager, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsStreamResourceManager(STDMETHOD_, PURE;)
};
typedef IPortClsStreamResourceManager *PPORTCLSSTREAMRESOURCEMANAGER, *PPORTCLSStreamResourceManager;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortClsStreamResourceManager OPC_METHODS_IPortClsStreamResourceManager(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortClsStreamResourceManager
#endif

/* Adds a PDO parameter. */
#define OPC_METHODS_IPortClsStreamResourceManager2(METHOD_, END)                                                       \
    METHOD_(NTSTATUS, AddStreamResource2)(THIS_ _In_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ PVOID ResourceSet,      \
                                          _In_ PPCSTREAMRESOURCE_DESCRIPTOR ResourceDescriptor,                        \
                                          _Out_ PCSTREAMRESOURCE * ResourceHandle) END
#undef INTERFACE
#define INTERFACE IPortClsStreamResourceManager2
DECLARE_INTERFACE_(IPortClsStreamResourceManager2, IPortClsStreamResourceManager) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsStreamResourceManager(STDMETHOD_, PURE;)
        OPC_METHODS_IPortClsStreamResourceManager2(STDMETHOD_, PURE;)
};
typedef IPortClsStreamResourceManager2 *PPORTCLSSTREAMRESOURCEMANAGER2, *PPORTCLSStreamResourceManager2;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortClsStreamResourceManager2                                                                             \
    OPC_METHODS_IPortClsStreamResourceManager(OPC_IMPLEMENT_, ;)                                                       \
        OPC_METHODS_IPortClsStreamResourceManager2(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortClsStreamResourceManager2
#endif

/* QI on port; async notification to user mode (audio module events). */
#define OPC_METHODS_IPortClsNotifications(METHOD_, END)                                                                \
    METHOD_(NTSTATUS, AllocNotificationBuffer)(THIS_ _In_ POOL_TYPE PoolType, _In_ USHORT NumberOfBytes,               \
                                               _Out_ PPCNOTIFICATION_BUFFER * NotificationBuffer) END                  \
    METHOD_(VOID, FreeNotificationBuffer)(THIS_ _In_ PPCNOTIFICATION_BUFFER NotificationBuffer)                        \
        END METHOD_(VOID, SendNotification)(THIS_ _In_ const GUID* NotificationId,                                     \
                                            _In_ PPCNOTIFICATION_BUFFER NotificationBuffer) END
#undef INTERFACE
#define INTERFACE IPortClsNotifications
DECLARE_INTERFACE_(IPortClsNotifications, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsNotifications(STDMETHOD_, PURE;)
};
typedef IPortClsNotifications* PPORTCLSNOTIFICATIONS;
#define IMP_IPortClsNotifications OPC_METHODS_IPortClsNotifications(OPC_IMPLEMENT_, ;)

/* Adds end-of-stream hint. */
#define OPC_METHODS_IMiniportStreamAudioEngineNode2(METHOD_, END)                                                      \
    METHOD_(NTSTATUS, SetStreamCurrentWritePositionForLastBuffer)(THIS_ _In_ ULONG _ulWritePosition) END
#undef INTERFACE
#define INTERFACE IMiniportStreamAudioEngineNode2
DECLARE_INTERFACE_(IMiniportStreamAudioEngineNode2, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportStreamAudioEngineNode2(STDMETHOD_, PURE;)
};
typedef IMiniportStreamAudioEngineNode2* PMINIPORTSTREAMAUDIOENGINENODE2;
#define IMP_IMiniportStreamAudioEngineNode2 OPC_METHODS_IMiniportStreamAudioEngineNode2(OPC_IMPLEMENT_, ;)

#undef INTERFACE

#endif
