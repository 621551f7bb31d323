/* ks.h, part 3: what only kernel code sees: handlers, items of sets, events, dispatch tables, allocators, clocks. */
#ifndef OPC_KS_KERNEL_H
#define OPC_KS_KERNEL_H

#include "fast_io.h"
#include "ks_properties.h"

typedef PVOID KSWORKER, *PKSWORKER;
typedef PVOID KSDEVICE_HEADER, KSOBJECT_HEADER, KSOBJECT_BAG, KSEVENT_LIST_HEADER;
#define KSDDKAPI OPC_EXPORT

typedef struct _KSEVENT_ENTRY KSEVENT_ENTRY, *PKSEVENT_ENTRY;

/* Event notification. */
#define KSEVENTF_EVENT_HANDLE 0x00000001
#define KSEVENTF_SEMAPHORE_HANDLE 0x00000002
#define KSEVENTF_EVENT_OBJECT 0x00000004
#define KSEVENTF_SEMAPHORE_OBJECT 0x00000008
#define KSEVENTF_DPC 0x00000010
#define KSEVENTF_WORKITEM 0x00000020
#define KSEVENTF_KSWORKITEM 0x00000080

typedef struct {
    ULONG NotificationType;
    union {
        struct {
            HANDLE Event;
            ULONG_PTR Reserved[2];
        } EventHandle;
        struct {
            HANDLE Semaphore;
            ULONG Reserved;
            LONG Adjustment;
        } SemaphoreHandle;
        struct {
            PVOID Event;
            KPRIORITY Increment;
            ULONG_PTR Reserved;
        } EventObject;
        struct {
            PVOID Semaphore;
            KPRIORITY Increment;
            LONG Adjustment;
        } SemaphoreObject;
        struct {
            PKDPC Dpc;
            ULONG ReferenceCount;
            ULONG_PTR Reserved;
        } Dpc;
        struct {
            PWORK_QUEUE_ITEM WorkQueueItem;
            WORK_QUEUE_TYPE WorkQueueType;
            ULONG_PTR Reserved;
        } WorkItem;
        struct {
            PWORK_QUEUE_ITEM WorkQueueItem;
            PKSWORKER KsWorkerObject;
            ULONG_PTR Reserved;
        } KsWorkItem;
        struct {
            PVOID Unused;
            LONG_PTR Alignment[2];
        } Alignment;
    };
} KSEVENTDATA, *PKSEVENTDATA;

typedef struct {
    KSEVENT Event;
    PKSEVENTDATA EventData;
    PVOID Reserved;
} KSQUERYBUFFER, *PKSQUERYBUFFER;

#define KSRELATIVEEVENT_FLAG_HANDLE 0x00000001
#define KSRELATIVEEVENT_FLAG_POINTER 0x00000002
typedef struct {
    ULONG Size;
    ULONG Flags;
    union {
        HANDLE ObjectHandle;
        PVOID ObjectPointer;
    };
    PVOID Reserved;
    KSEVENT Event;
    KSEVENTDATA EventData;
} KSRELATIVEEVENT, *PKSRELATIVEEVENT;

typedef struct {
    KSEVENTDATA EventData;
    LONGLONG MarkTime;
} KSEVENT_TIME_MARK, *PKSEVENT_TIME_MARK;

typedef struct {
    KSEVENTDATA EventData;
    LONGLONG TimeBase;
    LONGLONG Interval;
} KSEVENT_TIME_INTERVAL, *PKSEVENT_TIME_INTERVAL;

typedef struct {
    KDPC Dpc;
    ULONG ReferenceCount;
    KSPIN_LOCK AccessLock;
} KSDPC_ITEM, *PKSDPC_ITEM;

typedef struct {
    KSDPC_ITEM DpcItem;
    LIST_ENTRY BufferList;
} KSBUFFER_ITEM, *PKSBUFFER_ITEM;

/* Handlers. */
typedef NTSTATUS(NTAPI* PFNKSHANDLER)(_In_ PIRP Irp, _In_ PKSIDENTIFIER Request, _Inout_ PVOID Data);
typedef BOOLEAN(NTAPI* PFNKSFASTHANDLER)(_In_ PFILE_OBJECT FileObject, _In_ PKSIDENTIFIER Request,
                                         _In_ ULONG RequestLength, _Inout_ PVOID Data, _In_ ULONG DataLength,
                                         _Out_ PIO_STATUS_BLOCK IoStatus);
typedef NTSTATUS(NTAPI* PFNKSALLOCATOR)(_In_ PIRP Irp, _In_ ULONG BufferSize, _In_ BOOLEAN InputOperation);
typedef NTSTATUS(NTAPI* PFNKSADDEVENT)(_In_ PIRP Irp, _In_ PKSEVENTDATA EventData, _In_ PKSEVENT_ENTRY EventEntry);
typedef VOID(NTAPI* PFNKSREMOVEEVENT)(_In_ PFILE_OBJECT FileObject, _In_ PKSEVENT_ENTRY EventEntry);
typedef NTSTATUS(NTAPI* PFNKSINTERSECTHANDLER)(_In_ PIRP Irp, _In_ PKSP_PIN Pin, _In_ PKSDATARANGE DataRange,
                                               _Out_opt_ PVOID Data);
typedef NTSTATUS(NTAPI* PFNKSINTERSECTHANDLEREX)(_In_ PVOID Context, _In_ PIRP Irp, _In_ PKSP_PIN Pin,
                                                 _In_ PKSDATARANGE DataRange, _In_ PKSDATARANGE MatchingDataRange,
                                                 _In_ ULONG DataBufferSize, _Out_ PVOID Data, _Out_ PULONG DataSize);
typedef NTSTATUS(NTAPI* PFNKSCONTEXT_DISPATCH)(_In_ PVOID Context, _In_ PIRP Irp);
typedef BOOLEAN(NTAPI* PFNKSGENERATEEVENTCALLBACK)(_In_ PVOID Context, _In_ PKSEVENT_ENTRY EventEntry);

typedef struct {
    ULONG PropertyId;
    union {
        PFNKSHANDLER GetPropertyHandler;
        BOOLEAN GetSupported;
    };
    ULONG MinProperty;
    ULONG MinData;
    union {
        PFNKSHANDLER SetPropertyHandler;
        BOOLEAN SetSupported;
    };
    const KSPROPERTY_VALUES* Values;
    ULONG RelationsCount;
    _Field_size_(RelationsCount) const KSPROPERTY* Relations;
    PFNKSHANDLER SupportHandler;
    ULONG SerializedSize;
} KSPROPERTY_ITEM, *PKSPROPERTY_ITEM;

typedef struct {
    ULONG PropertyId;
    union {
        PFNKSFASTHANDLER GetPropertyHandler;
        BOOLEAN GetSupported;
    };
    union {
        PFNKSFASTHANDLER SetPropertyHandler;
        BOOLEAN SetSupported;
    };
    ULONG Reserved;
} KSFASTPROPERTY_ITEM, *PKSFASTPROPERTY_ITEM;

typedef struct {
    const GUID* Set;
    ULONG PropertiesCount;
    _Field_size_(PropertiesCount) const KSPROPERTY_ITEM* PropertyItem;
    ULONG FastIoCount;
    _Field_size_(FastIoCount) const KSFASTPROPERTY_ITEM* FastIoTable;
} KSPROPERTY_SET, *PKSPROPERTY_SET;

typedef struct {
    ULONG MethodId;
    union {
        PFNKSHANDLER MethodHandler;
        BOOLEAN MethodSupported;
    };
    ULONG MinMethod;
    ULONG MinData;
    PFNKSHANDLER SupportHandler;
    ULONG Flags;
} KSMETHOD_ITEM, *PKSMETHOD_ITEM;

typedef struct {
    ULONG MethodId;
    union {
        PFNKSFASTHANDLER MethodHandler;
        BOOLEAN MethodSupported;
    };
} KSFASTMETHOD_ITEM, *PKSFASTMETHOD_ITEM;

typedef struct {
    const GUID* Set;
    ULONG MethodsCount;
    _Field_size_(MethodsCount) const KSMETHOD_ITEM* MethodItem;
    ULONG FastIoCount;
    _Field_size_(FastIoCount) const KSFASTMETHOD_ITEM* FastIoTable;
} KSMETHOD_SET, *PKSMETHOD_SET;

typedef struct {
    ULONG EventId;
    ULONG DataInput;
    ULONG ExtraEntryData;
    PFNKSADDEVENT AddHandler;
    PFNKSREMOVEEVENT RemoveHandler;
    PFNKSHANDLER SupportHandler;
} KSEVENT_ITEM, *PKSEVENT_ITEM;

typedef struct {
    const GUID* Set;
    ULONG EventsCount;
    _Field_size_(EventsCount) const KSEVENT_ITEM* EventItem;
} KSEVENT_SET, *PKSEVENT_SET;

typedef enum {
    KSEVENTS_NONE,
    KSEVENTS_SPINLOCK,
    KSEVENTS_MUTEX,
    KSEVENTS_FMUTEX,
    KSEVENTS_FMUTEXUNSAFE,
    KSEVENTS_INTERRUPT,
    KSEVENTS_ERESOURCE
} KSEVENTS_LOCKTYPE;

#define KSEVENT_ENTRY_DELETED 1
#define KSEVENT_ENTRY_ONESHOT 2
#define KSEVENT_ENTRY_BUFFERED 4
struct _KSEVENT_ENTRY {
    LIST_ENTRY ListEntry;
    PVOID Object;
    union {
        PKSDPC_ITEM DpcItem;
        PKSBUFFER_ITEM BufferItem;
    };
    PKSEVENTDATA EventData;
    ULONG NotificationType;
    const KSEVENT_SET* EventSet;
    const KSEVENT_ITEM* EventItem;
    PFILE_OBJECT FileObject;
    ULONG SemaphoreAdjustment;
    ULONG Reserved;
    ULONG Flags;
};

/* What KS leaves in an IRP for the handler. */
#define KSCREATE_ITEM_IRP_STORAGE(Irp) (*(PKSOBJECT_CREATE_ITEM*)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSQUEUE_SPINLOCK_IRP_STORAGE(Irp) (*(PKSPIN_LOCK*)&(Irp)->Tail.Overlay.DriverContext[1])
#define KSEVENT_SET_IRP_STORAGE(Irp) (*(const KSEVENT_SET**)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSEVENT_ITEM_IRP_STORAGE(Irp) (*(const KSEVENT_ITEM**)&(Irp)->Tail.Overlay.DriverContext[3])
#define KSEVENT_ENTRY_IRP_STORAGE(Irp) (*(PKSEVENT_ENTRY*)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSMETHOD_SET_IRP_STORAGE(Irp) (*(const KSMETHOD_SET**)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSMETHOD_TYPE_IRP_STORAGE(Irp) (*(ULONG_PTR*)&(Irp)->Tail.Overlay.DriverContext[2])
#define KSMETHOD_ITEM_IRP_STORAGE(Irp) (*(const KSMETHOD_ITEM**)&(Irp)->Tail.Overlay.DriverContext[3])
#define KSPROPERTY_SET_IRP_STORAGE(Irp) (*(const KSPROPERTY_SET**)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSPROPERTY_ATTRIBUTES_IRP_STORAGE(Irp) (*(PKSATTRIBUTE_LIST*)&(Irp)->Tail.Overlay.DriverContext[2])
#define KSPROPERTY_ITEM_IRP_STORAGE(Irp) (*(const KSPROPERTY_ITEM**)&(Irp)->Tail.Overlay.DriverContext[3])

/* Object creation and dispatch. */
typedef struct {
    PDRIVER_DISPATCH Create;
    PVOID Context;
    UNICODE_STRING ObjectClass;
    PSECURITY_DESCRIPTOR SecurityDescriptor;
    ULONG Flags;
} KSOBJECT_CREATE_ITEM, *PKSOBJECT_CREATE_ITEM;

typedef struct {
    ULONG CreateItemsCount;
    _Field_size_(CreateItemsCount) PKSOBJECT_CREATE_ITEM CreateItemsList;
} KSOBJECT_CREATE, *PKSOBJECT_CREATE;

typedef VOID(NTAPI* PFNKSITEMFREECALLBACK)(_In_ PKSOBJECT_CREATE_ITEM CreateItem);

typedef struct {
    PDRIVER_DISPATCH DeviceIoControl;
    PDRIVER_DISPATCH Read;
    PDRIVER_DISPATCH Write;
    PDRIVER_DISPATCH Flush;
    PDRIVER_DISPATCH Close;
    PDRIVER_DISPATCH QuerySecurity;
    PDRIVER_DISPATCH SetSecurity;
    PFAST_IO_DEVICE_CONTROL FastDeviceIoControl;
    PFAST_IO_READ FastRead;
    PFAST_IO_WRITE FastWrite;
} KSDISPATCH_TABLE, *PKSDISPATCH_TABLE;

#define DEFINE_KSCREATE_DISPATCH_TABLE(tablename) const KSOBJECT_CREATE_ITEM tablename[] =
#define DEFINE_KSCREATE_ITEM(DispatchCreate, TypeName, Context)                                                        \
    DEFINE_KSCREATE_ITEMEX(DispatchCreate, TypeName, Context, 0)
#define DEFINE_KSCREATE_ITEMEX(DispatchCreate, TypeName, Context, Flags)                                               \
    {(DispatchCreate),                                                                                                 \
     (PVOID)(Context),                                                                                                 \
     {sizeof(TypeName) - sizeof(UNICODE_NULL), sizeof(TypeName), (PWCHAR)(TypeName)},                                  \
     NULL,                                                                                                             \
     (Flags)}
#define DEFINE_KSCREATE_ITEMNULL(DispatchCreate, Context) {DispatchCreate, Context, {0, 0, NULL}, NULL, 0}
#define DEFINE_KSDISPATCH_TABLE(tablename, DeviceIoControl, Read, Write, Flush, Close, QuerySecurity, SetSecurity,     \
                                FastDeviceIoControl, FastRead, FastWrite)                                              \
    const KSDISPATCH_TABLE tablename = {DeviceIoControl, Read,          Write,       Flush,                            \
                                        Close,           QuerySecurity, SetSecurity, FastDeviceIoControl,              \
                                        FastRead,        FastWrite}

/* Allocators. */
#define KSALLOCATOR_REQUIREMENTF_INPLACE_MODIFIER 0x00000001
#define KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY 0x00000002
#define KSALLOCATOR_REQUIREMENTF_FRAME_INTEGRITY 0x00000004
#define KSALLOCATOR_REQUIREMENTF_MUST_ALLOCATE 0x00000008
#define KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY 0x80000000
#define KSALLOCATOR_OPTIONF_COMPATIBLE 0x00000001
#define KSALLOCATOR_OPTIONF_SYSTEM_MEMORY 0x00000002
#define KSALLOCATOR_OPTIONF_VALID 0x00000003
#define KSALLOCATOR_FLAG_PARTIAL_READ_SUPPORT 0x00000010
#define KSALLOCATOR_FLAG_DEVICE_SPECIFIC 0x00000020
#define KSALLOCATOR_FLAG_CAN_ALLOCATE 0x00000040
#define KSALLOCATOR_FLAG_INSIST_ON_FRAMESIZE_RATIO 0x00000080
#define KSALLOCATOR_FLAG_NO_FRAME_INTEGRITY 0x00000100
#define KSALLOCATOR_FLAG_MULTIPLE_OUTPUT 0x00000200
#define KSALLOCATOR_FLAG_CYCLE 0x00000400
#define KSALLOCATOR_FLAG_ALLOCATOR_EXISTS 0x00000800
#define KSALLOCATOR_FLAG_INDEPENDENT_RANGES 0x00001000
#define KSALLOCATOR_FLAG_ATTENTION_STEPPING 0x00002000

typedef struct {
    union {
        ULONG OptionsFlags;
        ULONG RequirementsFlags;
    };
    POOL_TYPE PoolType;
    ULONG Frames;
    ULONG FrameSize;
    union {
        ULONG FileAlignment;
        LONG FramePitch;
    };
    ULONG Reserved;
} KSALLOCATOR_FRAMING, *PKSALLOCATOR_FRAMING;

typedef struct {
    ULONG MinFrameSize;
    ULONG MaxFrameSize;
    ULONG Stepping;
} KS_FRAMING_RANGE, *PKS_FRAMING_RANGE;

typedef struct {
    KS_FRAMING_RANGE Range;
    ULONG InPlaceWeight;
    ULONG NotInPlaceWeight;
} KS_FRAMING_RANGE_WEIGHTED, *PKS_FRAMING_RANGE_WEIGHTED;

typedef struct {
    ULONG RatioNumerator;
    ULONG RatioDenominator;
    ULONG RatioConstantMargin;
} KS_COMPRESSION, *PKS_COMPRESSION;

typedef struct {
    GUID MemoryType;
    GUID BusType;
    ULONG MemoryFlags;
    ULONG BusFlags;
    ULONG Flags;
    ULONG Frames;
    union {
        ULONG FileAlignment;
        LONG FramePitch;
    };
    ULONG MemoryTypeWeight;
    KS_FRAMING_RANGE PhysicalRange;
    KS_FRAMING_RANGE_WEIGHTED FramingRange;
} KS_FRAMING_ITEM, *PKS_FRAMING_ITEM;

typedef struct {
    ULONG CountItems;
    ULONG PinFlags;
    KS_COMPRESSION OutputCompression;
    ULONG PinWeight;
    KS_FRAMING_ITEM FramingItem[1];
} KSALLOCATOR_FRAMING_EX, *PKSALLOCATOR_FRAMING_EX;

#define DECLARE_SIMPLE_FRAMING_EX(FramingExName, MemoryType, Flags, Frames, Alignment, MinFrameSize, MaxFrameSize)     \
    const KSALLOCATOR_FRAMING_EX FramingExName = {1,                                                                   \
                                                  0,                                                                   \
                                                  {1, 1, 0},                                                           \
                                                  0,                                                                   \
                                                  {{MemoryType,                                                        \
                                                    STATICGUIDOF(KS_TYPE_DONT_CARE),                                   \
                                                    0,                                                                 \
                                                    0,                                                                 \
                                                    Flags,                                                             \
                                                    Frames,                                                            \
                                                    {Alignment},                                                       \
                                                    0,                                                                 \
                                                    {0, (ULONG) - 1, 1},                                               \
                                                    {{MinFrameSize, MaxFrameSize, 1}, 0, 0}}}}

typedef NTSTATUS(NTAPI* PFNALLOCATOR_ALLOCATEFRAME)(_In_ PFILE_OBJECT FileObject, PVOID* Frame);
typedef VOID(NTAPI* PFNALLOCATOR_FREEFRAME)(_In_ PFILE_OBJECT FileObject, _In_ PVOID Frame);

typedef struct {
    PFNALLOCATOR_ALLOCATEFRAME AllocateFrame;
    PFNALLOCATOR_FREEFRAME FreeFrame;
} KSSTREAMALLOCATOR_FUNCTIONTABLE, *PKSSTREAMALLOCATOR_FUNCTIONTABLE;

typedef struct {
    KSALLOCATOR_FRAMING Framing;
    ULONG AllocatedFrames;
    ULONG Reserved;
} KSSTREAMALLOCATOR_STATUS, *PKSSTREAMALLOCATOR_STATUS;

typedef struct {
    KSALLOCATOR_FRAMING_EX Framing;
    ULONG AllocatedFrames;
    ULONG Reserved;
} KSSTREAMALLOCATOR_STATUS_EX, *PKSSTREAMALLOCATOR_STATUS_EX;

/* Clocks. */
typedef LONGLONG(FASTCALL* PFNKSCLOCK_GETTIME)(_In_ PFILE_OBJECT FileObject);
typedef LONGLONG(FASTCALL* PFNKSCLOCK_CORRELATEDTIME)(_In_ PFILE_OBJECT FileObject, _Out_ PLONGLONG SystemTime);

typedef struct {
    PFNKSCLOCK_GETTIME GetTime;
    PFNKSCLOCK_GETTIME GetPhysicalTime;
    PFNKSCLOCK_CORRELATEDTIME GetCorrelatedTime;
    PFNKSCLOCK_CORRELATEDTIME GetCorrelatedPhysicalTime;
} KSCLOCK_FUNCTIONTABLE, *PKSCLOCK_FUNCTIONTABLE;

typedef PVOID PKSDEFAULTCLOCK;
typedef BOOLEAN(NTAPI* PFNKSSETTIMER)(_In_ PVOID Context, _In_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime,
                                      _In_ PKDPC Dpc);
typedef BOOLEAN(NTAPI* PFNKSCANCELTIMER)(_In_ PVOID Context, _In_ PKTIMER Timer);
typedef LONGLONG(FASTCALL* PFNKSCORRELATEDTIME)(_In_ PVOID Context, _Out_ PLONGLONG SystemTime);
typedef PVOID(NTAPI* PFNKSDEFAULTALLOCATE)(_In_ PVOID Context);
typedef VOID(NTAPI* PFNKSDEFAULTFREE)(_In_ PVOID Context, _In_ PVOID Buffer);
typedef NTSTATUS(NTAPI* PFNKSINITIALIZEALLOCATOR)(_In_ PVOID InitialContext, _In_ PKSALLOCATOR_FRAMING AllocatorFraming,
                                                  _Outptr_ PVOID* Context);
typedef VOID(NTAPI* PFNKSDELETEALLOCATOR)(_In_ PVOID Context);

/* Queues, targets, completion. */
typedef enum { KsListEntryTail, KsListEntryHead } KSLIST_ENTRY_LOCATION;
typedef enum {
    KsAcquireOnly,
    KsAcquireAndRemove,
    KsAcquireOnlySingleItem,
    KsAcquireAndRemoveOnlySingleItem
} KSIRP_REMOVAL_OPERATION;
typedef enum { KsInvokeOnSuccess = 1, KsInvokeOnError = 2, KsInvokeOnCancel = 4 } KSCOMPLETION_INVOCATION;
typedef enum { KsStackCopyToNewLocation, KsStackReuseCurrentLocation, KsStackUseNewLocation } KSSTACK_USE;
typedef enum { KSTARGET_STATE_DISABLED, KSTARGET_STATE_ENABLED } KSTARGET_STATE;
typedef NTSTATUS(NTAPI* PFNKSIRPLISTCALLBACK)(_In_ PIRP Irp, _In_ PVOID Context);

/* Bus interfaces. */
typedef VOID(NTAPI* PFNREFERENCEDEVICEOBJECT)(_In_ PVOID Context);
typedef VOID(NTAPI* PFNDEREFERENCEDEVICEOBJECT)(_In_ PVOID Context);
typedef NTSTATUS(NTAPI* PFNQUERYREFERENCESTRING)(_In_ PVOID Context, _Inout_ PWCHAR* String);
typedef NTSTATUS(NTAPI* PFNQUERYMEDIUMSLIST)(_In_ PVOID Context, _Out_ ULONG* MediumsCount,
                                             _Outptr_ PKSPIN_MEDIUM* MediumList);

typedef struct {
    INTERFACE Interface;
    PFNREFERENCEDEVICEOBJECT ReferenceDeviceObject;
    PFNDEREFERENCEDEVICEOBJECT DereferenceDeviceObject;
    PFNQUERYREFERENCESTRING QueryReferenceString;
} BUS_INTERFACE_REFERENCE, *PBUS_INTERFACE_REFERENCE;

typedef struct {
    INTERFACE Interface;
    PFNQUERYMEDIUMSLIST QueryMediumsList;
} BUS_INTERFACE_MEDIUMS, *PBUS_INTERFACE_MEDIUMS;

#endif
