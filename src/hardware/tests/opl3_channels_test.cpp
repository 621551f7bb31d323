// The OPL3 model's channels: connections, outputs, the rhythm section, the register map.
#include "opl3_sound.h"

namespace openportcls::hardware::opl3 {
namespace {

TEST_F(Opl3Sound, ModulationAddsSidebands) {
    plain_tone();
    chip_.write(0x60, 0xF0);
    chip_.write(0x20, 0x24); // modulator four times higher
    chip_.write(0x40, 0x18);
    key(580, 3);
    const auto samples = left_of(render(chip_, 50'000));
    EXPECT_GT(strength(samples, 220), 500);
    EXPECT_GT(strength(samples, 660), 300) << "carrier minus modulator";
    EXPECT_GT(strength(samples, 1100), 300) << "carrier plus modulator";
}

TEST_F(Opl3Sound, ParallelOperatorsAddUp) {
    plain_tone();
    chip_.write(0x60, 0xF0);
    chip_.write(0x20, 0x23);
    chip_.write(0x40, 0x00);
    chip_.write(0xC0, 0x31);
    key(580, 3);
    const auto samples = left_of(render(chip_, 50'000));
    EXPECT_NEAR(strength(samples, 580 * std::exp2(3.0 - 20) * rate), full_scale, 60);
    EXPECT_NEAR(strength(samples, 3 * 580 * std::exp2(3.0 - 20) * rate), full_scale, 60);
}

TEST_F(Opl3Sound, FeedbackMakesHarmonics) {
    plain_tone();
    chip_.write(0x60, 0xF0);
    chip_.write(0x40, 0x00);
    chip_.write(0x43, 0x3F);
    key(580, 3);
    const double base = 580 * std::exp2(3.0 - 20) * rate;
    double before = 0.999;
    for (unsigned feedback : {0U, 3U, 5U}) {
        chip_.write(0xC0, 0x31 | feedback << 1);
        const auto samples = left_of(render(chip_, 30'000));
        double power = 0;
        for (double sample : samples) {
            power += sample * sample / static_cast<double>(samples.size());
        }
        const double share = strength(samples, base) * strength(samples, base) / 2 / power;
        EXPECT_LT(share, before + (feedback == 0 ? 0.01 : -0.05)) << "of the fundamental, feedback " << feedback;
        before = share;
    }
}

TEST_F(Opl3Sound, OutputsFollowTheirBits) {
    plain_tone();
    key(580, 4);
    const auto heard = [&](std::uint8_t bits) {
        chip_.write(0xC0, bits);
        int left = 0;
        int right = 0;
        for (const StereoFrame& frame : render(chip_, 500)) {
            left = std::max<int>(left, frame.left);
            right = std::max<int>(right, frame.right);
        }
        return std::pair(left > 1000, right > 1000);
    };
    EXPECT_EQ(heard(0x30), std::pair(true, true));
    EXPECT_EQ(heard(0x10), std::pair(true, false)) << "CHA is left";
    EXPECT_EQ(heard(0x20), std::pair(false, true)) << "CHB is right";
    EXPECT_EQ(heard(0x00), std::pair(false, false));
    chip_.write(0x105, 0);
    EXPECT_EQ(heard(0x00), std::pair(true, true)) << "without NEW both outputs have everything";
}

TEST_F(Opl3Sound, FourOperatorsInEachConnection) {
    // Multiples 1, 3, 5 and 7 tell the operators apart; only carriers are heard as loud lines of their own.
    const unsigned offsets[4] = {0x00, 0x03, 0x08, 0x0B};
    const unsigned codes[4] = {1, 3, 5, 7};
    for (unsigned i = 0; i < 4; ++i) {
        chip_.write(0x20 + offsets[i], 0x20 | codes[i]);
        chip_.write(0x60 + offsets[i], 0xF0);
        chip_.write(0x80 + offsets[i], 0x0F);
        // Nearly silent as a modulator, yet loud enough to be found as a carrier.
        chip_.write(0x40 + offsets[i], 0x30);
    }
    chip_.write(0x104, 0x01);
    const double base = 580 * std::exp2(2.0 - 20) * rate;
    const bool carriers[4][4] = {
        {false, false, false, true}, {false, true, false, true}, {true, false, false, true}, {true, false, true, true}};
    for (unsigned connection = 0; connection < 4; ++connection) {
        chip_.write(0xC0, 0x30 | connection >> 1);
        chip_.write(0xC3, 0x30 | (connection & 1));
        key(580, 2);
        const auto samples = left_of(render(chip_, 60'000));
        for (unsigned i = 0; i < 4; ++i) {
            const double line = strength(samples, codes[i] * base);
            EXPECT_EQ(line > 40, carriers[connection][i])
                << "connection " << connection << " operator " << i + 1 << ": " << line;
        }
        key(580, 2, false);
        render(chip_, 2000);
    }
}

TEST_F(Opl3Sound, FourOperatorPairIgnoresItsSecondKey) {
    chip_.write(0x104, 0x01);
    for (unsigned offset : {0x00U, 0x03U, 0x08U, 0x0BU}) {
        chip_.write(0x60 + offset, 0xF0);
    }
    chip_.write(0xC3, 0x30);
    key(580, 4, true, 3);
    EXPECT_TRUE(chip_.is_silent());
    key(580, 4, true, 0);
    EXPECT_FALSE(chip_.channel_operator(3, 1).is_off());
    EXPECT_FALSE(chip_.channel_operator(0, 0).is_off());
}

TEST_F(Opl3Sound, EighteenChannelsPlayAtOnce) {
    std::vector<double> expected;
    for (unsigned channel = 0; channel < 18; ++channel) {
        const unsigned array = channel / 9 * 0x100;
        const unsigned offset = channel % 9 / 3 * 8 + channel % 3 + 3; // the carrier
        chip_.write(array + 0x20 + offset, 0x21);
        chip_.write(array + 0x40 + offset, 0x18);
        chip_.write(array + 0x60 + offset, 0xF0);
        chip_.write(array + 0x80 + offset, 0x0F);
        chip_.write(array + 0xC0 + channel % 9, 0x30);
        const unsigned f_number = 400 + 30 * channel;
        chip_.write(array + 0xA0 + channel % 9, f_number & 0xFF);
        chip_.write(array + 0xB0 + channel % 9, 0x20 | 4 << 2 | f_number >> 8);
        expected.push_back(f_number * std::exp2(4.0 - 20) * rate);
    }
    const auto samples = left_of(render(chip_, 100'000));
    for (double hertz : expected) {
        EXPECT_NEAR(strength(samples, hertz), full_scale / 8, full_scale / 8 * 0.05) << hertz;
    }
}

class Opl3Rhythm : public Opl3Sound {
protected:
    Opl3Rhythm() {
        for (unsigned offset : {0x10U, 0x11U, 0x12U, 0x13U, 0x14U, 0x15U}) {
            chip_.write(0x20 + offset, 0x21);
            chip_.write(0x40 + offset, 0x00);
            chip_.write(0x60 + offset, 0xF8);
            chip_.write(0x80 + offset, 0xF8);
        }
        for (unsigned channel : {6U, 7U, 8U}) {
            chip_.write(0xC0 + channel, 0x30);
            chip_.write(0xA0 + channel, 0x44);
            chip_.write(0xB0 + channel, 3 << 2 | 2);
        }
        chip_.write(0xBD, 0x20);
    }
    std::vector<StereoFrame> hit(unsigned bit) {
        chip_.write(0xBD, 0x20);
        render(chip_, 30'000);
        chip_.write(0xBD, 0x20 | 1U << bit);
        return render(chip_, 4'000);
    }
    static unsigned sign_changes(const std::vector<StereoFrame>& frames) {
        unsigned changes = 0;
        for (std::size_t i = 1; i < frames.size(); ++i) {
            changes += (frames[i - 1].left < 0) != (frames[i].left < 0);
        }
        return changes;
    }
};

TEST_F(Opl3Rhythm, FiveInstruments) {
    for (unsigned bit = 0; bit < 5; ++bit) {
        const auto sound = hit(bit);
        EXPECT_GT(peak(sound), 2000) << bit;
    }
    EXPECT_NEAR(sign_changes(hit(2)), 2 * 4000 * 580 * std::exp2(3.0 - 20), 3) << "the tom-tom is a plain tone";
    EXPECT_GT(sign_changes(hit(3)), 200u) << "the snare drum is noise";
}

TEST_F(Opl3Rhythm, InstrumentsStartAndStopByTheirOwnBits) {
    chip_.write(0xBD, 0x20 | 0x04);
    EXPECT_FALSE(chip_.channel_operator(8, 0).is_off());
    EXPECT_TRUE(chip_.channel_operator(8, 1).is_off());
    EXPECT_TRUE(chip_.channel_operator(7, 1).is_off());
    chip_.write(0xBD, 0x20);
    EXPECT_EQ(chip_.channel_operator(8, 0).stage(), EnvelopeStage::release);
    chip_.write(0xBD, 0x10); // the section is off
    EXPECT_TRUE(chip_.channel_operator(6, 1).is_off());
}

TEST(Opl3Registers, ReadBackAndSecondArray) {
    Synthesizer chip(Model::ymf262);
    chip.write(0x120, 0x42);
    EXPECT_EQ(chip.register_value(0x120), 0) << "the second array is closed until NEW is set";
    chip.write(0x105, 1);
    EXPECT_TRUE(chip.is_new());
    for (unsigned index = 0x20; index <= 0xF5; ++index) {
        chip.write(index, static_cast<std::uint8_t>(index));
        chip.write(0x100 + index, static_cast<std::uint8_t>(~index));
    }
    for (unsigned index = 0x20; index <= 0xF5; ++index) {
        EXPECT_EQ(chip.register_value(index), static_cast<std::uint8_t>(index));
        EXPECT_EQ(chip.register_value(0x100 + index), static_cast<std::uint8_t>(~index));
    }
}

TEST(Opl2Registers, NineChannelsAndWaveformSelect) {
    Synthesizer chip(Model::ym3812);
    chip.write(0x105, 1);
    EXPECT_FALSE(chip.is_new());
    chip.write(0x23, 0x21);
    chip.write(0x43, 0x00);
    chip.write(0x63, 0xF0);
    chip.write(0x83, 0x0F);
    chip.write(0xE3, 0x02); // rectified
    chip.write(0xA0, 0x44);
    chip.write(0xB0, 0x20 | 4 << 2 | 2);
    const auto has_negative = [&] {
        const auto frames = render(chip, 1000);
        return std::any_of(frames.begin(), frames.end(), [](const StereoFrame& frame) { return frame.left < 0; });
    };
    EXPECT_TRUE(has_negative()) << "waveforms are a sine until they are enabled";
    chip.write(0x01, 0x20);
    EXPECT_FALSE(has_negative());
}

TEST(Opl3Determinism, SameWritesSameSamples) {
    const auto play = [](std::size_t piece) {
        Synthesizer chip(Model::ymf262);
        chip.write(0x105, 1);
        for (unsigned index = 0x20; index < 0xF6; ++index) {
            chip.write(index, static_cast<std::uint8_t>(index * 37));
        }
        std::vector<StereoFrame> frames(6000);
        for (std::size_t at = 0; at < frames.size(); at += piece) {
            chip.render(std::span(frames).subspan(at, std::min(piece, frames.size() - at)));
        }
        return frames;
    };
    EXPECT_TRUE(play(6000) == play(1)) << "how it is pulled makes no difference";
    EXPECT_TRUE(play(6000) == play(77));
}

} // namespace
} // namespace openportcls::hardware::opl3
