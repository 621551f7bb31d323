// An application's callbacks may take their time and throw: neither is the driver's fault, nor the end of the process.
#include <openportcls/openportcls.hpp>

#include <ctime>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <wdm.h>

namespace openportcls {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;

class PeriodCallback : public testing::Test {
protected:
    explicit PeriodCallback(std::uint32_t watchdog_seconds = 10)
        : machine(Machine::create({.watchdog_seconds = watchdog_seconds}).value()),
          driver(machine.load_driver("cable").value()), wave(machine.open_first("Wave").value()),
          render(RenderStream::open(wave, WaveFormat{}).value()),
          capture(CaptureStream::open(wave, WaveFormat{}).value()) {}

    Machine machine;
    Driver driver;
    Filter wave;
    RenderStream render;
    CaptureStream capture;
};

// One that calls from the third period on, and counts.
template<class Action>
auto in_third(int& calls, Action action) {
    return [&calls, action](auto) {
        if (++calls == 3) {
            action();
        }
        return true;
    };
}

struct Bare {}; // says nothing

TEST_F(PeriodCallback, WhatItThrowsIsAnsweredByTheNextCall) {
    int filled = 0;
    int taken = 0;
    ASSERT_TRUE(render.on_period(in_third(filled, [] { throw std::runtime_error("no more music"); })));
    ASSERT_TRUE(capture.on_period(in_third(taken, [] { throw Bare(); })));
    ASSERT_TRUE(machine.run_for(milliseconds(200)));
    EXPECT_EQ(filled, 3) << "it has ended";
    EXPECT_EQ(taken, 3);
    const auto paused = render.pause();
    EXPECT_EQ(paused.status(), STATUS_UNHANDLED_EXCEPTION);
    EXPECT_THAT(paused.error().message, HasSubstr("the period callback has thrown an exception: no more music"));
    EXPECT_TRUE(render.pause()) << "it is said once";
    const auto stopped = capture.stop();
    EXPECT_EQ(stopped.status(), STATUS_UNHANDLED_EXCEPTION);
    EXPECT_THAT(stopped.error().message,
                HasSubstr("the period callback has thrown an exception: STATUS_UNHANDLED_EXCEPTION"));
    EXPECT_EQ(capture.frames(), 0U) << "it has stopped nevertheless";
    std::vector<std::byte> sound(4800);
    EXPECT_TRUE(capture.read(sound)) << "and goes on";
    EXPECT_FALSE(machine.crash_report());
}

TEST_F(PeriodCallback, EveryCallThatMovesTheStreamAnswersIt) {
    std::vector<std::byte> sound(480);
    const auto expect_answer = [&](auto& stream, auto call) {
        int calls = 0;
        ASSERT_TRUE(stream.stop());
        ASSERT_TRUE(stream.on_period(in_third(calls, [] { throw std::runtime_error("meant"); })));
        ASSERT_TRUE(machine.run_for(milliseconds(100)));
        EXPECT_EQ(call(), STATUS_UNHANDLED_EXCEPTION);
    };
    expect_answer(render, [&] { return render.start().status(); });
    expect_answer(render, [&] { return render.write(sound).status(); });
    expect_answer(render, [&] { return render.drain().status(); });
    expect_answer(render, [&] { return render.on_period({}).status(); });
    expect_answer(render, [&] { return render.on_period([](auto) { return true; }).status(); });
    expect_answer(capture, [&] { return capture.read(sound).status(); });
    expect_answer(capture, [&] { return capture.read_available(sound).status(); });
}

// While the buffer is filled before the start, on_period() itself is what calls.
TEST_F(PeriodCallback, WhatItThrowsAtOnceIsAnsweredAtOnce) {
    const auto begun = render.on_period([](auto) -> bool { throw std::runtime_error("at once"); });
    EXPECT_EQ(begun.status(), STATUS_UNHANDLED_EXCEPTION);
    EXPECT_THAT(begun.error().message, HasSubstr("at once"));
    EXPECT_TRUE(render.on_period([](auto) { return true; }));
    EXPECT_TRUE(machine.run_for(milliseconds(50)));
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class ImpatientCallback : public PeriodCallback {
protected:
    ImpatientCallback() : PeriodCallback(1) {}
};

TEST_F(ImpatientCallback, WhatTakesItsTimeIsNoEndlessLoopOfTheDriver) {
    int calls = 0;
    ASSERT_TRUE(capture.on_period(in_third(calls, [] {
        for (const double begin = cpu_seconds(); cpu_seconds() - begin < 2.2;) {
        }
    })));
    ASSERT_TRUE(machine.run_for(milliseconds(100)));
    EXPECT_GT(calls, 3);
    EXPECT_FALSE(machine.crash_report());
}

// ---- why nothing moves ----------------------------------------------------------------------------------------------

TEST_F(PeriodCallback, WhoWaitsForWhatSleepsIsToldSo) {
    std::vector<std::byte> sound(480 * 40);
    ASSERT_TRUE(capture.read(sound));
    ASSERT_TRUE(machine.sleep(3));
    const auto asleep = capture.read(sound);
    EXPECT_EQ(asleep.status(), STATUS_IO_TIMEOUT);
    EXPECT_THAT(asleep.error().message, EndsWith(": the machine sleeps (S3) until it is woken"));
    ASSERT_TRUE(machine.wake());
    EXPECT_TRUE(capture.read(sound));
    Device device = driver.devices().front();
    ASSERT_TRUE(device.set_power(3));
    const auto without_power = capture.read(sound);
    EXPECT_EQ(without_power.status(), STATUS_IO_TIMEOUT);
    EXPECT_THAT(without_power.error().message,
                EndsWith(": the device " + device.instance_path() + " sleeps (D3) until it is set to D0"));
    const auto written = render.write(std::vector<std::byte>(192'000));
    EXPECT_EQ(written.status(), STATUS_IO_TIMEOUT);
    EXPECT_THAT(written.error().message, HasSubstr(" sleeps (D3) "));
    ASSERT_TRUE(device.set_power(0));
    EXPECT_TRUE(capture.read(sound));
}

} // namespace
} // namespace openportcls
