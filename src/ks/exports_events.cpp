// Exports of ks.sys: events on a driver's own list, with a driver's own lock.
#include <ks.h>

#include <cstring>

#include "executive/irql_check.h"
#include "ks/event_requests.h"
#include "ks/events.h"

using namespace openportcls;
using ks::EventList;
using ks::EventRecord;

namespace {

// The lock that guards a driver's list, as KSEVENTS_LOCKTYPE says.
class ListLock {
public:
    ListLock(KSEVENTS_LOCKTYPE type, PVOID lock) : type_(lock == nullptr ? KSEVENTS_NONE : type), lock_(lock) {
        switch (type_) {
        case KSEVENTS_SPINLOCK:
            KeAcquireSpinLock(static_cast<PKSPIN_LOCK>(lock_), &irql_);
            break;
        case KSEVENTS_MUTEX:
            KeWaitForSingleObject(lock_, Executive, KernelMode, FALSE, nullptr);
            break;
        case KSEVENTS_FMUTEX:
            ExAcquireFastMutex(static_cast<PFAST_MUTEX>(lock_));
            break;
        case KSEVENTS_FMUTEXUNSAFE:
            ExAcquireFastMutexUnsafe(static_cast<PFAST_MUTEX>(lock_));
            break;
        case KSEVENTS_ERESOURCE:
            KeEnterCriticalRegion();
            ExAcquireResourceExclusiveLite(static_cast<PERESOURCE>(lock_), TRUE);
            break;
        case KSEVENTS_INTERRUPT:
            irql_ = KeAcquireInterruptSpinLock(static_cast<PKINTERRUPT>(lock_));
            break;
        default:
            break;
        }
    }
    ~ListLock() {
        switch (type_) {
        case KSEVENTS_SPINLOCK:
            KeReleaseSpinLock(static_cast<PKSPIN_LOCK>(lock_), irql_);
            break;
        case KSEVENTS_MUTEX:
            KeReleaseMutex(static_cast<PRKMUTEX>(lock_), FALSE);
            break;
        case KSEVENTS_FMUTEX:
            ExReleaseFastMutex(static_cast<PFAST_MUTEX>(lock_));
            break;
        case KSEVENTS_FMUTEXUNSAFE:
            ExReleaseFastMutexUnsafe(static_cast<PFAST_MUTEX>(lock_));
            break;
        case KSEVENTS_ERESOURCE:
            ExReleaseResourceLite(static_cast<PERESOURCE>(lock_));
            KeLeaveCriticalRegion();
            break;
        case KSEVENTS_INTERRUPT:
            KeReleaseInterruptSpinLock(static_cast<PKINTERRUPT>(lock_), irql_);
            break;
        default:
            break;
        }
    }
    ListLock(const ListLock&) = delete;
    ListLock& operator=(const ListLock&) = delete;

private:
    KSEVENTS_LOCKTYPE type_;
    PVOID lock_;
    KIRQL irql_ = PASSIVE_LEVEL;
};

EventRecord& record_of(KSEVENT_ENTRY* entry, const char* function) {
    EventRecord::require_live(entry, function);
    return EventRecord::of(*entry);
}
EventRecord& record_of(LIST_ENTRY* link, const char* function) {
    return record_of(CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry), function);
}

// `end`: EventList::discard or retire.
void finish(EventRecord& record, void (*end)(EventRecord&)) {
    // It is in no list any more; a remove handler may still take it off, as the AVStream pages have it do.
    InitializeListHead(&record.entry.ListEntry);
    if (record.entry.EventItem != nullptr && record.entry.EventItem->RemoveHandler != nullptr) {
        record.entry.EventItem->RemoveHandler(record.entry.FileObject, &record.entry);
    }
    end(record);
}

// A one-shot entry leaves the list, whose lock the caller holds, and is gone afterwards; its remove handler is called
// at the caller's IRQL ("nf-ks-ksgeneratedataevent").
void generate(EventRecord& record, const void* data, ULONG bytes) {
    if (EventList::signal(record, data, bytes) && record.list == nullptr) {
        RemoveEntryList(&record.entry.ListEntry);
        finish(record, EventList::retire);
    }
}

} // namespace

extern "C" {

KSDDKAPI NTSTATUS NTAPI KsEnableEventWithAllocator(PIRP Irp, ULONG EventSetsCount, const KSEVENT_SET* EventSet,
                                                   PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
                                                   PVOID EventsLock, PFNKSALLOCATOR, ULONG EventItemSize) {
    OPC_REQUIRE_PASSIVE();
    KSEVENT event;
    NTSTATUS status = ks::check_event_request(*Irp, event);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const ULONG item_bytes = EventItemSize != 0 ? EventItemSize : sizeof(KSEVENT_ITEM);
    const ULONG verb = event.Flags & ~KSEVENT_TYPE_TOPOLOGY;
    for (ULONG s = 0; s < EventSetsCount; ++s) {
        const KSEVENT_SET& set = EventSet[s];
        if (!IsEqualGUID(*set.Set, event.Set)) {
            continue;
        }
        if (verb == KSEVENT_TYPE_SETSUPPORT) {
            return STATUS_SUCCESS;
        }
        for (ULONG i = 0; i < set.EventsCount; ++i) {
            const auto& item = *reinterpret_cast<const KSEVENT_ITEM*>(reinterpret_cast<const char*>(set.EventItem) +
                                                                      std::size_t{i} * item_bytes);
            if (item.EventId != event.Id) {
                continue;
            }
            if (verb == KSEVENT_TYPE_BASICSUPPORT) {
                return item.SupportHandler != nullptr ? item.SupportHandler(Irp, &event, nullptr) : STATUS_SUCCESS;
            }
            if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength < item.DataInput) {
                return STATUS_INVALID_BUFFER_SIZE;
            }
            EventRecord* record = nullptr;
            status = EventList::prepare(*Irp, item.ExtraEntryData, record);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            record->entry.EventSet = &set;
            record->entry.EventItem = &item;
            KSEVENT_SET_IRP_STORAGE(Irp) = &set;
            KSEVENT_ITEM_IRP_STORAGE(Irp) = &item;
            if (item.AddHandler != nullptr) {
                status = item.AddHandler(Irp, record->entry.EventData, &record->entry);
                if (!NT_SUCCESS(status)) {
                    EventList::discard(*record);
                }
                return status;
            }
            if (EventsList == nullptr) {
                EventList::discard(*record);
                return STATUS_INVALID_PARAMETER;
            }
            ListLock lock(EventsFlags, EventsLock);
            InsertTailList(EventsList, &record->entry.ListEntry);
            return STATUS_SUCCESS;
        }
        return STATUS_NOT_FOUND;
    }
    return STATUS_PROPSET_NOT_FOUND;
}

KSDDKAPI NTSTATUS NTAPI KsEnableEvent(PIRP Irp, ULONG EventSetsCount, const KSEVENT_SET* EventSet,
                                      PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock) {
    return KsEnableEventWithAllocator(Irp, EventSetsCount, EventSet, EventsList, EventsFlags, EventsLock, nullptr, 0);
}

KSDDKAPI NTSTATUS NTAPI KsDisableEvent(PIRP Irp, PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
                                       PVOID EventsLock) {
    OPC_REQUIRE_PASSIVE();
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(Irp);
    const auto* const data = static_cast<const KSEVENTDATA*>(location.Parameters.DeviceIoControl.Type3InputBuffer);
    const ULONG bytes = location.Parameters.DeviceIoControl.InputBufferLength;
    Irp->IoStatus.Information = 0;
    if (bytes == 0) {
        KsFreeEventList(location.FileObject, EventsList, EventsFlags, EventsLock);
        return STATUS_SUCCESS;
    }
    if (bytes < sizeof(KSEVENTDATA)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    EventRecord* found = nullptr;
    {
        ListLock lock(EventsFlags, EventsLock);
        for (LIST_ENTRY* link = EventsList->Flink; link != EventsList; link = link->Flink) {
            EventRecord& record = record_of(link, __func__);
            if (record.entry.EventData == data && record.entry.FileObject == location.FileObject) {
                RemoveEntryList(link);
                found = &record;
                break;
            }
        }
    }
    if (found == nullptr) {
        return STATUS_UNSUCCESSFUL;
    }
    finish(*found, EventList::discard);
    return STATUS_SUCCESS;
}

KSDDKAPI VOID NTAPI KsDiscardEvent(PKSEVENT_ENTRY EventEntry) {
    OPC_REQUIRE_PASSIVE();
    EventList::discard(record_of(EventEntry, __func__));
}

KSDDKAPI VOID NTAPI KsFreeEventList(PFILE_OBJECT FileObject, PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
                                    PVOID EventsLock) {
    OPC_REQUIRE_PASSIVE();
    LIST_ENTRY removed;
    InitializeListHead(&removed);
    {
        ListLock lock(EventsFlags, EventsLock);
        for (LIST_ENTRY* link = EventsList->Flink; link != EventsList;) {
            LIST_ENTRY* const next = link->Flink;
            if (record_of(link, __func__).entry.FileObject == FileObject) {
                RemoveEntryList(link);
                InsertTailList(&removed, link);
            }
            link = next;
        }
    }
    while (!IsListEmpty(&removed)) {
        finish(record_of(RemoveHeadList(&removed), __func__), EventList::discard);
    }
}

// At any IRQL ("nf-ks-ksgenerateevent").
KSDDKAPI NTSTATUS NTAPI KsGenerateEvent(PKSEVENT_ENTRY EventEntry) {
    generate(record_of(EventEntry, __func__), nullptr, 0);
    return STATUS_SUCCESS;
}

// The data goes to a buffer from pool ("ns-ks-ksbuffer_item"): not above DISPATCH_LEVEL.
KSDDKAPI NTSTATUS NTAPI KsGenerateDataEvent(PKSEVENT_ENTRY EventEntry, ULONG DataSize, PVOID Data) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    generate(record_of(EventEntry, __func__), Data, DataSize);
    return STATUS_SUCCESS;
}

KSDDKAPI VOID NTAPI KsGenerateEventList(GUID* Set, ULONG EventId, PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
                                        PVOID EventsLock) {
    EventList::Filter filter;
    filter.set = Set;
    filter.id = EventId;
    // Held from the first entry to the last (nf-ks-ksgenerateeventlist): whoever takes the file's events off the list
    // waits for the remove handler of one that leaves.
    ListLock lock(EventsFlags, EventsLock);
    for (LIST_ENTRY* link = EventsList->Flink; link != EventsList;) {
        EventRecord& record = record_of(link, __func__);
        link = link->Flink; // one-shot, it is gone afterwards
        if (filter.matches(record)) {
            generate(record, nullptr, 0);
        }
    }
}

} // extern "C"
