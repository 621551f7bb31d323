// Timers that expire while their device goes away, under schedules chosen at random.
#include "core_fixture.h"

namespace conformance {
namespace {

constexpr machine::Nanoseconds second = 1'000'000'000;

// One machine of an exploration.
class Removal : public CoreTest {
public:
    explicit Removal(std::uint64_t seed) : CoreTest(config(seed)) {}

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
    void go_on() {
        inside([&] { machine_.run_for(2 * second); });
        TearDown();
    }

private:
    static machine::MachineConfig config(std::uint64_t seed) {
        machine::MachineConfig result = CoreTest::config();
        result.policy = machine::PolicyKind::pct;
        result.seed = seed;
        return result;
    }
    void TestBody() override {}
};

// Calls `body` with machines of many schedules, up to the first that fails.
template<class Body>
void explore(std::uint64_t seeds, Body&& body) {
    for (std::uint64_t seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Removal removal(seed);
        body(removal);
    }
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

} // namespace
} // namespace conformance
