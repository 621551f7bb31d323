// Exports of ks.sys: opening pins, clocks and allocators from the kernel, IRPs on cancelable queues.
#include <ks.h>

#include <cstring>
#include <string>

#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/not_done.h"
#include "ks/create_name.h"
#include "ks/open_object.h"

using namespace openportcls;

namespace {

// A create item's request relative to another object's handle.
NTSTATUS open_child(HANDLE parent, const GUID& kind, const void* parameters, ULONG bytes, ACCESS_MASK access,
                    HANDLE* handle) {
    std::u16string text = ks::make_create_name(kind, parameters, bytes);
    UNICODE_STRING name;
    name.Buffer = text.data();
    name.Length = name.MaximumLength = static_cast<USHORT>(text.size() * sizeof(WCHAR));
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent, nullptr);
    IO_STATUS_BLOCK status;
    return IoCreateFile(handle, access, &attributes, &status, nullptr, FILE_ATTRIBUTE_NORMAL, 0, FILE_OPEN, 0, nullptr,
                        0, CreateFileTypeNone, nullptr, 0);
}

// What follows the GUID in a create request's name.
template<class T>
NTSTATUS create_parameters(IRP* irp, T** parameters) {
    GUID kind;
    const void* bytes = nullptr;
    ULONG count = 0;
    const FILE_OBJECT& file = *IoGetCurrentIrpStackLocation(irp)->FileObject;
    if (!ks::parse_create_name(file.FileName, kind, bytes, count)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (count < sizeof(T)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    *parameters = const_cast<T*>(static_cast<const T*>(bytes));
    return STATUS_SUCCESS;
}

// Of the queues between which IRPs move. One that the destination has to itself comes last, and the cancel lock first:
// no IRP is cancelled while its lock changes.
class BothLocks {
public:
    BothLocks(PKSPIN_LOCK source, PKSPIN_LOCK destination)
        : source_(source), destination_(destination == source ? nullptr : destination) {
        if (destination_ == nullptr) {
            KeAcquireSpinLock(source_, &irql_);
            return;
        }
        IoAcquireCancelSpinLock(&irql_);
        KeAcquireSpinLockAtDpcLevel(source_);
        KeAcquireSpinLockAtDpcLevel(destination_);
    }
    ~BothLocks() {
        if (destination_ == nullptr) {
            KeReleaseSpinLock(source_, irql_);
            return;
        }
        KeReleaseSpinLockFromDpcLevel(destination_);
        KeReleaseSpinLockFromDpcLevel(source_);
        IoReleaseCancelSpinLock(irql_);
    }
    BothLocks(const BothLocks&) = delete;
    BothLocks& operator=(const BothLocks&) = delete;

private:
    PKSPIN_LOCK source_;
    PKSPIN_LOCK destination_;
    KIRQL irql_ = PASSIVE_LEVEL;
};

} // namespace

extern "C" {

KSDDKAPI NTSTATUS NTAPI KsCreatePin(HANDLE FilterHandle, PKSPIN_CONNECT Connect, ACCESS_MASK DesiredAccess,
                                    PHANDLE ConnectionHandle) {
    OPC_REQUIRE_PASSIVE();
    const GUID kind = KSNAME_Pin;
    const auto* const format = reinterpret_cast<const KSDATAFORMAT*>(Connect + 1);
    ULONG bytes = static_cast<ULONG>(sizeof(KSPIN_CONNECT)) + format->FormatSize;
    if ((format->Flags & KSDATAFORMAT_ATTRIBUTES) != 0) {
        bytes = (bytes + 7) & ~7u;
        bytes += reinterpret_cast<const KSMULTIPLE_ITEM*>(reinterpret_cast<const char*>(Connect) + bytes)->Size;
    }
    return open_child(FilterHandle, kind, Connect, bytes, DesiredAccess, ConnectionHandle);
}

KSDDKAPI NTSTATUS NTAPI KsCreateAllocator(HANDLE ConnectionHandle, PKSALLOCATOR_FRAMING AllocatorFraming,
                                          PHANDLE AllocatorHandle) {
    OPC_REQUIRE_PASSIVE();
    const GUID kind = KSNAME_Allocator;
    return open_child(ConnectionHandle, kind, AllocatorFraming, sizeof *AllocatorFraming, GENERIC_READ,
                      AllocatorHandle);
}

KSDDKAPI NTSTATUS NTAPI KsCreateClock(HANDLE ConnectionHandle, PKSCLOCK_CREATE ClockCreate, PHANDLE ClockHandle) {
    OPC_REQUIRE_PASSIVE();
    const GUID kind = KSNAME_Clock;
    return open_child(ConnectionHandle, kind, ClockCreate, sizeof *ClockCreate, GENERIC_READ, ClockHandle);
}

KSDDKAPI NTSTATUS NTAPI KsCreateTopologyNode(HANDLE ParentHandle, PKSNODE_CREATE NodeCreate, ACCESS_MASK DesiredAccess,
                                             PHANDLE NodeHandle) {
    OPC_REQUIRE_PASSIVE();
    const GUID kind = KSNAME_TopologyNode;
    return open_child(ParentHandle, kind, NodeCreate, sizeof *NodeCreate, DesiredAccess, NodeHandle);
}

KSDDKAPI NTSTATUS NTAPI KsValidateClockCreateRequest(PIRP Irp, PKSCLOCK_CREATE* ClockCreate) {
    OPC_REQUIRE_PASSIVE();
    const NTSTATUS status = create_parameters(Irp, ClockCreate);
    return NT_SUCCESS(status) && (*ClockCreate)->CreateFlags != 0 ? STATUS_INVALID_PARAMETER : status;
}

KSDDKAPI NTSTATUS NTAPI KsValidateAllocatorCreateRequest(PIRP Irp, PKSALLOCATOR_FRAMING* AllocatorFraming) {
    OPC_REQUIRE_PASSIVE();
    const NTSTATUS status = create_parameters(Irp, AllocatorFraming);
    return NT_SUCCESS(status) && ((*AllocatorFraming)->OptionsFlags & ~KSALLOCATOR_OPTIONF_VALID) != 0
               ? STATUS_INVALID_PARAMETER
               : status;
}

KSDDKAPI NTSTATUS NTAPI KsValidateTopologyNodeCreateRequest(PIRP Irp, PKSTOPOLOGY Topology,
                                                            PKSNODE_CREATE* NodeCreate) {
    OPC_REQUIRE_PASSIVE();
    const NTSTATUS status = create_parameters(Irp, NodeCreate);
    return NT_SUCCESS(status) &&
                   ((*NodeCreate)->CreateFlags != 0 || (*NodeCreate)->Node >= Topology->TopologyNodesCount)
               ? STATUS_INVALID_PARAMETER
               : status;
}

KSDDKAPI NTSTATUS NTAPI KsSynchronousIoControlDevice(PFILE_OBJECT FileObject, KPROCESSOR_MODE RequestorMode,
                                                     ULONG IoControl, PVOID InBuffer, ULONG InSize, PVOID OutBuffer,
                                                     ULONG OutSize, PULONG BytesReturned) {
    OPC_REQUIRE_PASSIVE();
    ULONG_PTR information = 0;
    const NTSTATUS status = executive::device_control(FileObject, IoControl, InBuffer, InSize, OutBuffer, OutSize,
                                                      &information, RequestorMode);
    if (BytesReturned != nullptr) {
        *BytesReturned = static_cast<ULONG>(information);
    }
    return status;
}

// ---- cancelable queues ------------------------------------------------------------------------------------------
// The IRP is linked by Tail.Overlay.ListEntry; its queue's spin lock is kept in KSQUEUE_SPINLOCK_IRP_STORAGE.

// Which lock is the IRP's changes under the cancel spin lock only (BothLocks): it is kept until the IRP has left its
// queue.
KSDDKAPI VOID NTAPI KsCancelRoutine(PDEVICE_OBJECT, PIRP Irp) {
    KSPIN_LOCK* const lock = KSQUEUE_SPINLOCK_IRP_STORAGE(Irp);
    KeAcquireSpinLockAtDpcLevel(lock);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLockFromDpcLevel(lock);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Irp->IoStatus.Information = 0;
    ks::complete(*Irp, STATUS_CANCELLED);
}

KSDDKAPI VOID NTAPI KsAddIrpToCancelableQueue(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock, PIRP Irp,
                                              KSLIST_ENTRY_LOCATION ListLocation, PDRIVER_CANCEL DriverCancel) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    PDRIVER_CANCEL const cancel = DriverCancel != nullptr ? DriverCancel : KsCancelRoutine;
    KSQUEUE_SPINLOCK_IRP_STORAGE(Irp) = SpinLock;
    KIRQL irql;
    KeAcquireSpinLock(SpinLock, &irql);
    if (ListLocation == KsListEntryTail) {
        InsertTailList(QueueHead, &Irp->Tail.Overlay.ListEntry);
    } else {
        InsertHeadList(QueueHead, &Irp->Tail.Overlay.ListEntry);
    }
    IoSetCancelRoutine(Irp, cancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, nullptr) != nullptr) {
        // Cancelled before it was queued: nobody else will call the routine.
        KeReleaseSpinLock(SpinLock, irql);
        IoAcquireCancelSpinLock(&Irp->CancelIrql);
        cancel(IoGetCurrentIrpStackLocation(Irp)->DeviceObject, Irp);
        return;
    }
    KeReleaseSpinLock(SpinLock, irql);
}

KSDDKAPI PIRP NTAPI KsRemoveIrpFromCancelableQueue(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock,
                                                   KSLIST_ENTRY_LOCATION ListLocation,
                                                   KSIRP_REMOVAL_OPERATION RemovalOperation) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const bool single =
        RemovalOperation == KsAcquireOnlySingleItem || RemovalOperation == KsAcquireAndRemoveOnlySingleItem;
    const bool remove = RemovalOperation == KsAcquireAndRemove || RemovalOperation == KsAcquireAndRemoveOnlySingleItem;
    PIRP result = nullptr;
    KIRQL irql;
    KeAcquireSpinLock(SpinLock, &irql);
    const auto next = [&](LIST_ENTRY* link) { return ListLocation == KsListEntryHead ? link->Flink : link->Blink; };
    for (LIST_ENTRY* link = next(QueueHead); link != QueueHead; link = next(link)) {
        PIRP const irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        // Without a cancel routine it is being cancelled, or somebody else has acquired it.
        if (IoSetCancelRoutine(irp, nullptr) != nullptr) {
            if (remove) {
                RemoveEntryList(link);
            }
            result = irp;
            break;
        }
        if (single) {
            break;
        }
    }
    KeReleaseSpinLock(SpinLock, irql);
    return result;
}

KSDDKAPI VOID NTAPI KsReleaseIrpOnCancelableQueue(PIRP Irp, PDRIVER_CANCEL DriverCancel) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    PDRIVER_CANCEL const cancel = DriverCancel != nullptr ? DriverCancel : KsCancelRoutine;
    IoSetCancelRoutine(Irp, cancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, nullptr) != nullptr) {
        IoAcquireCancelSpinLock(&Irp->CancelIrql);
        cancel(IoGetCurrentIrpStackLocation(Irp)->DeviceObject, Irp);
    }
}

KSDDKAPI VOID NTAPI KsRemoveSpecificIrpFromCancelableQueue(PIRP Irp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KSPIN_LOCK* const lock = KSQUEUE_SPINLOCK_IRP_STORAGE(Irp);
    KIRQL irql;
    KeAcquireSpinLock(lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(lock, irql);
}

// The first IRP that has a cancel routine loses it to the caller. What comes before and has none, because somebody has
// acquired it, is marked only.
static PDRIVER_CANCEL take_cancel_routine(const LIST_ENTRY& queue, KSPIN_LOCK& lock, PIRP* irp) {
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    PDRIVER_CANCEL cancel = nullptr;
    for (LIST_ENTRY* link = queue.Flink; link != &queue && cancel == nullptr; link = link->Flink) {
        *irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        (*irp)->Cancel = TRUE;
        cancel = IoSetCancelRoutine(*irp, nullptr);
    }
    KeReleaseSpinLock(&lock, irql);
    return cancel;
}

// It is the routine that takes the IRP out of the queue, which may have changed when it returns.
KSDDKAPI VOID NTAPI KsCancelIo(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    PIRP irp = nullptr;
    while (PDRIVER_CANCEL const cancel = take_cancel_routine(*QueueHead, *SpinLock, &irp)) {
        IoAcquireCancelSpinLock(&irp->CancelIrql);
        cancel(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
    }
}

KSDDKAPI NTSTATUS NTAPI KsMoveIrpsOnCancelableQueue(PLIST_ENTRY SourceList, PKSPIN_LOCK SourceLock,
                                                    PLIST_ENTRY DestinationList, PKSPIN_LOCK DestinationLock,
                                                    KSLIST_ENTRY_LOCATION ListLocation,
                                                    PFNKSIRPLISTCALLBACK ListCallback, PVOID Context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const bool from_head = ListLocation == KsListEntryHead;
    const BothLocks locks(SourceLock, DestinationLock);
    NTSTATUS status = STATUS_SUCCESS;
    for (LIST_ENTRY* link = from_head ? SourceList->Flink : SourceList->Blink; link != SourceList;) {
        LIST_ENTRY* const next = from_head ? link->Flink : link->Blink;
        PIRP const irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        const NTSTATUS answer = ListCallback != nullptr ? ListCallback(irp, Context) : STATUS_SUCCESS;
        if (answer == STATUS_SUCCESS) {
            RemoveEntryList(link);
            // At the other end: the order stays.
            from_head ? InsertTailList(DestinationList, link) : InsertHeadList(DestinationList, link);
            if (DestinationLock != nullptr) {
                KSQUEUE_SPINLOCK_IRP_STORAGE(irp) = DestinationLock;
            }
        } else if (answer != STATUS_NO_MATCH) {
            status = answer; // the callback has had enough, or failed
            break;
        }
        link = next;
    }
    if (ListCallback != nullptr) {
        ListCallback(nullptr, Context); // "always called at least once at the end"
    }
    return status;
}

KSDDKAPI NTSTATUS NTAPI KsCacheMedium(PUNICODE_STRING, PKSPIN_MEDIUM, ULONG) {
    OPC_RETURN_NOT_IMPLEMENTED();
}

} // extern "C"
