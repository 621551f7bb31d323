// Memory, arithmetic, and time.
#include "faults.h"

// What the optimiser cannot know.
static volatile ULONG Ten = 10;

void OverflowPool() {
    PULONG Numbers = (PULONG)ExAllocatePool2(POOL_FLAG_NON_PAGED, 10 * sizeof(ULONG), FaultsPoolTag);
    Numbers[Ten] = 1; // POOL_OVERFLOW
    ExFreePoolWithTag(Numbers, FaultsPoolTag);
}

void UsePoolAfterFree() {
    volatile ULONG* Numbers = (volatile ULONG*)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, FaultsPoolTag);
    ExFreePoolWithTag((PVOID)Numbers, FaultsPoolTag);
    Numbers[3] = 1; // POOL_AFTER_FREE
}

__declspec(noinline) static void Fill(PUCHAR Bytes, ULONG Count) {
    for (ULONG Index = 0; Index < Count; ++Index) {
        Bytes[Index] = (UCHAR)Index; // STACK_OVERFLOW
    }
}

void OverflowStackBuffer() {
    UCHAR Bytes[9];
    Fill(Bytes, Ten);
    DbgPrint("faults: %u\n", Bytes[Ten % 9]);
}

void OverflowSignedNumber() {
    LONG Number = MAXLONG - 9;
    Number += (LONG)Ten; // SIGNED_OVERFLOW
    DbgPrint("faults: %d\n", Number);
}

void Hang() {
    while (Ten == 10) { // HANG
    }
}

__declspec(noinline) static ULONG Recurse(ULONG Depth) {
    volatile UCHAR Frame[1000];
    Frame[Depth % 1000] = (UCHAR)Depth;
    return Ten == 10 ? Recurse(Depth + 1) + Frame[Depth % 1000] : Depth; // RECURSION
}

void RecurseWithoutEnd() {
    DbgPrint("faults: %u\n", Recurse(0));
}

void OverrunStackFar() {
    UCHAR Bytes[64];
    Fill(Bytes, 2048 * Ten);
    DbgPrint("faults: %u\n", Bytes[Ten]);
}

void StallAtDispatchLevel() {
    KIRQL Irql;
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    while (Ten == 10) {
        KeStallExecutionProcessor(50); // STALL
    }
    KeLowerIrql(Irql);
}

void RemoveListEntryTwice() {
    LIST_ENTRY Head;
    LIST_ENTRY Entries[3];
    InitializeListHead(&Head);
    for (ULONG Index = 0; Index < 3; ++Index) {
        InsertTailList(&Head, &Entries[Index]);
    }
    for (ULONG Times = 0; Times < 2; ++Times) {
        RemoveEntryList(&Entries[Ten % 3]); // LIST_ENTRY_TWICE
    }
}

void InitialiseEventInShortBlock() {
    PKEVENT Event = (PKEVENT)ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, FaultsPoolTag);
    KeInitializeEvent(Event, NotificationEvent, FALSE); // SHORT_EVENT
    ExFreePoolWithTag(Event, FaultsPoolTag);
}

void SignalFreedEvent() {
    PKEVENT Event = (PKEVENT)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KEVENT), FaultsPoolTag);
    KeInitializeEvent(Event, NotificationEvent, FALSE);
    ExFreePoolWithTag(Event, FaultsPoolTag);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE); // FREED_EVENT
}

void FreePoolTwice() {
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, FaultsPoolTag);
    ExFreePoolWithTag(Block, FaultsPoolTag);
    ExFreePoolWithTag(Block, FaultsPoolTag); // SECOND_FREE
}

void OverrunPoolFar() {
    PUCHAR Bytes = (PUCHAR)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, FaultsPoolTag);
    Fill(Bytes, 100000 * Ten);
    ExFreePoolWithTag(Bytes, FaultsPoolTag);
}

static UCHAR Few[8];

void OverrunGlobalFar() {
    Fill(Few, 100000 * Ten);
    DbgPrint("faults: %u\n", Few[Ten % 8]);
}

void FillGlobalFar() {
    RtlFillMemory(Few, 104857 * Ten, 0x41); // GLOBAL_FILL
    DbgPrint("faults: %u\n", Few[Ten % 8]);
}

void CopyBeyondPool() {
    PUCHAR Bytes = (PUCHAR)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, FaultsPoolTag);
    PUCHAR Copy = (PUCHAR)ExAllocatePool2(POOL_FLAG_NON_PAGED, 65, FaultsPoolTag);
    RtlCopyMemory(Copy, Bytes, 55 + Ten); // POOL_COPY
    ExFreePoolWithTag(Copy, FaultsPoolTag);
    ExFreePoolWithTag(Bytes, FaultsPoolTag);
}

void FillBackwards() {
    PUCHAR Bytes = (PUCHAR)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, FaultsPoolTag);
    RtlFillMemory(Bytes, (SIZE_T)0 - Ten, 0x41); // NEGATIVE_FILL
    ExFreePoolWithTag(Bytes, FaultsPoolTag);
}
