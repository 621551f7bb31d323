// How an event entry's client is told: at once, or by a DPC what is generated above DISPATCH_LEVEL, where nothing can
// be signalled, dereferenced or freed ("nf-ks-ksgenerateevent", "ns-ks-ksdpc_item").
#include <cstring>

#include "ks/event_memory.h"
#include "ks/events.h"
#include "ks/ks_system.h"

namespace openportcls::ks {

namespace {

bool is_buffered(const EventRecord& record) {
    return (record.entry.Flags & KSEVENT_ENTRY_BUFFERED) != 0;
}

bool holds_reference(const EventRecord& record) {
    return record.entry.Object != nullptr && (record.entry.NotificationType == KSEVENTF_EVENT_HANDLE ||
                                              record.entry.NotificationType == KSEVENTF_SEMAPHORE_HANDLE);
}

void free_record(EventRecord& record) {
    if (holds_reference(record)) {
        ObDereferenceObject(record.entry.Object);
    }
    LIST_ENTRY& list = record.deferred.BufferList;
    while (!IsListEmpty(&list)) {
        give_memory(CONTAINING_RECORD(RemoveHeadList(&list), BufferedNotification, link));
    }
    give_memory(&record);
}

LONG& references(EventRecord& record) {
    return reinterpret_cast<LONG&>(record.deferred.DpcItem.ReferenceCount);
}

// The record's own reference goes when it is discarded, a queued DPC's when that has run.
void drop_reference(EventRecord& record) {
    if (InterlockedDecrement(&references(record)) == 0) {
        free_record(record);
    }
}

// The access lock is held: a DPC may be at it, too.
void keep_notification(EventRecord& record, const void* data, ULONG bytes) {
    if (auto* const note = static_cast<BufferedNotification*>(take_memory(sizeof(BufferedNotification) + bytes))) {
        note->bytes = bytes;
        if (bytes != 0) {
            std::memcpy(note + 1, data, bytes);
        }
        InsertTailList(&record.deferred.BufferList, &note->link);
    }
}

void tell_client(EventRecord& record) {
    KSEVENT_ENTRY& entry = record.entry;
    switch (entry.NotificationType) {
    case KSEVENTF_EVENT_HANDLE:
    case KSEVENTF_EVENT_OBJECT:
        KeSetEvent(static_cast<PRKEVENT>(entry.Object), IO_NO_INCREMENT, FALSE);
        break;
    case KSEVENTF_SEMAPHORE_HANDLE:
    case KSEVENTF_SEMAPHORE_OBJECT: {
        // A full semaphore stays as it is: KeReleaseSemaphore would raise STATUS_SEMAPHORE_LIMIT_EXCEEDED.
        auto* const semaphore = static_cast<PRKSEMAPHORE>(entry.Object);
        const auto adjustment = static_cast<LONG>(entry.SemaphoreAdjustment);
        if (adjustment > 0 && KeReadStateSemaphore(semaphore) <= semaphore->Limit - adjustment) {
            KeReleaseSemaphore(semaphore, IO_NO_INCREMENT, adjustment, FALSE);
        }
        break;
    }
    case KSEVENTF_DPC:
        KeInsertQueueDpc(static_cast<PRKDPC>(entry.Object), entry.EventData, nullptr);
        break;
    case KSEVENTF_WORKITEM:
        ExQueueWorkItem(static_cast<PWORK_QUEUE_ITEM>(entry.Object), static_cast<WORK_QUEUE_TYPE>(entry.Reserved));
        break;
    case KSEVENTF_KSWORKITEM:
        KsQueueWorkItem(static_cast<PKSWORKER>(record.worker), static_cast<PWORK_QUEUE_ITEM>(entry.Object));
        break;
    default:
        break;
    }
}

// Whoever discards the record waits at the access lock: its client is not told any more afterwards.
void NTAPI catch_up(KDPC*, void* context, void*, void*) {
    auto& record = *static_cast<EventRecord*>(context);
    KSDPC_ITEM& item = record.deferred.DpcItem;
    KeAcquireSpinLockAtDpcLevel(&item.AccessLock);
    for (LONG left = InterlockedExchange(&record.untold, 0); left > 0; --left) {
        if (is_buffered(record)) {
            keep_notification(record, nullptr, 0);
        }
        tell_client(record);
    }
    const bool is_over = InterlockedExchange(&record.retired, FALSE) != FALSE;
    KeReleaseSpinLockFromDpcLevel(&item.AccessLock);
    if (is_over) {
        drop_reference(record);
    }
    drop_reference(record);
}

// A DPC that is queued already will do this, too. It does not run before the caller's level has sunk.
void queue_dpc(EventRecord& record) {
    if (KeInsertQueueDpc(&record.deferred.DpcItem.Dpc, nullptr, nullptr)) {
        InterlockedIncrement(&references(record));
    }
}

} // namespace

void EventRecord::prepare_signals() {
    KSDPC_ITEM& item = deferred.DpcItem;
    KeInitializeDpc(&item.Dpc, catch_up, this);
    KeInitializeSpinLock(&item.AccessLock);
    item.ReferenceCount = 1;
    InitializeListHead(&deferred.BufferList);
    entry.BufferItem = &deferred;
}

bool EventList::signal(EventRecord& record, const void* data, ULONG bytes) {
    if (KeGetCurrentIrql() > DISPATCH_LEVEL) [[unlikely]] {
        InterlockedIncrement(&record.untold);
        queue_dpc(record);
    } else {
        if (is_buffered(record)) {
            KIRQL irql;
            KeAcquireSpinLock(&record.deferred.DpcItem.AccessLock, &irql);
            keep_notification(record, data, bytes);
            KeReleaseSpinLock(&record.deferred.DpcItem.AccessLock, irql);
        }
        tell_client(record);
    }
    return (record.entry.Flags & KSEVENT_ENTRY_ONESHOT) != 0;
}

void EventList::discard(EventRecord& record) {
    EventRecord::require_live(&record.entry, "KsDiscardEvent");
    KsSystem::current().event_records.erase(&record);
    KSDPC_ITEM& item = record.deferred.DpcItem;
    if (item.ReferenceCount > 1) [[unlikely]] {
        KIRQL irql;
        KeAcquireSpinLock(&item.AccessLock, &irql);
        InterlockedExchange(&record.untold, 0);
        KeReleaseSpinLock(&item.AccessLock, irql);
    }
    drop_reference(record);
}

void EventList::retire(EventRecord& record) {
    EventRecord::require_live(&record.entry, "KsDiscardEvent");
    KsSystem::current().event_records.erase(&record);
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL) {
        drop_reference(record);
        return;
    }
    InterlockedExchange(&record.retired, TRUE);
    queue_dpc(record);
}

} // namespace openportcls::ks
