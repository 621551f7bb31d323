// Events, mutexes, waits, timers, DPCs, IRQL.
#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using Ke = ExecutiveTest;

TEST_F(Ke, EventsKeepOrLoseTheirSignal) {
    inside([&] {
        KEVENT notification;
        KEVENT synchronization;
        KeInitializeEvent(&notification, NotificationEvent, FALSE);
        KeInitializeEvent(&synchronization, SynchronizationEvent, TRUE);
        LARGE_INTEGER poll{};
        EXPECT_EQ(KeWaitForSingleObject(&notification, Executive, KernelMode, FALSE, &poll), STATUS_TIMEOUT);
        EXPECT_EQ(KeSetEvent(&notification, 0, FALSE), 0);
        EXPECT_EQ(KeSetEvent(&notification, 0, FALSE), 1);
        EXPECT_EQ(KeWaitForSingleObject(&notification, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateEvent(&notification), 1);
        EXPECT_EQ(KeResetEvent(&notification), 1);
        EXPECT_EQ(KeReadStateEvent(&notification), 0);
        EXPECT_EQ(KeWaitForSingleObject(&synchronization, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateEvent(&synchronization), 0);
    });
}

TEST_F(Ke, WaitTimesOutAtTheGivenTime) {
    inside([&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        LARGE_INTEGER timeout = milliseconds(100);
        const auto before = machine.now();
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
        EXPECT_GE(machine.now() - before, 100'000'000);
        EXPECT_LT(machine.now() - before, 120'000'000);
    });
}

struct Worker {
    KEVENT* start;
    KSEMAPHORE* results;
    int* counter;
};

void NTAPI work(PVOID context) {
    auto* worker = static_cast<Worker*>(context);
    KeWaitForSingleObject(worker->start, Executive, KernelMode, FALSE, nullptr);
    ++*worker->counter;
    KeReleaseSemaphore(worker->results, 0, 1, FALSE);
}

TEST_F(Ke, SystemThreadsRunAndCanBeWaitedFor) {
    inside([&] {
        KEVENT start;
        KSEMAPHORE results;
        KeInitializeEvent(&start, NotificationEvent, FALSE);
        KeInitializeSemaphore(&results, 0, 10);
        int counter = 0;
        Worker worker{&start, &results, &counter};
        HANDLE handles[3];
        PVOID threads[3];
        for (int i = 0; i < 3; ++i) {
            ASSERT_EQ(PsCreateSystemThread(&handles[i], THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &work, &worker),
                      0);
            ASSERT_EQ(ObReferenceObjectByHandle(handles[i], THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &threads[i],
                                                nullptr),
                      0);
            ZwClose(handles[i]);
        }
        machine.run_for(1'000'000);
        EXPECT_EQ(counter, 0);
        KeSetEvent(&start, 0, FALSE);
        EXPECT_EQ(KeWaitForMultipleObjects(3, threads, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(counter, 3);
        EXPECT_EQ(KeReadStateSemaphore(&results), 3);
        for (PVOID thread : threads) {
            ObDereferenceObject(thread);
        }
    });
}

TEST_F(Ke, MutexIsRecursiveAndOwned) {
    inside([&] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        EXPECT_EQ(KeReadStateMutex(&mutex), 1);
        EXPECT_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), -1);
        EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);
        EXPECT_EQ(KeReadStateMutex(&mutex), 1);
    });
    expect_bugcheck(0x1E, "KeReleaseMutex", [&] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        KeReleaseMutex(&mutex, FALSE);
    });
    EXPECT_EQ(static_cast<NTSTATUS>(machine.bugcheck_report()->parameters[0]), STATUS_MUTANT_NOT_OWNED);
}

// "nf-wdm-kereleasesemaphore": the adjustment is positive and the count stays within the limit; otherwise
// STATUS_SEMAPHORE_LIMIT_EXCEEDED is raised and the count is what it was.
struct Release {
    LONG count;
    LONG adjustment;
};
class KeSemaphores : public Ke, public ::testing::WithParamInterface<Release> {};

TEST_P(KeSemaphores, ReleasingTooMuchOrNothingRaises) {
    KSEMAPHORE semaphore;
    expect_bugcheck(0x1E, "limit", [&] {
        KeInitializeSemaphore(&semaphore, GetParam().count, 2);
        KeReleaseSemaphore(&semaphore, 0, GetParam().adjustment, FALSE);
    });
    ASSERT_TRUE(machine.is_halted());
    EXPECT_EQ(static_cast<NTSTATUS>(machine.bugcheck_report()->parameters[0]), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    EXPECT_EQ(semaphore.Header.SignalState, GetParam().count);
}
INSTANTIATE_TEST_SUITE_P(Wrong, KeSemaphores,
                         ::testing::Values(Release{1, 2}, Release{2, 1}, Release{0, 3}, Release{1, 0}, Release{1, -1},
                                           Release{2, MINLONG}, Release{1, MAXLONG}));

TEST_F(Ke, SemaphoresAreReleasedUpToTheirLimit) {
    inside([&] {
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 1, 4);
        EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 1, FALSE), 1);
        EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 2);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 4);
    });
}

TEST_F(Ke, WaitingAtDispatchLevelIsABugcheckThatNamesTheFunction) {
    expect_bugcheck(0x0A, "KeWaitForSingleObject may be called at APC_LEVEL or below", [&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        KeRaiseIrqlToDpcLevel();
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[1], DISPATCH_LEVEL);
}

TEST_F(Ke, LookingAtAnEventAtDispatchLevelIsAllowed) {
    inside([&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        LARGE_INTEGER poll{};
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &poll), STATUS_SUCCESS);
        KeLowerIrql(old);
    });
}

TEST_F(Ke, WaitWithoutEndIsReported) {
    expect_bugcheck(0xEA, "nothing is left", [&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    });
}

TEST_F(Ke, FourObjectsNeedABlockArray) {
    expect_bugcheck(0x0C, "3 objects", [&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        PVOID objects[4] = {&event, &event, &event, &event};
        KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr);
    });
}

struct Ticks {
    int count = 0;
    KIRQL irql = 0;
    machine::Nanoseconds last = 0;
};

void NTAPI tick(PKDPC, PVOID context, PVOID, PVOID) {
    auto* ticks = static_cast<Ticks*>(context);
    ++ticks->count;
    ticks->irql = KeGetCurrentIrql();
    ticks->last = machine::Machine::current().now();
}

TEST_F(Ke, PeriodicTimerQueuesItsDpc) {
    inside([&] {
        Ticks ticks;
        KDPC dpc;
        KTIMER timer;
        KeInitializeDpc(&dpc, &tick, &ticks);
        KeInitializeTimerEx(&timer, SynchronizationTimer);
        EXPECT_FALSE(KeSetTimerEx(&timer, milliseconds(20), 20, &dpc));
        machine.run_for(1'000'000'000);
        EXPECT_NEAR(ticks.count, 50, 1);
        EXPECT_EQ(ticks.irql, DISPATCH_LEVEL);
        EXPECT_EQ(ticks.last % machine.clock_interval(), 0) << "kernel timers tick with the clock interrupt";
        EXPECT_TRUE(KeCancelTimer(&timer));
        EXPECT_FALSE(KeCancelTimer(&timer));
    });
}

TEST_F(Ke, TimerWithDueTimeZeroExpiresAtOnce) {
    inside([&] {
        Ticks ticks;
        KDPC dpc;
        KTIMER timer;
        KeInitializeDpc(&dpc, &tick, &ticks);
        KeInitializeTimer(&timer);
        LARGE_INTEGER now{};
        EXPECT_FALSE(KeSetTimer(&timer, now, &dpc));
        EXPECT_EQ(ticks.count, 1);
        EXPECT_TRUE(KeReadStateTimer(&timer));
    });
}

TEST_F(Ke, DpcKeepsItsFirstArgumentsAndCanBeRemoved) {
    static PVOID seen[2];
    inside([&] {
        KDPC dpc;
        KeInitializeDpc(
            &dpc,
            [](PKDPC, PVOID, PVOID first, PVOID second) NTAPI {
                seen[0] = first;
                seen[1] = second;
            },
            nullptr);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, &seen[0], &seen[1]));
        EXPECT_FALSE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
        KeLowerIrql(old);
        EXPECT_EQ(seen[0], &seen[0]);
        EXPECT_EQ(seen[1], &seen[1]);
        KeRaiseIrqlToDpcLevel();
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
        EXPECT_TRUE(KeRemoveQueueDpc(&dpc));
        EXPECT_FALSE(KeRemoveQueueDpc(&dpc));
        KeLowerIrql(old);
        EXPECT_EQ(seen[0], &seen[0]);
    });
}

TEST_F(Ke, LoweringToAHigherIrqlIsABugcheck) {
    expect_bugcheck(0x0A, "KeLowerIrql", [&] { KeLowerIrql(DISPATCH_LEVEL); });
}

TEST_F(Ke, RaisingToALowerIrqlIsABugcheck) {
    expect_bugcheck(0x09, "KeRaiseIrql", [&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeRaiseIrql(APC_LEVEL, &old);
    });
}

// KeInitializeSpinLock, KeAcquireSpinLock, KeReleaseSpinLock
TEST_F(Ke, SpinLockRaisesAndRestores) {
    inside([&] {
        KSPIN_LOCK lock;
        KIRQL old;
        KeInitializeSpinLock(&lock);
        KeAcquireSpinLock(&lock, &old);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_FALSE(KeTestSpinLock(&lock));
        KeReleaseSpinLock(&lock, old);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        KLOCK_QUEUE_HANDLE handle;
        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        KeReleaseInStackQueuedSpinLock(&handle);
        EXPECT_TRUE(KeTestSpinLock(&lock));
    });
    expect_bugcheck(0x0F, "KeAcquireSpinLock", [&] {
        KSPIN_LOCK lock;
        KIRQL old;
        KeInitializeSpinLock(&lock);
        KeAcquireSpinLock(&lock, &old);
        KeAcquireSpinLockAtDpcLevel(&lock);
    });
}

// KeQueryPerformanceCounter, KeQuerySystemTime, KeQuerySystemTimePrecise
TEST_F(Ke, ClocksMoveWhileTheyArePolled) {
    inside([&] {
        LARGE_INTEGER frequency;
        const LONGLONG begin = KeQueryPerformanceCounter(&frequency).QuadPart;
        EXPECT_EQ(frequency.QuadPart, 10'000'000);
        LONGLONG now = begin;
        int reads = 0;
        while (now - begin < 1000 && reads < 100'000) {
            now = KeQueryPerformanceCounter(nullptr).QuadPart;
            ++reads;
        }
        EXPECT_LE(reads, 1000) << "100 us of polling";
        LARGE_INTEGER precise;
        LARGE_INTEGER coarse;
        KeQuerySystemTimePrecise(&precise);
        KeQuerySystemTime(&coarse);
        EXPECT_GE(precise.QuadPart, coarse.QuadPart);
        EXPECT_EQ(KeQueryTimeIncrement(), 156'250U);
    });
}

TEST_F(Ke, BugCheckCallbacksRunAndParametersArrive) {
    static int called;
    called = 0;
    static KBUGCHECK_CALLBACK_RECORD record;
    record = {};
    const bool survived = machine.enter([&] {
        KeInitializeCallbackRecord(&record);
        EXPECT_TRUE(KeRegisterBugCheckCallback(&record, [](PVOID, ULONG) NTAPI { ++called; }, nullptr, 0, nullptr));
        EXPECT_FALSE(KeRegisterBugCheckCallback(&record, nullptr, nullptr, 0, nullptr));
        KeBugCheckEx(0xDEAD, 1, 2, 3, 4);
    });
    EXPECT_FALSE(survived);
    EXPECT_EQ(called, 1);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xDEADU);
    EXPECT_EQ(machine.bugcheck_report()->parameters[3], 4U);
}

TEST_F(Ke, DeviceQueueByKey) {
    inside([&] {
        KDEVICE_QUEUE queue;
        KDEVICE_QUEUE_ENTRY entries[4];
        KeInitializeDeviceQueue(&queue);
        EXPECT_FALSE(KeInsertByKeyDeviceQueue(&queue, &entries[0], 5)) << "not busy: the caller goes on";
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[1], 7));
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[2], 3));
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[3], 9));
        EXPECT_EQ(KeRemoveByKeyDeviceQueue(&queue, 4), &entries[1]);
        EXPECT_TRUE(KeRemoveEntryDeviceQueue(&queue, &entries[3]));
        EXPECT_EQ(KeRemoveDeviceQueue(&queue), &entries[2]);
        EXPECT_EQ(KeRemoveDeviceQueue(&queue), nullptr);
        EXPECT_FALSE(queue.Busy);
    });
}

} // namespace
} // namespace openportcls::executive
