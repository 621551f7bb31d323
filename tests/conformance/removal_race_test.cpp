// Timers that expire while their device goes away, under schedules chosen at random.
#include "core_fixture.h"

namespace conformance {
namespace {

constexpr machine::Nanoseconds second = 1'000'000'000;

// One machine of an exploration.
class Removal : public CoreTest {
public:
    explicit Removal(std::uint64_t seed) : CoreTest(exploring(seed)) {}

    void start_idling_after_a_second() {
        parameters_.push_back(*pnp::RegistryParameter::parse("PowerSettings\\PerformanceIdleTime:binary=01000000"));
        script_.register_power = true;
        start();
        release_ports();
    }
    // The physical device object.
    DEVICE_OBJECT* start_with_timeout(PIO_TIMER_ROUTINE routine, PVOID context) {
        start();
        release_ports();
        inside([&] { PcRegisterIoTimeout(script_.functional_device, routine, context); });
        return node_->pdo();
    }
    // Removes the device when what was set for a second from now is about to expire.
    void remove_after_a_second() {
        const machine::Nanoseconds interval = machine_.clock_interval();
        const machine::Nanoseconds due = (machine_.now() + second + interval - 1) / interval * interval;
        inside([&] { machine_.run_for(due - machine_.now()); });
        const auto removed = manager_->remove(*node_);
        EXPECT_TRUE(removed) << removed.error().message;
    }
    // Two routines, the second of which is unregistered while its turn comes.
    void start_with_two_timeouts(PIO_TIMER_ROUTINE routine, PVOID first, PVOID second) {
        start();
        inside([&] {
            PcRegisterIoTimeout(script_.functional_device, routine, first);
            PcRegisterIoTimeout(script_.functional_device, routine, second);
        });
    }
    void unregister(PIO_TIMER_ROUTINE routine, PVOID context) {
        EXPECT_EQ(PcUnregisterIoTimeout(script_.functional_device, routine, context), STATUS_SUCCESS);
    }
    void unregister_after_a_second(PIO_TIMER_ROUTINE routine, PVOID context, std::uint64_t steps) {
        const machine::Nanoseconds interval = machine_.clock_interval();
        const machine::Nanoseconds due = (machine_.now() + second + interval - 1) / interval * interval;
        machine_.run_for(due - machine_.now());
        let_others_run(steps);
        unregister(routine, context);
    }
    using CoreTest::inside;
    using CoreTest::TearDown;
    void run_for_two_seconds() { machine_.run_for(2 * second); }
    void go_on() {
        inside([&] { run_for_two_seconds(); });
        TearDown();
    }

private:
    void TestBody() override {}
};

// Calls `body` with machines of many schedules, up to the first that fails.
template<class Body>
void explore(std::uint64_t seeds, Body&& body) {
    for_each_schedule(seeds, [&](std::uint64_t seed) {
        Removal removal(seed);
        body(removal);
    });
}

TEST(RemovalRace, R_PWR_13_the_idle_timer_ends_with_the_device) {
    explore(60, [](Removal& removal) {
        removal.start_idling_after_a_second();
        removal.remove_after_a_second();
        removal.go_on();
    });
}

struct Timeout {
    DEVICE_OBJECT* physical_device = nullptr;
    int calls = 0;
    int calls_afterwards = 0;
};

void NTAPI take_a_while(PDEVICE_OBJECT, PVOID context) {
    auto& timeout = *static_cast<Timeout*>(context);
    for (int i = 0; i < 100; ++i) {
        KSPIN_LOCK lock = 0;
        KeAcquireSpinLockAtDpcLevel(&lock);
        KeReleaseSpinLockFromDpcLevel(&lock);
        timeout.calls_afterwards += timeout.physical_device->AttachedDevice == nullptr ? 1 : 0;
    }
    ++timeout.calls;
}

TEST(RemovalRace, R_ENTRY_17_a_timeout_routine_has_returned_when_its_device_is_gone) {
    int calls = 0;
    explore(60, [&](Removal& removal) {
        Timeout timeout;
        timeout.physical_device = removal.start_with_timeout(take_a_while, &timeout);
        removal.remove_after_a_second();
        removal.go_on();
        EXPECT_EQ(timeout.calls_afterwards, 0);
        calls += timeout.calls;
    });
    EXPECT_NE(calls, 0) << "no schedule was near the removal";
}

struct Unregistered {
    bool is_over = false;
    int calls = 0;
    int calls_afterwards = 0;
};

void NTAPI take_some_time(PDEVICE_OBJECT, PVOID context) {
    auto& timeout = *static_cast<Unregistered*>(context);
    for (int i = 0; i < 20; ++i) {
        KSPIN_LOCK lock = 0;
        KeAcquireSpinLockAtDpcLevel(&lock);
        KeReleaseSpinLockFromDpcLevel(&lock);
        timeout.calls_afterwards += timeout.is_over ? 1 : 0;
    }
    ++timeout.calls;
}

// A driver may free the context then.
TEST(RemovalRace, R_ENTRY_18_a_timeout_routine_has_returned_when_it_is_unregistered) {
    int with_a_call = 0;
    int without = 0;
    explore(100, [&, seed = std::uint64_t{0}](Removal& removal) mutable {
        Unregistered first;
        Unregistered second;
        removal.start_with_two_timeouts(take_some_time, &first, &second);
        removal.inside([&] {
            removal.unregister_after_a_second(take_some_time, &second, ++seed % 50);
            second.is_over = true;
            removal.run_for_two_seconds();
            removal.unregister(take_some_time, &first);
        });
        removal.TearDown();
        EXPECT_EQ(second.calls_afterwards, 0);
        EXPECT_GE(first.calls, 2) << "the other one goes on";
        ++(second.calls == 0 ? without : with_a_call);
    });
    EXPECT_NE(with_a_call, 0) << "no schedule had the call before";
    EXPECT_NE(without, 0) << "no schedule came before the call";
}

} // namespace
} // namespace conformance
