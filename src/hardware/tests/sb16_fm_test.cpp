// The FM synthesizer of a Sound Blaster 16 as its line output hears it.
#include <algorithm>
#include <cmath>

#include "hardware/midi/midi_cable.h"
#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {

namespace {

using machine::nanoseconds_per_millisecond;

class Sb16Fm : public Sb16Test {
protected:
    void set_fm(std::uint8_t index, std::uint8_t value) {
        out(0x388, index);
        out(0x389, value);
    }
    // A sine of about 440 Hz on both sides of channel 0: F-number 580 in block 4 (YMF262 data sheet, "F-NUMBER").
    void press_a_key() {
        set_fm(0x20, 0x21);
        set_fm(0x40, 0x3F); // the modulator is silent
        set_fm(0x23, 0x21);
        set_fm(0x43, 0x00);
        set_fm(0x63, 0xF0);
        set_fm(0x83, 0x0F);
        set_fm(0xC0, 0x30);
        set_fm(0xA0, 0x44);
        set_fm(0xB0, 0x20 | 4 << 2 | 2);
    }
    double level(bool is_left) const {
        double sum = 0;
        for (const Frame& frame : listener.frames) {
            const double sample = is_left ? frame.left : frame.right;
            sum += sample * sample;
        }
        return listener.frames.empty() ? 0 : std::sqrt(sum / static_cast<double>(listener.frames.size()));
    }
    static constexpr std::size_t settled = 100; // the filter rings before a note begins
    std::size_t rises() const {
        std::size_t count = 0;
        for (std::size_t i = settled; i < listener.frames.size(); ++i) {
            count += listener.frames[i - 1].left < 0 && listener.frames[i].left >= 0 ? 1 : 0;
        }
        return count;
    }
    void full_fm() {
        for (const std::uint8_t index : {0x30, 0x31, 0x34, 0x35}) {
            set_mixer(index, 0xF8);
        }
    }
};

TEST_F(Sb16Fm, ANoteIsHeardWithoutAVoice) {
    full_fm();
    wait(50 * nanoseconds_per_millisecond);
    EXPECT_TRUE(listener.frames.empty()) << "nothing sounds, nothing is made";
    press_a_key();
    wait(1000 * nanoseconds_per_millisecond);
    EXPECT_EQ(listener.rate, OutputClock::rate);
    EXPECT_NEAR(static_cast<double>(listener.frames.size()), 48000, 480);
    EXPECT_NEAR(static_cast<double>(rises()) / static_cast<double>(listener.frames.size() - settled) * 48000, 440, 2);
    EXPECT_GT(level(true), 0.05);
    EXPECT_NEAR(level(true), level(false), 1e-6);
}

TEST_F(Sb16Fm, TheMidiVolumeIsItsVolume) {
    full_fm();
    press_a_key();
    wait(200 * nanoseconds_per_millisecond);
    const double full = level(true);
    listener.frames.clear();
    set_mixer(0x34, 0xC8); // -12 dB
    listener.frames.clear();
    wait(200 * nanoseconds_per_millisecond);
    EXPECT_NEAR(20 * std::log10(level(true) / full), -12, 0.3);
    EXPECT_NEAR(20 * std::log10(level(false) / full), 0, 0.3);
}

// Through the DSP's pause command (80h): a voice of silence gives the output its rate.
TEST_F(Sb16Fm, AVoiceTakesOverTheRate) {
    full_fm();
    reset();
    press_a_key();
    wait(100 * nanoseconds_per_millisecond);
    const auto before = listener.frames.size();
    EXPECT_NEAR(static_cast<double>(before), 4800, 480);
    command({0x40, 0xD3});       // 22,222 Hz
    command({0x80, 0x5B, 0x11}); // 200 ms
    listener.frames.clear();
    wait(150 * nanoseconds_per_millisecond);
    wait(100 * nanoseconds_per_millisecond);
    EXPECT_GT(level(true), 0.05) << "it goes on in the mix";
    EXPECT_NEAR(static_cast<double>(listener.frames.size()), 4444 + 2400, 300);
    EXPECT_EQ(listener.rate, OutputClock::rate) << "after the voice";
}

TEST_F(Sb16Fm, ASecondCardLeavesItToTheFirst) {
    auto second = plug("sb16:io=240,mpu=300,irq=7,dma=3,dma16=6");
    ASSERT_TRUE(second);
    const auto resources = (*second)->resources();
    EXPECT_TRUE(std::ranges::none_of(resources, [](const CardResource& each) {
        return each.kind == CardResource::Kind::port && each.start == 0x388;
    }));
}

// ---- a cable from its MIDI OUT to its MIDI IN -----------------------------------------------------------------------

TEST_F(Sb16Test, ACableBringsBytesBackWhenTheyHavePassed) {
    MidiCable cable(machine, *card->midi());
    card->midi()->plug(&cable);
    out(0x331, 0x3F);
    wait(nanoseconds_per_millisecond);
    const int before = handler.midi;
    for (const std::uint8_t byte : {0x90, 60, 100}) {
        out(0x330, byte);
    }
    wait(300'000);
    EXPECT_EQ(handler.midi, before);
    wait(40'000);
    EXPECT_EQ(handler.midi, before + 1);
    wait(nanoseconds_per_millisecond);
    EXPECT_EQ(handler.midi, before + 3);
    card->midi()->plug(nullptr);
}

} // namespace

} // namespace openportcls::hardware::sb16
