// Loops that never end: those that let the machine's time pass, and those that do not even do that.
#include "machine/host_code.h"
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

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

TEST(Bugcheck, code_of_the_host_is_no_endless_loop) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    EXPECT_TRUE(machine.enter([&] {
        const HostCode callback(machine);
        for (const double begin = cpu_seconds(); cpu_seconds() - begin < 2.5;) {
        }
    }));
    EXPECT_FALSE(HostCode::runs_in(machine));
}

// It may take its time; what it calls in the machine may not.
TEST(Bugcheck, what_code_of_the_host_calls_may_be_an_endless_loop) {
    if (__sanitizer_start_switch_fiber != nullptr) {
        GTEST_SKIP() << "the report leaves the stack for good: AddressSanitizer gives up the frames it keeps elsewhere";
    }
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    bool came_back = false;
    EXPECT_FALSE(machine.enter([&] {
        const HostCode callback(machine);
        EXPECT_FALSE(machine.enter([&] {
            EXPECT_FALSE(HostCode::runs_in(machine));
            for (volatile bool stop = false; !stop;) {
            }
        }));
        EXPECT_TRUE(HostCode::runs_in(machine));
        came_back = true;
    }));
    EXPECT_TRUE(came_back);
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x101U);
}

// What crashes in such code leaves no trace: another machine is watched.
TEST(Bugcheck, code_of_the_host_that_crashes_is_forgotten) {
    Machine machine;
    EXPECT_FALSE(machine.enter([&] {
        const HostCode callback(machine);
        machine.bugcheck(0xE2, 0, 0, 0, 0, "meant");
    }));
    EXPECT_FALSE(HostCode::runs_in(machine));
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
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 1U) << "no DPC ran";
}

// ---- calls that somebody outside waits for -------------------------------------------------------------------------

std::string describe_call(const void* context) {
    return static_cast<const char*>(context);
}

// It waits, so that time passes, and nothing else ever ends it.
TEST(WatchedCalls, one_that_takes_five_minutes_is_reported) {
    MachineConfig config;
    config.watchdog_seconds = 10;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] {
        const WatchedCall call(machine, &describe_call, "asking for ever");
        for (;;) {
            machine.run_for(nanoseconds_per_millisecond);
        }
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xEAU);
    EXPECT_NE(machine.bugcheck_report()->rule.find("asking for ever"), std::string::npos);
    EXPECT_EQ(machine.bugcheck_report()->thread, "client");
    EXPECT_GT(machine.now(), 300 * nanoseconds_per_second);
}

// The host is busy with it: ten seconds of the machine's time are enough.
TEST(WatchedCalls, one_that_is_busy_is_reported_earlier) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] {
        const WatchedCall call(machine, &describe_call, "asking for ever");
        for (;;) {
            machine.spend(200);
        }
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xEAU);
    EXPECT_GT(machine.now(), 10 * nanoseconds_per_second);
}

void wait_in_a_call(void* context) {
    auto& machine = *static_cast<Machine*>(context);
    const WatchedCall call(machine, &describe_call, "asking in a thread");
    KEVENT never_set{};
    never_set.Header.Type = EventSynchronizationObject;
    never_set.Header.WaitListHead = {&never_set.Header.WaitListHead, &never_set.Header.WaitListHead};
    machine.wait_one(&never_set);
}

// Whoever runs when it is noticed: the report is about the thread that is in the call.
TEST(WatchedCalls, the_stack_is_that_of_the_call) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] {
        Thread* const thread = machine.create_thread("asker", &wait_in_a_call, &machine);
        ASSERT_NE(thread, nullptr);
        for (;;) {
            machine.run_for(nanoseconds_per_millisecond);
        }
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->thread, "asker");
    EXPECT_NE(machine.bugcheck_report()->rule.find("asking in a thread"), std::string::npos);
    EXPECT_NE(machine.bugcheck_report()->to_text().find("wait_in_a_call"), std::string::npos);
}

// ---- the same of the call that the host has entered the machine with ------------------------------------------------

std::string describe_entry(const void*) {
    return "asking from outside";
}

void wait_again_and_again(void* machine) {
    for (;;) {
        static_cast<Machine*>(machine)->run_for(nanoseconds_per_millisecond);
    }
}

TEST(WatchedEntries, one_that_takes_five_minutes_is_reported) {
    MachineConfig config;
    config.watchdog_seconds = 10;
    Machine machine(config);
    machine.enter([&] { machine.run_for(1000 * nanoseconds_per_second); });
    EXPECT_FALSE(machine.enter(&wait_again_and_again, &machine, &describe_entry));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xEAU);
    EXPECT_NE(machine.bugcheck_report()->rule.find("asking from outside"), std::string::npos);
    EXPECT_EQ(machine.bugcheck_report()->thread, "client");
    EXPECT_NE(machine.bugcheck_report()->to_text().find("wait_again_and_again"), std::string::npos);
    EXPECT_GT(machine.now(), 1300 * nanoseconds_per_second);
}

TEST(WatchedEntries, one_that_is_busy_is_reported_earlier) {
    MachineConfig config;
    config.watchdog_seconds = 2;
    Machine machine(config);
    const auto spend_for_ever = [](void* argument) {
        for (;;) {
            static_cast<Machine*>(argument)->spend(200);
        }
    };
    EXPECT_FALSE(machine.enter(spend_for_ever, &machine, &describe_entry));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xEAU);
    EXPECT_GT(machine.now(), 10 * nanoseconds_per_second);
    EXPECT_NE(machine.bugcheck_report()->rule.find("asking from outside"), std::string::npos);
}

// From inside it is one call among others: the report is about it.
TEST(WatchedEntries, one_from_inside_is_reported) {
    MachineConfig config;
    config.watchdog_seconds = 10;
    Machine machine(config);
    EXPECT_FALSE(machine.enter([&] { machine.enter(&wait_again_and_again, &machine, &describe_entry); }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0xEAU);
    EXPECT_NE(machine.bugcheck_report()->rule.find("asking from outside"), std::string::npos);
}

timespec cpu_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now;
}

// Those that come back are none, however long it goes on; nor is what nobody waits for.
TEST(WatchedCalls, those_that_come_back_are_no_loop) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    const timespec begin = cpu_time();
    EXPECT_TRUE(machine.enter([&] {
        while (cpu_time().tv_sec < begin.tv_sec + 3) {
            for (int times = 0; times < 1000; ++times) {
                const WatchedCall call(machine, &describe_call, "asking");
                machine.run_for(9 * nanoseconds_per_second);
            }
        }
    }));
    EXPECT_GT(machine.now(), 300 * nanoseconds_per_second);
}

// Each has its own time, and so has what is not watched.
TEST(WatchedEntries, those_that_come_back_are_no_loop) {
    MachineConfig config;
    config.watchdog_seconds = 1;
    Machine machine(config);
    const auto take_nine_seconds = [](void* argument) {
        static_cast<Machine*>(argument)->run_for(9 * nanoseconds_per_second);
    };
    const timespec begin = cpu_time();
    while (cpu_time().tv_sec < begin.tv_sec + 3) {
        for (int times = 0; times < 1000; ++times) {
            ASSERT_TRUE(machine.enter(take_nine_seconds, &machine, &describe_entry));
            ASSERT_TRUE(machine.enter([&] { machine.run_for(400 * nanoseconds_per_second); }));
        }
    }
    EXPECT_GT(machine.now(), 1000 * nanoseconds_per_second);
}

} // namespace
} // namespace openportcls::machine
