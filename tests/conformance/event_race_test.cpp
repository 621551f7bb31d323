// Events that leave while they are generated, under schedules chosen at random: whoever removes events of a file does
// not return before the driver has been told of all of them (R-KS-05, R-EVENT-01).
#include "core_fixture.h"

namespace conformance {
namespace {

constexpr std::uint64_t schedules = 100;

// So that a schedule may change processors meanwhile.
void spend(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps; ++i) {
        KSPIN_LOCK lock = 0;
        KIRQL irql;
        KeAcquireSpinLock(&lock, &irql);
        KeReleaseSpinLock(&lock, irql);
    }
}

// One machine of an exploration: a one-shot event on the topology filter, and a timer whose DPC generates it.
class EventRace : public CoreTest {
public:
    explicit EventRace(std::uint64_t seed) : CoreTest(exploring(seed)), seed_(seed) {}

    using CoreTest::inside;
    Script& script() { return script_; }

    void begin() {
        start_and_open();
        inside([&] {
            events_ = portcls::ComPointer<IPortEvents>::query(script_.topology_port, IID_IPortEvents);
            data_ = event_data(create_event());
        });
    }
    void enable_one_shot() {
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0, KSEVENT_TYPE_ONESHOT), data_), STATUS_SUCCESS);
    }
    // Until the timer's next tick; what comes then goes on beside its DPC.
    void wait_for_the_timer() {
        KeInitializeTimer(&timer_);
        KeInitializeDpc(&dpc_, generate_event, events_.get());
        LARGE_INTEGER due;
        due.QuadPart = -10'000;
        KeSetTimer(&timer_, due, &dpc_);
        const machine::Nanoseconds tick = machine_.clock_interval();
        machine_.run_for((machine_.now() / tick + 1) * tick - machine_.now());
        spend(seed_ % 7);
    }
    void close_filter() {
        close(topology_);
        topology_ = nullptr;
    }
    NTSTATUS disable_event() { return disable(topology_, &data_); }
    void unregister_subdevice() {
        auto unregister =
            portcls::ComPointer<IUnregisterSubdevice>::query(script_.topology_port, IID_IUnregisterSubdevice);
        EXPECT_EQ(unregister->UnregisterSubdevice(script_.functional_device, script_.topology_port), STATUS_SUCCESS);
    }
    void go_on() {
        machine_.run_for(20'000'000);
        KeCancelTimer(&timer_);
    }
    void end() {
        inside([&] {
            ZwClose(data_.EventHandle.Event);
            events_ = {};
        });
        TearDown();
    }

private:
    static void NTAPI generate_event(KDPC*, void* events, void*, void*) {
        GUID set = custom_event_set;
        static_cast<IPortEvents*>(events)->GenerateEventList(&set, 0, FALSE, 0, FALSE, 0);
    }
    void TestBody() override {}

    std::uint64_t seed_;
    portcls::ComPointer<IPortEvents> events_;
    KSEVENTDATA data_ = {};
    KTIMER timer_ = {};
    KDPC dpc_ = {};
};

// How many schedules had the driver told by the generation, and by the removal.
struct Told {
    int by_generation = 0;
    int by_removal = 0;
};

template<class Remove>
Told explore_removal(Remove&& remove) {
    Told told;
    for_each_schedule(schedules, [&](std::uint64_t seed) {
        EventRace race(seed);
        race.begin();
        race.inside([&] {
            bool is_over = false;
            race.script().event_asked = [&](ULONG verb) {
                if (verb == PCEVENT_VERB_REMOVE) {
                    spend(3);
                    EXPECT_FALSE(is_over) << "whoever removed it has returned";
                    ++(race.script().event_irql == DISPATCH_LEVEL ? told.by_generation : told.by_removal);
                }
            };
            race.enable_one_shot();
            race.wait_for_the_timer();
            remove(race);
            is_over = true;
            race.go_on();
            EXPECT_EQ(race.script().count_of("event:remove"), 1u);
        });
        race.end();
    });
    return told;
}

void expect_both(const Told& told) {
    EXPECT_NE(told.by_generation, 0) << "no schedule had the generation first";
    EXPECT_NE(told.by_removal, 0) << "no schedule had the removal first";
}

TEST(EventRace, R_EVENT_01_the_driver_has_heard_of_the_removal_when_the_handle_is_closed) {
    expect_both(explore_removal([](EventRace& race) { race.close_filter(); }));
}

TEST(EventRace, R_KS_05_the_driver_has_heard_of_the_removal_when_disabling_returns) {
    expect_both(explore_removal([](EventRace& race) { race.disable_event(); }));
}

TEST(EventRace, R_EVENT_01_the_driver_has_heard_of_the_removal_when_its_subdevice_is_unregistered) {
    expect_both(explore_removal([](EventRace& race) { race.unregister_subdevice(); }));
}

// It may fire from AddEventToEventList on, and leave before the handler that has added it returns.
TEST(EventRace, R_EVENT_02_one_shot_that_leaves_while_it_is_enabled) {
    int early = 0;
    for_each_schedule(schedules, [&](std::uint64_t seed) {
        EventRace race(seed);
        race.begin();
        race.inside([&] {
            bool is_adding = false;
            race.script().event_asked = [&](ULONG verb) {
                if (verb == PCEVENT_VERB_ADD) {
                    is_adding = true;
                    spend(10);
                    is_adding = false;
                } else {
                    early += is_adding ? 1 : 0;
                    spend(seed % 20);
                }
            };
            race.wait_for_the_timer();
            race.enable_one_shot();
            race.go_on();
            race.disable_event();
            EXPECT_EQ(race.script().count_of("event:remove"), 1u);
            executive::Kernel::current().check_memory("when the event was gone");
        });
        race.end();
    });
    EXPECT_NE(early, 0) << "no schedule had it fire that early";
}

} // namespace
} // namespace conformance
