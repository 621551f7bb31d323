// The Sound Blaster 16 through sleep: in S3 the card and the DMA controllers lose all they know, in D3 nothing.
#include "client/state.h"
#include "sb16_fixture.h"

namespace openportcls::cards {
namespace {

using std::chrono::microseconds;

class Sb16Power : public Sb16 {
protected:
    // Whether the card is at its ports.
    bool answers() {
        machine::Machine& inside = *wave->object()->machine->machine;
        return inside.ports().find(0x220) != nullptr;
    }
    // For as long as it may be.
    void sleep_for(std::chrono::nanoseconds time, bool whole_system = true) {
        auto device = driver->devices().front();
        const auto slept = whole_system ? machine->sleep(3) : device.set_power(3);
        ASSERT_TRUE(slept) << slept.error().message;
        const std::size_t before = heard.size();
        ASSERT_TRUE(machine->run_for(time));
        EXPECT_EQ(heard.size(), before) << "the card makes no sound";
        const auto woken = whole_system ? machine->wake() : device.set_power(0);
        ASSERT_TRUE(woken) << woken.error().message;
    }
};

// Channels, bits, and whether both widths go over one DMA channel.
class Sb16PowerStreams : public Sb16Power, public testing::WithParamInterface<std::tuple<int, int, bool>> {};

// ---- streams --------------------------------------------------------------------------------------------------------

// R-PWR-04: wherever in the buffer the card was, and more than once; the client need not know.
TEST_P(Sb16PowerStreams, PlaysOnBitForBit) {
    start({"sb16:dma=1,dma16=" + std::string(std::get<2>(GetParam()) ? "1" : "5")});
    const auto [channels, bits, one_channel] = GetParam();
    const WaveFormat played = format(44100, static_cast<std::uint16_t>(channels), static_cast<std::uint16_t>(bits));
    const std::size_t frame = played.bytes_per_frame();
    const Bytes sound = noise(played, 44100);
    for (const bool whole_system : {true, false}) {
        heard.clear();
        auto stream = RenderStream::open(*wave, played);
        ASSERT_TRUE(stream);
        std::mt19937 random(3);
        for (std::size_t given = 0; given < sound.size();) {
            const std::size_t bytes = std::min(sound.size() - given, (random() % 6000 + 1) * frame);
            ASSERT_TRUE(stream->write(std::span(sound).subspan(given, bytes)));
            given += bytes;
            ASSERT_TRUE(machine->run_for(microseconds(random() % 15'000)));
            sleep_for(milliseconds(random() % 3000), whole_system);
        }
        auto drained = stream->drain();
        ASSERT_TRUE(drained) << drained.error().message;
        EXPECT_EQ(stream->glitches(), 0U);
        const Bytes all = to_bytes(heard, played);
        // The client was late now and then: what is not silence is its sound, whole and in order.
        Bytes without_silence;
        const std::byte silence{static_cast<unsigned char>(bits == 8 ? 0x80 : 0)};
        for (std::size_t at = 0; at + frame <= all.size(); at += frame) {
            if (all[at] != silence) {
                without_silence.insert(without_silence.end(), all.begin() + static_cast<std::ptrdiff_t>(at),
                                       all.begin() + static_cast<std::ptrdiff_t>(at + frame));
            }
        }
        EXPECT_EQ(first_difference(without_silence, sound), std::nullopt) << "whole system: " << whole_system;
    }
}

// What the card could not hear is missing from the recording, and nothing else is. Each frame says its number.
TEST_P(Sb16PowerStreams, RecordsOnBitForBit) {
    start({"sb16:dma=1,dma16=" + std::string(std::get<2>(GetParam()) ? "1" : "5")});
    const auto [channels, bits, one_channel] = GetParam();
    const WaveFormat recorded = format(8000, static_cast<std::uint16_t>(channels), static_cast<std::uint16_t>(bits));
    const std::size_t base = bits == 8 ? 127 : 30'000;
    const float full = bits == 8 ? 128 : 32768;
    std::vector<SoundFrame> numbers(60 * std::size_t{recorded.rate});
    for (std::size_t index = 0; index < numbers.size(); ++index) {
        const float value = static_cast<float>(index % base) / full;
        numbers[index] = {value, -value};
    }
    ASSERT_TRUE(machine->listen("line out", {}));
    ASSERT_TRUE(machine->feed("line in", recorded.rate, numbers));
    auto stream = CaptureStream::open(*wave, recorded);
    ASSERT_TRUE(stream);
    std::mt19937 random(9);
    Bytes taken(4000 * recorded.bytes_per_frame());
    std::size_t sleeps = 0;
    ASSERT_TRUE(stream->start());
    for (std::size_t at = 0; at < taken.size();) {
        const std::size_t part =
            std::min(taken.size() - at, (random() % 500 + 1) * std::size_t{recorded.bytes_per_frame()});
        ASSERT_TRUE(stream->read(std::span(taken).subspan(at, part)));
        at += part;
        ASSERT_TRUE(machine->run_for(microseconds(random() % 40'000))); // what the client takes later
        sleep_for(milliseconds(random() % 2000 + 10), random() % 2 == 0);
        ++sleeps;
    }
    EXPECT_EQ(stream->glitches(), 0U);
    const std::size_t width = recorded.bytes_per_frame() / static_cast<std::size_t>(channels);
    const auto sample = [&](std::size_t frame, std::size_t channel) {
        const std::size_t at = frame * recorded.bytes_per_frame() + channel * width;
        return bits == 8 ? std::to_integer<int>(taken[at]) - 128
                         : static_cast<int>(static_cast<std::int16_t>(std::to_integer<unsigned>(taken[at]) |
                                                                      std::to_integer<unsigned>(taken[at + 1]) << 8));
    };
    std::size_t seams = 0;
    for (std::size_t frame = 0; frame < 4000; ++frame) {
        if (channels == 2) {
            ASSERT_EQ(sample(frame, 1), -sample(frame, 0)) << "frame " << frame;
        }
        if (frame != 0 && sample(frame, 0) != (sample(frame - 1, 0) + 1) % static_cast<int>(base)) {
            ++seams;
        }
    }
    EXPECT_LE(seams, sleeps);
    EXPECT_GT(seams, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, Sb16PowerStreams,
                         testing::Values(std::tuple{2, 16, false}, std::tuple{1, 8, false}, std::tuple{1, 16, false},
                                         std::tuple{2, 8, false}, std::tuple{2, 16, true}));

// A stream that stood still, or had not begun, when the power went.
TEST_F(Sb16Power, APausedStreamGoesOnWhereItWas) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = noise(played, 4800);
    for (const bool has_begun : {true, false}) {
        heard.clear();
        auto stream = RenderStream::open(*wave, played);
        ASSERT_TRUE(stream);
        ASSERT_TRUE(stream->pause());
        ASSERT_TRUE(stream->write(sound));
        if (has_begun) {
            ASSERT_TRUE(stream->start());
            ASSERT_TRUE(machine->run_for(microseconds(12'345)));
        }
        ASSERT_TRUE(stream->pause());
        const auto position = stream->position().value().play_offset;
        sleep_for(milliseconds(500));
        EXPECT_EQ(stream->position().value().play_offset, position);
        ASSERT_TRUE(machine->run_for(milliseconds(100)));
        EXPECT_EQ(stream->position().value().play_offset, position);
        ASSERT_TRUE(stream->start());
        ASSERT_TRUE(stream->drain());
        EXPECT_EQ(find(played, sound), 0U) << has_begun;
    }
}

// While the card sleeps the driver leaves it alone: what a stream does then waits, or needs no hardware.
TEST_F(Sb16Power, AStreamThatStopsInItsSleepBeginsAnewAfterIt) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    Bytes first = noise(played, 4800, 1);
    Bytes second = noise(played, 4800, 2);
    Pin pin = Pin::open(*wave, 0, played).value();
    ASSERT_TRUE(pin.set_state(PinState::pause));
    const StreamBlock early{first};
    auto written = pin.submit_write({&early, 1});
    ASSERT_TRUE(written);
    ASSERT_TRUE(pin.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(33)));
    ASSERT_TRUE(machine->sleep(3));
    ASSERT_TRUE(machine->run_for(milliseconds(33)));
    const auto before = machine->now();
    ASSERT_TRUE(pin.set_state(PinState::stop));
    EXPECT_LT(machine->now() - before, milliseconds(1)) << "nobody has waited for a card without power";
    ASSERT_TRUE(mixer->set_volume(node("Wave volume"), 0, -10));
    ASSERT_TRUE(machine->wake());
    ASSERT_TRUE(mixer->set_volume(node("Wave volume"), 0, 0));
    heard.clear();
    ASSERT_TRUE(pin.set_state(PinState::pause));
    const StreamBlock late{second};
    auto more = pin.submit_write({&late, 1});
    ASSERT_TRUE(more);
    ASSERT_TRUE(pin.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_TRUE(more->is_done());
    EXPECT_EQ(find(played, second), 0U);
}

// Wherever in the buffer it went on, after a stop the stream is at its beginning again.
TEST_F(Sb16Power, AStreamThatStopsAfterItsSleepBeginsAnew) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    Pin pin = Pin::open(*wave, 0, played).value();
    for (unsigned times = 0; times < 3; ++times) {
        heard.clear();
        Bytes sound = noise(played, 4800, times);
        ASSERT_TRUE(pin.set_state(PinState::pause));
        const StreamBlock block{sound};
        auto written = pin.submit_write({&block, 1});
        ASSERT_TRUE(written);
        ASSERT_TRUE(pin.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(microseconds(34'567)));
        sleep_for(milliseconds(100));
        ASSERT_TRUE(machine->run_for(milliseconds(200)));
        EXPECT_TRUE(written->is_done());
        EXPECT_EQ(find(played, sound), 0U) << times;
        ASSERT_TRUE(pin.set_state(PinState::stop));
    }
}

TEST_F(Sb16Power, PlaysAndRecordsOnAtOnce) {
    start();
    const WaveFormat played = format(44100, 2, 16);
    const WaveFormat recorded = format(11025, 1, 8);
    ASSERT_TRUE(machine->feed("line in", 11025, std::vector<SoundFrame>(50000, SoundFrame{0.5F, 0.5F})));
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 0, true)); // recorded, not heard
    ASSERT_TRUE(mixer->set_mute(node("Line mute"), 1, true));
    auto capture = CaptureStream::open(*wave, recorded);
    auto render = RenderStream::open(*wave, played);
    ASSERT_TRUE(capture);
    ASSERT_TRUE(render);
    ASSERT_TRUE(capture->start());
    const Bytes sound = noise(played, 22050);
    ASSERT_TRUE(render->write(sound));
    sleep_for(milliseconds(1234));
    ASSERT_TRUE(render->drain());
    Bytes taken(5000);
    ASSERT_TRUE(capture->read(taken));
    // Until the driver has written the mixer, a card that has just been switched on lets the line through, at -62 dB.
    std::erase_if(heard, [](const SoundFrame& frame) { return std::abs(frame.left) < 0.001F; });
    EXPECT_EQ(find(played, sound), 0U);
    EXPECT_EQ(std::ranges::count(taken, std::byte{192}), 5000);
}

// ---- the mixer ------------------------------------------------------------------------------------------------------

// What is heard is as loud as before, and as loud as the mixer says; so is what was changed while the card slept.
TEST_F(Sb16Power, TheMixerIsAsItWas) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    const Bytes sound = to_bytes(tone(48000, 4800), played);
    ASSERT_TRUE(mixer->set_volume(node("Wave volume"), 0, -12));
    ASSERT_TRUE(mixer->set_volume(node("Line volume"), 1, -20));
    const SoundFrame before = peak_of(sound, played);
    EXPECT_NEAR(decibels(before.left), -18, 0.1);
    sleep_for(milliseconds(100));
    const SoundFrame after = peak_of(sound, played);
    EXPECT_EQ(after.left, before.left);
    EXPECT_EQ(after.right, before.right);
    EXPECT_EQ(mixer->volume(node("Line volume"), 1).value(), -20);
    ASSERT_TRUE(machine->feed("line in", 48000, std::vector<SoundFrame>(48000, SoundFrame{0.5F, 0.5F})));
    heard.clear();
    ASSERT_TRUE(machine->run_for(milliseconds(50)));
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(heard.back().left, 0.5F);
    EXPECT_NEAR(decibels(heard.back().right), -26, 0.1);
    for (const bool whole_system : {true, false}) {
        auto device = driver->devices().front();
        ASSERT_TRUE(whole_system ? machine->sleep(3) : device.set_power(3));
        ASSERT_TRUE(mixer->set_volume(node("Line volume"), 0, whole_system ? -8 : -16));
        ASSERT_TRUE(machine->run_for(milliseconds(50)));
        if (!whole_system) {
            EXPECT_NEAR(decibels(heard.back().left), -14, 0.1) << "in D3 the driver touches nothing";
        }
        ASSERT_TRUE(whole_system ? machine->wake() : device.set_power(0));
        ASSERT_TRUE(machine->run_for(milliseconds(50)));
        EXPECT_NEAR(decibels(heard.back().left), whole_system ? -14 : -22, 0.1);
    }
}

// "System Sleeping States": up to S2 the devices keep their context, from S3 on they lose it.
TEST_F(Sb16Power, ADeepSleepTakesThePower) {
    start();
    for (const int state : {1, 2, 3, 4}) {
        ASSERT_TRUE(machine->sleep(state));
        EXPECT_EQ(answers(), state < 3) << "S" << state;
        ASSERT_TRUE(machine->wake());
        EXPECT_TRUE(answers()) << "after S" << state;
    }
}

TEST_F(Sb16Power, ALightSleepTakesNothing) {
    start();
    const WaveFormat played = format(48000, 2, 16);
    auto stream = RenderStream::open(*wave, played);
    ASSERT_TRUE(stream);
    const Bytes sound = noise(played, 9600);
    ASSERT_TRUE(stream->write(sound));
    ASSERT_TRUE(machine->sleep(1));
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    ASSERT_TRUE(machine->wake());
    ASSERT_TRUE(stream->drain());
    EXPECT_EQ(find(played, sound), 0U);
}

// ---- MIDI -----------------------------------------------------------------------------------------------------------

MidiMessage message(int time, std::initializer_list<int> bytes) {
    MidiMessage made;
    made.time = milliseconds(time);
    for (const int byte : bytes) {
        made.bytes.push_back(static_cast<std::byte>(byte));
    }
    return made;
}

// The MPU-401 has left its UART mode; the system's miniport brings it back, with a stream open or not.
TEST_F(Sb16Power, MidiIsSentAfterSleep) {
    for (const MidiPinKind kind : {MidiPinKind::legacy, MidiPinKind::direct_music}) {
        start();
        std::vector<std::byte> sent;
        ASSERT_TRUE(
            machine->listen_midi("sb16", [&](std::chrono::nanoseconds, std::byte byte) { sent.push_back(byte); }));
        MidiOptions pin;
        pin.kind = kind;
        for (const bool is_open_meanwhile : {true, false}) {
            Filter uart = machine->open_first("Uart").value();
            if (!is_open_meanwhile) {
                sleep_for(milliseconds(100));
            }
            MidiOutput output = MidiOutput::open(uart, pin).value();
            ASSERT_TRUE(output.start());
            if (is_open_meanwhile) {
                sleep_for(milliseconds(100));
            }
            sent.clear();
            ASSERT_TRUE(output.send(message(0, {0x90, 60, 100})));
            ASSERT_TRUE(output.send(message(10, {0x91, 61, 0})));
            ASSERT_TRUE(output.drain());
            ASSERT_TRUE(machine->run_for(milliseconds(20)));
            EXPECT_EQ(sent.size(), 6U) << is_open_meanwhile;
        }
        TearDown();
        driver.reset();
        machine.reset();
    }
}

// What arrives raises the interrupt that the driver's service routine shares.
TEST_F(Sb16Power, MidiArrivesAfterSleep) {
    start();
    ASSERT_TRUE(machine->loop_midi("sb16")); // what is sent comes in
    Filter uart = machine->open_first("Uart").value();
    MidiInput input = MidiInput::open(uart).value();
    MidiOutput output = MidiOutput::open(uart).value();
    ASSERT_TRUE(input.start());
    ASSERT_TRUE(output.start());
    sleep_for(milliseconds(100));
    const MidiMessage sent = message(0, {0x90, 60, 100});
    ASSERT_TRUE(output.send(sent));
    const auto received = input.receive();
    ASSERT_TRUE(received) << received.error().message;
    ASSERT_TRUE(*received);
    EXPECT_EQ((*received)->bytes, sent.bytes);
}

// The system's miniport writes the chip's registers again. The port has paused the stream, and with that its notes end.
TEST_F(Sb16Power, TheSynthesizerPlaysAfterSleep) {
    options.windows = "xp"; // the last with that miniport
    start();
    Filter fm = machine->open_first("FM").value();
    MidiOutput output = MidiOutput::open(fm).value();
    ASSERT_TRUE(output.start());
    const auto hear = [this](int for_milliseconds) {
        heard.clear();
        EXPECT_TRUE(machine->run_for(milliseconds(for_milliseconds)));
        return to_bytes(heard, format(48000, 2, 16));
    };
    ASSERT_TRUE(output.send(message(0, {0xC0, 19}))); // an organ: it lasts
    ASSERT_TRUE(output.send(message(0, {0x90, 60, 127})));
    hear(100);
    float loudest = 0;
    for (const SoundFrame& frame : heard) {
        loudest = std::max(loudest, std::abs(frame.left));
    }
    EXPECT_GT(loudest, 0.01F);
    sleep_for(milliseconds(100));
    hear(1000);
    EXPECT_EQ(std::ranges::count_if(heard, [](const SoundFrame& frame) { return frame.left != 0; }), 0);
    ASSERT_TRUE(output.send(message(0, {0x90, 60, 127}))); // with the program from before
    hear(100);
    float again = 0;
    for (const SoundFrame& frame : heard) {
        again = std::max(again, std::abs(frame.left));
    }
    EXPECT_NEAR(again, loudest, loudest / 20);
}

} // namespace
} // namespace openportcls::cards
