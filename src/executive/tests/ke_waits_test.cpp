// Waiting: any, all, alertable, time-outs; mutexes and who owns them.
#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using KeWaits = ExecutiveTest;

TEST_F(KeWaits, AnySaysWhichAndAllTakesAllOrNothing) {
    inside([&] {
        KEVENT first;
        KEVENT second;
        KSEMAPHORE semaphore;
        KeInitializeEvent(&first, SynchronizationEvent, FALSE);
        KeInitializeEvent(&second, SynchronizationEvent, TRUE);
        KeInitializeSemaphore(&semaphore, 2, 5);
        PVOID objects[3] = {&first, &second, &semaphore};
        LARGE_INTEGER poll{};
        EXPECT_EQ(KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, &poll, nullptr),
                  STATUS_TIMEOUT);
        EXPECT_EQ(KeReadStateEvent(&second), 1) << "nothing is taken before all can be";
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 2);
        EXPECT_EQ(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr),
                  STATUS_WAIT_1);
        EXPECT_EQ(KeReadStateEvent(&second), 0);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 2) << "only the one that ended the wait";
        EXPECT_EQ(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr),
                  STATUS_WAIT_2);
        KeSetEvent(&first, 0, FALSE);
        KeSetEvent(&second, 0, FALSE);
        EXPECT_EQ(KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, &poll, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateEvent(&first) + KeReadStateEvent(&second) + KeReadStateSemaphore(&semaphore), 0);
    });
}

TEST_F(KeWaits, TimeoutsAreRelativeOrAbsolute) {
    inside([&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        PVOID objects[2] = {&event, &event};
        LARGE_INTEGER timeout = milliseconds(50);
        auto before = machine.now();
        EXPECT_EQ(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, &timeout, nullptr),
                  STATUS_TIMEOUT);
        EXPECT_GE(machine.now() - before, 50'000'000);
        KeQuerySystemTimePrecise(&timeout);
        timeout.QuadPart += 30 * 10'000;
        before = machine.now();
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
        EXPECT_GE(machine.now() - before, 29'000'000);
        EXPECT_LE(machine.now() - before, 50'000'000);
        KeQuerySystemTime(&timeout);
        timeout.QuadPart -= 1;
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT)
            << "a time that has passed";
    });
}

// Nothing here alerts threads or delivers user APCs, so an alertable wait ends as any other does.
TEST_F(KeWaits, AlertableWaitsEndByTheirObjectOrTheirTime) {
    inside([&] {
        KEVENT event;
        KeInitializeEvent(&event, SynchronizationEvent, TRUE);
        EXPECT_EQ(KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, nullptr), STATUS_SUCCESS);
        LARGE_INTEGER timeout = milliseconds(1);
        EXPECT_EQ(KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, &timeout), STATUS_TIMEOUT);
        const auto before = machine.now();
        EXPECT_EQ(KeDelayExecutionThread(UserMode, TRUE, &timeout), STATUS_SUCCESS);
        EXPECT_GE(machine.now() - before, 1'000'000);
    });
}

TEST_F(KeWaits, DelayTakesAtLeastItsTime) {
    inside([&] {
        LARGE_INTEGER interval = milliseconds(10);
        const auto before = machine.now();
        EXPECT_EQ(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
        EXPECT_GE(machine.now() - before, 10'000'000);
        EXPECT_LT(machine.now() - before, 10'000'000 + 2 * machine.clock_interval());
        interval.QuadPart = 0;
        EXPECT_EQ(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
    });
    expect_bugcheck(0x0A, "KeDelayExecutionThread may be called at APC_LEVEL or below", [&] {
        LARGE_INTEGER interval = milliseconds(10);
        KeRaiseIrqlToDpcLevel();
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    });
}

TEST_F(KeWaits, ClearedEventsHoldTheNextWaiter) {
    inside([&] {
        KEVENT event;
        LARGE_INTEGER poll{};
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        KeClearEvent(&event);
        EXPECT_EQ(KeReadStateEvent(&event), 0);
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &poll), STATUS_TIMEOUT);
        EXPECT_EQ(KePulseEvent(&event, 0, FALSE), 0);
        EXPECT_EQ(KeReadStateEvent(&event), 0) << "a pulse leaves nothing";
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeClearEvent(&event);
        KeLowerIrql(old);
    });
    expect_bugcheck(0x0A, "KeClearEvent may be called at DISPATCH_LEVEL or below", [&] {
        KEVENT event;
        KIRQL old;
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        KeClearEvent(&event);
    });
}

// "Mutex Objects": while a thread owns one, normal kernel APCs are not delivered to it.
TEST_F(KeWaits, OwningAMutexIsACriticalRegion) {
    inside([&] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        EXPECT_FALSE(KeAreApcsDisabled());
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        EXPECT_TRUE(KeAreApcsDisabled());
        KeReleaseMutex(&mutex, FALSE);
        EXPECT_TRUE(KeAreApcsDisabled()) << "still owned once";
        KeReleaseMutex(&mutex, FALSE);
        EXPECT_FALSE(KeAreApcsDisabled());
    });
}

void NTAPI end_with_mutex(PVOID mutex) {
    KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, nullptr);
}

// THREAD_TERMINATE_HELD_MUTEX
TEST_F(KeWaits, EndingAThreadThatOwnsAMutexIsABugcheck) {
    static KMUTEX mutex;
    expect_bugcheck(0x4000008A, "while it owns a mutex", [&] {
        KeInitializeMutex(&mutex, 0);
        HANDLE handle;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &end_with_mutex, &mutex);
        machine.run_for(1'000'000);
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[1], reinterpret_cast<std::uint64_t>(&mutex));
}

struct Contender {
    KMUTEX* mutex;
    NTSTATUS result;
};
void NTAPI contend(PVOID context) {
    auto* contender = static_cast<Contender*>(context);
    LARGE_INTEGER timeout = milliseconds(20);
    contender->result = KeWaitForSingleObject(contender->mutex, Executive, KernelMode, FALSE, &timeout);
    if (contender->result == STATUS_SUCCESS) {
        KeReleaseMutex(contender->mutex, FALSE);
    }
}

TEST_F(KeWaits, MutexKeepsOthersOutUntilItIsReleased) {
    inside([&] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        Contender contender{&mutex, -1};
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        HANDLE handle;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &contend, &contender);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        ZwClose(handle);
        EXPECT_EQ(contender.result, STATUS_TIMEOUT);
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &contend, &contender);
        machine.run_for(1'000'000);
        KeReleaseMutex(&mutex, FALSE);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        ZwClose(handle);
        EXPECT_EQ(contender.result, STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateMutex(&mutex), 1);
    });
}

void NTAPI note_thread(PVOID context) {
    *static_cast<PETHREAD*>(context) = PsGetCurrentThread();
}

TEST_F(KeWaits, CurrentThreadIsTheObjectBehindItsHandle) {
    inside([&] {
        PETHREAD noted = nullptr;
        HANDLE handle;
        PVOID object;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &note_thread, &noted);
        ASSERT_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &object, nullptr),
                  STATUS_SUCCESS);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        EXPECT_EQ(noted, object);
        EXPECT_NE(noted, PsGetCurrentThread());
        EXPECT_EQ(reinterpret_cast<PKTHREAD>(PsGetCurrentThread()), KeGetCurrentThread());
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_NE(PsGetCurrentThread(), nullptr) << "callable at any IRQL";
        KeLowerIrql(old);
        ObDereferenceObject(object);
        ZwClose(handle);
    });
}

TEST_F(KeWaits, StackLimitsHoldWhatIsOnTheStack) {
    inside([&] {
        // A local variable may lie on a sanitizer's fake stack.
        void* const local = __builtin_frame_address(0);
        static int elsewhere;
        EXPECT_TRUE(IoWithinStackLimits(reinterpret_cast<ULONG_PTR>(local), sizeof local));
        EXPECT_FALSE(IoWithinStackLimits(reinterpret_cast<ULONG_PTR>(&elsewhere), sizeof elsewhere));
        EXPECT_FALSE(IoWithinStackLimits(reinterpret_cast<ULONG_PTR>(local), SIZE_T{1} << 40));
        EXPECT_GT(IoGetRemainingStackSize(), 4096U);
    });
}

} // namespace
} // namespace openportcls::executive
