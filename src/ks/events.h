// Events: enabling, disabling, generating. One EventList per object that has events.
#pragma once

#include <ks.h>

namespace openportcls::ks {

// A KSEVENT_ENTRY with what the engine keeps about it. Drivers see only `entry`.
struct EventRecord {
    KSEVENT_ENTRY entry;
    ULONG pin;  // KSFILTER_NODE: no pin named
    ULONG node; // KSFILTER_NODE: no node named
    ULONG set_id_event; // event id, as KSEVENT_ITEM may be the driver's own table
    GUID set;
    bool linked;
    // Told when the record leaves the list, before it is freed (may be at DISPATCH_LEVEL).
    void (*removed)(EventRecord& record);
    void* context;        // for `removed`
    const void* item;     // the table entry it was enabled through
    WORK_QUEUE_ITEM* work_item;

    static EventRecord& of(KSEVENT_ENTRY& entry) { return *CONTAINING_RECORD(&entry, EventRecord, entry); }
};

class EventList {
public:
    EventList();
    ~EventList();
    EventList(const EventList&) = delete;
    EventList& operator=(const EventList&) = delete;

    // The record that an IOCTL_KS_ENABLE_EVENT asks for, its notification checked and referenced; not yet on the list.
    // `extra_bytes` follow the record. Flags outside ENABLE, ONESHOT, ENABLEBUFFERED and TOPOLOGY are the caller's.
    static NTSTATUS prepare(IRP& irp, ULONG extra_bytes, EventRecord*& record);
    static void discard(EventRecord& record);

    void add(EventRecord& record);
    bool is_empty() const { return list_.Flink == &list_; }

    // R-EVENT-07: by KSEVENTDATA address and file object; `data` null: all of the file object's.
    NTSTATUS disable(FILE_OBJECT* file, const KSEVENTDATA* data);
    void remove_file(FILE_OBJECT* file) { disable(file, nullptr); }
    void remove_all();

    // <= DISPATCH_LEVEL. null set: any; KSFILTER_NODE is a real value only where the flag is set.
    struct Filter {
        const GUID* set = nullptr;
        ULONG id = 0;
        bool by_pin = false;
        ULONG pin = 0;
        bool by_node = false;
        ULONG node = 0;
        FILE_OBJECT* file = nullptr; // only entries of this file object
    };
    ULONG generate(const Filter& filter);

    // Signals one entry; used by generate and KsGenerateEvent. True: it was one-shot and is to be removed.
    static bool signal(EventRecord& record);

    // Calls function(record) for each, under the lock; true stops. For timers over marks.
    template<class Function>
    void for_each(Function&& function) {
        KIRQL irql;
        KeAcquireSpinLock(&lock_, &irql);
        for (LIST_ENTRY* link = list_.Flink; link != &list_;) {
            EventRecord& record = EventRecord::of(*CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry));
            link = link->Flink;
            function(record);
        }
        KeReleaseSpinLock(&lock_, irql);
    }

    KSPIN_LOCK& lock() { return lock_; }

private:
    void unlink(EventRecord& record);
    static void finish_removed(LIST_ENTRY& removed);

    LIST_ENTRY list_;
    KSPIN_LOCK lock_ = 0;
};

} // namespace openportcls::ks
