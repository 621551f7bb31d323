// Loops that never end: those that let the machine's time pass, and those that do not even do that.
#include "machine/machine.h"

#include <ctime>

#include <gtest/gtest.h>

namespace openportcls::machine {
namespace {

TEST(Bugcheck, an_endless_loop_is_found_by_the_watchdog) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] {
        volatile bool stop = false;
        while (!stop) {
        }
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x101U);
}

// It calls the kernel, but never waits.
TEST(Bugcheck, an_endless_loop_around_kernel_calls_is_found_by_the_watchdog) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] {
        for (;;) {
            machine.preemption_point();
        }
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x101U);
}

// What a client asks for again and again takes CPU time without end, too.
TEST(Bugcheck, a_busy_client_is_no_endless_loop) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    timespec begin{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (timespec now = begin; now.tv_sec - begin.tv_sec < 3; clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)) {
        ASSERT_TRUE(machine.enter([&] { machine.preemption_point(); }));
    }
}

// Bug check 0x133, parameter 1 = 1: cumulatively at DISPATCH_LEVEL or above.
TEST(DispatchWatchdog, a_loop_that_stalls_at_dispatch_level) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        machine.raise_irql(irql::dispatch);
        for (;;) {
            machine.stall(50'000);
        }
    }));
    EXPECT_EQ(machine.bugcheck_report()->code, 0x133U);
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 1U);
    EXPECT_GT(machine.now(), 120 * nanoseconds_per_second);
    EXPECT_LT(machine.now(), 121 * nanoseconds_per_second);
}

void NTAPI stall_for_ever(KDPC*, void*, void*, void*) {
    for (;;) {
        Machine::current().stall(50'000);
    }
}
void NTAPI stall_a_while(KDPC*, void*, void*, void*) {
    Machine::current().stall(10 * nanoseconds_per_second);
}

// Parameter 1 = 0: a single DPC.
TEST(DispatchWatchdog, a_dpc_that_stalls) {
    Machine machine;
    KDPC dpc{};
    dpc.DeferredRoutine = &stall_for_ever;
    EXPECT_FALSE(machine.enter([&] { machine.queue_dpc(dpc, nullptr, nullptr); }));
    EXPECT_EQ(machine.bugcheck_report()->code, 0x133U);
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0U);
    EXPECT_EQ(machine.bugcheck_report()->parameters[1], 0x501U);
    EXPECT_EQ(machine.bugcheck_report()->parameters[2], 0x500U);
}

TEST(DispatchWatchdog, a_loop_that_takes_an_interrupts_level_each_time) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        machine.raise_irql(irql::dispatch);
        for (;;) {
            machine.raise_irql(irql::device_lowest);
            machine.stall(50'000);
            machine.lower_irql(irql::dispatch);
        }
    }));
    EXPECT_EQ(machine.bugcheck_report()->code, 0x133U);
}

// Stays that end are none, however many there are.
TEST(DispatchWatchdog, stays_that_end_are_no_loop) {
    Machine machine;
    EXPECT_TRUE(machine.enter([&] {
        for (int second = 0; second < 300; ++second) {
            machine.raise_irql(irql::dispatch);
            machine.stall(nanoseconds_per_second);
            machine.lower_irql(irql::passive);
        }
    }));
}

TEST(DispatchWatchdog, dpcs_that_end_are_no_loop) {
    Machine machine;
    KDPC dpc{};
    dpc.DeferredRoutine = &stall_a_while;
    EXPECT_TRUE(machine.enter([&] {
        for (int round = 0; round < 30; ++round) {
            machine.queue_dpc(dpc, nullptr, nullptr);
        }
    }));
}

// Kernel calls that take no time of the machine's: the host's time counts.
TEST(DispatchWatchdog, a_loop_at_dispatch_level_that_calls_the_kernel) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] {
        machine.raise_irql(irql::dispatch);
        for (;;) {
            machine.preemption_point();
        }
    }));
    EXPECT_EQ(machine.bugcheck_report()->code, 0x133U);
}

} // namespace
} // namespace openportcls::machine
