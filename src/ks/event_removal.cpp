// How an event leaves its list. Between that and the end of `EventRecord::removed`, which is called without the lock, a
// record is on `leaving_`: whoever removes events of a file finds it there and does not let the file go before.
#include "executive/ke/waits.h"
#include "ks/events.h"
#include "machine/machine.h"

namespace openportcls::ks {

namespace {

const void* this_thread() {
    return &machine::Machine::current().current_thread();
}

// `file` null: any, `data` null: all of the file's.
bool is_one_of(const EventRecord& record, const FILE_OBJECT* file, const KSEVENTDATA* data) {
    return (file == nullptr || record.entry.FileObject == file) && (data == nullptr || record.entry.EventData == data);
}

EventRecord& leaving_record(LIST_ENTRY* link) {
    return *CONTAINING_RECORD(link, EventRecord, leaving);
}

} // namespace

// Somebody who waits for what another thread or processor is at.
struct EventList::Waiter {
    LIST_ENTRY link;
    KEVENT told;
};

// ---- under the lock ---------------------------------------------------------------------------------------------

void EventList::unlink(EventRecord& record) {
    RemoveEntryList(&record.entry.ListEntry);
    InitializeListHead(&record.entry.ListEntry);
    record.list = nullptr;
    record.entry.Flags |= KSEVENT_ENTRY_DELETED;
}

void EventList::begin_removal(EventRecord& record, Removal& removal) {
    unlink(record);
    record.remover = &removal;
    InsertTailList(&leaving_, &record.leaving);
    removal.has_records = true;
}

// What others have removed and not yet told of: the caller may be what they are at.
void EventList::take_over(FILE_OBJECT* file, const KSEVENTDATA* data, Removal& removal) {
    for (LIST_ENTRY* link = leaving_.Flink; link != &leaving_; link = link->Flink) {
        EventRecord& record = leaving_record(link);
        if (record.told_by == nullptr && is_one_of(record, file, data)) {
            record.remover = &removal;
            removal.has_records = true;
        }
    }
}

EventRecord* EventList::next_untold(const Removal& removal) {
    for (LIST_ENTRY* link = leaving_.Flink; link != &leaving_; link = link->Flink) {
        EventRecord& record = leaving_record(link);
        if (record.remover == &removal && record.told_by == nullptr) {
            record.told_by = this_thread();
            return &record;
        }
    }
    return nullptr;
}

// Those that the caller itself is told of it cannot wait for.
bool EventList::is_told_by_others(FILE_OBJECT* file, const KSEVENTDATA* data) const {
    const void* const self = this_thread();
    for (LIST_ENTRY* link = leaving_.Flink; link != &leaving_; link = link->Flink) {
        const EventRecord& record = leaving_record(link);
        if (record.told_by != self && is_one_of(record, file, data)) {
            return true;
        }
    }
    return false;
}

// ---- without it -------------------------------------------------------------------------------------------------

EventRecord* EventList::first_untold(const Removal& removal) {
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    EventRecord* const record = next_untold(removal);
    KeReleaseSpinLock(&lock_, irql);
    return record;
}

// `record` has been told of. The next one; without one the list may be gone, since nobody waits any more.
EventRecord* EventList::finish_record(EventRecord& record, const Removal& removal) {
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    RemoveEntryList(&record.leaving);
    record.finished = true;
    const bool is_held = record.held;
    EventRecord* const next = next_untold(removal);
    for (LIST_ENTRY* link = waiters_.Flink; link != &waiters_; link = link->Flink) {
        KeSetEvent(&CONTAINING_RECORD(link, Waiter, link)->told, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&lock_, irql);
    if (!is_held) {
        discard(record);
    }
    return next;
}

void EventList::finish(Removal& removal) {
    if (!removal.has_records) {
        return;
    }
    for (EventRecord* record = first_untold(removal); record != nullptr;) {
        if (record->removed != nullptr) {
            record->removed(*record);
        }
        record = finish_record(*record, removal);
    }
}

void EventList::wait_until_told(FILE_OBJECT* file, const KSEVENTDATA* data) {
    if (KeGetCurrentIrql() >= DISPATCH_LEVEL) {
        return;
    }
    Waiter waiter;
    KeInitializeEvent(&waiter.told, SynchronizationEvent, FALSE);
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    InsertTailList(&waiters_, &waiter.link);
    while (is_told_by_others(file, data)) {
        KeReleaseSpinLock(&lock_, irql);
        executive::wait_for_ever(machine::Machine::current(), &waiter.told);
        KeAcquireSpinLock(&lock_, &irql);
    }
    RemoveEntryList(&waiter.link);
    KeReleaseSpinLock(&lock_, irql);
}

NTSTATUS EventList::disable(FILE_OBJECT* file, const KSEVENTDATA* data) {
    Removal removal;
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    bool found = false;
    for (LIST_ENTRY* link = list_.Flink; link != &list_ && (!found || data == nullptr);) {
        EventRecord& record = EventRecord::of(*CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry));
        link = link->Flink;
        if (is_one_of(record, file, data)) {
            begin_removal(record, removal);
            found = true;
        }
    }
    take_over(file, data, removal);
    KeReleaseSpinLock(&lock_, irql);
    finish(removal);
    wait_until_told(file, data);
    return found || data == nullptr ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL; // R-KS-05
}

void EventList::release(EventRecord& record, bool refused) {
    KIRQL irql;
    KeAcquireSpinLock(&lock_, &irql);
    record.held = false;
    if (refused && record.list != nullptr) {
        unlink(record);
        record.finished = true;
    }
    const bool is_over = record.finished || !record.added; // while it leaves, its remover will discard it
    KeReleaseSpinLock(&lock_, irql);
    if (is_over) {
        discard(record);
    }
}

} // namespace openportcls::ks
