/* portcls.h, part 1: constants, requests, descriptors, callbacks, forward declarations of the interfaces. */
#ifndef OPC_PORTCLS_TYPES_H
#define OPC_PORTCLS_TYPES_H

#include "../drmk.h"
#include "../ks.h"
#include "../ksmedia.h"
#include "../punknown.h"
#include "portcls_guids.h"

#ifndef IRP_MN_FILTER_RESOURCE_REQUIREMENTS
#define IRP_MN_FILTER_RESOURCE_REQUIREMENTS 0x0D
#endif
#define PORTCLASSAPI EXTERN_C OPC_EXPORT
#define _100NS_UNITS_PER_SECOND 10000000L
#define PORT_CLASS_DEVICE_EXTENSION_SIZE (64 * sizeof(ULONG_PTR))
#define PCFILTER_NODE KSFILTER_NODE

typedef int CM_RESOURCE_TYPE;

typedef struct IAdapterPnpManagement IAdapterPnpManagement, *PADAPTERPNPMANAGEMENT;
typedef struct IMiniportPnpNotify IMiniportPnpNotify, *PMINIPORTPNPNOTIFY;
typedef struct IPortClsPnp IPortClsPnp, *PPORTCLSPNP;
typedef struct IResourceList IResourceList, *PRESOURCELIST;
typedef struct IDmaChannel IDmaChannel, *PDMACHANNEL;
/* Only headers for targets before Vista declare the interface, though the ports make such channels in every release:
   who needs it brings the declaration along. OPC_EVERY_TARGET: the library, which is for all of them. */
#if NTDDI_VERSION < NTDDI_VISTA || defined(OPC_EVERY_TARGET)
typedef struct IDmaChannelSlave IDmaChannelSlave, *PDMACHANNELSLAVE;
#else
typedef PVOID PDMACHANNELSLAVE;
#endif
typedef struct IInterruptSync IInterruptSync, *PINTERRUPTSYNC;
typedef struct IServiceSink IServiceSink, *PSERVICESINK;
typedef struct IServiceGroup IServiceGroup, *PSERVICEGROUP;
typedef struct IRegistryKey IRegistryKey, *PREGISTRYKEY;
typedef struct IMusicTechnology IMusicTechnology, *PMUSICTECHNOLOGY;
typedef struct IMiniport IMiniport, *PMINIPORT;
typedef struct IPort IPort, *PPORT;
typedef struct IPortMidi IPortMidi, *PPORTMIDI;
typedef struct IMiniportMidiStream IMiniportMidiStream, *PMINIPORTMIDISTREAM;
typedef struct IMiniportMidi IMiniportMidi, *PMINIPORTMIDI;
typedef struct IPortTopology IPortTopology, *PPORTTOPOLOGY;
typedef struct IMiniportTopology IMiniportTopology, *PMINIPORTTOPOLOGY;
typedef struct IPortWaveCyclic IPortWaveCyclic, *PPORTWAVECYCLIC;
typedef struct IMiniportWaveCyclicStream IMiniportWaveCyclicStream, *PMINIPORTWAVECYCLICSTREAM;
typedef struct IMiniportWaveCyclic IMiniportWaveCyclic, *PMINIPORTWAVECYCLIC;
typedef struct IPortWavePci IPortWavePci, *PPORTWAVEPCI;
typedef struct IPortWavePciStream IPortWavePciStream, *PPORTWAVEPCISTREAM;
typedef struct IMiniportWavePciStream IMiniportWavePciStream, *PMINIPORTWAVEPCISTREAM;
typedef struct IMiniportWavePci IMiniportWavePci, *PMINIPORTWAVEPCI;
typedef struct IPortWaveRT IPortWaveRT, *PPORTWAVERT;
typedef struct IPortWaveRTStream IPortWaveRTStream, *PPORTWAVERTSTREAM;
typedef struct IMiniportWaveRTStream IMiniportWaveRTStream, *PMINIPORTWAVERTSTREAM;
typedef struct IMiniportWaveRTStreamNotification IMiniportWaveRTStreamNotification, *PMINIPORTWAVERTSTREAMNOTIFICATION;
typedef struct IMiniportWaveRTInputStream IMiniportWaveRTInputStream, *PMINIPORTWAVERTINPUTSTREAM;
typedef struct IMiniportWaveRTOutputStream IMiniportWaveRTOutputStream, *PMINIPORTWAVERTOUTPUTSTREAM;
typedef struct IMiniportWaveRT IMiniportWaveRT, *PMINIPORTWAVERT;
typedef struct IMiniportAudioSignalProcessing IMiniportAudioSignalProcessing, *PMINIPORTAUDIOSIGNALPROCESSING;
typedef struct IAdapterPowerManagement IAdapterPowerManagement, *PADAPTERPOWERMANAGEMENT;
typedef struct IAdapterPowerManagement2 IAdapterPowerManagement2, *PADAPTERPOWERMANAGEMENT2;
typedef struct IAdapterPowerManagement3 IAdapterPowerManagement3, *PADAPTERPOWERMANAGEMENT3;
typedef struct IPowerNotify IPowerNotify, *PPOWERNOTIFY;
typedef struct IPinCount IPinCount, *PPINCOUNT;
typedef struct IPortEvents IPortEvents, *PPORTEVENTS;
typedef struct IDrmPort IDrmPort, *PDRMPORT;
typedef struct IDrmPort2 IDrmPort2, *PDRMPORT2;
typedef struct IPortClsVersion IPortClsVersion, *PPORTCLSVERSION;
typedef struct IPortClsSubdeviceEx IPortClsSubdeviceEx, *PPORTCLSSUBDEVICEEX;
typedef struct IPortClsPower IPortClsPower, *PPORTCLSPOWER;
typedef struct IPortClsRuntimePower IPortClsRuntimePower, *PPORTCLSRUNTIMEPOWER;
typedef struct IPortClsEtwHelper IPortClsEtwHelper, *PPORTCLSETWHELPER;
typedef struct IPortWMIRegistration IPortWMIRegistration, *PPORTWMIREGISTRATION;
typedef struct IPreFetchOffset IPreFetchOffset, *PPREFETCHOFFSET;
typedef struct IUnregisterSubdevice IUnregisterSubdevice, *PUNREGISTERSUBDEVICE;
typedef struct IUnregisterPhysicalConnection IUnregisterPhysicalConnection, *PUNREGISTERPHYSICALCONNECTION;
typedef struct IPinName IPinName, *PPINNAME;
typedef struct IMiniportAudioEngineNode IMiniportAudioEngineNode, *PMINIPORTAUDIOENGINENODE;
typedef struct IMiniportStreamAudioEngineNode IMiniportStreamAudioEngineNode, *PMINIPORTSTREAMAUDIOENGINENODE;
typedef struct IPortClsStreamResourceManager IPortClsStreamResourceManager, *PPORTCLSSTREAMRESOURCEMANAGER;
typedef struct IPortClsStreamResourceManager2 IPortClsStreamResourceManager2, *PPORTCLSSTREAMRESOURCEMANAGER2;
typedef struct IPortClsNotifications IPortClsNotifications, *PPORTCLSNOTIFICATIONS;
typedef struct IMiniportStreamAudioEngineNode2 IMiniportStreamAudioEngineNode2, *PMINIPORTSTREAMAUDIOENGINENODE2;

/* Versions that IPortClsVersion::GetVersion answers with. */
enum {
    kVersionInvalid = -1,
    kVersionWin98 = 0,
    kVersionWin98SE,
    kVersionWin2K,
    kVersionWin98SE_QFE2,
    kVersionWin2K_SP2,
    kVersionWinME,
    kVersionWin98SE_QFE3,
    kVersionWinME_QFE1,
    kVersionWinXP,
    kVersionWinXPSP1,
    kVersionWinServer2003,
    kVersionWin2K_UAAQFE,
    kVersionWinXP_UAAQFE,
    kVersionWinServer2003_UAAQFE,
    kVersionWindowsLonghorn
};

enum { GeneralRegistryKey, DeviceRegistryKey, DriverRegistryKey, HwProfileRegistryKey, DeviceInterfaceRegistryKey };

typedef enum { PcRebalanceNotSupported = 0, PcRebalanceRemoveSubdevices } PC_REBALANCE_TYPE;
typedef enum { InterruptSyncModeNormal = 1, InterruptSyncModeAll, InterruptSyncModeRepeat } INTERRUPTSYNCMODE;
typedef enum _PC_EXIT_LATENCY {
    PcExitLatencyInstant = 0,
    PcExitLatencyFast,
    PcExitLatencyResponsive
} PC_EXIT_LATENCY,
    *PPC_EXIT_LATENCY;
typedef enum { eMixFormat = 0, eDeviceFormat, eSupportedDeviceFormats } eEngineFormatType;
typedef enum { eVolumeAttribute = 0, eMuteAttribute, ePeakMeterAttribute } eChannelTargetType;
typedef enum _PcStreamResourceType {
    ePcStreamResourceInterrupt = 0,
    ePcStreamResourceThread,
    ePcStreamResourceSet
} PcStreamResourceType;
typedef enum {
    eMINIPORT_IHV_DEFINED = 0,
    eMINIPORT_BUFFER_COMPLETE,
    eMINIPORT_PIN_STATE,
    eMINIPORT_GET_STREAM_POSITION,
    eMINIPORT_SET_WAVERT_BUFFER_WRITE_POSITION,
    eMINIPORT_GET_PRESENTATION_POSITION,
    eMINIPORT_PROGRAM_DMA,
    eMINIPORT_GLITCH_REPORT,
    eMINIPORT_LAST_BUFFER_RENDERED,
    eMINIPORT_PROCESSING_MODE,
    eMINIPORT_FX_CLSID,
    eMINIPORT_MaxValue
} EPcMiniportEngineEvent;

/* Automation: property, method and event items and the requests their handlers get. */
#define PCPROPERTY_ITEM_FLAG_GET KSPROPERTY_TYPE_GET
#define PCPROPERTY_ITEM_FLAG_SET KSPROPERTY_TYPE_SET
#define PCPROPERTY_ITEM_FLAG_BASICSUPPORT KSPROPERTY_TYPE_BASICSUPPORT
#define PCPROPERTY_ITEM_FLAG_SERIALIZERAW KSPROPERTY_TYPE_SERIALIZERAW
#define PCPROPERTY_ITEM_FLAG_UNSERIALIZERAW KSPROPERTY_TYPE_UNSERIALIZERAW
#define PCPROPERTY_ITEM_FLAG_SERIALIZESIZE KSPROPERTY_TYPE_SERIALIZESIZE
#define PCPROPERTY_ITEM_FLAG_SERIALIZE                                                                                 \
    (PCPROPERTY_ITEM_FLAG_SERIALIZERAW | PCPROPERTY_ITEM_FLAG_UNSERIALIZERAW | PCPROPERTY_ITEM_FLAG_SERIALIZESIZE)
#define PCPROPERTY_ITEM_FLAG_DEFAULTVALUES KSPROPERTY_TYPE_DEFAULTVALUES
#define PCMETHOD_ITEM_FLAG_NONE KSMETHOD_TYPE_NONE
#define PCMETHOD_ITEM_FLAG_READ KSMETHOD_TYPE_READ
#define PCMETHOD_ITEM_FLAG_WRITE KSMETHOD_TYPE_WRITE
#define PCMETHOD_ITEM_FLAG_MODIFY KSMETHOD_TYPE_MODIFY
#define PCMETHOD_ITEM_FLAG_SOURCE KSMETHOD_TYPE_SOURCE
#define PCMETHOD_ITEM_FLAG_BASICSUPPORT KSMETHOD_TYPE_BASICSUPPORT
#define PCEVENT_ITEM_FLAG_ENABLE KSEVENT_TYPE_ENABLE
#define PCEVENT_ITEM_FLAG_ONESHOT KSEVENT_TYPE_ONESHOT
#define PCEVENT_ITEM_FLAG_BASICSUPPORT KSEVENT_TYPE_BASICSUPPORT
#define PCEVENT_VERB_NONE 0
#define PCEVENT_VERB_ADD 1
#define PCEVENT_VERB_REMOVE 2
#define PCEVENT_VERB_SUPPORT 4
#define PCUPDATE_PIN_DESC_FLAG_DATARANGES 0x00000001

typedef struct _PCPROPERTY_REQUEST PCPROPERTY_REQUEST, *PPCPROPERTY_REQUEST;
typedef struct _PCMETHOD_REQUEST PCMETHOD_REQUEST, *PPCMETHOD_REQUEST;
typedef struct _PCEVENT_REQUEST PCEVENT_REQUEST, *PPCEVENT_REQUEST;

typedef NTSTATUS(NTAPI* PCPFNPROPERTY_HANDLER)(_In_ PPCPROPERTY_REQUEST PropertyRequest);
typedef NTSTATUS(NTAPI* PCPFNMETHOD_HANDLER)(_In_ PPCMETHOD_REQUEST MethodRequest);
typedef NTSTATUS(NTAPI* PCPFNEVENT_HANDLER)(_In_ PPCEVENT_REQUEST EventRequest);

typedef struct {
    const GUID* Set;
    ULONG Id;
    ULONG Flags;
    PCPFNPROPERTY_HANDLER Handler;
} PCPROPERTY_ITEM, *PPCPROPERTY_ITEM;

typedef struct {
    const GUID* Set;
    ULONG Id;
    ULONG Flags;
    PCPFNMETHOD_HANDLER Handler;
} PCMETHOD_ITEM, *PPCMETHOD_ITEM;

typedef struct {
    const GUID* Set;
    ULONG Id;
    ULONG Flags;
    PCPFNEVENT_HANDLER Handler;
} PCEVENT_ITEM, *PPCEVENT_ITEM;

struct _PCPROPERTY_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCPROPERTY_ITEM* PropertyItem;
    ULONG Verb;
    ULONG InstanceSize;
    PVOID Instance;
    ULONG ValueSize;
    PVOID Value;
    PIRP Irp;
};

struct _PCMETHOD_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCMETHOD_ITEM* MethodItem;
    ULONG Verb;
};

struct _PCEVENT_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCEVENT_ITEM* EventItem;
    PKSEVENT_ENTRY EventEntry;
    ULONG Verb;
    PIRP Irp;
};

/* Item sizes are stated, so that an adapter may append fields of its own to an item (multiples of 8 bytes). */
typedef struct {
    ULONG PropertyItemSize;
    ULONG PropertyCount;
    const PCPROPERTY_ITEM* Properties;
    ULONG MethodItemSize;
    ULONG MethodCount;
    const PCMETHOD_ITEM* Methods;
    ULONG EventItemSize;
    ULONG EventCount;
    const PCEVENT_ITEM* Events;
    ULONG Reserved;
} PCAUTOMATION_TABLE, *PPCAUTOMATION_TABLE;

#define DEFINE_PCAUTOMATION_TABLE_PROP(AutomationTable, PropertyTable)                                                 \
    const PCAUTOMATION_TABLE AutomationTable = {sizeof(PropertyTable[0]),                                              \
                                                SIZEOF_ARRAY(PropertyTable),                                           \
                                                (const PCPROPERTY_ITEM*)PropertyTable,                                 \
                                                0,                                                                     \
                                                0,                                                                     \
                                                NULL,                                                                  \
                                                0,                                                                     \
                                                0,                                                                     \
                                                NULL,                                                                  \
                                                0}
#define DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(AutomationTable, PropertyTable, EventTable)                               \
    const PCAUTOMATION_TABLE AutomationTable = {                                                                       \
        sizeof(PropertyTable[0]), SIZEOF_ARRAY(PropertyTable), (const PCPROPERTY_ITEM*)PropertyTable, 0, 0, NULL,      \
        sizeof(EventTable[0]),    SIZEOF_ARRAY(EventTable),    (const PCEVENT_ITEM*)EventTable,       0}
#define DEFINE_PCAUTOMATION_TABLE_EVENT(AutomationTable, EventTable)                                                   \
    const PCAUTOMATION_TABLE AutomationTable = {                                                                       \
        0, 0, NULL, 0, 0, NULL, sizeof(EventTable[0]), SIZEOF_ARRAY(EventTable), (const PCEVENT_ITEM*)EventTable, 0}

/* Filter description. */
typedef KSTOPOLOGY_CONNECTION PCCONNECTION_DESCRIPTOR, *PPCCONNECTION_DESCRIPTOR;

typedef struct {
    ULONG MaxGlobalInstanceCount;
    ULONG MaxFilterInstanceCount;
    ULONG MinFilterInstanceCount;
    const PCAUTOMATION_TABLE* AutomationTable;
    KSPIN_DESCRIPTOR KsPinDescriptor;
} PCPIN_DESCRIPTOR, *PPCPIN_DESCRIPTOR;

typedef struct {
    ULONG Flags;
    const PCAUTOMATION_TABLE* AutomationTable;
    const GUID* Type;
    const GUID* Name;
} PCNODE_DESCRIPTOR, *PPCNODE_DESCRIPTOR;

typedef struct {
    ULONG Version;
    const PCAUTOMATION_TABLE* AutomationTable;
    ULONG PinSize;
    ULONG PinCount;
    const PCPIN_DESCRIPTOR* Pins;
    ULONG NodeSize;
    ULONG NodeCount;
    const PCNODE_DESCRIPTOR* Nodes;
    ULONG ConnectionCount;
    const PCCONNECTION_DESCRIPTOR* Connections;
    ULONG CategoryCount;
    const GUID* Categories;
} PCFILTER_DESCRIPTOR, *PPCFILTER_DESCRIPTOR;

/* Before PDEVICE_OBJECT and PIRP were the same everywhere, drivers got both as PVOID. */
#ifdef PC_OLD_NAMES
#define OPC_PORT_DEVICE PVOID
#define OPC_PORT_IRP PVOID
#else
#define OPC_PORT_DEVICE PDEVICE_OBJECT
#define OPC_PORT_IRP PIRP
#endif

/* Callbacks. */
typedef NTSTATUS(NTAPI* PINTERRUPTSYNCROUTINE)(_In_ struct IInterruptSync* InterruptSync, _In_ PVOID DynamicContext);
typedef NTSTATUS(NTAPI* PCPFNSTARTDEVICE)(_In_ OPC_PORT_DEVICE DeviceObject, _In_ OPC_PORT_IRP Irp,
                                          _In_ PRESOURCELIST ResourceList);
typedef NTSTATUS(NTAPI* PCPFNIRPHANDLER)(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _Out_ PULONG Action);
#define IRP_HANDLER_ACTION_DEFAULT 0
#define IRP_HANDLER_ACTION_FINISH 1
#define IRP_HANDLER_ACTION_FORWARD 2
typedef NTSTATUS(NTAPI* PCPFNRUNTIME_POWER_CONTROL_CALLBACK)(_In_ LPCGUID PowerControlCode, _In_opt_ PVOID InBuffer,
                                                             _In_ SIZE_T InBufferSize, _Out_opt_ PVOID OutBuffer,
                                                             _In_ SIZE_T OutBufferSize, _Out_opt_ PSIZE_T BytesReturned,
                                                             _In_opt_ PVOID Context);

typedef NTSTATUS(NTAPI EVT_PC_POST_PO_FX_REGISTER_DEVICE)(_In_ PVOID PoFxDeviceContext, _In_ POHANDLE PoHandle);
typedef EVT_PC_POST_PO_FX_REGISTER_DEVICE* PFN_PC_POST_PO_FX_REGISTER_DEVICE;
typedef VOID(NTAPI EVT_PC_PRE_PO_FX_UNREGISTER_DEVICE)(_In_ PVOID PoFxDeviceContext, _In_ POHANDLE PoHandle);
typedef EVT_PC_PRE_PO_FX_UNREGISTER_DEVICE* PFN_PC_PRE_PO_FX_UNREGISTER_DEVICE;

typedef struct _PC_POWER_FRAMEWORK_SETTINGS {
    ULONG Size;
    PFN_PC_POST_PO_FX_REGISTER_DEVICE EvtPcPostPoFxRegisterDevice;
    PFN_PC_PRE_PO_FX_UNREGISTER_DEVICE EvtPcPrePoFxUnregisterDevice;
    PPO_FX_COMPONENT Component;
    PPO_FX_COMPONENT_ACTIVE_CONDITION_CALLBACK ComponentActiveConditionCallback;
    PPO_FX_COMPONENT_IDLE_CONDITION_CALLBACK ComponentIdleConditionCallback;
    PPO_FX_COMPONENT_IDLE_STATE_CALLBACK ComponentIdleStateCallback;
    PPO_FX_POWER_CONTROL_CALLBACK PowerControlCallback;
    PVOID PoFxDeviceContext;
} PC_POWER_FRAMEWORK_SETTINGS, *PPC_POWER_FRAMEWORK_SETTINGS;

FORCEINLINE VOID PC_POWER_FRAMEWORK_SETTINGS_INIT(_Out_ PPC_POWER_FRAMEWORK_SETTINGS PoFxSettings) {
    RtlZeroMemory(PoFxSettings, sizeof(*PoFxSettings));
    PoFxSettings->Size = sizeof(*PoFxSettings);
}

DECLARE_HANDLE(PCSTREAMRESOURCE);
typedef PCSTREAMRESOURCE* PPCSTREAMRESOURCE;

typedef struct _PCSTREAMRESOURCE_DESCRIPTOR {
    ULONG Size;
    ULONG Flags;
    PDEVICE_OBJECT Pdo;
    PcStreamResourceType Type;
    union {
        struct {
            ULONG Version;
            PVOID Generic;
        } Interrupt;
        PETHREAD Thread;
        PVOID ResourceSet;
    } Resource;
} PCSTREAMRESOURCE_DESCRIPTOR, *PPCSTREAMRESOURCE_DESCRIPTOR;

FORCEINLINE VOID PCSTREAMRESOURCE_DESCRIPTOR_INIT(_Out_ PPCSTREAMRESOURCE_DESCRIPTOR Descriptor) {
    RtlZeroMemory(Descriptor, sizeof(*Descriptor));
    Descriptor->Size = sizeof(*Descriptor);
}

typedef struct _PCNOTIFICATION_BUFFER {
    UCHAR NotificationBuffer[1];
} PCNOTIFICATION_BUFFER, *PPCNOTIFICATION_BUFFER;

#endif
