// Two that touch the same number, with and without the lock that would order them; and every way to order them.
#include "faults.h"

struct Shared {
    KSPIN_LOCK Lock;
    bool Locked;
    ULONG Number;
    KTIMER Timer;
    KDPC TimerDpc;
    KDPC OtherDpc;
    KEVENT TimerRan;
    KEVENT OtherRan;
};

static KIRQL Enter(Shared* Data) {
    KIRQL Irql = KeGetCurrentIrql();
    if (Data->Locked) {
        KeAcquireSpinLock(&Data->Lock, &Irql);
    }
    return Irql;
}

static void Leave(Shared* Data, KIRQL Irql) {
    if (Data->Locked) {
        KeReleaseSpinLock(&Data->Lock, Irql);
    }
}

static VOID NTAPI TimerRoutine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Shared* Data = (Shared*)Context;
    KIRQL Irql = Enter(Data);
    ++Data->Number; // RACE_TIMER
    Leave(Data, Irql);
    KeSetEvent(&Data->TimerRan, IO_NO_INCREMENT, FALSE);
}

static VOID NTAPI OtherRoutine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Shared* Data = (Shared*)Context;
    KIRQL Irql = Enter(Data);
    ++Data->Number; // RACE_OTHER
    Leave(Data, Irql);
    KeSetEvent(&Data->OtherRan, IO_NO_INCREMENT, FALSE);
}

static Shared* NewShared(bool Locked) {
    Shared* Data = (Shared*)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Shared), FaultsPoolTag);
    Data->Locked = Locked;
    KeInitializeSpinLock(&Data->Lock);
    KeInitializeTimer(&Data->Timer);
    KeInitializeDpc(&Data->TimerDpc, TimerRoutine, Data);
    KeInitializeDpc(&Data->OtherDpc, OtherRoutine, Data);
    KeInitializeEvent(&Data->TimerRan, NotificationEvent, FALSE);
    KeInitializeEvent(&Data->OtherRan, NotificationEvent, FALSE);
    return Data;
}

static void StartTimer(Shared* Data) {
    LARGE_INTEGER Due;
    Due.QuadPart = -10000; // a millisecond
    KeSetTimer(&Data->Timer, Due, &Data->TimerDpc);
}

static void Wait(PVOID Object) {
    KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, NULL);
}

void RaceDpcWithThread(bool Locked) {
    Shared* Data = NewShared(Locked);
    StartTimer(Data);
    KIRQL Irql = Enter(Data);
    ++Data->Number; // RACE_THREAD
    Leave(Data, Irql);
    Wait(&Data->TimerRan);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(Data, FaultsPoolTag);
}

void RaceTimerWithOtherProcessor(bool Locked) {
    Shared* Data = NewShared(Locked);
    KeSetTargetProcessorDpc(&Data->OtherDpc, 1);
    StartTimer(Data);
    KeInsertQueueDpc(&Data->OtherDpc, NULL, NULL);
    Wait(&Data->TimerRan);
    Wait(&Data->OtherRan);
    KeFlushQueuedDpcs();
    ExFreePoolWithTag(Data, FaultsPoolTag);
}

// ---- rightly -----------------------------------------------------------------------------------------------------

const ULONG Rounds = 20;

struct Workshop {
    ULONG UnderMutex;
    ULONG UnderFastMutex;
    ULONG UnderGuardedMutex;
    ULONG UnderResource;
    ULONG UnderPushLock;
    ULONG UnderReaderWriterSpinLock;
    ULONG UnderQueuedSpinLock;
    ULONG UnderSemaphore;
    ULONG UnderInterruptLock;
    ULONG ByThread;
    ULONG ByWorkItem;
    ULONG ByTimerThenWaiter;
    KMUTEX Mutex;
    FAST_MUTEX FastMutex;
    KGUARDED_MUTEX GuardedMutex;
    ERESOURCE Resource;
    EX_PUSH_LOCK PushLock;
    EX_SPIN_LOCK ReaderWriterSpinLock;
    KSPIN_LOCK QueuedSpinLock;
    KSEMAPHORE Semaphore;
    PKINTERRUPT Interrupt;
    IO_REMOVE_LOCK RemoveLock;
    NPAGED_LOOKASIDE_LIST Lookaside;
    DECLSPEC_ALIGN(16) SLIST_HEADER List;
    KEVENT WorkDone;
    ULONG References;
};

// The line stays silent: what counts is the lock.
static BOOLEAN NTAPI ServiceRoutine(PKINTERRUPT Interrupt, PVOID Context) {
    UNREFERENCED_PARAMETER(Interrupt);
    ++((Workshop*)Context)->UnderInterruptLock;
    return TRUE;
}

static BOOLEAN NTAPI InsteadOfInterrupt(PVOID Context) {
    ++((Workshop*)Context)->UnderInterruptLock;
    return TRUE;
}

static void UseLocks(Workshop* Shop) {
    Wait(&Shop->Mutex);
    ++Shop->UnderMutex;
    KeReleaseMutex(&Shop->Mutex, FALSE);

    ExAcquireFastMutex(&Shop->FastMutex);
    ++Shop->UnderFastMutex;
    ExReleaseFastMutex(&Shop->FastMutex);

    KeAcquireGuardedMutex(&Shop->GuardedMutex);
    ++Shop->UnderGuardedMutex;
    KeReleaseGuardedMutex(&Shop->GuardedMutex);

    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&Shop->Resource, TRUE);
    ++Shop->UnderResource;
    ExReleaseResourceLite(&Shop->Resource);
    ExAcquireResourceSharedLite(&Shop->Resource, TRUE);
    const ULONG Seen = Shop->UnderResource;
    ExReleaseResourceLite(&Shop->Resource);
    ExAcquirePushLockExclusive(&Shop->PushLock);
    Shop->UnderPushLock += Seen;
    ExReleasePushLockExclusive(&Shop->PushLock);
    KeLeaveCriticalRegion();

    KIRQL Irql = ExAcquireSpinLockExclusive(&Shop->ReaderWriterSpinLock);
    ++Shop->UnderReaderWriterSpinLock;
    ExReleaseSpinLockExclusive(&Shop->ReaderWriterSpinLock, Irql);

    KeSynchronizeExecution(Shop->Interrupt, InsteadOfInterrupt, Shop);

    KLOCK_QUEUE_HANDLE Handle;
    KeAcquireInStackQueuedSpinLock(&Shop->QueuedSpinLock, &Handle);
    ++Shop->UnderQueuedSpinLock;
    KeReleaseInStackQueuedSpinLock(&Handle);

    Wait(&Shop->Semaphore);
    ++Shop->UnderSemaphore;
    KeReleaseSemaphore(&Shop->Semaphore, IO_NO_INCREMENT, 1, FALSE);
}

// Memory that changes hands: lookaside lists, sequenced lists, pool.
static void HandOver(Workshop* Shop) {
    PULONG Kept = (PULONG)ExAllocateFromNPagedLookasideList(&Shop->Lookaside);
    for (ULONG Index = 0; Index < 8; ++Index) {
        Kept[Index] = Index;
    }
    ExFreeToNPagedLookasideList(&Shop->Lookaside, Kept);

    PSLIST_ENTRY Entry = InterlockedPopEntrySList(&Shop->List);
    if (Entry != NULL) {
        ++*(PULONG)(Entry + 1);
        InterlockedPushEntrySList(&Shop->List, Entry);
    }

    PULONG Block = (PULONG)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, FaultsPoolTag);
    Block[1] = 1;
    ExFreePoolWithTag(Block, FaultsPoolTag);
}

static VOID NTAPI Worker(PVOID Context) {
    Workshop* Shop = (Workshop*)Context;
    for (ULONG Round = 0; Round < Rounds; ++Round) {
        if (NT_SUCCESS(IoAcquireRemoveLock(&Shop->RemoveLock, Context))) {
            UseLocks(Shop);
            HandOver(Shop);
            IoReleaseRemoveLock(&Shop->RemoveLock, Context);
        }
    }
    InterlockedIncrement((LONG*)&Shop->References);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID NTAPI Work(PDEVICE_OBJECT DeviceObject, PVOID Context) {
    UNREFERENCED_PARAMETER(DeviceObject);
    Workshop* Shop = (Workshop*)Context;
    ++Shop->ByWorkItem;
    KeSetEvent(&Shop->WorkDone, IO_NO_INCREMENT, FALSE);
}

static void Prepare(Workshop* Shop) {
    KeInitializeMutex(&Shop->Mutex, 0);
    ExInitializeFastMutex(&Shop->FastMutex);
    KeInitializeGuardedMutex(&Shop->GuardedMutex);
    ExInitializeResourceLite(&Shop->Resource);
    KeInitializeSpinLock(&Shop->QueuedSpinLock);
    KeInitializeSemaphore(&Shop->Semaphore, 1, 1);
    IoInitializeRemoveLock(&Shop->RemoveLock, FaultsPoolTag, 0, 0);
    ExInitializeNPagedLookasideList(&Shop->Lookaside, NULL, NULL, 0, 64, FaultsPoolTag, 0);
    InitializeSListHead(&Shop->List);
    KeInitializeEvent(&Shop->WorkDone, SynchronizationEvent, FALSE);
    const ULONG Vector = 0x51;
    const KIRQL Level = 5;
    IoConnectInterrupt(&Shop->Interrupt, ServiceRoutine, Shop, NULL, Vector, Level, Level, LevelSensitive, FALSE,
                       KeQueryActiveProcessors(), FALSE);
}

// One step after the other, each by somebody else: what orders them is queueing, waiting and ending.
static void TakeTurns(Workshop* Shop, PDEVICE_OBJECT DeviceObject) {
    PIO_WORKITEM Item = IoAllocateWorkItem(DeviceObject);
    for (ULONG Round = 0; Round < Rounds; ++Round) {
        ++Shop->ByWorkItem;
        IoQueueWorkItem(Item, Work, DelayedWorkQueue, Shop);
        Wait(&Shop->WorkDone);
        ++Shop->ByWorkItem;
    }
    IoFreeWorkItem(Item);

    KTIMER Timer;
    KeInitializeTimer(&Timer);
    LARGE_INTEGER Due;
    Due.QuadPart = -10000;
    KeSetTimer(&Timer, Due, NULL);
    Wait(&Timer);
    ++Shop->ByTimerThenWaiter;
}

void UseEverySynchronisation(PDEVICE_OBJECT DeviceObject) {
    // Whole pages are aligned, as the lookaside list wants.
    static_assert(sizeof(Workshop) <= PAGE_SIZE, "");
    Workshop* Shop = (Workshop*)ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, FaultsPoolTag);
    Prepare(Shop);
    DECLSPEC_ALIGN(16) struct {
        SLIST_ENTRY Link;
        ULONG Value;
    } Entries[2] = {};
    for (ULONG Index = 0; Index < 2; ++Index) {
        InterlockedPushEntrySList(&Shop->List, &Entries[Index].Link);
    }
    PVOID Threads[2] = {};
    for (ULONG Index = 0; Index < 2; ++Index) {
        HANDLE Handle;
        ++Shop->ByThread;
        PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Worker, Shop);
        ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Threads[Index], NULL);
        ZwClose(Handle);
    }
    TakeTurns(Shop, DeviceObject);
    for (ULONG Index = 0; Index < 2; ++Index) {
        Wait(Threads[Index]);
        ObDereferenceObject(Threads[Index]);
    }
    IoAcquireRemoveLock(&Shop->RemoveLock, Shop);
    IoReleaseRemoveLockAndWait(&Shop->RemoveLock, Shop);
    IoDisconnectInterrupt(Shop->Interrupt);
    // Everybody is done: no lock any more.
    DbgPrint("faults: %u %u %u %u %u %u %u %u %u %u\n", Shop->UnderInterruptLock, Shop->UnderMutex,
             Shop->UnderFastMutex, Shop->UnderGuardedMutex, Shop->UnderResource, Shop->UnderPushLock,
             Shop->UnderReaderWriterSpinLock, Shop->UnderQueuedSpinLock, Shop->UnderSemaphore, Shop->ByThread);
    ExDeleteNPagedLookasideList(&Shop->Lookaside);
    ExDeleteResourceLite(&Shop->Resource);
    ExFreePoolWithTag(Shop, FaultsPoolTag);
}
