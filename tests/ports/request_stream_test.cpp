// RenderStream and CaptureStream over ports that take stream requests: the same calls as over WaveRT.
#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <openportcls/openportcls.hpp>

#include <portcls.h>

#include "client/state.h"
#include "executive/io/io_manager.h"
#include "ks/create_name.h"

namespace openportcls {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Bytes = std::vector<std::byte>;

constexpr std::size_t interval = 1920; // 10 ms

Bytes noise(std::size_t bytes, unsigned seed = 1) {
    std::mt19937 random(seed);
    Bytes result(bytes);
    for (std::byte& each : result) {
        each = static_cast<std::byte>(random() % 255 + 1);
    }
    return result;
}

bool contains(const Bytes& heard, const Bytes& sound) {
    return std::search(heard.begin(), heard.end(), sound.begin(), sound.end()) != heard.end();
}

struct Card {
    const char* name;
    const char* module;
    const char* inf;
};

class RequestStreams : public testing::TestWithParam<Card> {
protected:
    RequestStreams() : machine(Machine::create().value()) {
        DriverOptions options;
        options.inf = GetParam().inf;
        auto loaded = machine.load_driver(GetParam().module, options);
        EXPECT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
        wave.emplace(machine.open_first("Wave").value());
    }
    ~RequestStreams() override {
        wave.reset();
        auto leaks = driver->unload();
        EXPECT_TRUE(leaks) << leaks.error().message;
        EXPECT_TRUE(leaks->empty());
    }
    RenderStream render(const StreamOptions& options = {}) {
        return RenderStream::open(*wave, WaveFormat{}, options).value();
    }
    CaptureStream capture(const StreamOptions& options = {}) {
        return CaptureStream::open(*wave, WaveFormat{}, options).value();
    }

    Machine machine;
    std::optional<Driver> driver;
    std::optional<Filter> wave;
};

// Cards that reach 4 GB reach it without a copy; where the host's memory is shown lies far beyond.
TEST_P(RequestStreams, PeriodsLieInTheMachinesMemory) {
    RenderStream stream = render();
    machine::PhysicalMemory& memory = machine.state()->machine->memory();
    unsigned in_ram = 0;
    unsigned periods = 0;
    ASSERT_TRUE(stream.on_period([&](std::span<std::byte> period) {
        ++periods;
        in_ram += memory.is_ram(memory.to_physical(period.data())) ? 1 : 0;
        return true;
    }));
    ASSERT_TRUE(machine.run_for(milliseconds(100)));
    EXPECT_GT(periods, 4U);
    EXPECT_EQ(in_ram, periods);
}

TEST_P(RequestStreams, AsMuchSoundIsQueuedAsIsAskedFor) {
    StreamOptions options;
    options.period = milliseconds(1);
    EXPECT_EQ(render(options).buffer_frames(), 41U * 48);
    options.queued = milliseconds(-1);
    EXPECT_EQ(render(options).buffer_frames(), 4U * 48);
    options.queued = std::chrono::hours(1);
    auto endless = RenderStream::open(*wave, WaveFormat{}, options);
    ASSERT_FALSE(endless);
    EXPECT_EQ(endless.error().status, STATUS_INVALID_PARAMETER);
    options.queued = milliseconds(10);
    RenderStream stream = render(options);
    EXPECT_EQ(stream.buffer_frames(), 11U * 48);
    // The cards take 10 ms at a time.
    ASSERT_TRUE(stream.on_period([](std::span<std::byte>) { return true; }));
    ASSERT_TRUE(stream.start());
    ASSERT_TRUE(machine.run_for(milliseconds(500)));
    EXPECT_EQ(stream.glitches(), 0U);
    EXPECT_GE(stream.frames(), 48U * 500);
}

TEST_P(RequestStreams, WriteAndReadWaitForTheDriver) {
    for (const microseconds period :
         {microseconds(1000), microseconds(3700), microseconds(10'000), microseconds(50'000)}) {
        StreamOptions options;
        options.period = period;
        RenderStream player = render(options);
        // A port that does not copy has no more room than the client gives it: enough for as long as draining takes.
        options.period = period > milliseconds(10) ? milliseconds(100) : period;
        CaptureStream listener = capture(options);
        EXPECT_TRUE(listener.buffer().empty());
        ASSERT_TRUE(listener.start());
        const Bytes sound = noise(100 * interval + 44);
        Bytes heard;
        for (std::size_t at = 0; at < sound.size(); at += 5000) {
            const std::size_t count = std::min<std::size_t>(5000, sound.size() - at);
            ASSERT_TRUE(player.write(std::span(sound).subspan(at, count)));
            Bytes some(4 * interval);
            const auto got = listener.read_available(some);
            ASSERT_TRUE(got) << got.error().message;
            heard.insert(heard.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(*got));
        }
        ASSERT_TRUE(player.drain());
        EXPECT_EQ(player.frames(), sound.size() / 4);
        Bytes rest(30 * interval);
        ASSERT_TRUE(listener.read(rest));
        heard.insert(heard.end(), rest.begin(), rest.end());
        EXPECT_TRUE(contains(heard, sound)) << period.count() << " us";
        EXPECT_EQ(player.glitches(), 0U);
        EXPECT_EQ(listener.frames(), heard.size() / 4);
    }
}

TEST_P(RequestStreams, CallbacksComePeriodByPeriod) {
    CaptureStream listener = capture();
    RenderStream player = render();
    const Bytes sound = noise(80 * interval);
    std::size_t at = 0;
    Bytes heard;
    ASSERT_TRUE(listener.on_period([&](std::span<const std::byte> period) {
        heard.insert(heard.end(), period.begin(), period.end());
        return true;
    }));
    ASSERT_TRUE(player.on_period([&](std::span<std::byte> period) {
        std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(at), period.size(), period.begin());
        at += period.size();
        return at < sound.size();
    }));
    ASSERT_TRUE(machine.run_for(milliseconds(1000)));
    EXPECT_EQ(at, sound.size());
    // The period in which the callback ends the stream is not sent.
    EXPECT_TRUE(contains(heard, {sound.begin(), sound.end() - static_cast<std::ptrdiff_t>(interval)}));
    ASSERT_TRUE(player.stop());
    ASSERT_TRUE(listener.stop());
    const std::size_t before = heard.size();
    ASSERT_TRUE(machine.run_for(milliseconds(100)));
    EXPECT_EQ(heard.size(), before);
}

TEST_P(RequestStreams, AStoppedStreamBeginsAnew) {
    RenderStream player = render();
    CaptureStream listener = capture();
    for (unsigned round = 1; round <= 3; ++round) {
        const Bytes sound = noise(20 * interval, round);
        Bytes heard;
        ASSERT_TRUE(listener.on_period([&](std::span<const std::byte> period) {
            heard.insert(heard.end(), period.begin(), period.end());
            return true;
        }));
        ASSERT_TRUE(player.write(sound));
        ASSERT_TRUE(player.drain());
        ASSERT_TRUE(machine.run_for(milliseconds(50)));
        EXPECT_TRUE(contains(heard, sound)) << round;
        ASSERT_TRUE(player.write(noise(3 * interval, 99)));
        ASSERT_TRUE(player.stop());
        EXPECT_EQ(player.frames(), 0U);
        EXPECT_EQ(player.position()->play_offset, 0U);
        ASSERT_TRUE(listener.stop());
    }
}

TEST_P(RequestStreams, AClientThatComesTooLateKnows) {
    RenderStream player = render();
    ASSERT_TRUE(player.write(noise(20 * interval)));
    ASSERT_TRUE(player.start());
    EXPECT_EQ(player.glitches(), 0U);
    ASSERT_TRUE(machine.run_for(milliseconds(500)));
    ASSERT_TRUE(player.write(noise(interval)));
    EXPECT_EQ(player.glitches(), 1U);
    ASSERT_TRUE(player.write(noise(10 * interval)));
    EXPECT_EQ(player.glitches(), 1U);
}

TEST_P(RequestStreams, ThePositionStaysWhereTheSoundEnds) {
    RenderStream player = render();
    ASSERT_TRUE(player.write(noise(20 * interval)));
    ASSERT_TRUE(player.start());
    ASSERT_TRUE(machine.run_for(milliseconds(250)));
    for (int round = 0; round < 20; ++round) { // the card goes on meanwhile
        ASSERT_TRUE(machine.run_for(milliseconds(5)));
        EXPECT_EQ(player.position()->play_offset, 20 * interval) << round;
    }
}

TEST_P(RequestStreams, PauseKeepsWhatIsQueued) {
    CaptureStream listener = capture();
    RenderStream player = render();
    ASSERT_TRUE(listener.start());
    const Bytes sound = noise(30 * interval);
    ASSERT_TRUE(player.write(sound));
    ASSERT_TRUE(player.pause());
    const std::uint64_t at = player.position()->play_offset;
    ASSERT_TRUE(machine.run_for(milliseconds(100)));
    EXPECT_EQ(player.position()->play_offset, at);
    ASSERT_TRUE(player.start());
    ASSERT_TRUE(player.drain());
    EXPECT_EQ(player.glitches(), 0U);
}

// R-WCYC-14: physical time is what the driver makes of the position, which is half a microsecond late here.
// IMiniportWaveCyclicStream::NormalizePhysicalPosition.
TEST_P(RequestStreams, PhysicalTimeIsTheDrivers) {
    PinConnect connect;
    connect.format = data_format(WaveFormat{});
    Pin pin = Pin::open(*wave, connect).value();
    Bytes sound = noise(50 * interval);
    ASSERT_TRUE(pin.set_state(PinState::pause));
    const StreamBlock block{sound};
    StreamRequest write = pin.submit_write({&block, 1}).value();
    ASSERT_TRUE(pin.set_state(PinState::run));
    ASSERT_TRUE(machine.run_for(milliseconds(205)));
    LONGLONG physical = 0;
    LONGLONG stream = 0;
    pin.object()->machine->machine->enter([&] {
        FILE_OBJECT* clock = nullptr;
        const GUID kind = KSNAME_Clock;
        KSCLOCK_CREATE create = {};
        const std::u16string name = ks::make_create_name(kind, &create, sizeof create);
        ASSERT_EQ(executive::open_file(name, pin.object()->file, &clock), STATUS_SUCCESS);
        const auto ask = [&](ULONG id, LONGLONG& time) {
            KSPROPERTY request = {};
            request.Set = KSPROPSETID_Clock;
            request.Id = id;
            request.Flags = KSPROPERTY_TYPE_GET;
            return executive::device_control(clock, IOCTL_KS_PROPERTY, &request, sizeof request, &time, sizeof time,
                                             nullptr);
        };
        EXPECT_EQ(ask(KSPROPERTY_CLOCK_PHYSICALTIME, physical), STATUS_SUCCESS);
        EXPECT_EQ(ask(KSPROPERTY_CLOCK_TIME, stream), STATUS_SUCCESS);
        executive::close_file(clock);
    });
    EXPECT_EQ(stream, 2'000'000);
    EXPECT_EQ(physical, stream + 5);
}

TEST_P(RequestStreams, WhatTheyCannotDoTheySay) {
    StreamOptions packets;
    packets.packets = PacketMode::required;
    EXPECT_EQ(RenderStream::open(*wave, WaveFormat{}, packets).error().status,
              static_cast<std::int32_t>(0xC00000BB)); // STATUS_NOT_SUPPORTED
    RenderStream player = render();
    EXPECT_FALSE(player.write(Bytes(5))) << "no whole frames";
    StreamOptions ages;
    ages.period = std::chrono::hours(24);
    EXPECT_FALSE(RenderStream::open(*wave, WaveFormat{}, ages));
}

// A pin that is busy leaves nothing open: the driver could not be unloaded.
TEST_P(RequestStreams, NoMoreStreamsThanTheCardHas) {
    std::vector<RenderStream> players;
    auto next = RenderStream::open(*wave, WaveFormat{});
    for (; next; next = RenderStream::open(*wave, WaveFormat{})) {
        players.push_back(std::move(*next));
        ASSERT_LT(players.size(), 1000U);
    }
    EXPECT_EQ(next.error().status, static_cast<std::int32_t>(0x80000011)); // STATUS_DEVICE_BUSY
    players.pop_back();
    EXPECT_TRUE(RenderStream::open(*wave, WaveFormat{}));
}

TEST_P(RequestStreams, APulledDeviceEndsThemWithItsStatus) {
    RenderStream player = render();
    ASSERT_TRUE(player.write(noise(20 * interval)));
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    EXPECT_FALSE(player.write(noise(20 * interval)));
    EXPECT_FALSE(player.position());
}

INSTANTIATE_TEST_SUITE_P(Ports, RequestStreams,
                         testing::Values(Card{"WaveCyclic", CYCLIC_MODULE, CYCLIC_INF},
                                         Card{"WavePci", WAVEPCI_MODULE, WAVEPCI_INF}),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace openportcls
