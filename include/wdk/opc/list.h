/* Doubly and singly linked lists. */
#ifndef OPC_LIST_H
#define OPC_LIST_H

#include "../ntdef.h"

#define RTL_STATIC_LIST_HEAD(name) LIST_ENTRY name = {&name, &name}

/* Neighbours that do not point at each other end the system, as on Windows 8 and later (bug check 0x139, code 3),
   unless a driver asks for no checks as the WDK lets it. The instruction is what __fastfail(3) becomes. */
#ifdef NO_KERNEL_LIST_ENTRY_CHECKS
#define OPC_CHECK_LIST(consistent) ((void)0)
#else
#define OPC_CHECK_LIST(consistent)                                                                                     \
    do {                                                                                                               \
        if (!(consistent)) {                                                                                           \
            __asm__ volatile("int $0x29" : : "c"(3));                                                                  \
            __builtin_unreachable();                                                                                   \
        }                                                                                                              \
    } while (0)
#endif

FORCEINLINE VOID InitializeListHead(PLIST_ENTRY ListHead) {
    ListHead->Flink = ListHead->Blink = ListHead;
}
FORCEINLINE BOOLEAN IsListEmpty(const LIST_ENTRY* ListHead) {
    return (BOOLEAN)(ListHead->Flink == ListHead);
}
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY Entry) {
    PLIST_ENTRY next = Entry->Flink;
    PLIST_ENTRY previous = Entry->Blink;
    OPC_CHECK_LIST(next->Blink == Entry && previous->Flink == Entry);
    previous->Flink = next;
    next->Blink = previous;
    return (BOOLEAN)(next == previous);
}
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY ListHead) {
    PLIST_ENTRY entry = ListHead->Flink;
    RemoveEntryList(entry);
    return entry;
}
FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY ListHead) {
    PLIST_ENTRY entry = ListHead->Blink;
    RemoveEntryList(entry);
    return entry;
}
FORCEINLINE VOID InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry) {
    PLIST_ENTRY first = ListHead->Flink;
    OPC_CHECK_LIST(first->Blink == ListHead);
    Entry->Flink = first;
    Entry->Blink = ListHead;
    first->Blink = Entry;
    ListHead->Flink = Entry;
}
FORCEINLINE VOID InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry) {
    PLIST_ENTRY last = ListHead->Blink;
    OPC_CHECK_LIST(last->Flink == ListHead);
    Entry->Flink = ListHead;
    Entry->Blink = last;
    last->Flink = Entry;
    ListHead->Blink = Entry;
}
FORCEINLINE VOID AppendTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListToAppend) {
    PLIST_ENTRY last = ListHead->Blink;
    OPC_CHECK_LIST(last->Flink == ListHead && ListToAppend->Blink->Flink == ListToAppend);
    ListHead->Blink->Flink = ListToAppend;
    ListHead->Blink = ListToAppend->Blink;
    ListToAppend->Blink->Flink = ListHead;
    ListToAppend->Blink = last;
}
FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY ListHead) {
    PSINGLE_LIST_ENTRY first = ListHead->Next;
    if (first != NULL) {
        ListHead->Next = first->Next;
    }
    return first;
}
FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry) {
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

#endif
