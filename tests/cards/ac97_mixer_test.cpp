// The AC'97 codec's mixer, set through its topology filter and heard at its sockets.
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
    EXPECT_FALSE(mixer->set_mux(node("Recording source"), 6));
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
