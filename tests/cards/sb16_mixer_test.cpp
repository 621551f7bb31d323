// The mixer of the Sound Blaster 16, set through its topology filter and heard at its sockets.
#include "sb16_fixture.h"

namespace openportcls::cards {
namespace {

class Sb16Mixer : public Sb16 {};

TEST_F(Sb16Mixer, VolumesAreHeardAsTheyAreShown) {
    start();
    const WaveFormat played = format(44100, 2, 16);
    const Bytes sound = to_bytes(std::vector<SoundFrame>(4410, SoundFrame{0.5F, -0.5F}), played);
    for (const char* name : {"Wave volume", "Master volume"}) {
        for (const double wanted : {0.0, -5.0, -6.0, -20.0, -44.0, -62.0}) {
            ASSERT_TRUE(mixer->set_volume(node(name), 0, wanted));
            const double shown = mixer->volume(node(name), 0).value();
            EXPECT_NEAR(shown, wanted, 1.0) << "the nearest step";
            const SoundFrame peak = peak_of(sound, played);
            EXPECT_NEAR(decibels(peak.left / 0.5F), shown, 0.5) << name;
            EXPECT_EQ(peak.right, 0.5F) << "the other side stays";
        }
        ASSERT_TRUE(mixer->set_volume(node(name), 0, 0));
    }
}

TEST_F(Sb16Mixer, VolumesSayTheirRanges) {
    start();
    const auto master = mixer->volume_ranges(node("Master volume")).value();
    ASSERT_EQ(master.size(), 2U);
    EXPECT_EQ(master[0].minimum, -62);
    EXPECT_EQ(master[0].maximum, 0);
    EXPECT_EQ(master[0].step, 2);
    EXPECT_EQ(mixer->volume_ranges(node("Microphone volume")).value().size(), 1U);
    EXPECT_FALSE(mixer->volume(node("Microphone volume"), 1));
    const auto record = mixer->volume_ranges(node("Recording control")).value();
    EXPECT_EQ(record[0].maximum, 18);
}

TEST_F(Sb16Mixer, TheLineIsHeardUnlessMuted) {
    start();
    const WaveFormat played = format(44100, 2, 16);
    const Bytes silence(4410 * 4);
    const auto feed = [&] {
        ASSERT_TRUE(machine->feed("line in", 44100, std::vector<SoundFrame>(44100, SoundFrame{0.25F, 0.5F})));
    };
    feed();
    EXPECT_EQ(peak_of(silence, played).left, 0.25F);
    feed();
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 1, true));
    EXPECT_TRUE(mixer->mute(node("Line mute"), 1).value());
    EXPECT_FALSE(mixer->mute(node("Line mute"), 0).value());
    const SoundFrame right_muted = peak_of(silence, played);
    EXPECT_EQ(right_muted.left, 0.25F);
    EXPECT_EQ(right_muted.right, 0);
    feed();
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 1, false));
    ASSERT_TRUE(mixer->set_volume(node("Line volume"), 1, -12));
    EXPECT_NEAR(decibels(peak_of(silence, played).right / 0.5F), -12, 0.5);
}

TEST_F(Sb16Mixer, TheSourceIsWhatIsRecorded) {
    start();
    const WaveFormat recorded = format(8000, 2, 16);
    const auto level = [&](std::uint32_t source) {
        EXPECT_TRUE(mixer->set_mux(node("Recording source"), source));
        EXPECT_EQ(mixer->mux(node("Recording source")).value(), source);
        EXPECT_TRUE(machine->feed("line in", 8000, std::vector<SoundFrame>(8000, SoundFrame{0.125F, 0.25F})));
        EXPECT_TRUE(machine->feed("cd", 8000, std::vector<SoundFrame>(8000, SoundFrame{0.5F, 0.75F})));
        EXPECT_TRUE(machine->feed("microphone", 8000, std::vector<SoundFrame>(8000, SoundFrame{-0.5F, 0})));
        auto stream = CaptureStream::open(*wave, recorded);
        EXPECT_TRUE(stream);
        std::int16_t samples[160];
        EXPECT_TRUE(stream->read(std::as_writable_bytes(std::span(samples))));
        return std::pair(samples[100] / 32768.0, samples[101] / 32768.0);
    };
    EXPECT_EQ(level(1), std::pair(0.125, 0.25));
    EXPECT_EQ(level(2), std::pair(0.5, 0.75));
    EXPECT_EQ(level(3), std::pair(-0.5, -0.5)) << "the microphone has one channel";
    EXPECT_FALSE(mixer->set_mux(node("Recording source"), 5));
    EXPECT_FALSE(mixer->set_mux(node("Recording source"), 0));
    EXPECT_EQ(mixer->mux(node("Recording source")).value(), 3U);
}

TEST_F(Sb16Mixer, TheRecordingGainAmplifies) {
    start();
    const WaveFormat recorded = format(8000, 1, 16);
    ASSERT_TRUE(mixer->set_volume(node("Recording control"), 0, 12));
    ASSERT_TRUE(machine->feed("line in", 8000, std::vector<SoundFrame>(8000, SoundFrame{0.125F, 0})));
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream);
    std::int16_t samples[160];
    ASSERT_TRUE(stream->read(std::as_writable_bytes(std::span(samples))));
    EXPECT_NEAR(decibels(static_cast<float>(samples[100]) / 4096), 12, 0.5);
}

TEST_F(Sb16Mixer, TheTwoFiltersAreConnected) {
    start();
    const auto pins = wave->pins().value();
    ASSERT_EQ(pins.size(), 4U);
    EXPECT_EQ(pins[1].connected_to, "Topology:0");
    const auto connections = mixer->connections().value();
    EXPECT_EQ(connections.size(), 21U);
    EXPECT_EQ(mixer->nodes().value().size(), 12U);
}

// Analog sound passes the mixer whether a stream runs or not; before, between and after.
TEST_F(Sb16Mixer, TheLineIsHeardWhileNothingPlays) {
    start();
    listen_to_the_line();
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true));
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 1, true));
    heard.clear();
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_TRUE(std::all_of(heard.begin(), heard.end(), [](const SoundFrame& frame) { return frame.left == 0; }));
    EXPECT_LE(heard.size(), 480U) << "nothing passes any more";
}

} // namespace
} // namespace openportcls::cards
