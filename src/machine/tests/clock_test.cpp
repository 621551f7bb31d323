#include "machine/clock.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "machine/machine.h"
#include "machine/policy.h"

namespace openportcls::machine {
namespace {

struct Recorded {
    std::vector<int>* log;
    int name;
};

void record(ClockEvent& event) {
    auto* recorded = static_cast<Recorded*>(event.context());
    recorded->log->push_back(recorded->name);
}

TEST(Clock, fires_in_order_of_time_and_of_scheduling_for_equal_times) {
    Clock clock(false);
    std::vector<int> log;
    Recorded one{&log, 1}, two{&log, 2}, three{&log, 3};
    ClockEvent first(&record, &one), second(&record, &two), third(&record, &three);
    clock.schedule(third, 300);
    clock.schedule(first, 100);
    clock.schedule(second, 300);
    EXPECT_FALSE(clock.fire_next_due());
    clock.advance_to(clock.next_due());
    EXPECT_EQ(clock.now(), 100);
    while (clock.fire_next_due()) {
    }
    clock.advance_to(1000);
    while (clock.fire_next_due()) {
    }
    EXPECT_EQ(log, (std::vector<int>{1, 3, 2}));
}

TEST(Clock, cancelled_and_rescheduled_events) {
    Clock clock(false);
    std::vector<int> log;
    Recorded one{&log, 1}, two{&log, 2};
    ClockEvent first(&record, &one), second(&record, &two);
    clock.schedule(first, 100);
    clock.schedule(second, 200);
    clock.schedule(first, 300);
    EXPECT_TRUE(clock.cancel(second));
    EXPECT_FALSE(clock.cancel(second));
    EXPECT_EQ(clock.next_due(), 300);
    clock.advance_to(300);
    EXPECT_TRUE(clock.fire_next_due());
    EXPECT_FALSE(clock.has_events());
    EXPECT_EQ(log, (std::vector<int>{1}));
}

TEST(Clock, destroying_an_event_takes_it_off_the_clock) {
    Clock clock(false);
    {
        ClockEvent event([](ClockEvent&) { FAIL(); }, nullptr);
        clock.schedule(event, 10);
    }
    EXPECT_FALSE(clock.has_events());
}

TEST(Clock, keeps_the_order_of_many_random_events) {
    Clock clock(false);
    Random random(7);
    std::vector<Nanoseconds> fired;
    struct Context {
        std::vector<Nanoseconds>* fired;
        Clock* clock;
    } context{&fired, &clock};
    const auto fire = [](ClockEvent& event) {
        auto* here = static_cast<Context*>(event.context());
        EXPECT_EQ(event.due(), here->clock->now());
        here->fired->push_back(event.due());
    };
    std::vector<std::unique_ptr<ClockEvent>> events;
    for (int i = 0; i < 1000; ++i) {
        events.push_back(std::make_unique<ClockEvent>(fire, &context));
        clock.schedule(*events.back(), 1 + random.below(5000));
    }
    for (int i = 0; i < 1000; i += 3) {
        clock.cancel(*events[static_cast<std::size_t>(i)]);
    }
    for (int i = 0; i < 1000; i += 7) {
        clock.schedule(*events[static_cast<std::size_t>(i)], 1 + random.below(5000));
    }
    while (clock.has_events()) {
        clock.advance_to(clock.next_due());
        clock.fire_next_due();
    }
    EXPECT_GT(fired.size(), 666U);
    EXPECT_TRUE(std::is_sorted(fired.begin(), fired.end()));
}

// What is fired does at random what an event may do, and the clock is asked at random while it does: against a sorted
// set of what is scheduled.
class ClockWithModel {
public:
    explicit ClockWithModel(std::uint64_t seed) : random_(seed) {
        for (auto& event : events_) {
            event = std::make_unique<ClockEvent>(&ClockWithModel::fired, this);
        }
    }
    void run(unsigned operations) {
        for (left_ = operations; left_ > 0;) {
            act();
            if (!scheduled_.empty()) {
                clock_.advance_to(std::max(clock_.now(), clock_.next_due()));
            }
            while (clock_.fire_next_due()) {
            }
            ASSERT_FALSE(is_due());
        }
    }
    unsigned fired_inside_another() const { return fired_inside_; }

private:
    using Key = std::pair<Nanoseconds, std::uint64_t>;
    static constexpr std::uint64_t event_count = 40;

    bool is_due() const { return !scheduled_.empty() && scheduled_.begin()->first.first <= clock_.now(); }
    void forget(const ClockEvent* event) {
        std::erase_if(scheduled_, [event](const auto& entry) { return entry.second == event; });
    }
    void act() {
        --left_;
        ClockEvent& event = *events_[random_.below(event_count)];
        switch (random_.below(4)) {
        case 0:
            EXPECT_EQ(clock_.cancel(event), event_is_known(event));
            forget(&event);
            return;
        case 1:
            EXPECT_EQ(clock_.has_events(), !scheduled_.empty());
            EXPECT_EQ(clock_.is_due(), is_due());
            EXPECT_EQ(clock_.next_due(), scheduled_.empty() ? never : scheduled_.begin()->first.first);
            return;
        default:
            schedule(event);
        }
    }
    bool event_is_known(const ClockEvent& event) const {
        return std::ranges::any_of(scheduled_, [&](const auto& entry) { return entry.second == &event; });
    }
    void schedule(ClockEvent& event) {
        forget(&event);
        const Nanoseconds due = clock_.now() + static_cast<Nanoseconds>(random_.below(50)) - 5;
        clock_.schedule(event, due);
        scheduled_[{std::max(due, clock_.now()), sequence_++}] = &event;
    }
    static void fired(ClockEvent& event) {
        auto& self = *static_cast<ClockWithModel*>(event.context());
        ASSERT_TRUE(self.is_due());
        ASSERT_EQ(self.scheduled_.begin()->second, &event);
        self.scheduled_.erase(self.scheduled_.begin());
        ++self.depth_;
        self.fired_inside_ += self.depth_ > 1 ? 1 : 0;
        if (self.random_.below(2) == 0) {
            self.schedule(event); // what most events do first
        }
        for (std::uint64_t more = self.random_.below(4); more > 0 && self.left_ > 0; --more) {
            self.act();
        }
        if (self.depth_ < 3 && self.random_.below(4) == 0) {
            const bool was_due = self.is_due();
            EXPECT_EQ(self.clock_.fire_next_due(), was_due);
        }
        --self.depth_;
    }

    Clock clock_{false};
    Random random_;
    std::map<Key, const ClockEvent*> scheduled_;
    std::array<std::unique_ptr<ClockEvent>, event_count> events_;
    std::uint64_t sequence_ = 0;
    unsigned left_ = 0;
    unsigned depth_ = 0;
    unsigned fired_inside_ = 0;
};

TEST(Clock, whatever_events_do_while_they_are_fired_keeps_the_order) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        ClockWithModel model(seed);
        model.run(5'000);
        EXPECT_GT(model.fired_inside_another(), 10U);
        if (HasFatalFailure()) {
            FAIL() << "seed " << seed;
        }
    }
}

// Its owner has gone by the time the clock is asked again.
TEST(Clock, an_event_that_is_destroyed_while_it_is_fired_is_gone) {
    Clock clock(false);
    auto event = std::make_unique<ClockEvent>();
    event->bind([](ClockEvent& fired) { static_cast<std::unique_ptr<ClockEvent>*>(fired.context())->reset(); }, &event);
    clock.schedule(*event, 10);
    clock.advance_to(10);
    EXPECT_TRUE(clock.fire_next_due());
    EXPECT_FALSE(clock.has_events());
}

TEST(Clock, a_paced_clock_sleeps) {
    Clock clock(true);
    timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    clock.advance_to(20 * nanoseconds_per_millisecond);
    clock_gettime(CLOCK_MONOTONIC, &after);
    const auto elapsed = (after.tv_sec - before.tv_sec) * nanoseconds_per_second + after.tv_nsec - before.tv_nsec;
    EXPECT_GE(elapsed, 19 * nanoseconds_per_millisecond);
    EXPECT_EQ(clock.now(), 20 * nanoseconds_per_millisecond);
}

// Of this thread, so far: each gives the CPU away of its own will once.
long sleeps() {
    rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

// Wake-ups stay below 1,100 a second, after a burst of 16, however close events lie; and no event fires before its
// time.
TEST(Clock, a_paced_clock_sleeps_once_for_what_lies_close_together) {
    constexpr int events = 1000; // in 100 ms
    std::vector<int> log;
    Clock clock(true);
    std::vector<std::unique_ptr<ClockEvent>> all;
    std::vector<Recorded> contexts;
    contexts.reserve(events);
    for (int i = 0; i < events; ++i) {
        contexts.push_back({&log, i});
        all.push_back(std::make_unique<ClockEvent>(&record, &contexts.back()));
        clock.schedule(*all.back(), (i + 1) * nanoseconds_per_millisecond / 10);
    }
    const long before = sleeps();
    while (clock.has_events()) {
        const Nanoseconds due = clock.next_due();
        clock.advance_to(due);
        EXPECT_EQ(clock.now(), due);
        EXPECT_GE(clock.lateness(), 0);
        clock.fire_next_due();
    }
    EXPECT_LE(sleeps() - before, 16 + 110 + 2);
    EXPECT_EQ(log.size(), static_cast<std::size_t>(events));
    EXPECT_TRUE(std::is_sorted(log.begin(), log.end()));
}

// Streams in phase are less than a microsecond apart: the wake-up for the first serves the others, too.
TEST(Clock, a_paced_clock_serves_what_is_due_when_it_wakes) {
    constexpr int periods = 20;
    Clock clock(true);
    const long before = sleeps();
    for (int period = 1; period <= periods; ++period) {
        for (int stream = 0; stream < 8; ++stream) {
            clock.advance_to(5 * period * nanoseconds_per_millisecond + stream * 100);
            EXPECT_GE(clock.lateness(), 0);
        }
    }
    EXPECT_LE(sleeps() - before, periods + 4);
}

// A person who lets a paced machine run, looks around, and lets it run again does not get the pause played in no time.
TEST(Clock, a_paced_machine_that_was_left_goes_on_from_now) {
    MachineConfig config;
    config.paced = true;
    Machine machine(config);
    const auto run = [&](Nanoseconds duration) {
        const auto before = std::chrono::steady_clock::now();
        EXPECT_TRUE(machine.enter([&] { machine.run_for(duration); }));
        return (std::chrono::steady_clock::now() - before) / std::chrono::milliseconds(1);
    };
    run(nanoseconds_per_millisecond);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_GE(run(50 * nanoseconds_per_millisecond), 49);
    // What the caller itself takes between two calls is no pause: the machine keeps step with the host's clock.
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_LT(run(40 * nanoseconds_per_millisecond), 39);
}

TEST(Clock, a_virtual_clock_is_never_late) {
    Clock clock(false);
    clock.advance_to(nanoseconds_per_second);
    EXPECT_EQ(clock.lateness(), 0);
}

} // namespace
} // namespace openportcls::machine
