#include "ks/events.h"

#include <cstring>

#include "executive/kernel.h"
#include "executive/sentence.h"
#include "ks/event_memory.h"
#include "ks/ks_system.h"

namespace openportcls::ks {

namespace {

constexpr ULONG entry_tag = 0x6545734B; // 'KsEe'

bool is_kernel_only(ULONG notification) {
    return (notification & (KSEVENTF_EVENT_OBJECT | KSEVENTF_SEMAPHORE_OBJECT | KSEVENTF_DPC | KSEVENTF_WORKITEM |
                            KSEVENTF_KSWORKITEM)) != 0;
}

NTSTATUS reference_handle(HANDLE handle, POBJECT_TYPE type, KPROCESSOR_MODE mode, PVOID* object) {
    return ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, type, mode, object, nullptr);
}

// Checks the notification and takes what is needed to deliver it later.
NTSTATUS take_notification(const KSEVENTDATA& data, KPROCESSOR_MODE mode, EventRecord& record) {
    if (mode == UserMode && is_kernel_only(data.NotificationType)) {
        return STATUS_INVALID_PARAMETER;
    }
    KSEVENT_ENTRY& entry = record.entry;
    entry.NotificationType = data.NotificationType;
    switch (data.NotificationType) {
    case KSEVENTF_EVENT_HANDLE:
        return reference_handle(data.EventHandle.Event, *ExEventObjectType, mode, &entry.Object);
    case KSEVENTF_SEMAPHORE_HANDLE:
        entry.SemaphoreAdjustment = static_cast<ULONG>(data.SemaphoreHandle.Adjustment);
        return reference_handle(data.SemaphoreHandle.Semaphore, *ExSemaphoreObjectType, mode, &entry.Object);
    case KSEVENTF_EVENT_OBJECT:
        entry.Object = data.EventObject.Event;
        break;
    case KSEVENTF_SEMAPHORE_OBJECT:
        entry.Object = data.SemaphoreObject.Semaphore;
        entry.SemaphoreAdjustment = static_cast<ULONG>(data.SemaphoreObject.Adjustment);
        break;
    case KSEVENTF_DPC:
        entry.Object = data.Dpc.Dpc;
        break;
    case KSEVENTF_WORKITEM:
        entry.Object = data.WorkItem.WorkQueueItem;
        entry.Reserved = data.WorkItem.WorkQueueType;
        break;
    case KSEVENTF_KSWORKITEM:
        entry.Object = data.KsWorkItem.WorkQueueItem;
        record.worker = data.KsWorkItem.KsWorkerObject;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return entry.Object != nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

} // namespace

void* take_memory(std::size_t bytes) {
    return executive::Kernel::current().pool.allocate(bytes, entry_tag, executive::PoolKind::non_paged, true, nullptr);
}
void give_memory(void* memory) {
    executive::Kernel::current().pool.free(memory, entry_tag, "KsDiscardEvent");
}

EventList::EventList() {
    InitializeListHead(&list_);
    InitializeListHead(&leaving_);
    InitializeListHead(&waiters_);
}

EventList::~EventList() {
    remove_all();
}

NTSTATUS EventList::prepare(IRP& irp, ULONG extra_bytes, EventRecord*& record) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    const ULONG in_bytes = location.Parameters.DeviceIoControl.InputBufferLength;
    const auto* const event = static_cast<const KSEVENT*>(location.Parameters.DeviceIoControl.Type3InputBuffer);
    const ULONG flags = event->Flags;
    if (location.Parameters.DeviceIoControl.OutputBufferLength < sizeof(KSEVENTDATA)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (irp.UserBuffer == nullptr) {
        return STATUS_ACCESS_VIOLATION;
    }
    record = static_cast<EventRecord*>(take_memory(sizeof(EventRecord) + std::size_t{extra_bytes}));
    if (record == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KsSystem::current().event_records.insert(record);
    auto* const data = static_cast<KSEVENTDATA*>(irp.UserBuffer);
    KSEVENTDATA copy; // the client may change its own while we look
    std::memcpy(&copy, data, sizeof copy);
    record->prepare_signals();
    KSEVENT_ENTRY& entry = record->entry;
    entry.EventData = data;
    entry.FileObject = location.FileObject;
    record->set = event->Set;
    record->id = event->Id;
    record->pin = KSFILTER_NODE;
    record->node = KSFILTER_NODE;
    if ((flags & KSEVENT_TYPE_ONESHOT) != 0) {
        entry.Flags |= KSEVENT_ENTRY_ONESHOT;
    }
    if ((flags & KSEVENT_TYPE_TOPOLOGY) != 0) {
        if (in_bytes >= sizeof(KSE_NODE)) {
            record->node = reinterpret_cast<const KSE_NODE*>(event)->NodeId;
        }
    } else if (in_bytes >= sizeof(KSE_PIN)) {
        record->pin = reinterpret_cast<const KSE_PIN*>(event)->PinId;
    }
    const NTSTATUS status = take_notification(copy, irp.RequestorMode, *record);
    if (!NT_SUCCESS(status)) {
        entry.Object = nullptr;
        discard(*record);
        record = nullptr;
        return status;
    }
    if ((flags & KSEVENT_TYPE_ENABLEBUFFERED) != 0) {
        entry.Flags |= KSEVENT_ENTRY_BUFFERED;
    }
    return STATUS_SUCCESS;
}

void EventRecord::require_live(const KSEVENT_ENTRY* entry, const char* function) {
    const auto* const record = CONTAINING_RECORD(entry, EventRecord, entry);
    if (!KsSystem::current().event_records.contains(record)) [[unlikely]] {
        machine::Machine::current().bugcheck(
            0xC2 /* BAD_POOL_CALLER */, 0x46, reinterpret_cast<std::uint64_t>(entry), 0, 0,
            executive::Sentence("{}: what is no event entry of KS's, or has been discarded.", function));
    }
}

void EventList::add(EventRecord& record) {
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    InsertTailList(&list_, &record.entry.ListEntry);
    record.list = this;
    record.added = true;
    KeReleaseSpinLock(&lock_, irql);
}

ULONG EventList::generate(const Filter& filter) {
    Removal removal;
    ULONG fired = 0;
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    for (LIST_ENTRY* link = list_.Flink; link != &list_;) {
        EventRecord& record = EventRecord::of(*CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry));
        link = link->Flink;
        if (!filter.matches(record)) {
            continue;
        }
        ++fired;
        if (signal(record)) {
            begin_removal(record, removal);
        }
    }
    KeReleaseSpinLock(&lock_, irql);
    finish(removal);
    return fired;
}

bool EventList::Filter::matches(const EventRecord& record) const {
    // An entry that was enabled without naming a pin or node stands for all of them.
    return (set == nullptr || IsEqualGUID(*set, record.set)) && id == record.id &&
           (!by_pin || record.pin == KSFILTER_NODE || record.pin == pin) &&
           (!by_node || record.node == KSFILTER_NODE || record.node == node) &&
           (file == nullptr || file == record.entry.FileObject);
}

NTSTATUS EventList::query_buffer(IRP& irp) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    if (location.Parameters.DeviceIoControl.InputBufferLength < sizeof(KSQUERYBUFFER)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const auto& query = *static_cast<const KSQUERYBUFFER*>(location.Parameters.DeviceIoControl.Type3InputBuffer);
    const ULONG room = location.Parameters.DeviceIoControl.OutputBufferLength;
    NTSTATUS status = STATUS_NOT_FOUND;
    BufferedNotification* note = nullptr;
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    for (LIST_ENTRY* link = list_.Flink; link != &list_; link = link->Flink) {
        EventRecord& record = EventRecord::of(*CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry));
        if (record.entry.FileObject != location.FileObject || record.entry.EventData != query.EventData ||
            (record.entry.Flags & KSEVENT_ENTRY_BUFFERED) == 0) {
            continue;
        }
        LIST_ENTRY& list = record.deferred.BufferList;
        if (IsListEmpty(&list)) {
            status = STATUS_NO_MORE_ENTRIES;
            break;
        }
        note = CONTAINING_RECORD(list.Flink, BufferedNotification, link);
        irp.IoStatus.Information = note->bytes;
        if (room < note->bytes) {
            status = room == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
            note = nullptr;
            break;
        }
        KeAcquireSpinLockAtDpcLevel(&record.deferred.DpcItem.AccessLock);
        RemoveEntryList(&note->link);
        KeReleaseSpinLockFromDpcLevel(&record.deferred.DpcItem.AccessLock);
        status = STATUS_SUCCESS;
        break;
    }
    KeReleaseSpinLock(&lock_, irql);
    if (note != nullptr) {
        if (note->bytes != 0) {
            std::memcpy(irp.UserBuffer, note + 1, note->bytes);
        }
        give_memory(note);
    }
    return status;
}

} // namespace openportcls::ks
