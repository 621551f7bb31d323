// Small functions of the kernel that the larger tests do not come by.
#include "executive/tests/fixture.h"

#include <ntddk.h>

namespace openportcls::executive {
namespace {

class KeSmall : public ExecutiveTest {};

TEST_F(KeSmall, FunctionsBehindTheIrqlMacros) {
    inside([&] {
        const KIRQL before = KfRaiseIrql(DISPATCH_LEVEL);
        EXPECT_EQ(before, PASSIVE_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KfLowerIrql(before);
        KSPIN_LOCK lock = 0;
        const KIRQL unlocked = KfAcquireSpinLock(&lock);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KfReleaseSpinLock(&lock, unlocked);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        const KIRQL passive = KeRaiseIrqlToSynchLevel();
        EXPECT_GE(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KeLowerIrql(passive);
    });
}

// A threaded DPC may run at PASSIVE_LEVEL or DISPATCH_LEVEL; its lock functions suit both.
TEST_F(KeSmall, ThreadedDpcsAndTheirLocks) {
    inside([&] {
        struct Run {
            KSPIN_LOCK lock = 0;
            ULONG calls = 0;
            static void NTAPI call(KDPC*, void* context, void*, void*) {
                auto& self = *static_cast<Run*>(context);
                const KIRQL old = KeAcquireSpinLockForDpc(&self.lock);
                EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
                ++self.calls;
                KeReleaseSpinLockForDpc(&self.lock, old);
            }
        } run;
        KDPC dpc;
        KeInitializeThreadedDpc(&dpc, &Run::call, &run);
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
        KeFlushQueuedDpcs();
        EXPECT_EQ(run.calls, 1u);
    });
}

TEST_F(KeSmall, GuardedMutexesAndRegionsDisableApcs) {
    inside([&] {
        EXPECT_FALSE(KeAreAllApcsDisabled());
        KeEnterGuardedRegion();
        EXPECT_TRUE(KeAreAllApcsDisabled());
        KeLeaveGuardedRegion();
        KeEnterCriticalRegion();
        EXPECT_FALSE(KeAreAllApcsDisabled()) << "only normal kernel APCs";
        EXPECT_TRUE(KeAreApcsDisabled());
        KeLeaveCriticalRegion();
        EXPECT_FALSE(KeAreApcsDisabled());
        KGUARDED_MUTEX mutex;
        KeInitializeGuardedMutex(&mutex);
        KeAcquireGuardedMutex(&mutex);
        EXPECT_TRUE(KeAreAllApcsDisabled());
        EXPECT_FALSE(KeTryToAcquireGuardedMutex(&mutex)) << "not recursive";
        KeReleaseGuardedMutex(&mutex);
        EXPECT_FALSE(KeAreAllApcsDisabled());
        EXPECT_TRUE(KeTryToAcquireGuardedMutex(&mutex));
        KeReleaseGuardedMutex(&mutex);
        KeEnterGuardedRegion(); // the Unsafe forms leave that to the caller
        KeAcquireGuardedMutexUnsafe(&mutex);
        KeReleaseGuardedMutexUnsafe(&mutex);
        KeLeaveGuardedRegion();
    });
}

TEST_F(KeSmall, ProcessorsAreNumbered) {
    inside([&] {
        const ULONG count = KeQueryActiveProcessorCount(nullptr);
        EXPECT_EQ(count, machine.processors().size());
        EXPECT_EQ(KeQueryActiveProcessors(), (KAFFINITY{1} << count) - 1);
        EXPECT_EQ(KeQueryMaximumProcessorCount(), count);
        EXPECT_EQ(KeQueryMaximumProcessorCountEx(0), count);
        EXPECT_EQ(KeQueryActiveGroupCount(), 1);
        EXPECT_EQ(KeGetCurrentNodeNumber(), 0);
        EXPECT_EQ(KeQueryHighestNodeNumber(), 0);
        PROCESSOR_NUMBER number{};
        const ULONG index = KeGetCurrentProcessorNumberEx(&number);
        EXPECT_LT(index, count);
        EXPECT_EQ(number.Group, 0);
        EXPECT_EQ(number.Number, index);
        EXPECT_EQ(KeGetCurrentProcessorIndex(), index);
        EXPECT_EQ(KeGetCurrentProcessorNumber(), index);
        EXPECT_EQ(KeGetRecommendedSharedDataAlignment() % 64, 0u);
    });
}

TEST_F(KeSmall, UnbiasedTimeIsInterruptTimeOfAMachineThatNeverSlept) {
    inside([&] {
        LARGE_INTEGER wait = milliseconds(50);
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        EXPECT_EQ(KeQueryUnbiasedInterruptTime(), KeQueryInterruptTime());
        ULONG64 counter = 0;
        EXPECT_GE(KeQueryUnbiasedInterruptTimePrecise(&counter), KeQueryUnbiasedInterruptTime());
        EXPECT_LE(counter, static_cast<ULONG64>(KeQueryPerformanceCounter(nullptr).QuadPart));
    });
}

TEST_F(KeSmall, PrioritiesOfThreads) {
    inside([&] {
        PKTHREAD self = KeGetCurrentThread();
        const KPRIORITY before = KeQueryPriorityThread(self);
        EXPECT_EQ(KeSetPriorityThread(self, LOW_REALTIME_PRIORITY), before);
        EXPECT_EQ(KeQueryPriorityThread(self), LOW_REALTIME_PRIORITY);
        EXPECT_EQ(KeSetPriorityThread(self, before), LOW_REALTIME_PRIORITY);
        const LONG increment = KeSetBasePriorityThread(self, 2);
        EXPECT_EQ(KeSetBasePriorityThread(self, increment), 2) << "the increment before";
    });
}

TEST_F(KeSmall, ProcessAndThreadIds) {
    inside([&] {
        PEPROCESS process = PsGetCurrentProcess();
        ASSERT_NE(process, nullptr);
        EXPECT_EQ(PsGetProcessId(process), PsGetCurrentProcessId());
        EXPECT_EQ(IoGetCurrentProcess(), process);
        PEPROCESS found = nullptr;
        ASSERT_EQ(PsLookupProcessByProcessId(PsGetCurrentProcessId(), &found), STATUS_SUCCESS);
        EXPECT_EQ(found, process);
        ObDereferenceObject(found);
        EXPECT_EQ(PsLookupProcessByProcessId(reinterpret_cast<HANDLE>(0x7777), &found), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PsGetThreadId(reinterpret_cast<PETHREAD>(KeGetCurrentThread())), PsGetCurrentThreadId());
        ULONG major = 0;
        ULONG minor = 9;
        ULONG build = 0;
        EXPECT_FALSE(PsGetVersion(&major, &minor, &build, nullptr)) << "a free build";
        EXPECT_EQ(major, kernel().os_major);
        EXPECT_EQ(minor, kernel().os_minor);
        EXPECT_EQ(build, kernel().os_build);
    });
}

TEST_F(KeSmall, DeviceQueuesAreBusyOrNot) {
    inside([&] {
        KDEVICE_QUEUE queue;
        KeInitializeDeviceQueue(&queue);
        KDEVICE_QUEUE_ENTRY first{};
        KDEVICE_QUEUE_ENTRY second{};
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        EXPECT_FALSE(KeInsertDeviceQueue(&queue, &first)) << "the device was free: not queued";
        EXPECT_TRUE(KeInsertDeviceQueue(&queue, &second));
        EXPECT_EQ(KeRemoveDeviceQueue(&queue), &second);
        EXPECT_EQ(KeRemoveDeviceQueue(&queue), nullptr);
        KeLowerIrql(old);
    });
}

TEST_F(KeSmall, KeBugCheckHasNoParameters) {
    expect_bugcheck(0xDEADBEEF, "KeBugCheck", [] { KeBugCheck(0xDEADBEEF); });
    for (const std::uint64_t parameter : machine.bugcheck_report()->parameters) {
        EXPECT_EQ(parameter, 0u);
    }
}

// A callback that was taken back is not called.
TEST_F(KeSmall, KeDeregisterBugCheckCallbackTakesItBack) {
    static bool called;
    called = false;
    KBUGCHECK_CALLBACK_RECORD record;
    KeInitializeCallbackRecord(&record);
    UCHAR component[] = "test";
    expect_bugcheck(0xE2, "KeBugCheck", [&] {
        EXPECT_FALSE(KeDeregisterBugCheckCallback(&record)) << "not registered";
        EXPECT_TRUE(
            KeRegisterBugCheckCallback(&record, +[](PVOID, ULONG) NTAPI { called = true; }, nullptr, 0, component));
        EXPECT_TRUE(KeDeregisterBugCheckCallback(&record));
        KeBugCheck(0xE2);
    });
    EXPECT_FALSE(called);
}

TEST_F(KeSmall, NoDebuggerIsAttached) {
    inside([&] {
        KeEnterKernelDebugger(); // there is none to enter
        EXPECT_TRUE(KeRefreshKdDebuggerNotPresent());
        EXPECT_TRUE(*KdDebuggerNotPresent);
        EXPECT_FALSE(*KdDebuggerEnabled);
    });
}

} // namespace
} // namespace openportcls::executive
