// Playing and recording through the AC'97 controller's bus masters.
#include "ac97_fixture.h"

namespace openportcls::cards {
namespace {

class Ac97Rates : public Ac97, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(Ac97Rates, PlaysBitForBit) {
    start();
    const WaveFormat played = format(GetParam(), 2, 16);
    const Bytes sound = noise(played, played.rate / 2 + 7);
    play(played, sound);
    EXPECT_EQ(heard_rate, GetParam());
    EXPECT_EQ(find(played, sound), 0U) << "of " << heard.size() << " frames";
}

TEST_P(Ac97Rates, RecordsBitForBitFromTheLineInput) {
    start();
    const WaveFormat recorded = format(GetParam(), 2, 16);
    const auto sound = tone(recorded.rate, recorded.rate / 4, 0.9F);
    ASSERT_TRUE(machine->feed("line in", recorded.rate, sound));
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream) << stream.error().message;
    Bytes bytes(sound.size() * recorded.bytes_per_frame());
    auto read = stream->read(bytes);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(first_difference(bytes, to_bytes(sound, recorded)), std::nullopt);
    EXPECT_EQ(stream->glitches(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, Ac97Rates, testing::Values(8000U, 11025U, 22050U, 44100U, 48000U));

TEST_F(Ac97, RefusesWhatTheCardCannotDo) {
    start();
    for (const WaveFormat& refused :
         {format(4000, 2, 16), format(96000, 2, 16), format(48000, 2, 8), format(48000, 1, 16)}) {
        EXPECT_FALSE(RenderStream::open(*wave, refused)) << to_string(refused);
    }
}

TEST_F(Ac97, WithoutVariableRatesThereIsOneRate) {
    start({"ac97:vra=0"});
    EXPECT_FALSE(RenderStream::open(*wave, format(44100, 2, 16)));
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = noise(played, 10000);
    play(played, sound);
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Ac97, ALongSoundHasNoSeams) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = noise(played, 48000 * 10);
    play(played, sound);
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Ac97, APauseKeepsThePlaceAndASecondRunGoesOn) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 48000);
    ASSERT_TRUE(stream->write(std::span(sound).first(96000)));
    ASSERT_TRUE(stream->pause());
    const auto before = stream->position().value();
    const std::size_t frames_before = heard.size();
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_EQ(stream->position().value().play_offset, before.play_offset);
    EXPECT_EQ(heard.size(), frames_before);
    ASSERT_TRUE(stream->start());
    ASSERT_TRUE(stream->write(std::span(sound).subspan(96000)));
    ASSERT_TRUE(stream->drain());
    EXPECT_EQ(find(played, sound), 0U);
}

TEST_F(Ac97, R_WPCI_13_ThePositionIsWhatWasHeard) {
    start();
    const WaveFormat played = format(22050, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 22050);
    ASSERT_TRUE(stream->write(sound));
    for (int times = 0; times < 20; ++times) { // 33 ms: less than what is queued
        ASSERT_TRUE(machine->run_for(std::chrono::microseconds(1'667)));
        const auto position = stream->position().value();
        EXPECT_EQ(position.play_offset, std::min<std::uint64_t>(heard.size() * 4, sound.size()));
    }
}

TEST_F(Ac97, PlaysAndRecordsAtOnce) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    const WaveFormat recorded = format(11025, 2, 16);
    const auto fed = tone(11025, 11025);
    ASSERT_TRUE(machine->feed("line in", 11025, fed));
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true)); // recorded, not heard
    auto capture = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(capture) << capture.error().message;
    Bytes taken;
    ASSERT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
        taken.insert(taken.end(), period.begin(), period.end());
        return true;
    }));
    const Bytes sound = noise(played, 48000);
    play(played, sound);
    ASSERT_TRUE(capture->stop());
    EXPECT_EQ(find(played, sound), 0U);
    const Bytes expected = to_bytes(fed, recorded);
    ASSERT_GT(taken.size(), 40000U);
    const std::size_t compared = std::min(taken.size(), expected.size());
    EXPECT_TRUE(std::equal(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(compared), expected.begin()));
}

// More requests than the engine's list has entries: when all that are in it are taken back, it has nothing left to
// interrupt for.
TEST_F(Ac97, WhatWaitsBehindCancelledRequestsIsPlayed) {
    start();
    Pin render = Pin::open(*wave, 0, format(48000, 2, 16)).value();
    constexpr std::size_t requests = 48;
    constexpr std::size_t kept = 4;
    std::vector<Bytes> sounds(requests, Bytes(960));
    std::vector<StreamRequest> writes;
    ASSERT_TRUE(render.set_state(PinState::pause));
    for (const Bytes& sound : sounds) {
        const StreamBlock block{std::as_writable_bytes(std::span(const_cast<Bytes&>(sound)))};
        writes.push_back(render.submit_write({&block, 1}).value());
    }
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(2)));
    for (std::size_t i = 0; i < requests - kept; ++i) {
        writes[i].cancel();
    }
    EXPECT_TRUE(writes.back().wait(std::chrono::seconds(2)));
}

TEST_F(Ac97, OneStreamForEachDirection) {
    start();
    const WaveFormat any = format(48000, 2, 16);
    for (int times = 0; times < 2; ++times) {
        auto render = RenderStream::open(*wave, any);
        ASSERT_TRUE(render);
        EXPECT_FALSE(RenderStream::open(*wave, any));
        EXPECT_TRUE(CaptureStream::open(*wave, any));
    }
}

TEST_F(Ac97, ADeviceThatGoesAwayWhileItPlaysLeavesNothing) {
    start();
    auto stream = RenderStream::open(*wave, format(48000, 2, 16));
    ASSERT_TRUE(stream);
    ASSERT_TRUE(stream->write(noise(stream->format(), 9600)));
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    constexpr auto device_removed = static_cast<std::int32_t>(0xC00002B6);
    for (int times = 0; times < 2; ++times) {
        const auto written = stream->write(noise(stream->format(), 9600));
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().status, device_removed);
    }
}

TEST_F(Ac97, GoesOnAfterSleep) {
    start();
    const WaveFormat played = format(44100, 2, 16);
    ASSERT_TRUE(mixer->set_volume(node("Line volume"), 0, -21));
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 9600);
    ASSERT_TRUE(stream->write(sound));
    auto device = driver->devices().front();
    ASSERT_TRUE(device.set_power(3));
    const std::size_t before = heard.size();
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_EQ(heard.size(), before);
    ASSERT_TRUE(device.set_power(0));
    ASSERT_TRUE(stream->drain());
    EXPECT_EQ(find(played, sound), 0U);
    EXPECT_EQ(mixer->volume(node("Line volume"), 0).value(), -21);
}

TEST_F(Ac97, TwoCardsTwoDevices) {
    start({"ac97", "ac97"});
    auto second = driver->add_device();
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->state(), "started");
    EXPECT_FALSE(driver->add_device()) << "there is no third card";
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = noise(played, 4800);
    play(played, sound);
    EXPECT_EQ(find(played, sound), 0U);
}

} // namespace
} // namespace openportcls::cards
