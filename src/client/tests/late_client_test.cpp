// Whatever is lost is counted: by the stream when its client came too late, by the driver when it lost sound itself.
#include <openportcls/openportcls.hpp>

#include <algorithm>

#include <gtest/gtest.h>
#include <wdm.h>

#include "client/state.h"

namespace openportcls {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class LateClient : public testing::Test {
protected:
    void SetUp() override { start({}); }

    void start(const MachineOptions& options) {
        auto made = Machine::create(options);
        ASSERT_TRUE(made) << made.error().message;
        machine = std::make_unique<Machine>(std::move(*made));
        auto loaded = machine->load_driver("cable");
        ASSERT_TRUE(loaded) << loaded.error().message;
        auto opened = machine->open_first("Wave");
        ASSERT_TRUE(opened);
        wave = std::make_unique<Filter>(std::move(*opened));
    }

    RenderStream render(const StreamOptions& options = {}) {
        auto stream = RenderStream::open(*wave, WaveFormat{}, options);
        EXPECT_TRUE(stream) << stream.error().message;
        return std::move(*stream);
    }
    CaptureStream capture() {
        auto stream = CaptureStream::open(*wave, WaveFormat{}, StreamOptions{});
        EXPECT_TRUE(stream) << stream.error().message;
        return std::move(*stream);
    }

    // Frames that count up, so that what was lost is seen.
    std::vector<std::byte> counted(std::uint32_t frames) {
        std::vector<std::byte> bytes;
        for (std::uint32_t index = 0; index < frames; ++index) {
            const std::uint32_t frame = ++counter_;
            const auto* first = reinterpret_cast<const std::byte*>(&frame);
            bytes.insert(bytes.end(), first, first + sizeof frame);
        }
        return bytes;
    }
    // How often the count jumps; silence before the first frame and after the last one is none.
    static unsigned jumps(const std::vector<std::byte>& bytes) {
        unsigned found = 0;
        std::uint32_t before = 0;
        for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
            std::uint32_t frame = 0;
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 4, reinterpret_cast<std::byte*>(&frame));
            found += before != 0 && frame != before + 1 ? 1 : 0;
            before = frame;
        }
        return found;
    }

    std::unique_ptr<Machine> machine;
    std::unique_ptr<Filter> wave;
    std::uint32_t counter_ = 0;
};

constexpr std::uint32_t period_frames = 480; // 10 ms

// A buffer is two periods: a client may be away for as long as what it has written lasts, and not a moment longer.
TEST_F(LateClient, ARenderClientIsLateWhenTheHardwareHasOvertakenIt) {
    for (const auto& [away, is_late] : {std::pair{microseconds(19'900), false},
                                        {microseconds(20'100), true},
                                        {microseconds(24'000), true},
                                        {microseconds(28'000), true},
                                        {microseconds(135'000), true}}) {
        RenderStream stream = render();
        ASSERT_TRUE(stream.write(counted(2 * period_frames)));
        ASSERT_TRUE(stream.start());
        ASSERT_TRUE(machine->run_for(away));
        ASSERT_TRUE(stream.write(counted(period_frames)));
        EXPECT_EQ(stream.glitches(), is_late ? 1U : 0U) << away.count() << " us";
        ASSERT_TRUE(stream.write(counted(10 * period_frames)));
        EXPECT_EQ(stream.glitches(), is_late ? 1U : 0U) << away.count() << " us: in step again";
    }
}

TEST_F(LateClient, ACaptureClientIsLateWhenTheBufferHasBeenOverwritten) {
    std::vector<std::byte> bytes(std::size_t{period_frames} * 4);
    for (const auto& [away, is_late] : {std::pair{microseconds(15'000), false},
                                        {microseconds(19'900), false},
                                        {microseconds(20'100), true},
                                        {microseconds(25'000), true},
                                        {microseconds(1'003'000), true}}) {
        CaptureStream stream = capture();
        ASSERT_TRUE(stream.read(bytes));
        EXPECT_EQ(stream.glitches(), 0U);
        ASSERT_TRUE(machine->run_for(away));
        ASSERT_TRUE(stream.read(bytes));
        EXPECT_EQ(stream.glitches(), is_late ? 1U : 0U) << away.count() << " us";
        for (int more = 0; more < 10; ++more) {
            ASSERT_TRUE(stream.read(bytes));
        }
        EXPECT_EQ(stream.glitches(), is_late ? 1U : 0U) << away.count() << " us: in step again";
    }
}

// Half-read periods count as well: the other half is overwritten meanwhile.
TEST_F(LateClient, WhatIsHeardHasNoMoreJumpsThanGlitches) {
    RenderStream player = render();
    CaptureStream listener = capture();
    std::vector<std::byte> heard;
    ASSERT_TRUE(player.on_period([&](std::span<std::byte> period) {
        const auto bytes = counted(static_cast<std::uint32_t>(period.size() / 4));
        std::copy(bytes.begin(), bytes.end(), period.begin());
        return true;
    }));
    for (int round = 0; round < 60; ++round) {
        std::vector<std::byte> part(static_cast<std::size_t>(100 + round * 37 % 600) * 4);
        ASSERT_TRUE(listener.read(part));
        heard.insert(heard.end(), part.begin(), part.end());
        ASSERT_TRUE(machine->run_for(microseconds(round * 997 % 23'000)));
    }
    EXPECT_EQ(player.glitches(), 0U);
    EXPECT_GT(listener.glitches(), 0U);
    EXPECT_LE(jumps(heard), listener.glitches());
}

// While something keeps the only processor at DISPATCH_LEVEL no driver's timer runs: the cable's line is overwritten.
TEST_F(LateClient, WhatTheDriverLosesItReports) {
    wave.reset();
    MachineOptions options;
    options.processors = 1;
    start(options);
    RenderStream player = render();
    CaptureStream listener = capture();
    ASSERT_TRUE(listener.start());
    ASSERT_TRUE(player.write(counted(4 * period_frames)));
    EXPECT_EQ(machine->reported_glitches(), 0U);
    machine->state()->call([] {
        KIRQL irql = PASSIVE_LEVEL;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        for (int part = 0; part < 1000; ++part) {
            KeStallExecutionProcessor(1000);
        }
        KeLowerIrql(irql);
        return STATUS_SUCCESS;
    });
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    EXPECT_EQ(machine->reported_glitches(), 1U);
}

TEST_F(LateClient, PeriodsThatNoBufferHoldsAreRefused) {
    StreamOptions options;
    options.period = std::chrono::hours(1000);
    auto stream = RenderStream::open(*wave, WaveFormat{}, options);
    ASSERT_FALSE(stream);
    EXPECT_NE(stream.error().message.find("4 GiB"), std::string::npos) << stream.error().message;
    options.period = microseconds(1); // as short as can be
    EXPECT_TRUE(RenderStream::open(*wave, WaveFormat{}, options));
}

} // namespace
} // namespace openportcls
