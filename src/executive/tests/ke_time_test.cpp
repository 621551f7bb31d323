// The clocks, their resolution, periodic timers; floating-point state.
#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using KeTime = ExecutiveTest;

TEST_F(KeTime, InterruptTimeAdvancesWithTheClockInterrupt) {
    inside([&] {
        const ULONGLONG begin = KeQueryInterruptTime();
        EXPECT_EQ(begin % KeQueryTimeIncrement(), 0U);
        machine.run_for(1'000'000'000);
        const ULONGLONG end = KeQueryInterruptTime();
        EXPECT_NEAR(static_cast<double>(end - begin), 10'000'000, 2 * 156'250);
        ULONG64 counter = 0;
        const ULONGLONG precise = KeQueryInterruptTimePrecise(&counter);
        EXPECT_GE(precise, end);
        EXPECT_LT(precise - end, KeQueryTimeIncrement());
        EXPECT_EQ(counter, precise);
        KIRQL old;
        KeRaiseIrql(HIGH_LEVEL, &old);
        EXPECT_GE(KeQueryInterruptTime(), end) << "callable at any IRQL";
        KeLowerIrql(old);
    });
}

// At any IRQL; whoever stalls keeps the processor.
TEST_F(KeTime, KeStallExecutionProcessorLetsTimePassAndNothingElse) {
    inside([&] {
        for (const ULONG microseconds : {1U, 50U, 1000U}) {
            const auto before = machine.now();
            KeStallExecutionProcessor(microseconds);
            EXPECT_GE(machine.now() - before, microseconds * 1000);
            EXPECT_LT(machine.now() - before, microseconds * 1000 + 10'000);
        }
        int ran = 0;
        KDPC dpc;
        KeInitializeDpc(&dpc, [](PKDPC, PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<int*>(context); }, &ran);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        KeStallExecutionProcessor(100);
        EXPECT_EQ(ran, 0);
        KeLowerIrql(old);
        EXPECT_EQ(ran, 1);
        KIRQL before;
        KeRaiseIrql(HIGH_LEVEL, &before);
        KeStallExecutionProcessor(1);
        EXPECT_EQ(KeGetCurrentIrql(), HIGH_LEVEL);
        KeLowerIrql(before);
    });
}

TEST_F(KeTime, TickCountsCountDefaultIntervals) {
    inside([&] {
        LARGE_INTEGER begin;
        LARGE_INTEGER end;
        KeQueryTickCount(&begin);
        machine.run_for(10 * machine::default_clock_interval);
        KeQueryTickCount(&end);
        EXPECT_EQ(end.QuadPart - begin.QuadPart, 10);
        EXPECT_EQ(KeQueryTimeIncrement(), 156'250U) << "15.625 ms";
        // The resolution in force changes neither.
        ExSetTimerResolution(10'000, TRUE);
        machine.run_for(10 * machine::default_clock_interval);
        KeQueryTickCount(&begin);
        EXPECT_EQ(begin.QuadPart - end.QuadPart, 10);
        EXPECT_EQ(KeQueryTimeIncrement(), 156'250U);
        ExSetTimerResolution(0, FALSE);
    });
}

// "Changes the clock interrupt frequency only if the specified value is less than the current setting"; the default
// comes back when everybody has taken his request back.
TEST_F(KeTime, ResolutionFollowsTheFinestRequest) {
    inside([&] {
        EXPECT_EQ(ExSetTimerResolution(20'000, TRUE), 20'000U);
        EXPECT_EQ(ExSetTimerResolution(100'000, TRUE), 20'000U) << "coarser requests change nothing";
        EXPECT_EQ(ExSetTimerResolution(1, TRUE), 5'000U) << "the finest there is";
        EXPECT_EQ(ExSetTimerResolution(0, FALSE), 5'000U);
        EXPECT_EQ(ExSetTimerResolution(0, FALSE), 5'000U);
        ULONG coarsest = 0;
        ULONG finest = 0;
        ULONG current = 0;
        ExQueryTimerResolution(&coarsest, &finest, &current);
        EXPECT_EQ(coarsest, 156'250U);
        EXPECT_EQ(finest, 5'000U);
        EXPECT_EQ(current, 5'000U);
        EXPECT_EQ(ExSetTimerResolution(0, FALSE), 156'250U);
        EXPECT_EQ(ExSetTimerResolution(0, FALSE), 156'250U) << "one more than there were requests";
        EXPECT_EQ(ExSetTimerResolution(10'000, TRUE), 10'000U);
        ExSetTimerResolution(0, FALSE);
    });
    expect_bugcheck(0x0A, "ExSetTimerResolution may be called at APC_LEVEL or below", [&] {
        KeRaiseIrqlToDpcLevel();
        ExSetTimerResolution(10'000, TRUE);
    });
}

struct TickTimes {
    std::vector<machine::Nanoseconds> times;
};
void NTAPI note_time(PKDPC, PVOID context, PVOID, PVOID) {
    static_cast<TickTimes*>(context)->times.push_back(machine::Machine::current().now());
}

TEST_F(KeTime, PeriodsDoNotDriftAndStayOnTheClock) {
    inside([&] {
        TickTimes ticks;
        KDPC dpc;
        KTIMER timer;
        KeInitializeDpc(&dpc, &note_time, &ticks);
        KeInitializeTimerEx(&timer, NotificationTimer);
        ExSetTimerResolution(10'000, TRUE);
        const auto begin = machine.now();
        // Due after 5 ms, then every 10 ms: 100 expirations in a second, each within a clock interval of its time.
        EXPECT_FALSE(KeSetTimerEx(&timer, milliseconds(5), 10, &dpc));
        machine.run_for(1'000'000'000);
        ASSERT_EQ(ticks.times.size(), 100U);
        for (std::size_t i = 0; i < ticks.times.size(); ++i) {
            const auto nominal = begin + 5'000'000 + static_cast<machine::Nanoseconds>(i) * 10'000'000;
            EXPECT_GE(ticks.times[i], nominal);
            EXPECT_LE(ticks.times[i], nominal + 1'000'000);
        }
        EXPECT_TRUE(KeSetTimerEx(&timer, milliseconds(5), 0, &dpc)) << "setting it again says that it was set";
        ticks.times.clear();
        machine.run_for(100'000'000);
        EXPECT_EQ(ticks.times.size(), 1U) << "one shot now";
        EXPECT_FALSE(KeCancelTimer(&timer)) << "expired already";
        EXPECT_TRUE(KeReadStateTimer(&timer)) << "a notification timer stays signalled";
        ExSetTimerResolution(0, FALSE);
    });
}

// A periodic timer that is due already expires at once and a period later again.
TEST_F(KeTime, AnOverduePeriodicTimerKeepsItsPeriod) {
    inside([&] {
        TickTimes ticks;
        KDPC dpc;
        KTIMER timer;
        KeInitializeDpc(&dpc, &note_time, &ticks);
        KeInitializeTimer(&timer);
        ExSetTimerResolution(10'000, TRUE);
        const auto begin = machine.now();
        LARGE_INTEGER long_ago;
        long_ago.QuadPart = 1;
        EXPECT_FALSE(KeSetTimerEx(&timer, long_ago, 50, &dpc));
        machine.run_for(120'000'000);
        KeCancelTimer(&timer);
        ASSERT_EQ(ticks.times.size(), 3U);
        for (std::size_t i = 0; i < ticks.times.size(); ++i) {
            const auto nominal = begin + static_cast<machine::Nanoseconds>(i) * 50'000'000;
            EXPECT_GE(ticks.times[i], nominal);
            EXPECT_LE(ticks.times[i], nominal + 1'000'000);
        }
        ExSetTimerResolution(0, FALSE);
    });
}

TEST_F(KeTime, CoalescableTimersExpireWithinTheirTolerance) {
    inside([&] {
        TickTimes ticks;
        KDPC dpc;
        KTIMER timer;
        KeInitializeDpc(&dpc, &note_time, &ticks);
        KeInitializeTimer(&timer);
        const auto begin = machine.now();
        EXPECT_FALSE(KeSetCoalescableTimer(&timer, milliseconds(100), 0, 32, &dpc));
        machine.run_for(300'000'000);
        ASSERT_EQ(ticks.times.size(), 1U);
        EXPECT_GE(ticks.times[0] - begin, 100'000'000);
        EXPECT_LE(ticks.times[0] - begin, 132'000'000 + machine::default_clock_interval);
    });
}

TEST_F(KeTime, CancelledTimersStaySilentEvenAtDispatchLevel) {
    inside([&] {
        TickTimes ticks;
        KDPC dpc;
        KTIMER timer;
        KeInitializeDpc(&dpc, &note_time, &ticks);
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, milliseconds(20), &dpc);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_TRUE(KeCancelTimer(&timer));
        KeLowerIrql(old);
        machine.run_for(100'000'000);
        EXPECT_TRUE(ticks.times.empty());
        EXPECT_FALSE(KeReadStateTimer(&timer));
    });
}

// KeSaveFloatingPointState must be paired within the same IRQL and at DISPATCH_LEVEL at most; on x64 it saves nothing,
// as the thread's state is saved with the thread.
TEST_F(KeTime, FloatingPointStateIsSavedByTheThreadItself) {
    inside([&] {
        KFLOATING_SAVE save;
        volatile double value = 1.5;
        EXPECT_EQ(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
        value = value * 2.0;
        LARGE_INTEGER interval = milliseconds(20);
        KeDelayExecutionThread(KernelMode, FALSE, &interval); // other fibers run
        EXPECT_EQ(value, 3.0);
        EXPECT_EQ(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
        EXPECT_EQ(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
        KeLowerIrql(old);
    });
    expect_bugcheck(0x0A, "KeSaveFloatingPointState may be called at DISPATCH_LEVEL or below", [&] {
        KFLOATING_SAVE save;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        KeSaveFloatingPointState(&save);
    });
}

} // namespace
} // namespace openportcls::executive
