// Events: enabling, disabling, generating. One EventList per object that has events.
#pragma once

#include <ks.h>

namespace openportcls::ks {

class EventList;

// A KSEVENT_ENTRY with what the engine keeps about it. Drivers see only `entry`.
struct EventRecord {
    KSEVENT_ENTRY entry;
    GUID set;
    ULONG id;
    ULONG pin;       // KSFILTER_NODE: no pin named
    ULONG node;      // KSFILTER_NODE: no node named
    EventList* list; // it is on, or nullptr
    // Told when the record has left the list, just before it is freed (may be at DISPATCH_LEVEL, R-EVENT-01).
    void (*removed)(EventRecord& record);
    void* context;       // for `removed`
    const void* item;    // the table entry it was enabled through
    void* worker;        // KSEVENTF_KSWORKITEM
    bool held;           // whoever enables it looks at it yet: it is not freed
    bool added;          // has been on a list
    bool finished;       // removed meanwhile
    LIST_ENTRY leaving;  // in the list's leaving_, until `removed` has returned
    const void* remover; // the EventList::Removal that calls `removed`
    const void* told_by; // the thread that is at it
    // The entry's DpcItem and BufferItem. What is generated above DISPATCH_LEVEL its DPC signals; queued, it keeps the
    // record's memory.
    KSBUFFER_ITEM deferred;
    LONG untold;  // signals that the DPC has to give
    LONG retired; // the DPC has to end the record

    static EventRecord& of(KSEVENT_ENTRY& entry) { return *CONTAINING_RECORD(&entry, EventRecord, entry); }
    // A bugcheck that names `function` when a driver has given what is none, or is none any more.
    static void require_live(const KSEVENT_ENTRY* entry, const char* function);
    // `deferred`, of a record that is zeroed.
    void prepare_signals();
    // Bytes that `prepare` was asked for behind the record.
    template<class T>
    T& extra() {
        return *reinterpret_cast<T*>(this + 1);
    }
};

class EventList {
public:
    EventList();
    ~EventList();
    EventList(const EventList&) = delete;
    EventList& operator=(const EventList&) = delete;

    // The record that an IOCTL_KS_ENABLE_EVENT asks for, its notification checked and referenced; not yet on a list.
    // The caller has seen that the input holds a KSEVENT.
    static NTSTATUS prepare(IRP& irp, ULONG extra_bytes, EventRecord*& record);
    // Frees a record that is on no list, and forgets what it has not signalled yet; a bugcheck when it has been freed.
    // <= DISPATCH_LEVEL.
    static void discard(EventRecord& record);
    // The same of one that has just been signalled, at any IRQL: its client is still told.
    static void retire(EventRecord& record);

    void add(EventRecord& record);
    // Until it is released a record outlives its removal: a one-shot event may fire before its enabling is complete.
    void hold(EventRecord& record) { record.held = true; }
    // The enabling is complete, and not to be looked at any more. `refused`: it leaves, and nobody is told.
    void release(EventRecord& record, bool refused);
    bool is_empty() const { return list_.Flink == &list_; }

    // What removes records does not return before each of them has been told of, whoever is at it ("removal
    // synchronises with generation", R-KS-05); unless that would be to wait for its own caller, or at DISPATCH_LEVEL.
    // R-EVENT-07: by KSEVENTDATA address and file object; `data` null: all of the file object's.
    NTSTATUS disable(FILE_OBJECT* file, const KSEVENTDATA* data);
    void remove_file(FILE_OBJECT* file) { disable(file, nullptr); }
    void remove_all() { disable(nullptr, nullptr); }

    struct Filter {
        const GUID* set = nullptr; // null: any
        ULONG id = 0;
        bool by_pin = false;
        ULONG pin = 0;
        bool by_node = false;
        ULONG node = 0;
        FILE_OBJECT* file = nullptr; // only entries of this file object
        bool matches(const EventRecord& record) const;
    };
    // Signals what matches; returns how many. <= DISPATCH_LEVEL. Waits for nobody.
    ULONG generate(const Filter& filter);

    // Signals one entry, with data for a buffered one. Above DISPATCH_LEVEL a DPC does it, without the data. True: it
    // was one-shot and is to be removed.
    static bool signal(EventRecord& record, const void* data = nullptr, ULONG bytes = 0);

    // KSEVENT_TYPE_QUERYBUFFER: the oldest notification of a buffered event.
    NTSTATUS query_buffer(IRP& irp);

    // visit(record) for each, under the lock; true: remove it.
    template<class Visit>
    void visit(Visit&& function) {
        Removal removal;
        KIRQL irql;
        KeAcquireSpinLock(&lock_, &irql);
        for (LIST_ENTRY* link = list_.Flink; link != &list_;) {
            EventRecord& record = EventRecord::of(*CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry));
            link = link->Flink;
            if (function(record)) {
                begin_removal(record, removal);
            }
        }
        KeReleaseSpinLock(&lock_, irql);
        finish(removal);
    }

private:
    // One call that removes records.
    struct Removal {
        bool has_records = false;
    };
    struct Waiter;

    void unlink(EventRecord& record);
    void begin_removal(EventRecord& record, Removal& removal);
    void take_over(FILE_OBJECT* file, const KSEVENTDATA* data, Removal& removal);
    void finish(Removal& removal);
    EventRecord* first_untold(const Removal& removal);
    EventRecord* next_untold(const Removal& removal);
    EventRecord* finish_record(EventRecord& record, const Removal& removal);
    void wait_until_told(FILE_OBJECT* file, const KSEVENTDATA* data);
    bool is_told_by_others(FILE_OBJECT* file, const KSEVENTDATA* data) const;

    LIST_ENTRY list_;
    LIST_ENTRY leaving_; // removed; not yet told of
    LIST_ENTRY waiters_; // for what is leaving
    KSPIN_LOCK lock_ = 0;
};

} // namespace openportcls::ks
