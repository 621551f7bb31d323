// A clock whose pin goes while somebody is told the time, under schedules chosen at random (R-KS-07).
#include "core_fixture.h"

namespace conformance {
namespace {

// One machine of an exploration: a clock with a mark each millisecond.
class ClockRace : public CoreTest {
public:
    explicit ClockRace(std::uint64_t seed) : CoreTest(exploring(seed)), seed_(seed) {}

    using CoreTest::inside;
    void begin() {
        start_and_open();
        inside([&] {
            pin_ = open_pin();
            const KSCLOCK_CREATE create = {};
            const GUID kind = KSNAME_Clock;
            EXPECT_EQ(open_child(pin_, kind, &create, sizeof create, clock_), STATUS_SUCCESS);
            KeInitializeSemaphore(&marks_, 0, 100'000);
            interval_.EventData.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
            interval_.EventData.SemaphoreObject.Semaphore = &marks_;
            interval_.EventData.SemaphoreObject.Adjustment = 1;
            interval_.Interval = 10'000;
            enable_mark(interval_);
            EXPECT_EQ(set_state(pin_, KSSTATE_RUN), STATUS_SUCCESS);
        });
    }
    // Just before, or just after, the timer's tick; what comes then goes on beside the clock's DPC.
    void wait_for_a_mark() {
        const machine::Nanoseconds tick = machine_.clock_interval();
        const machine::Nanoseconds due = (machine_.now() / tick + 3) * tick;
        machine_.run_for(due - machine_.now() - static_cast<machine::Nanoseconds>(seed_ % 40) * 50);
    }
    void close_pin() { close(pin_); }
    void close_clock() { close(clock_); }
    void enable_mark(KSEVENT_TIME_INTERVAL& interval) {
        const NTSTATUS status =
            enable(clock_, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK), interval, KernelMode);
        EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_DEVICE_NOT_READY) << std::hex << status;
    }
    LONG marks() { return KeReadStateSemaphore(&marks_); }
    void go_on() { machine_.run_for(20'000'000); }
    void end() { TearDown(); }

    // Closes the pin, with `function` on another thread.
    template<class Function>
    void beside(Function&& function, std::uint64_t steps) {
        struct Work {
            std::function<void()> function;
            WORK_QUEUE_ITEM item;
            KEVENT is_over;
            static void NTAPI run(PVOID context) {
                auto& work = *static_cast<Work*>(context);
                work.function();
                KeSetEvent(&work.is_over, IO_NO_INCREMENT, FALSE);
            }
        };
        Work work = {std::forward<Function>(function), {}, {}};
        KeInitializeEvent(&work.is_over, NotificationEvent, FALSE);
        ExInitializeWorkItem(&work.item, Work::run, &work);
        ExQueueWorkItem(&work.item, DelayedWorkQueue);
        let_others_run(steps);
        close_pin();
        KeWaitForSingleObject(&work.is_over, Executive, KernelMode, FALSE, nullptr);
    }

private:
    void TestBody() override {}

    std::uint64_t seed_;
    FILE_OBJECT* pin_ = nullptr;
    FILE_OBJECT* clock_ = nullptr;
    KSEMAPHORE marks_ = {};
    KSEVENT_TIME_INTERVAL interval_ = {};
};

template<class Body>
void explore(std::uint64_t schedules, Body&& body) {
    for_each_schedule(schedules, [&](std::uint64_t seed) {
        ClockRace race(seed);
        race.begin();
        race.inside([&] { body(race, seed); });
        race.end();
    });
}

TEST(ClockRace, R_KS_07_a_pin_closes_while_marks_are_timed) {
    explore(300, [](ClockRace& race, std::uint64_t) {
        race.wait_for_a_mark();
        race.close_pin();
        const LONG marks = race.marks();
        EXPECT_NE(marks, 0);
        race.go_on();
        EXPECT_EQ(race.marks(), marks) << "there is no time any more";
        race.close_clock();
    });
}

TEST(ClockRace, R_KS_07_a_pin_closes_while_a_mark_is_enabled) {
    explore(100, [](ClockRace& race, std::uint64_t seed) {
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 0, 1000);
        KSEVENT_TIME_INTERVAL interval = {};
        interval.EventData.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        interval.EventData.SemaphoreObject.Semaphore = &semaphore;
        interval.EventData.SemaphoreObject.Adjustment = 1;
        interval.Interval = 10'000;
        race.beside([&] { race.enable_mark(interval); }, seed % 60);
        race.close_clock();
    });
}

TEST(ClockRace, R_KS_07_pin_and_clock_close_at_once) {
    explore(100, [](ClockRace& race, std::uint64_t seed) { race.beside([&] { race.close_clock(); }, seed % 60); });
}

} // namespace
} // namespace conformance
