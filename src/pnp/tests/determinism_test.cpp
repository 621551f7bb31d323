// The same calls give the same events.
#include "machine/observer.h"
#include "pnp_fixture.h"

#include <fmt/format.h>

namespace openportcls::pnp::test {

class Recorder : public machine::Observer {
public:
    void on_event(const machine::TraceEvent& event) override {
        text += fmt::format("{} {} {} {} {} {} {}\n", event.time, event_kind_name(event.kind), event.processor,
                            event.irql, event.subject, event.value, event.detail);
    }
    std::string text;
};

std::string life_of_a_device(machine::PolicyKind policy) {
    reset_recording();
    recording().pends_start = true;
    recording().requests_device_power = true;
    Recorder recorder;
    machine::Machine machine({.policy = policy, .seed = 7});
    machine.add_observer(recorder);
    auto& manager = machine.add_subsystem<PnpManager>();
    auto driver = manager.load_static_driver(&recording_driver_entry);
    EXPECT_TRUE(driver);
    auto device = manager.add_device(**driver, {.resources = {Resource::port(0x220, 16), Resource::interrupt(5)}});
    EXPECT_TRUE(device);
    EXPECT_TRUE(manager.sleep(PowerSystemSleeping3));
    EXPECT_TRUE(manager.wake());
    EXPECT_TRUE(manager.stop(**device));
    EXPECT_TRUE(manager.start(**device));
    EXPECT_TRUE(manager.surprise_remove(**device));
    EXPECT_TRUE(manager.unload(**driver));
    for (const std::string& entry : recording().log) {
        recorder.text += entry + '\n';
    }
    machine.remove_observer(recorder);
    return recorder.text;
}

TEST(PnpDeterminism, SameSeedSameEvents) {
    for (const auto policy : {machine::PolicyKind::first_come, machine::PolicyKind::random, machine::PolicyKind::pct}) {
        const std::string first = life_of_a_device(policy);
        EXPECT_GT(first.size(), 100U);
        for (int round = 0; round < 10; ++round) {
            ASSERT_EQ(life_of_a_device(policy), first);
        }
    }
}

} // namespace openportcls::pnp::test
