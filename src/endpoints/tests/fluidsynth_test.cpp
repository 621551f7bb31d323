// A software synthesizer that plays what comes out of a MIDI cable.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>

#include <gmock/gmock.h>

#include "endpoints/fluidsynth.h"
#include "endpoints/midi_messages.h"

namespace openportcls::endpoints {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

using Message = std::vector<std::uint8_t>;

std::vector<Message> messages_of(const std::vector<std::uint8_t>& bytes) {
    MidiMessages messages;
    std::vector<Message> found;
    for (const std::uint8_t byte : bytes) {
        if (const auto message = messages.take(byte); !message.empty()) {
            found.emplace_back(message.begin(), message.end());
        }
    }
    return found;
}

TEST(MidiMessages, RunningStatus) {
    EXPECT_THAT(messages_of({0x90, 60, 100, 60, 0, 0xC1, 5, 6}),
                ElementsAre(Message{0x90, 60, 100}, Message{0x90, 60, 0}, Message{0xC1, 5}, Message{0xC1, 6}));
}

TEST(MidiMessages, RealTimeBytesInsideOfMessages) {
    EXPECT_THAT(messages_of({0x90, 0xF8, 60, 0xFE, 100}),
                ElementsAre(Message{0xF8}, Message{0xFE}, Message{0x90, 60, 100}));
    EXPECT_THAT(messages_of({0xF0, 1, 0xF8, 2, 0xF7}), ElementsAre(Message{0xF8}, Message{0xF0, 1, 2, 0xF7}));
}

TEST(MidiMessages, SystemMessages) {
    EXPECT_THAT(messages_of({0xF0, 0x7E, 0x7F, 9, 1, 0xF7}), ElementsAre(Message{0xF0, 0x7E, 0x7F, 9, 1, 0xF7}));
    EXPECT_THAT(messages_of({0xF2, 1, 2, 3, 0xF6}), ElementsAre(Message{0xF2, 1, 2}, Message{0xF6}));
    EXPECT_THAT(messages_of({0xF0, 1, 2, 0x80, 1, 2}), ElementsAre(Message{0x80, 1, 2})) << "cut off";
    EXPECT_THAT(messages_of({1, 2, 3, 0xF7}), IsEmpty());
}

std::vector<std::byte> play(const std::vector<std::uint8_t>& bytes, std::uint32_t rate, unsigned* voices = nullptr) {
    auto synthesizer = FluidSynth::create(default_sound_font(), rate);
    EXPECT_TRUE(synthesizer) << synthesizer.error().message;
    std::vector<std::byte> frames;
    for (const std::uint8_t byte : bytes) {
        (*synthesizer)->play(milliseconds(100), byte, frames);
    }
    (*synthesizer)->render_until(milliseconds(1100), frames);
    EXPECT_EQ((*synthesizer)->ignored_messages(), 0U);
    if (voices != nullptr) {
        *voices = (*synthesizer)->active_voices();
    }
    return frames;
}

std::vector<double> left_of(const std::vector<std::byte>& frames) {
    std::vector<double> samples;
    for (std::size_t at = 0; at + 3 < frames.size(); at += 4) {
        const int low = std::to_integer<int>(frames[at]);
        const int high = std::to_integer<int>(frames[at + 1]);
        samples.push_back(static_cast<std::int16_t>(high << 8 | low) / 32768.0);
    }
    return samples;
}

double level(std::span<const double> samples) {
    double sum = 0;
    for (const double sample : samples) {
        sum += sample * sample;
    }
    return std::sqrt(sum / static_cast<double>(samples.size()));
}

TEST(FluidSynth, ANoteSoundsFromItsTimeOn) {
    unsigned voices = 0;
    const auto samples = left_of(play({0xC0, 80, 0x90, 69, 127}, 48000, &voices));
    ASSERT_EQ(samples.size(), 52800U);
    EXPECT_LT(level(std::span(samples).first(4736)), 1e-4) << "before";
    EXPECT_GT(level(std::span(samples).subspan(9600)), 0.01);
    EXPECT_GT(voices, 0U);
}

TEST(FluidSynth, TheSameBytesGiveTheSameFrames) {
    const std::vector<std::uint8_t> bytes = {0xF0, 0x7E, 0x7F, 9,   1,  0xF7, 0xB0, 91,
                                             100,  0x90, 60,   100, 64, 100,  67,   90};
    const auto frames = play(bytes, 44100);
    EXPECT_EQ(frames.size(), 48510U * 4);
    EXPECT_TRUE(frames == play(bytes, 44100));
    EXPECT_FALSE(frames == play({0x90, 60, 100, 64, 100, 68, 90}, 44100));
}

TEST(FluidSynth, SaysWhatIsWrong) {
    EXPECT_THAT(FluidSynth::create(default_sound_font(), 192000).error().message, testing::HasSubstr("192000"));
    EXPECT_THAT(FluidSynth::create("/nowhere.sf2", 48000).error().message, testing::HasSubstr("no such sound font"));
    EXPECT_THAT(FluidSynth::create({}, 48000).error().message, testing::HasSubstr("timgm6mb-soundfont"));
    const auto file =
        std::filesystem::temp_directory_path() / fmt::format("openportcls-no-sound-font-{}.sf2", ::getpid());
    std::ofstream(file) << "this is text";
    EXPECT_THAT(FluidSynth::create(file, 48000).error().message, testing::HasSubstr("this is no sound font"));
    std::filesystem::remove(file);
}

} // namespace
} // namespace openportcls::endpoints
