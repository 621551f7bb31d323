#include "machine/machine.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace openportcls::machine {
namespace {

void initialise(KEVENT& event, UCHAR type, LONG state) {
    event.Header.Type = type;
    event.Header.SignalState = state;
    event.Header.WaitListHead = {&event.Header.WaitListHead, &event.Header.WaitListHead};
}

TEST(Machine, a_thread_runs_when_the_client_waits) {
    Machine machine;
    struct Context {
        int runs = 0;
    } context;
    ASSERT_TRUE(machine.enter([&] {
        Thread* thread =
            machine.create_thread("worker", [](void* raw) { ++static_cast<Context*>(raw)->runs; }, &context);
        EXPECT_EQ(context.runs, 0);
        EXPECT_EQ(machine.wait_one(thread), STATUS_WAIT_0);
        EXPECT_EQ(context.runs, 1);
        machine.release_thread(*thread);
    }));
}

TEST(Machine, waits_time_out_at_the_deadline_which_may_be_that_of_a_clock_interrupt) {
    Machine machine;
    struct Context {
        KEVENT event;
        NTSTATUS status = 0;
        Nanoseconds woke = 0;
    } context;
    initialise(context.event, EventNotificationObject, 0);
    ASSERT_TRUE(machine.enter([&] {
        EXPECT_EQ(machine.wait_one(&context.event, 1'000'000), STATUS_TIMEOUT);
        EXPECT_EQ(machine.now(), 1'000'000);
        Thread* thread = machine.create_thread(
            "sleeper",
            [](void* raw) {
                auto* here = static_cast<Context*>(raw);
                Machine& inside = Machine::current();
                here->status = inside.wait_one(&here->event, inside.round_to_clock(inside.now() + 1'000'000));
                here->woke = inside.now();
            },
            &context);
        machine.wait_one(thread);
        machine.release_thread(*thread);
        EXPECT_EQ(context.status, STATUS_TIMEOUT);
        EXPECT_EQ(context.woke, default_clock_interval);
    }));
}

TEST(Machine, a_wait_that_nothing_can_end_is_reported_to_the_client) {
    Machine machine;
    KEVENT event;
    initialise(event, EventNotificationObject, 0);
    ASSERT_TRUE(machine.enter([&] { EXPECT_EQ(machine.wait_one(&event), STATUS_POSSIBLE_DEADLOCK); }));
}

TEST(Machine, synchronization_events_release_one_waiter_and_notification_events_all) {
    Machine machine;
    struct Context {
        KEVENT event;
        int woken = 0;
    } context;
    for (const UCHAR type : {EventSynchronizationObject, EventNotificationObject}) {
        context.woken = 0;
        initialise(context.event, type, 0);
        ASSERT_TRUE(machine.enter([&] {
            std::vector<Thread*> threads;
            for (int i = 0; i < 3; ++i) {
                threads.push_back(machine.create_thread(
                    "waiter",
                    [](void* raw) {
                        auto* here = static_cast<Context*>(raw);
                        Machine::current().wait_one(&here->event);
                        ++here->woken;
                    },
                    &context));
            }
            machine.settle();
            EXPECT_EQ(context.woken, 0);
            machine.set_event(context.event);
            machine.settle();
            EXPECT_EQ(context.woken, type == EventSynchronizationObject ? 1 : 3);
            EXPECT_EQ(context.event.Header.SignalState, type == EventSynchronizationObject ? 0 : 1);
            machine.set_event(context.event);
            machine.settle();
            machine.set_event(context.event);
            for (Thread* thread : threads) {
                machine.wait_one(thread);
                machine.release_thread(*thread);
            }
            EXPECT_EQ(context.woken, 3);
        }));
    }
}

TEST(Machine, wait_all_takes_every_object_or_none) {
    Machine machine;
    KEVENT first, second;
    initialise(first, EventSynchronizationObject, 1);
    initialise(second, EventSynchronizationObject, 0);
    ASSERT_TRUE(machine.enter([&] {
        DISPATCHER_HEADER* objects[] = {&first.Header, &second.Header};
        EXPECT_EQ(machine.wait(objects, true, machine.now() + 1000), STATUS_TIMEOUT);
        EXPECT_EQ(first.Header.SignalState, 1);
        machine.set_event(second);
        EXPECT_EQ(machine.wait(objects, true, machine.now() + 1000), STATUS_SUCCESS);
        EXPECT_EQ(first.Header.SignalState, 0);
        EXPECT_EQ(second.Header.SignalState, 0);
        machine.set_event(second);
        EXPECT_EQ(machine.wait(objects, false, machine.now() + 1000), STATUS_WAIT_0 + 1);
    }));
}

// ---- DPCs ------------------------------------------------------------------------------------------------------

struct DpcLog {
    std::vector<std::pair<long, KIRQL>> calls;
};

void NTAPI log_dpc(KDPC*, void* context, void* argument1, void*) {
    static_cast<DpcLog*>(context)->calls.emplace_back(reinterpret_cast<long>(argument1), Machine::current().irql());
}

KDPC make_dpc(DpcLog& log) {
    KDPC dpc{};
    dpc.Importance = MediumImportance;
    dpc.DeferredRoutine = &log_dpc;
    dpc.DeferredContext = &log;
    return dpc;
}

TEST(Machine, a_dpc_waits_for_irql_to_drop_below_dispatch) {
    Machine machine;
    DpcLog log;
    KDPC dpc = make_dpc(log);
    ASSERT_TRUE(machine.enter([&] {
        const KIRQL old = machine.raise_irql(irql::dispatch);
        EXPECT_TRUE(machine.queue_dpc(dpc, reinterpret_cast<void*>(1), nullptr));
        EXPECT_FALSE(machine.queue_dpc(dpc, reinterpret_cast<void*>(2), nullptr)); // the first arguments stay
        machine.preemption_point();
        EXPECT_TRUE(log.calls.empty());
        machine.lower_irql(old);
        ASSERT_EQ(log.calls.size(), 1U);
        EXPECT_EQ(log.calls[0], (std::pair<long, KIRQL>{1, irql::dispatch}));
        EXPECT_EQ(machine.irql(), irql::passive);
    }));
}

TEST(Machine, high_importance_goes_first_and_removed_dpcs_do_not_run) {
    Machine machine;
    DpcLog log;
    KDPC low = make_dpc(log), removed = make_dpc(log), high = make_dpc(log);
    high.Importance = HighImportance;
    ASSERT_TRUE(machine.enter([&] {
        machine.raise_irql(irql::dispatch);
        machine.queue_dpc(low, reinterpret_cast<void*>(1), nullptr);
        machine.queue_dpc(removed, reinterpret_cast<void*>(2), nullptr);
        machine.queue_dpc(high, reinterpret_cast<void*>(3), nullptr);
        EXPECT_TRUE(machine.remove_dpc(removed));
        EXPECT_FALSE(machine.remove_dpc(removed));
        machine.lower_irql(irql::passive);
        ASSERT_EQ(log.calls.size(), 2U);
        EXPECT_EQ(log.calls[0].first, 3);
        EXPECT_EQ(log.calls[1].first, 1);
    }));
}

TEST(Machine, a_dpc_for_another_processor_runs_before_flush_returns) {
    Machine machine;
    DpcLog log;
    KDPC dpc = make_dpc(log);
    dpc.Number = 2; // processor 1
    ASSERT_TRUE(machine.enter([&] {
        machine.queue_dpc(dpc, reinterpret_cast<void*>(5), nullptr);
        EXPECT_TRUE(log.calls.empty());
        machine.flush_dpcs();
        EXPECT_EQ(log.calls.size(), 1U);
    }));
}

// ---- interrupts --------------------------------------------------------------------------------------------------

struct TestHandler : InterruptHandler {
    InterruptLine* line = nullptr;
    int calls = 0;
    bool claims = true;
    bool lowers = true;
    KIRQL seen = 0;
    static bool NTAPI serve(InterruptHandler& handler) {
        auto& self = static_cast<TestHandler&>(handler);
        ++self.calls;
        self.seen = Machine::current().irql();
        if (self.lowers) {
            self.line->lower();
        }
        return self.claims;
    }
};

TEST(Interrupts, masked_while_irql_is_at_or_above_the_lines) {
    Machine machine;
    InterruptLine& line = machine.interrupt_line(5, 7);
    TestHandler handler;
    handler.service = &TestHandler::serve;
    handler.line = &line;
    handler.synchronize_irql = 7;
    ASSERT_TRUE(machine.enter([&] {
        line.connect(handler);
        machine.raise_irql(7);
        line.raise();
        machine.preemption_point();
        EXPECT_EQ(handler.calls, 0);
        machine.lower_irql(6);
        EXPECT_EQ(handler.calls, 1);
        EXPECT_EQ(handler.seen, 7);
        machine.lower_irql(irql::passive);
        EXPECT_EQ(handler.calls, 1);
    }));
}

TEST(Interrupts, a_shared_level_line_asks_until_someone_claims_and_again_while_asserted) {
    Machine machine;
    InterruptLine& line = machine.interrupt_line(5);
    TestHandler stranger, owner;
    for (TestHandler* handler : {&stranger, &owner}) {
        handler->service = &TestHandler::serve;
        handler->line = &line;
    }
    stranger.claims = false;
    stranger.lowers = false;
    ASSERT_TRUE(machine.enter([&] {
        line.connect(stranger);
        line.connect(owner);
        line.raise();
        machine.preemption_point();
        EXPECT_EQ(stranger.calls, 1);
        EXPECT_EQ(owner.calls, 1);
        EXPECT_FALSE(line.is_asserted());
        line.disconnect(owner);
        line.disconnect(stranger);
        line.raise();
        machine.preemption_point();
        EXPECT_EQ(owner.calls, 1);
    }));
}

TEST(Interrupts, latched_edges_are_remembered_once) {
    Machine machine;
    InterruptLine& line = machine.interrupt_line(5, 5, TriggerMode::latched);
    TestHandler handler;
    handler.service = &TestHandler::serve;
    handler.line = &line;
    ASSERT_TRUE(machine.enter([&] {
        line.connect(handler);
        machine.raise_irql(irql::high);
        line.pulse();
        line.pulse();
        machine.lower_irql(irql::passive);
        EXPECT_EQ(handler.calls, 1);
    }));
}

// One routine is disconnected while another processor is at the next: the one behind that has its turn, too.
TEST(Interrupts, a_latched_edge_reaches_everybody_although_one_goes_meanwhile) {
    struct Sharer : InterruptHandler {
        int calls = 0;
        bool takes_long = false;
        bool is_under_way = false;
        static bool NTAPI called(InterruptHandler& handler) {
            auto& self = static_cast<Sharer&>(handler);
            ++self.calls;
            self.is_under_way = true;
            for (int count = 0; self.takes_long && count < 20; ++count) {
                Machine::current().stall(1000);
            }
            return true;
        }
    };
    static Sharer first;
    static Sharer second;
    static Sharer third;
    static InterruptLine* shared;
    for (Sharer* sharer : {&first, &second, &third}) {
        *sharer = {};
        sharer->service = &Sharer::called;
    }
    second.takes_long = true;
    Machine machine;
    ASSERT_TRUE(machine.enter([&] {
        shared = &machine.interrupt_line(5, 5, TriggerMode::latched);
        for (Sharer* sharer : {&first, &second, &third}) {
            shared->connect(*sharer);
        }
        Thread* const thread = machine.create_thread(
            "disconnects",
            [](void*) {
                while (!second.is_under_way) {
                    Machine::current().stall(500);
                }
                shared->disconnect(first);
            },
            nullptr);
        machine.stall(2000);
        shared->pulse();
        for (int count = 0; count < 50; ++count) {
            machine.stall(1000);
        }
        machine.wait_one(thread);
        machine.release_thread(*thread);
        EXPECT_EQ(first.calls, 1);
        EXPECT_EQ(second.calls, 1);
        EXPECT_EQ(third.calls, 1);
        shared->disconnect(second);
        shared->disconnect(third);
    }));
}

TEST(Interrupts, a_line_that_nobody_can_quieten_is_a_storm) {
    Machine machine;
    InterruptLine& line = machine.interrupt_line(9);
    TestHandler handler;
    handler.service = &TestHandler::serve;
    handler.line = &line;
    handler.lowers = false;
    EXPECT_FALSE(machine.enter([&] {
        line.connect(handler);
        line.raise();
        machine.preemption_point();
        FAIL() << "the guest should be gone";
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    const BugcheckReport& report = *machine.bugcheck_report();
    EXPECT_EQ(report.code, 0xF2U);
    const auto routine = reinterpret_cast<std::uint64_t>(&TestHandler::serve);
    EXPECT_EQ(report.parameters[0], routine);
    EXPECT_EQ(report.parameters[2], reinterpret_cast<std::uint64_t>(&handler));
    EXPECT_EQ(report.parameters[3], 1U); // nobody shares the line
    ASSERT_FALSE(report.stack.empty());
    EXPECT_EQ(report.stack.front().address, routine + 1);
}

// ---- timers ------------------------------------------------------------------------------------------------------

TEST(Timers, expire_with_the_clock_interrupt_and_follow_its_resolution) {
    Machine machine;
    DpcLog log;
    KDPC dpc = make_dpc(log);
    KTIMER timer{};
    timer.Header.Type = TimerNotificationObject;
    timer.Header.WaitListHead = {&timer.Header.WaitListHead, &timer.Header.WaitListHead};
    ASSERT_TRUE(machine.enter([&] {
        EXPECT_FALSE(machine.set_timer(timer, machine.now() + 1'000'000, 0, &dpc));
        EXPECT_TRUE(machine.set_timer(timer, machine.now() + 1'000'000, 0, &dpc));
        EXPECT_EQ(machine.wait_one(&timer), STATUS_WAIT_0);
        EXPECT_EQ(machine.now(), default_clock_interval);
        EXPECT_EQ(log.calls.size(), 1U);
        machine.set_clock_interval(1'000'000);
        machine.set_timer(timer, machine.now() + 1'500'000, 0, nullptr);
        machine.wait_one(&timer);
        EXPECT_EQ(machine.now(), 18'000'000);
        EXPECT_FALSE(machine.cancel_timer(timer));
    }));
}

TEST(Timers, periodic_timers_do_not_drift) {
    Machine machine;
    DpcLog log;
    KDPC dpc = make_dpc(log);
    KTIMER timer{};
    timer.Header.WaitListHead = {&timer.Header.WaitListHead, &timer.Header.WaitListHead};
    ASSERT_TRUE(machine.enter([&] {
        machine.set_clock_interval(1'000'000);
        machine.set_timer(timer, 10'000'000, 10'000'000, &dpc);
        machine.run_for(1'000'000'000);
        EXPECT_EQ(log.calls.size(), 100U);
        EXPECT_TRUE(machine.cancel_timer(timer));
        machine.run_for(100'000'000);
        EXPECT_EQ(log.calls.size(), 100U);
    }));
}

// Each time at the first clock interrupt at or after its due time, which the interval and the period decide anew.
TEST(Timers, periodic_timers_expire_at_the_next_clock_interrupt_whatever_the_interval) {
    struct Expirations {
        Machine* machine;
        std::vector<Nanoseconds> times;
        static void NTAPI note(KDPC*, void* context, void*, void*) {
            auto& seen = *static_cast<Expirations*>(context);
            seen.times.push_back(seen.machine->now());
        }
    };
    Machine machine;
    Expirations expirations{&machine, {}};
    KDPC dpc{};
    dpc.DeferredContext = &expirations;
    dpc.DeferredRoutine = &Expirations::note;
    KTIMER timer{};
    timer.Header.WaitListHead = {&timer.Header.WaitListHead, &timer.Header.WaitListHead};
    const auto run = [&](Nanoseconds due, Nanoseconds period) {
        expirations.times.clear();
        machine.set_timer(timer, due, period, &dpc);
        machine.run_for(10'000'000);
    };
    ASSERT_TRUE(machine.enter([&] {
        machine.set_clock_interval(1'000'000);
        run(1'300'000, 3'000'000); // whole intervals: as late each time
        EXPECT_EQ(expirations.times, (std::vector<Nanoseconds>{2'000'000, 5'000'000, 8'000'000}));
        machine.set_clock_interval(500'000); // of a timer that is set
        machine.run_for(3'000'000);
        EXPECT_EQ(expirations.times.back(), 10'500'000);
        run(13'200'000, 2'700'000); // not: another fraction each time
        EXPECT_EQ(expirations.times, (std::vector<Nanoseconds>{13'500'000, 16'000'000, 19'000'000, 21'500'000}));
        run(23'000'000, 4'000'000); // the record's next user
        EXPECT_EQ(expirations.times, (std::vector<Nanoseconds>{23'000'000, 27'000'000, 31'000'000}));
    }));
}

// Where a run is, for reports and replays: each preemption point counts once, whether anybody looks there or not.
TEST(Machine, every_preemption_point_is_one_step) {
    Machine machine;
    ASSERT_TRUE(machine.enter([&] {
        KSPIN_LOCK lock = 0;
        const std::uint64_t begin = machine.step();
        constexpr int rounds = 5000; // more than a lap
        for (int i = 0; i < rounds; ++i) {
            if (i % 7 == 0) {
                machine.draw_attention();
            }
            machine.preemption_point();
            machine.acquire_lock(lock);
            machine.release_lock(lock);
        }
        EXPECT_EQ(machine.step() - begin, 3U * rounds);
    }));
}

// ---- interleaving ------------------------------------------------------------------------------------------------

struct Recorder : Observer {
    std::string text;
    void on_event(const TraceEvent& event) override {
        text += std::to_string(event.time) + ' ' + std::string(event_kind_name(event.kind)) + ' ' +
                std::to_string(event.processor) + ' ' + std::to_string(event.subject) + ' ' +
                std::to_string(event.value) + '\n';
    }
};

struct Race {
    int counter = 0;
    KSPIN_LOCK lock = 0;
    bool locked = false;
};

// Two threads that increment without (or with) a lock around a preemption point.
std::string run_race(PolicyKind policy, std::uint64_t seed, bool locked, int* result) {
    MachineConfig config;
    config.policy = policy;
    config.seed = seed;
    Machine machine(config);
    Recorder recorder;
    machine.add_observer(recorder);
    Race race;
    race.locked = locked;
    EXPECT_TRUE(machine.enter([&] {
        Thread* threads[2];
        for (Thread*& thread : threads) {
            thread = machine.create_thread(
                "racer",
                [](void* raw) {
                    auto* here = static_cast<Race*>(raw);
                    Machine& inside = Machine::current();
                    for (int i = 0; i < 20; ++i) {
                        const KIRQL old = inside.raise_irql(irql::dispatch);
                        if (here->locked) {
                            inside.acquire_lock(here->lock);
                        }
                        const int before = here->counter;
                        inside.preemption_point();
                        here->counter = before + 1;
                        if (here->locked) {
                            inside.release_lock(here->lock);
                        }
                        inside.lower_irql(old);
                        inside.preemption_point();
                    }
                },
                &race);
        }
        for (Thread* thread : threads) {
            machine.wait_one(thread);
            machine.release_thread(*thread);
        }
    }));
    machine.remove_observer(recorder);
    *result = race.counter;
    return recorder.text;
}

TEST(Policies, first_come_runs_threads_one_after_the_other) {
    int counter = 0;
    run_race(PolicyKind::first_come, 1, false, &counter);
    EXPECT_EQ(counter, 40);
}

TEST(Policies, random_and_pct_find_an_unlocked_increment_and_spare_a_locked_one) {
    for (const PolicyKind policy : {PolicyKind::random, PolicyKind::pct}) {
        bool lost = false;
        for (std::uint64_t seed = 1; seed <= 200; ++seed) {
            int counter = 0;
            run_race(policy, seed, false, &counter);
            lost |= counter < 40;
            run_race(policy, seed, true, &counter);
            EXPECT_EQ(counter, 40) << "seed " << seed;
        }
        EXPECT_TRUE(lost);
    }
}

TEST(Determinism, same_seed_same_trace_a_hundred_times) {
    for (const PolicyKind policy : {PolicyKind::first_come, PolicyKind::random, PolicyKind::pct}) {
        int counter = 0;
        const std::string reference = run_race(policy, 42, false, &counter);
        EXPECT_FALSE(reference.empty());
        for (int run = 0; run < 100; ++run) {
            ASSERT_EQ(run_race(policy, 42, false, &counter), reference);
        }
    }
    int counter = 0;
    std::set<std::string> different;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        different.insert(run_race(PolicyKind::random, seed, false, &counter));
    }
    EXPECT_GT(different.size(), 10U);
}

} // namespace
} // namespace openportcls::machine
