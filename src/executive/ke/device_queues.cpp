// Device queues: a busy flag and a list of what waits for the device.
#include <wdm.h>

#include "executive/irql_check.h"

using namespace openportcls;
using machine::Machine;

namespace {

constexpr CSHORT device_queue_object = 20;

// Holds the queue's own lock.
class QueueLock {
public:
    explicit QueueLock(KDEVICE_QUEUE& queue) : queue_(queue), machine_(Machine::current()) {
        old_ = machine_.raise_irql(std::max(machine_.irql(), machine::irql::dispatch));
        machine_.acquire_lock(queue_.Lock);
    }
    ~QueueLock() {
        machine_.release_lock(queue_.Lock);
        machine_.lower_irql(old_);
    }
    QueueLock(const QueueLock&) = delete;
    QueueLock& operator=(const QueueLock&) = delete;

private:
    KDEVICE_QUEUE& queue_;
    Machine& machine_;
    KIRQL old_;
};

KDEVICE_QUEUE_ENTRY* entry_of(LIST_ENTRY* link) {
    return CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

void insert_before(LIST_ENTRY& position, KDEVICE_QUEUE_ENTRY& entry) {
    entry.DeviceListEntry = {&position, position.Blink};
    position.Blink->Flink = &entry.DeviceListEntry;
    position.Blink = &entry.DeviceListEntry;
    entry.Inserted = TRUE;
}

KDEVICE_QUEUE_ENTRY* take(LIST_ENTRY* link) {
    link->Blink->Flink = link->Flink;
    link->Flink->Blink = link->Blink;
    KDEVICE_QUEUE_ENTRY* entry = entry_of(link);
    entry->Inserted = FALSE;
    return entry;
}

} // namespace

extern "C" {

void NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE queue) {
    *queue = {};
    queue->Type = device_queue_object;
    queue->Size = sizeof(KDEVICE_QUEUE);
    queue->DeviceListHead = {&queue->DeviceListHead, &queue->DeviceListHead};
}

// FALSE: the queue was not busy; it is now, and the caller goes on with the entry at once.
BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const QueueLock lock(*queue);
    entry->Inserted = FALSE;
    if (!queue->Busy) {
        queue->Busy = TRUE;
        return FALSE;
    }
    insert_before(queue->DeviceListHead, *entry);
    return TRUE;
}

BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, ULONG key) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const QueueLock lock(*queue);
    entry->SortKey = key;
    entry->Inserted = FALSE;
    if (!queue->Busy) {
        queue->Busy = TRUE;
        return FALSE;
    }
    LIST_ENTRY* position = queue->DeviceListHead.Flink;
    while (position != &queue->DeviceListHead && entry_of(position)->SortKey <= key) {
        position = position->Flink;
    }
    insert_before(*position, *entry);
    return TRUE;
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE queue) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const QueueLock lock(*queue);
    if (queue->DeviceListHead.Flink == &queue->DeviceListHead) {
        queue->Busy = FALSE;
        return nullptr;
    }
    return take(queue->DeviceListHead.Flink);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE queue, ULONG key) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const QueueLock lock(*queue);
    LIST_ENTRY* const head = &queue->DeviceListHead;
    if (head->Flink == head) {
        queue->Busy = FALSE;
        return nullptr;
    }
    LIST_ENTRY* position = head->Flink;
    while (position != head && entry_of(position)->SortKey < key) {
        position = position->Flink;
    }
    return take(position == head ? head->Flink : position);
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const QueueLock lock(*queue);
    const BOOLEAN was_inserted = entry->Inserted;
    if (was_inserted) {
        take(&entry->DeviceListEntry);
    }
    return was_inserted;
}

} // extern "C"
