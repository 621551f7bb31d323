/*
 * ks.h, part 5: AVStream objects. Port class drivers see only KSAUTOMATION_TABLE, KSPIN_DESCRIPTOR_EX and the object
 * types in signatures; the AVStream functions themselves are not part of OpenPortCls.
 */
#ifndef OPC_KS_AVSTREAM_H
#define OPC_KS_AVSTREAM_H

#include "ks_control.h"

typedef struct KSAUTOMATION_TABLE_ {
    ULONG PropertySetsCount;
    ULONG PropertyItemSize;
    _Field_size_(PropertySetsCount) const KSPROPERTY_SET* PropertySets;
    ULONG MethodSetsCount;
    ULONG MethodItemSize;
    _Field_size_(MethodSetsCount) const KSMETHOD_SET* MethodSets;
    ULONG EventSetsCount;
    ULONG EventItemSize;
    _Field_size_(EventSetsCount) const KSEVENT_SET* EventSets;
    PVOID Alignment;
} KSAUTOMATION_TABLE, *PKSAUTOMATION_TABLE;

typedef struct _KSDEVICE KSDEVICE, *PKSDEVICE;
typedef struct _KSFILTERFACTORY KSFILTERFACTORY, *PKSFILTERFACTORY;
typedef struct _KSFILTER KSFILTER, *PKSFILTER;
typedef struct _KSPIN KSPIN, *PKSPIN;
typedef struct _KSPIN_DISPATCH KSPIN_DISPATCH, *PKSPIN_DISPATCH;
typedef struct _KSFILTER_DISPATCH KSFILTER_DISPATCH, *PKSFILTER_DISPATCH;
typedef struct _KSDEVICE_DISPATCH KSDEVICE_DISPATCH, *PKSDEVICE_DISPATCH;
typedef struct _KSCLOCK_DISPATCH KSCLOCK_DISPATCH, *PKSCLOCK_DISPATCH;
typedef struct _KSALLOCATOR_DISPATCH KSALLOCATOR_DISPATCH, *PKSALLOCATOR_DISPATCH;
typedef struct _KSPROCESSPIN_INDEXENTRY KSPROCESSPIN_INDEXENTRY, *PKSPROCESSPIN_INDEXENTRY;

typedef NTSTATUS(NTAPI* PFNKSDEVICE)(_In_ PKSDEVICE Device);
typedef VOID(NTAPI* PFNKSDEVICEVOID)(_In_ PKSDEVICE Device);
typedef NTSTATUS(NTAPI* PFNKSDEVICECREATE)(_In_ PKSDEVICE Device);
typedef NTSTATUS(NTAPI* PFNKSDEVICEPNPSTART)(_In_ PKSDEVICE Device, _In_ PIRP Irp,
                                             _In_opt_ PCM_RESOURCE_LIST TranslatedResourceList,
                                             _In_opt_ PCM_RESOURCE_LIST UntranslatedResourceList);
typedef NTSTATUS(NTAPI* PFNKSDEVICEIRP)(_In_ PKSDEVICE Device, _In_ PIRP Irp);
typedef VOID(NTAPI* PFNKSDEVICEIRPVOID)(_In_ PKSDEVICE Device, _In_ PIRP Irp);
typedef NTSTATUS(NTAPI* PFNKSDEVICEQUERYCAPABILITIES)(_In_ PKSDEVICE Device, _In_ PIRP Irp,
                                                      _Inout_ PDEVICE_CAPABILITIES Capabilities);
typedef NTSTATUS(NTAPI* PFNKSDEVICEQUERYPOWER)(_In_ PKSDEVICE Device, _In_ PIRP Irp, _In_ DEVICE_POWER_STATE DeviceTo,
                                               _In_ DEVICE_POWER_STATE DeviceFrom, _In_ SYSTEM_POWER_STATE SystemTo,
                                               _In_ SYSTEM_POWER_STATE SystemFrom, _In_ POWER_ACTION Action);
typedef VOID(NTAPI* PFNKSDEVICESETPOWER)(_In_ PKSDEVICE Device, _In_ PIRP Irp, _In_ DEVICE_POWER_STATE To,
                                         _In_ DEVICE_POWER_STATE From);
typedef NTSTATUS(NTAPI* PFNKSFILTERIRP)(_In_ PKSFILTER Filter, _In_ PIRP Irp);
typedef VOID(NTAPI* PFNKSFILTERVOID)(_In_ PKSFILTER Filter);
typedef NTSTATUS(NTAPI* PFNKSFILTERPROCESS)(_In_ PKSFILTER Filter, _In_ PKSPROCESSPIN_INDEXENTRY Index);
typedef NTSTATUS(NTAPI* PFNKSPIN)(_In_ PKSPIN Pin);
typedef VOID(NTAPI* PFNKSPINVOID)(_In_ PKSPIN Pin);
typedef NTSTATUS(NTAPI* PFNKSPINIRP)(_In_ PKSPIN Pin, _In_ PIRP Irp);
typedef NTSTATUS(NTAPI* PFNKSPINSETDEVICESTATE)(_In_ PKSPIN Pin, _In_ KSSTATE ToState, _In_ KSSTATE FromState);
typedef NTSTATUS(NTAPI* PFNKSPINSETDATAFORMAT)(_In_ PKSPIN Pin, _In_opt_ PKSDATAFORMAT OldFormat,
                                               _In_opt_ PKSMULTIPLE_ITEM OldAttributeList,
                                               _In_ const KSDATARANGE* DataRange,
                                               _In_opt_ const KSATTRIBUTE_LIST* AttributeRange);
typedef BOOLEAN(NTAPI* PFNKSPINSETTIMER)(_In_ PKSPIN Pin, _In_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                         _In_ PKDPC Dpc);
typedef BOOLEAN(NTAPI* PFNKSPINCANCELTIMER)(_In_ PKSPIN Pin, _In_ PKTIMER Timer);
typedef LONGLONG(FASTCALL* PFNKSPINCORRELATEDTIME)(_In_ PKSPIN Pin, _Out_ PLONGLONG SystemTime);
typedef VOID(NTAPI* PFNKSPINRESOLUTION)(_In_ PKSPIN Pin, _Out_ PKSRESOLUTION Resolution);
typedef NTSTATUS(NTAPI* PFNKSPININITIALIZEALLOCATOR)(_In_ PKSPIN Pin, _In_ PKSALLOCATOR_FRAMING AllocatorFraming,
                                                     _Out_ PVOID* Context);

struct _KSCLOCK_DISPATCH {
    PFNKSPINSETTIMER SetTimer;
    PFNKSPINCANCELTIMER CancelTimer;
    PFNKSPINCORRELATEDTIME CorrelatedTime;
    PFNKSPINRESOLUTION Resolution;
};

struct _KSALLOCATOR_DISPATCH {
    PFNKSPININITIALIZEALLOCATOR InitializeAllocator;
    PFNKSDELETEALLOCATOR DeleteAllocator;
    PFNKSDEFAULTALLOCATE Allocate;
    PFNKSDEFAULTFREE Free;
};

struct _KSPIN_DISPATCH {
    PFNKSPINIRP Create;
    PFNKSPINIRP Close;
    PFNKSPIN Process;
    PFNKSPINVOID Reset;
    PFNKSPINSETDATAFORMAT SetDataFormat;
    PFNKSPINSETDEVICESTATE SetDeviceState;
    PFNKSPIN Connect;
    PFNKSPINVOID Disconnect;
    const KSCLOCK_DISPATCH* Clock;
    const KSALLOCATOR_DISPATCH* Allocator;
};

struct _KSFILTER_DISPATCH {
    PFNKSFILTERIRP Create;
    PFNKSFILTERIRP Close;
    PFNKSFILTERPROCESS Process;
    PFNKSFILTERVOID Reset;
};

struct _KSDEVICE_DISPATCH {
    PFNKSDEVICECREATE Add;
    PFNKSDEVICEPNPSTART Start;
    PFNKSDEVICE PostStart;
    PFNKSDEVICEIRP QueryStop;
    PFNKSDEVICEIRPVOID CancelStop;
    PFNKSDEVICEIRPVOID Stop;
    PFNKSDEVICEIRP QueryRemove;
    PFNKSDEVICEIRPVOID CancelRemove;
    PFNKSDEVICEIRPVOID Remove;
    PFNKSDEVICEQUERYCAPABILITIES QueryCapabilities;
    PFNKSDEVICEIRPVOID SurpriseRemoval;
    PFNKSDEVICEQUERYPOWER QueryPower;
    PFNKSDEVICESETPOWER SetPower;
    PFNKSDEVICEIRP QueryInterface;
};

typedef struct _KSPIN_DESCRIPTOR_EX {
    const KSPIN_DISPATCH* Dispatch;
    const KSAUTOMATION_TABLE* AutomationTable;
    KSPIN_DESCRIPTOR PinDescriptor;
    ULONG Flags;
    ULONG InstancesPossible;
    ULONG InstancesNecessary;
    const KSALLOCATOR_FRAMING_EX* AllocatorFraming;
    PFNKSINTERSECTHANDLEREX IntersectHandler;
} KSPIN_DESCRIPTOR_EX, *PKSPIN_DESCRIPTOR_EX;

typedef struct _KSNODE_DESCRIPTOR {
    const KSAUTOMATION_TABLE* AutomationTable;
    const GUID* Type;
    const GUID* Name;
    PVOID Alignment;
} KSNODE_DESCRIPTOR, *PKSNODE_DESCRIPTOR;

typedef struct _KSFILTER_DESCRIPTOR {
    const KSFILTER_DISPATCH* Dispatch;
    const KSAUTOMATION_TABLE* AutomationTable;
    ULONG Version;
    ULONG Flags;
    const GUID* ReferenceGuid;
    ULONG PinDescriptorsCount;
    ULONG PinDescriptorSize;
    const KSPIN_DESCRIPTOR_EX* PinDescriptors;
    ULONG CategoriesCount;
    const GUID* Categories;
    ULONG NodeDescriptorsCount;
    ULONG NodeDescriptorSize;
    const KSNODE_DESCRIPTOR* NodeDescriptors;
    ULONG ConnectionsCount;
    const KSTOPOLOGY_CONNECTION* Connections;
    const KSCOMPONENTID* ComponentId;
} KSFILTER_DESCRIPTOR, *PKSFILTER_DESCRIPTOR;
#define KSFILTER_DESCRIPTOR_VERSION ((ULONG) - 1)

typedef struct _KSDEVICE_DESCRIPTOR {
    const KSDEVICE_DISPATCH* Dispatch;
    ULONG FilterDescriptorsCount;
    const KSFILTER_DESCRIPTOR* const* FilterDescriptors;
    ULONG Version;
    ULONG Flags;
    PVOID Alignment;
} KSDEVICE_DESCRIPTOR, *PKSDEVICE_DESCRIPTOR;

struct _KSDEVICE {
    const KSDEVICE_DESCRIPTOR* Descriptor;
    KSOBJECT_BAG Bag;
    PVOID Context;
    PDEVICE_OBJECT FunctionalDeviceObject;
    PDEVICE_OBJECT PhysicalDeviceObject;
    PDEVICE_OBJECT NextDeviceObject;
    BOOLEAN Started;
    SYSTEM_POWER_STATE SystemPowerState;
    DEVICE_POWER_STATE DevicePowerState;
};

struct _KSFILTERFACTORY {
    const KSFILTER_DESCRIPTOR* FilterDescriptor;
    KSOBJECT_BAG Bag;
    PVOID Context;
};

struct _KSFILTER {
    const KSFILTER_DESCRIPTOR* Descriptor;
    KSOBJECT_BAG Bag;
    PVOID Context;
};

struct _KSPIN {
    const KSPIN_DESCRIPTOR_EX* Descriptor;
    KSOBJECT_BAG Bag;
    PVOID Context;
    ULONG Id;
    KSPIN_COMMUNICATION Communication;
    BOOLEAN ConnectionIsExternal;
    KSPIN_INTERFACE ConnectionInterface;
    KSPIN_MEDIUM ConnectionMedium;
    KSPRIORITY ConnectionPriority;
    PKSDATAFORMAT ConnectionFormat;
    PKSMULTIPLE_ITEM AttributeList;
    ULONG StreamHeaderSize;
    KSPIN_DATAFLOW DataFlow;
    KSSTATE DeviceState;
    KSRESET ResetState;
    KSSTATE ClientState;
};

typedef enum { KsObjectTypeDevice, KsObjectTypeFilterFactory, KsObjectTypeFilter, KsObjectTypePin } KSOBJECTTYPE;

#endif
