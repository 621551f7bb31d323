/* Interfaces between PortCls and the adapter: resources, DMA, interrupts, service groups, registry, power, PnP. */
#ifndef OPC_PORTCLS_INTERFACES_ADAPTER_H
#define OPC_PORTCLS_INTERFACES_ADAPTER_H

#include "portcls_types.h"

/* Read (and for sublists append) access to the assigned resources in translated and raw form. */
#define OPC_METHODS_IResourceList(METHOD_, END)                                                                        \
    METHOD_(ULONG, NumberOfEntries)(THIS) END METHOD_(ULONG, NumberOfEntriesOfType)(THIS_ _In_ CM_RESOURCE_TYPE Type)  \
        END METHOD_(PCM_PARTIAL_RESOURCE_DESCRIPTOR, FindTranslatedEntry)(THIS_ _In_ CM_RESOURCE_TYPE Type,            \
                                                                          _In_ ULONG Index)                            \
            END METHOD_(PCM_PARTIAL_RESOURCE_DESCRIPTOR, FindUntranslatedEntry)(THIS_ _In_ CM_RESOURCE_TYPE Type,      \
                                                                                _In_ ULONG Index)                      \
                END METHOD_(NTSTATUS, AddEntry)(THIS_ _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Translated,                 \
                                                _In_ PCM_PARTIAL_RESOURCE_DESCRIPTOR Untranslated)                     \
                    END METHOD_(NTSTATUS, AddEntryFromParent)(THIS_ _In_ struct IResourceList * Parent,                \
                                                              _In_ CM_RESOURCE_TYPE Type, _In_ ULONG Index)            \
                        END METHOD_(PCM_RESOURCE_LIST, TranslatedList)(THIS)                                           \
                            END METHOD_(PCM_RESOURCE_LIST, UntranslatedList)(THIS) END
#undef INTERFACE
#define INTERFACE IResourceList
DECLARE_INTERFACE_(IResourceList, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IResourceList(STDMETHOD_, PURE;)
};
typedef IResourceList* PRESOURCELIST;
#ifdef PC_IMPLEMENTATION
#define IMP_IResourceList OPC_METHODS_IResourceList(OPC_IMPLEMENT_, ;)
#else
#define IMP_IResourceList
#endif

/* Common-buffer DMA channel made by the WaveCyclic/WavePci port (or PcNewDmaChannel); WaveCyclic port itself uses
   only AllocatedBufferSize, BufferSize, CopyFrom, CopyTo, SetBufferSize and SystemAddress. */
#define OPC_METHODS_IDmaChannel(METHOD_, END)                                                                          \
    METHOD_(NTSTATUS, AllocateBuffer)(THIS_ _In_ ULONG BufferSize,                                                     \
                                      _In_opt_ PPHYSICAL_ADDRESS PhysicalAddressConstraint) END                        \
    METHOD_(VOID, FreeBuffer)(THIS) END METHOD_(ULONG, TransferCount)(THIS) END METHOD_(ULONG, MaximumBufferSize)(     \
        THIS) END METHOD_(ULONG, AllocatedBufferSize)(THIS) END METHOD_(ULONG, BufferSize)(THIS)                       \
        END METHOD_(VOID, SetBufferSize)(THIS_ _In_ ULONG BufferSize) END METHOD_(PVOID, SystemAddress)(THIS)          \
            END OPC_STRUCT_METHOD(METHOD_, PHYSICAL_ADDRESS, PhysicalAddress)(OPC_THIS_RESULT(PHYSICAL_ADDRESS))       \
                END METHOD_(PADAPTER_OBJECT, GetAdapterObject)(THIS) END METHOD_(VOID, CopyTo)(                        \
                    THIS_ _Inout_ PVOID Destination, _In_ PVOID Source, _In_ ULONG ByteCount)                          \
                    END METHOD_(VOID, CopyFrom)(THIS_ _Inout_ PVOID Destination, _In_ PVOID Source,                    \
                                                _In_ ULONG ByteCount) END
#define DEFINE_ABSTRACT_DMACHANNEL() OPC_METHODS_IDmaChannel(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IDmaChannel
DECLARE_INTERFACE_(IDmaChannel, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IDmaChannel(STDMETHOD_, PURE;)
};
typedef IDmaChannel* PDMACHANNEL;
#ifdef PC_IMPLEMENTATION
#define IMP_IDmaChannel OPC_METHODS_IDmaChannel(OPC_IMPLEMENT_, ;)
#else
#define IMP_IDmaChannel
#endif

/* ISA-style slave channel. */
#if NTDDI_VERSION < NTDDI_VISTA || defined(OPC_EVERY_TARGET)
#define OPC_METHODS_IDmaChannelSlave(METHOD_, END)                                                                     \
    METHOD_(NTSTATUS, Start)(THIS_ _In_ ULONG MapSize, _In_ BOOLEAN WriteToDevice) END METHOD_(NTSTATUS, Stop)(THIS)   \
        END METHOD_(ULONG, ReadCounter)(THIS) END METHOD_(NTSTATUS, WaitForTC)(THIS_ _In_ ULONG Timeout) END
#define DEFINE_ABSTRACT_DMACHANNELSLAVE() OPC_METHODS_IDmaChannelSlave(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IDmaChannelSlave
DECLARE_INTERFACE_(IDmaChannelSlave, IDmaChannel) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IDmaChannel(STDMETHOD_, PURE;) OPC_METHODS_IDmaChannelSlave(STDMETHOD_, PURE;)
};
typedef IDmaChannelSlave* PDMACHANNELSLAVE;
#ifdef PC_IMPLEMENTATION
#define IMP_IDmaChannelSlave OPC_METHODS_IDmaChannel(OPC_IMPLEMENT_, ;) OPC_METHODS_IDmaChannelSlave(OPC_IMPLEMENT_, ;)
#else
#define IMP_IDmaChannelSlave
#endif
#endif

/* Serialises routines with an interrupt's ISR list and dispatches the ISRs. */
#define OPC_METHODS_IInterruptSync(METHOD_, END)                                                                       \
    METHOD_(NTSTATUS, CallSynchronizedRoutine)(THIS_ _In_ PINTERRUPTSYNCROUTINE Routine, _In_ PVOID DynamicContext)    \
        END                                                                                                            \
        METHOD_(PKINTERRUPT, GetKInterrupt)(THIS) END METHOD_(NTSTATUS, Connect)(THIS)                                 \
            END METHOD_(VOID, Disconnect)(THIS) END METHOD_(NTSTATUS, RegisterServiceRoutine)(                         \
                THIS_ _In_ PINTERRUPTSYNCROUTINE Routine, _In_ PVOID DynamicContext, _In_ BOOLEAN First) END
#undef INTERFACE
#define INTERFACE IInterruptSync
DECLARE_INTERFACE_(IInterruptSync, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IInterruptSync(STDMETHOD_, PURE;)
};
typedef IInterruptSync* PINTERRUPTSYNC;
#ifdef PC_IMPLEMENTATION
#define IMP_IInterruptSync OPC_METHODS_IInterruptSync(OPC_IMPLEMENT_, ;)
#else
#define IMP_IInterruptSync
#endif

/* Object that is called back at DISPATCH when its group is serviced. */
#define OPC_METHODS_IServiceSink(METHOD_, END) METHOD_(VOID, RequestService)(THIS) END
#undef INTERFACE
#define INTERFACE IServiceSink
DECLARE_INTERFACE_(IServiceSink, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IServiceSink(STDMETHOD_, PURE;)
};
typedef IServiceSink* PSERVICESINK;
#ifdef PC_IMPLEMENTATION
#define IMP_IServiceSink OPC_METHODS_IServiceSink(OPC_IMPLEMENT_, ;)
#else
#define IMP_IServiceSink
#endif

/* Set of service sinks; port registers its stream sinks, miniport or adapter ISR triggers it via port Notify. */
#define OPC_METHODS_IServiceGroup(METHOD_, END)                                                                        \
    METHOD_(NTSTATUS, AddMember)(THIS_ _In_ PSERVICESINK pServiceSink) END METHOD_(VOID, RemoveMember)(                \
        THIS_ _In_ PSERVICESINK pServiceSink) END METHOD_(VOID, SupportDelayedService)(THIS)                           \
        END METHOD_(VOID, RequestDelayedService)(THIS_ _In_ ULONGLONG ullDelay)                                        \
            END METHOD_(VOID, CancelDelayedService)(THIS) END
#undef INTERFACE
#define INTERFACE IServiceGroup
DECLARE_INTERFACE_(IServiceGroup, IServiceSink) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IServiceSink(STDMETHOD_, PURE;) OPC_METHODS_IServiceGroup(STDMETHOD_, PURE;)
};
typedef IServiceGroup* PSERVICEGROUP;
#ifdef PC_IMPLEMENTATION
#define IMP_IServiceGroup OPC_METHODS_IServiceSink(OPC_IMPLEMENT_, ;) OPC_METHODS_IServiceGroup(OPC_IMPLEMENT_, ;)
#else
#define IMP_IServiceGroup
#endif

/* Thin object over one open key; closes handle on last Release. */
#define OPC_METHODS_IRegistryKey(METHOD_, END)                                                                         \
    METHOD_(NTSTATUS, QueryKey)(THIS_ _In_ KEY_INFORMATION_CLASS KeyInformationClass, _Out_ PVOID KeyInformation,      \
                                _In_ ULONG Length, _Out_ PULONG ResultLength) END                                      \
    METHOD_(NTSTATUS, EnumerateKey)(THIS_ _In_ ULONG Index, _In_ KEY_INFORMATION_CLASS KeyInformationClass,            \
                                    _Out_ PVOID KeyInformation, _In_ ULONG Length, _Out_ PULONG ResultLength)          \
        END METHOD_(NTSTATUS, QueryValueKey)(                                                                          \
            THIS_ _In_ PUNICODE_STRING ValueName, _In_ KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,           \
            _Out_ PVOID KeyValueInformation, _In_ ULONG Length, _Out_ PULONG ResultLength)                             \
            END METHOD_(NTSTATUS, EnumerateValueKey)(                                                                  \
                THIS_ _In_ ULONG Index, _In_ KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,                     \
                _Out_ PVOID KeyValueInformation, _In_ ULONG Length, _Out_ PULONG ResultLength)                         \
                END METHOD_(NTSTATUS, SetValueKey)(THIS_ _In_opt_ PUNICODE_STRING ValueName, _In_ ULONG Type,          \
                                                   _In_ PVOID Data, _In_ ULONG DataSize)                               \
                    END METHOD_(NTSTATUS, QueryRegistryValues)(THIS_ _In_ PRTL_QUERY_REGISTRY_TABLE QueryTable,        \
                                                               _In_opt_ PVOID Context)                                 \
                        END METHOD_(NTSTATUS, NewSubKey)(                                                              \
                            THIS_ _Out_ IRegistryKey * *RegistrySubKey, _In_opt_ PUNKNOWN OuterUnknown,                \
                            _In_ ACCESS_MASK DesiredAccess, _In_ PUNICODE_STRING SubKeyName, _In_ ULONG CreateOptions, \
                            _Out_opt_ PULONG Disposition) END METHOD_(NTSTATUS, DeleteKey)(THIS) END
#undef INTERFACE
#define INTERFACE IRegistryKey
DECLARE_INTERFACE_(IRegistryKey, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IRegistryKey(STDMETHOD_, PURE;)
};
typedef IRegistryKey* PREGISTRYKEY;
#ifdef PC_IMPLEMENTATION
#define IMP_IRegistryKey OPC_METHODS_IRegistryKey(OPC_IMPLEMENT_, ;)
#else
#define IMP_IRegistryKey
#endif

/* Adapter-implemented power callbacks. */
#define OPC_METHODS_IAdapterPowerManagement(METHOD_, END)                                                              \
    METHOD_(VOID, PowerChangeState)(THIS_ _In_ POWER_STATE NewState) END METHOD_(NTSTATUS, QueryPowerChangeState)(     \
        THIS_ _In_ POWER_STATE NewStateQuery)                                                                          \
        END METHOD_(NTSTATUS, QueryDeviceCapabilities)(THIS_ _Inout_ PDEVICE_CAPABILITIES PowerDeviceCaps) END
#define DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT() OPC_METHODS_IAdapterPowerManagement(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IAdapterPowerManagement
DECLARE_INTERFACE_(IAdapterPowerManagement, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IAdapterPowerManagement(STDMETHOD_, PURE;)
};
typedef IAdapterPowerManagement* PADAPTERPOWERMANAGEMENT;
#define IMP_IAdapterPowerManagement OPC_METHODS_IAdapterPowerManagement(OPC_IMPLEMENT_, ;)

/* Adds system state to the callback; derived from IUnknown but vtable repeats all of version 1 first. */
#define OPC_METHODS_IAdapterPowerManagement2(METHOD_, END)                                                             \
    METHOD_(VOID, PowerChangeState)(THIS_ _In_ POWER_STATE NewState) END METHOD_(NTSTATUS, QueryPowerChangeState)(     \
        THIS_ _In_ POWER_STATE NewStateQuery)                                                                          \
        END METHOD_(NTSTATUS, QueryDeviceCapabilities)(THIS_ _Inout_ PDEVICE_CAPABILITIES PowerDeviceCaps)             \
            END METHOD_(VOID, PowerChangeState2)(THIS_ _In_ DEVICE_POWER_STATE NewDeviceState,                         \
                                                 _In_ SYSTEM_POWER_STATE NewSystemState) END
#define DEFINE_ABSTRACT_ADAPTERPOWERMANAGEMENT2() OPC_METHODS_IAdapterPowerManagement2(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IAdapterPowerManagement2
DECLARE_INTERFACE_(IAdapterPowerManagement2, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IAdapterPowerManagement2(STDMETHOD_, PURE;)
};
typedef IAdapterPowerManagement2* PADAPTERPOWERMANAGEMENT2;
#define IMP_IAdapterPowerManagement2 OPC_METHODS_IAdapterPowerManagement2(OPC_IMPLEMENT_, ;)

/* Adds D3 exit latency; vtable repeats 1 and 2. */
#define OPC_METHODS_IAdapterPowerManagement3(METHOD_, END)                                                             \
    METHOD_(VOID, PowerChangeState)(THIS_ _In_ POWER_STATE NewState) END METHOD_(NTSTATUS, QueryPowerChangeState)(     \
        THIS_ _In_ POWER_STATE NewStateQuery)                                                                          \
        END METHOD_(NTSTATUS, QueryDeviceCapabilities)(THIS_ _Inout_ PDEVICE_CAPABILITIES PowerDeviceCaps)             \
            END METHOD_(VOID, PowerChangeState2)(THIS_ _In_ DEVICE_POWER_STATE NewDeviceState,                         \
                                                 _In_ SYSTEM_POWER_STATE NewSystemState)                               \
                END METHOD_(VOID, PowerChangeState3)(THIS_ _In_ DEVICE_POWER_STATE NewDeviceState,                     \
                                                     _In_ SYSTEM_POWER_STATE NewSystemState,                           \
                                                     _In_ PC_EXIT_LATENCY D3ExitLatency)                               \
                    END METHOD_(NTSTATUS, D3ExitLatencyChanged)(THIS_ _In_ PC_EXIT_LATENCY NewD3ExitLatency) END
#undef INTERFACE
#define INTERFACE IAdapterPowerManagement3
DECLARE_INTERFACE_(IAdapterPowerManagement3, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IAdapterPowerManagement3(STDMETHOD_, PURE;)
};
typedef IAdapterPowerManagement3* PADAPTERPOWERMANAGEMENT3;
#define IMP_IAdapterPowerManagement3 OPC_METHODS_IAdapterPowerManagement3(OPC_IMPLEMENT_, ;)

/* Optional miniport or miniport-stream interface. */
#define OPC_METHODS_IPowerNotify(METHOD_, END) METHOD_(VOID, PowerChangeNotify)(THIS_ _In_ POWER_STATE PowerState) END
#undef INTERFACE
#define INTERFACE IPowerNotify
DECLARE_INTERFACE_(IPowerNotify, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPowerNotify(STDMETHOD_, PURE;)
};
typedef IPowerNotify* PPOWERNOTIFY;
#define IMP_IPowerNotify OPC_METHODS_IPowerNotify(OPC_IMPLEMENT_, ;)

/* Adapter-implemented hook for stop/rebalance; registered with PcRegisterAdapterPnpManagement or IPortClsPnp. */
#define OPC_METHODS_IAdapterPnpManagement(METHOD_, END)                                                                \
    METHOD_(PC_REBALANCE_TYPE, GetSupportedRebalanceType)(THIS) END METHOD_(VOID, PnpQueryStop)(THIS)                  \
        END METHOD_(VOID, PnpCancelStop)(THIS) END METHOD_(VOID, PnpStop)(THIS) END
#define DEFINE_ABSTRACT_ADAPTERPNPMANAGEMENT() OPC_METHODS_IAdapterPnpManagement(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IAdapterPnpManagement
DECLARE_INTERFACE_(IAdapterPnpManagement, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IAdapterPnpManagement(STDMETHOD_, PURE;)
};
typedef IAdapterPnpManagement* PADAPTERPNPMANAGEMENT;
#define IMP_IAdapterPnpManagement OPC_METHODS_IAdapterPnpManagement(OPC_IMPLEMENT_, ;)

/* Optional miniport interface queried by the WaveRT and Topology ports for stop notification. */
#define OPC_METHODS_IMiniportPnpNotify(METHOD_, END) METHOD_(VOID, PnpStop)(THIS) END
#define DEFINE_ABSTRACT_MINIPORTPNPNOTIFY() OPC_METHODS_IMiniportPnpNotify(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMiniportPnpNotify
DECLARE_INTERFACE_(IMiniportPnpNotify, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportPnpNotify(STDMETHOD_, PURE;)
};
typedef IMiniportPnpNotify* PMINIPORTPNPNOTIFY;
#define IMP_IMiniportPnpNotify OPC_METHODS_IMiniportPnpNotify(OPC_IMPLEMENT_, ;)

/* Port-implemented registration alternative for drivers that load on older systems (QI on a WaveRT port). */
#define OPC_METHODS_IPortClsPnp(METHOD_, END)                                                                          \
    METHOD_(NTSTATUS, RegisterAdapterPnpManagement)(THIS_ _In_ PUNKNOWN pUnknown, _In_ PDEVICE_OBJECT DeviceObject)    \
        END                                                                                                            \
        METHOD_(NTSTATUS, UnregisterAdapterPnpManagement)(THIS_ _In_ PDEVICE_OBJECT DeviceObject) END
#undef INTERFACE
#define INTERFACE IPortClsPnp
DECLARE_INTERFACE_(IPortClsPnp, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortClsPnp(STDMETHOD_, PURE;)
};
typedef IPortClsPnp* PPORTCLSPNP;
#define IMP_IPortClsPnp OPC_METHODS_IPortClsPnp(OPC_IMPLEMENT_, ;)

/* Optional interface of MIDI/DMus miniports to receive the music technology GUID. */
#define OPC_METHODS_IMusicTechnology(METHOD_, END)                                                                     \
    METHOD_(NTSTATUS, SetTechnology)(THIS_ _In_ const GUID* Technology) END
#undef INTERFACE
#define INTERFACE IMusicTechnology
DECLARE_INTERFACE_(IMusicTechnology, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMusicTechnology(STDMETHOD_, PURE;)
};
typedef IMusicTechnology* PMUSICTECHNOLOGY;
#define IMP_IMusicTechnology OPC_METHODS_IMusicTechnology(OPC_IMPLEMENT_, ;)

#undef INTERFACE

#endif
