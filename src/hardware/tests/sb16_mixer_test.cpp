// The Sound Blaster 16's mixer, MIDI port and settings, register by register.
#include <cmath>

#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {
namespace {

// ---- the mixer ------------------------------------------------------------------------------------------------------

TEST_F(Sb16Test, MixerResetsToItsDefaults) {
    full_volume();
    EXPECT_EQ(mixer(0x30), 0xF8);
    set_mixer(0x00, 0xFF);
    for (const auto& entry : card->mixer().registers().table()) {
        if (entry.offset != 0x80 && entry.offset != 0x81) {
            EXPECT_EQ(card->mixer().registers().value(entry.offset), entry.reset) << entry.name;
        }
    }
    EXPECT_EQ(mixer(0x30), 0xC0) << "-14 dB";
    EXPECT_EQ(mixer(0x38), 0x00);
    EXPECT_EQ(mixer(0x3C), 0x1F);
}

TEST_F(Sb16Test, MixerKeepsOnlyTheBitsThereAre) {
    for (const auto& entry : card->mixer().registers().table()) {
        if (entry.write_mask != 0 && entry.offset != 0x80 && entry.offset != 0x81) {
            set_mixer(static_cast<std::uint8_t>(entry.offset), 0xFF);
            EXPECT_EQ(mixer(static_cast<std::uint8_t>(entry.offset)), entry.write_mask) << entry.name;
        }
    }
    EXPECT_EQ(mixer(0x60), 0xFF) << "no register there";
}

TEST_F(Sb16Test, TheOldRegistersShowTheSameVolumes) {
    set_mixer(0x22, 0xB5);
    EXPECT_EQ(mixer(0x30), 0xB8);
    EXPECT_EQ(mixer(0x31), 0x58);
    EXPECT_EQ(mixer(0x22), 0xB5);
    set_mixer(0x0A, 0x07);
    EXPECT_EQ(mixer(0x3A), 0xF8);
}

TEST_F(Sb16Test, VolumesAreInStepsOfTwoDecibels) {
    reset();
    full_volume();
    for (const auto& [value, decibels] : {std::pair{0xF8, 0.0}, {0xF0, -2.0}, {0xC0, -14.0}, {0x00, -62.0}}) {
        set_mixer(0x32, static_cast<std::uint8_t>(value));
        listener.frames.clear();
        command({0x10, 0x00}); // -1
        EXPECT_NEAR(20 * std::log10(-listener.frames.at(0).left), decibels, 0.01);
        EXPECT_EQ(listener.frames.at(0).right, -1);
    }
}

// "Input Gain" and "Output Gain", of each side: steps of 6 dB in the upper two bits.
TEST_F(Sb16Test, EachSideHasItsOutputGain) {
    reset();
    full_volume();
    for (const auto& [left, right] : {std::pair{0x40, 0x00}, {0x00, 0x40}, {0x80, 0xC0}}) {
        set_mixer(0x41, static_cast<std::uint8_t>(left));
        set_mixer(0x42, static_cast<std::uint8_t>(right));
        listener.frames.clear();
        command({0x10, 0x00}); // -1
        EXPECT_NEAR(20 * std::log10(-listener.frames.at(0).left), 6.0 * (left >> 6), 0.01);
        EXPECT_NEAR(20 * std::log10(-listener.frames.at(0).right), 6.0 * (right >> 6), 0.01);
    }
}

TEST_F(Sb16Test, EachSideHasItsInputGain) {
    const float level = 0.0625F;
    Recording line(8000, std::vector<Frame>(80000, Frame{level, level}));
    card->inputs()[0].plugged = &line;
    reset();
    full_volume();
    set_mixer(0x3D, 0x10);
    set_mixer(0x3E, 0x08);
    command({0x42, 0x1F, 0x40});
    const auto memory = allocate(0x1000);
    for (const auto& [left, right] : {std::pair{0x40, 0x00}, {0x00, 0x40}, {0x80, 0xC0}}) {
        set_mixer(0x3F, static_cast<std::uint8_t>(left));
        set_mixer(0x40, static_cast<std::uint8_t>(right));
        program(5, memory, 0x1000, record_repeating);
        command({0xB8, 0x30, 159, 0});
        wait(11 * millisecond);
        const auto decibels = [&](int side) {
            return 20 * std::log10(at<std::int16_t>(memory)[side] / 32768.0 / level);
        };
        EXPECT_NEAR(decibels(0), 6.0 * (left >> 6), 0.01);
        EXPECT_NEAR(decibels(1), 6.0 * (right >> 6), 0.01);
    }
}

TEST_F(Sb16Test, TheLineIsHeardThroughItsSwitchAndVolume) {
    Recording line(8000, std::vector<Frame>(8000, Frame{0.5F, 0.25F}));
    card->inputs()[0].plugged = &line;
    reset();
    full_volume();
    const auto level = [&] {
        listener.frames.clear();
        command({0x10, 0x80}); // the voice is silent
        return listener.frames.at(0);
    };
    EXPECT_EQ(level().left, 0.5F);
    EXPECT_EQ(level().right, 0.25F);
    set_mixer(0x3C, 0x10);
    EXPECT_EQ(level().left, 0.5F);
    EXPECT_EQ(level().right, 0) << "switched off";
    set_mixer(0x38, 0xC8); // -12 dB
    EXPECT_NEAR(20 * std::log10(level().left / 0.5F), -12, 0.01);
}

// ---- MIDI -----------------------------------------------------------------------------------------------------------

struct MidiListener final : MidiSink {
    void receive(std::uint8_t byte, Nanoseconds when) override { bytes.emplace_back(when, byte); }
    std::vector<std::pair<Nanoseconds, std::uint8_t>> bytes;
};

TEST_F(Sb16Test, TheMpuSendsAndReceivesInUartMode) {
    MidiListener cable;
    card->midi()->plug(&cable);
    EXPECT_EQ(in(0x331) & 0x80, 0x80) << "nothing to read";
    set_mixer(0x80, 0x04); // away from the handler
    out(0x331, 0xFF);
    EXPECT_EQ(mixer(0x82), 4);
    EXPECT_EQ(in(0x331) & 0x80, 0);
    EXPECT_EQ(in(0x330), 0xFE);
    EXPECT_EQ(mixer(0x82), 0);
    out(0x331, 0x3F);
    EXPECT_EQ(in(0x330), 0xFE);
    const Nanoseconds before = machine.now();
    out(0x330, 0x90);
    for (unsigned waiting = 0; waiting < Mpu401::default_output_fifo; ++waiting) {
        EXPECT_EQ(in(0x331) & 0x40, 0) << "one more fits";
        out(0x330, 0x40);
    }
    EXPECT_EQ(in(0x331) & 0x40, 0x40);
    ASSERT_EQ(cable.bytes.size(), Mpu401::default_output_fifo + 1);
    EXPECT_EQ(cable.bytes[0].second, 0x90);
    EXPECT_EQ(cable.bytes[1].first - cable.bytes[0].first, 320'000);
    EXPECT_NEAR(static_cast<double>(cable.bytes[0].first - before), 320'000, 5'000);
    wait(400'000);
    EXPECT_EQ(in(0x331) & 0x40, 0);
    set_mixer(0x80, 0x02);
    card->midi()->receive(0xF8);
    wait(millisecond);
    EXPECT_EQ(handler.midi, 1);
}

TEST_F(Sb16Test, SaysWhatItIsSetTo) {
    const auto resources = card->resources();
    ASSERT_EQ(resources.size(), 6U);
    EXPECT_EQ(resources[0].start, 0x220U);
    EXPECT_EQ(resources[1].start, 0x330U);
    EXPECT_EQ(resources[3].line, 5U);
    EXPECT_EQ(resources[4].line, 1U);
    EXPECT_EQ(resources[5].line, 5U);
    EXPECT_EQ(resources[2].start, 0x388U);
    EXPECT_EQ(in(0x388), 0) << "an OPL3's status";
}

} // namespace
} // namespace openportcls::hardware::sb16
