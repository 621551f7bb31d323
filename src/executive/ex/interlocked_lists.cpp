// Lists under a spin lock, and sequenced lists without one.
#include <wdm.h>

#include "executive/ex/asan.h"
#include "executive/irql_check.h"

using namespace openportcls;
using machine::Machine;

namespace {

// ExInterlocked* may be called at any IRQL: interrupts stay out while the lock is held.
class ListLock {
public:
    explicit ListLock(KSPIN_LOCK& lock) : lock_(lock), machine_(Machine::current()) {
        old_ = machine_.raise_irql(machine::irql::high);
        machine_.acquire_lock(lock_);
    }
    ~ListLock() {
        machine_.release_lock(lock_);
        machine_.lower_irql(old_);
    }
    ListLock(const ListLock&) = delete;
    ListLock& operator=(const ListLock&) = delete;

private:
    KSPIN_LOCK& lock_;
    Machine& machine_;
    KIRQL old_;
};

SLIST_ENTRY* first_of(const SLIST_HEADER& head) {
    return reinterpret_cast<SLIST_ENTRY*>(static_cast<ULONG_PTR>(head.HeaderX64.NextEntry) << 4);
}

void set_first(SLIST_HEADER& head, const SLIST_ENTRY* entry) {
    head.HeaderX64.NextEntry = reinterpret_cast<ULONG_PTR>(entry) >> 4;
}

PLIST_ENTRY remove_head(LIST_ENTRY& head, KSPIN_LOCK& lock) {
    const ListLock held(lock);
    PLIST_ENTRY first = head.Flink;
    if (first == &head) {
        return nullptr;
    }
    head.Flink = first->Flink;
    first->Flink->Blink = &head;
    return first;
}

PSINGLE_LIST_ENTRY pop_entry(SINGLE_LIST_ENTRY& head, KSPIN_LOCK& lock) {
    const ListLock held(lock);
    PSINGLE_LIST_ENTRY first = head.Next;
    if (first != nullptr) {
        head.Next = first->Next;
    }
    return first;
}

// Who finds nothing may be waiting for something to come.
template<class Entry>
Entry* or_poll(Entry* entry) {
    if (entry == nullptr) {
        Machine::current().poll();
    }
    return entry;
}

} // namespace

extern "C" {

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock) {
    const ListLock held(*lock);
    executive::require_own_memory(head, sizeof *head, __func__);
    executive::require_own_memory(entry, sizeof *entry, __func__);
    PLIST_ENTRY first = head->Flink;
    *entry = {first, head};
    first->Blink = entry;
    head->Flink = entry;
    return first == head ? nullptr : first;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY head, PLIST_ENTRY entry, PKSPIN_LOCK lock) {
    const ListLock held(*lock);
    executive::require_own_memory(head, sizeof *head, __func__);
    executive::require_own_memory(entry, sizeof *entry, __func__);
    PLIST_ENTRY last = head->Blink;
    *entry = {head, last};
    last->Flink = entry;
    head->Blink = entry;
    return last == head ? nullptr : last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY head, PKSPIN_LOCK lock) {
    return or_poll(remove_head(*head, *lock));
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY head, PKSPIN_LOCK lock) {
    return or_poll(pop_entry(*head, *lock));
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY head, PSINGLE_LIST_ENTRY entry,
                                                    PKSPIN_LOCK lock) {
    const ListLock held(*lock);
    PSINGLE_LIST_ENTRY first = head->Next;
    entry->Next = first;
    head->Next = entry;
    return first;
}

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER addend, LARGE_INTEGER increment, PKSPIN_LOCK lock) {
    const ListLock held(*lock);
    const LARGE_INTEGER before = *addend;
    addend->QuadPart += increment.QuadPart;
    return before;
}

ULONG NTAPI ExInterlockedAddUlong(PULONG addend, ULONG increment, PKSPIN_LOCK lock) {
    const ListLock held(*lock);
    const ULONG before = *addend;
    *addend += increment;
    return before;
}

void NTAPI InitializeSListHead(PSLIST_HEADER head) {
    *head = {};
}
void NTAPI ExInitializeSListHead(PSLIST_HEADER head) {
    *head = {};
}
USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER head) {
    return static_cast<USHORT>(head->HeaderX64.Depth);
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER head, PSLIST_ENTRY entry) {
    Machine::current().preemption_point();
    PSLIST_ENTRY first = first_of(*head);
    machine::tsan::release(head);
    entry->Next = first;
    set_first(*head, entry);
    head->HeaderX64.Depth += 1;
    head->HeaderX64.Sequence += 1;
    return first;
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER head) {
    Machine::current().preemption_point();
    PSLIST_ENTRY first = first_of(*head);
    if (first != nullptr) {
        machine::tsan::acquire(head);
        set_first(*head, first->Next);
        head->HeaderX64.Depth -= 1;
        head->HeaderX64.Sequence += 1;
    }
    return or_poll(first);
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER head) {
    Machine::current().preemption_point();
    PSLIST_ENTRY first = first_of(*head);
    machine::tsan::acquire(head);
    set_first(*head, nullptr);
    head->HeaderX64.Depth = 0;
    head->HeaderX64.Sequence += 1;
    return first;
}

} // extern "C"
