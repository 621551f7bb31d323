// The AC'97 codec's mixer, set through its topology filter and heard at its sockets.
#include <cstring>

#include "ac97_fixture.h"

namespace openportcls::cards {
namespace {

class Ac97Mixer : public Ac97 {};

TEST_F(Ac97Mixer, VolumesAreHeardAsTheyAreShown) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = to_bytes(std::vector<SoundFrame>(4800, SoundFrame{0.125F, -0.125F}), played);
    for (const auto& [name, highest] : {std::pair{"Wave volume", 12.0}, {"Master volume", 0.0}}) {
        for (const double below : {0.0, 1.5, 6.0, 21.0, 46.5}) {
            const double wanted = highest - below;
            ASSERT_TRUE(mixer->set_volume(node(name), 0, wanted));
            const double shown = mixer->volume(node(name), 0).value();
            EXPECT_EQ(shown, wanted);
            const SoundFrame peak = peak_of(sound, played);
            EXPECT_NEAR(decibels(peak.left / 0.125F), shown, 0.5) << name;
            EXPECT_EQ(peak.right, 0.125F) << "the other side stays";
        }
        ASSERT_TRUE(mixer->set_volume(node(name), 0, 0));
    }
}

TEST_F(Ac97Mixer, VolumesSayTheirRanges) {
    start();
    const auto master = mixer->volume_ranges(node("Master volume")).value();
    ASSERT_EQ(master.size(), 2U);
    EXPECT_EQ(master[0].minimum, -46.5);
    EXPECT_EQ(master[0].maximum, 0);
    EXPECT_EQ(master[0].step, 1.5);
    const auto line = mixer->volume_ranges(node("Line volume")).value();
    EXPECT_EQ(line[1].minimum, -34.5);
    EXPECT_EQ(line[1].maximum, 12);
    EXPECT_EQ(mixer->volume_ranges(node("Recording control")).value()[0].maximum, 22.5);
}

TEST_F(Ac97Mixer, MutesAreHeard) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = to_bytes(std::vector<SoundFrame>(4800, SoundFrame{0.5F, 0.25F}), played);
    for (const char* name : {"Wave mute", "Master mute"}) {
        ASSERT_TRUE(mixer->set_mute(node(name), 0, true));
        EXPECT_TRUE(mixer->mute(node(name), 0).value());
        EXPECT_EQ(peak_of(sound, played).left, 0) << name;
        ASSERT_TRUE(mixer->set_mute(node(name), 0, false));
        EXPECT_EQ(peak_of(sound, played).left, 0.5F) << name;
    }
}

TEST_F(Ac97Mixer, TheSourceIsWhatIsRecorded) {
    start();
    const WaveFormat recorded = format(8000, 2, 16);
    const auto level = [&](std::uint32_t source) {
        EXPECT_TRUE(mixer->set_mux(node("Recording source"), source));
        EXPECT_EQ(mixer->mux(node("Recording source")).value(), source);
        for (const auto& [socket, sound] : {std::pair{"line in", SoundFrame{0.125F, 0.25F}},
                                            {"cd", SoundFrame{0.5F, 0.75F}},
                                            {"microphone", SoundFrame{-0.5F, 0}},
                                            {"aux", SoundFrame{-0.125F, 0.5F}},
                                            {"video", SoundFrame{0.25F, -0.25F}}}) {
            EXPECT_TRUE(machine->feed(socket, 8000, std::vector<SoundFrame>(8000, sound)));
        }
        auto stream = CaptureStream::open(*wave, recorded);
        EXPECT_TRUE(stream);
        std::int16_t samples[160];
        EXPECT_TRUE(stream->read(std::as_writable_bytes(std::span(samples))));
        return std::pair(samples[100] / 32768.0, samples[101] / 32768.0);
    };
    EXPECT_EQ(level(1), std::pair(0.125, 0.25));
    EXPECT_EQ(level(2), std::pair(0.5, 0.75));
    EXPECT_EQ(level(3), std::pair(-0.5, -0.5)) << "the microphone has one channel";
    EXPECT_EQ(level(4), std::pair(-0.125, 0.5));
    EXPECT_EQ(level(5), std::pair(0.25, -0.25));
    EXPECT_FALSE(mixer->set_mux(node("Recording source"), 8));
    EXPECT_FALSE(mixer->set_mux(node("Recording source"), 0));
}

TEST_F(Ac97Mixer, TheRecordingGainAmplifies) {
    start();
    const WaveFormat recorded = format(8000, 2, 16);
    ASSERT_TRUE(mixer->set_volume(node("Recording control"), 0, 12));
    ASSERT_TRUE(machine->feed("line in", 8000, std::vector<SoundFrame>(8000, SoundFrame{0.125F, 0})));
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream);
    std::int16_t samples[160];
    ASSERT_TRUE(stream->read(std::as_writable_bytes(std::span(samples))));
    EXPECT_NEAR(decibels(static_cast<float>(samples[100]) / 4096), 12, 0.5);
}

// With either wave port.
class Ac97Mixes : public Ac97, public testing::WithParamInterface<bool> {
protected:
    static constexpr std::uint32_t stereo_mix = 6; // inputs of the recording source
    static constexpr std::uint32_t mono_mix = 7;

    void start_port() {
        GetParam() ? start_wavert() : start();
        ASSERT_EQ(is_wavert(), GetParam());
    }
    // What the source gives while `sound` plays.
    std::vector<std::int16_t> record(std::uint32_t source, const Bytes& sound, std::uint32_t rate = 48000) {
        EXPECT_TRUE(mixer->set_mux(node("Recording source"), source));
        EXPECT_EQ(mixer->mux(node("Recording source")).value(), source);
        std::vector<std::int16_t> samples;
        auto capture = CaptureStream::open(*wave, format(rate, 2, 16));
        EXPECT_TRUE(capture);
        EXPECT_TRUE(capture->on_period([&](std::span<const std::byte> period) {
            const std::size_t before = samples.size();
            samples.resize(before + period.size() / sizeof(std::int16_t));
            std::memcpy(&samples[before], period.data(), period.size());
            return true;
        }));
        play(format(48000, 2, 16), sound);
        EXPECT_TRUE(machine->run_for(milliseconds(40))); // the last period
        EXPECT_TRUE(capture->stop());
        return samples;
    }
    static SoundFrame peaks(const std::vector<std::int16_t>& samples) {
        SoundFrame peak;
        for (std::size_t at = 0; at + 1 < samples.size(); at += 2) {
            peak.left = std::max(peak.left, std::abs(static_cast<float>(samples[at]) / 32768));
            peak.right = std::max(peak.right, std::abs(static_cast<float>(samples[at + 1]) / 32768));
        }
        return peak;
    }
};

TEST_P(Ac97Mixes, TheStereoMixIsWhatIsPlayed) {
    start_port();
    const WaveFormat played = format(48000, 2, 16);
    Bytes sound = noise(played, 24000);
    const auto recorded = record(stereo_mix, sound);
    sound.resize(sound.size() - played.bytes_per_frame()); // the stream may stop while its last frame is recorded
    const auto bytes = std::as_bytes(std::span(recorded));
    EXPECT_NE(std::search(bytes.begin(), bytes.end(), sound.begin(), sound.end()), bytes.end()) << "sample by sample";
}

TEST_P(Ac97Mixes, TheMonoMixIsTheAverageOfWhatIsPlayed) {
    start_port();
    const std::vector<SoundFrame> frames(9600, SoundFrame{0.5F, 0.125F});
    const auto recorded = record(mono_mix, to_bytes(frames, format(48000, 2, 16)));
    const SoundFrame peak = peaks(recorded);
    EXPECT_EQ(peak.left, 0.3125F);
    EXPECT_EQ(peak.right, 0.3125F);
}

// Behind the volumes of what is heard, before the master volume, and with the recording gain.
TEST_P(Ac97Mixes, TheMixesHaveTheLevelsThatAreShown) {
    start_port();
    const Bytes sound = to_bytes(tone(48000, 24000), format(48000, 2, 16)); // 0.5 left, 0.25 right
    ASSERT_TRUE(mixer->set_volume(node("Wave volume"), 0, -9));
    ASSERT_TRUE(mixer->set_volume(node("Master volume"), 0, -30));
    ASSERT_TRUE(mixer->set_mute(node("Master mute"), 0, true));
    EXPECT_NEAR(decibels(peaks(record(stereo_mix, sound)).left / 0.5F), -9, 0.5);
    ASSERT_TRUE(mixer->set_volume(node("Recording control"), 1, 6));
    const SoundFrame peak = peaks(record(stereo_mix, sound, 22050));
    EXPECT_NEAR(decibels(peak.left / 0.5F), -9, 0.5);
    EXPECT_NEAR(decibels(peak.right / 0.25F), 6, 0.5);
    ASSERT_TRUE(mixer->set_mute(node("Wave mute"), 0, true));
    EXPECT_EQ(peaks(record(stereo_mix, sound)).left, 0);
}

TEST_P(Ac97Mixes, WhatIsHeardBesidesIsInThem) {
    start_port();
    ASSERT_TRUE(machine->feed("line in", 48000, std::vector<SoundFrame>(96000, SoundFrame{0.25F, -0.25F})));
    const Bytes sound = to_bytes(std::vector<SoundFrame>(9600, SoundFrame{0.5F, 0.125F}), format(48000, 2, 16));
    EXPECT_EQ(peaks(record(stereo_mix, sound)).left, 0.75F);
    ASSERT_TRUE(machine->feed("line in", 48000, std::vector<SoundFrame>(96000, SoundFrame{0.25F, 0})));
    EXPECT_EQ(peaks(record(mono_mix, sound)).left, 0.4375F);
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true));
    EXPECT_EQ(peaks(record(mono_mix, sound)).left, 0.3125F);
}

INSTANTIATE_TEST_SUITE_P(Port, Ac97Mixes, testing::Bool(),
                         [](const auto& info) { return info.param ? "WaveRT" : "WavePci"; });

// Analog sound passes the mixer whether a stream runs or not; before, between and after.
TEST_F(Ac97Mixer, TheLineIsHeardWhileNothingPlays) {
    start();
    listen_to_the_line();
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true));
    heard.clear();
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_TRUE(std::all_of(heard.begin(), heard.end(), [](const SoundFrame& frame) { return frame.left == 0; }));
    EXPECT_LE(heard.size(), 480U) << "nothing passes any more";
}

} // namespace
} // namespace openportcls::cards
