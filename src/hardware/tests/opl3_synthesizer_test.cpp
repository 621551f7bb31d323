// The sound of the OPL3 model's operators: pitch, levels, envelopes, waveforms, oscillators.
#include "opl3_sound.h"

namespace openportcls::hardware::opl3 {
namespace {

TEST_F(Opl3Sound, PitchOfEveryOctave) {
    plain_tone();
    for (unsigned block = 0; block < 8; ++block) {
        for (unsigned f_number : {345U, 580U, 1023U}) {
            key(f_number, block);
            const double expected = f_number * std::exp2(static_cast<double>(block) - 20) * rate;
            if (expected > rate / 4) {
                continue;
            }
            const double heard = frequency(left_of(render(chip_, 60'000)));
            // At block 0 the phase generator drops half a step of the F-number.
            EXPECT_NEAR(heard / expected, 1, block == 0 ? 0.003 : 0.0002) << "block " << block << ", " << f_number;
            key(f_number, block, false);
            render(chip_, 100);
        }
    }
}

TEST_F(Opl3Sound, ConcertPitch) {
    plain_tone();
    key(580, 4); // 440 Hz
    EXPECT_NEAR(frequency(left_of(render(chip_, 100'000))), 440, 0.2);
}

TEST_F(Opl3Sound, MultiplesOfTheFrequency) {
    plain_tone();
    const double base = 580 * std::exp2(3.0 - 20) * rate;
    const double expected[16] = {0.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 12, 12, 15, 15};
    for (unsigned code = 0; code < 16; ++code) {
        chip_.write(0x23, 0x20 | code);
        key(580, 3);
        EXPECT_NEAR(frequency(left_of(render(chip_, 50'000))) / base, expected[code], expected[code] * 0.001);
        key(580, 3, false);
    }
}

TEST_F(Opl3Sound, TotalLevelIsThreeQuartersOfADecibelPerStep) {
    plain_tone();
    key(580, 4);
    EXPECT_NEAR(peak(render(chip_, 2000)), full_scale, full_scale * 0.01);
    for (unsigned level : {8U, 16U, 32U}) {
        chip_.write(0x43, level);
        const double decibels = 20 * std::log10(peak(render(chip_, 2000)) / full_scale);
        EXPECT_NEAR(decibels, -0.75 * level, 0.2) << level;
    }
}

TEST_F(Opl3Sound, KeyScaleLevel) {
    plain_tone();
    const auto level_at = [&](unsigned scale, unsigned block) {
        chip_.write(0x43, scale << 6);
        key(1023, block);
        const int result = peak(render(chip_, 4000));
        key(1023, block, false);
        render(chip_, 500);
        return 20 * std::log10(result / full_scale);
    };
    EXPECT_NEAR(level_at(0, 6), 0, 0.1);
    EXPECT_NEAR(level_at(1, 5), -15, 0.3) << "3 dB per octave";
    EXPECT_NEAR(level_at(2, 5), -7.5, 0.3) << "1.5 dB per octave";
    EXPECT_NEAR(level_at(3, 5), -30, 0.3) << "6 dB per octave";
    EXPECT_NEAR(level_at(1, 4), -12, 0.3);
    EXPECT_NEAR(level_at(1, 0), 0, 0.1);
}

TEST_F(Opl3Sound, EnvelopeGoesThroughItsStages) {
    plain_tone();
    chip_.write(0x63, 0x86);
    chip_.write(0x83, 0x47); // sustain at -12 dB
    key(580, 4);
    const Operator& carrier = chip_.channel_operator(0, 1);
    EXPECT_EQ(carrier.stage(), EnvelopeStage::attack);
    EXPECT_EQ(carrier.envelope(), 511u);
    while (carrier.stage() == EnvelopeStage::attack) {
        render(chip_, 16);
    }
    EXPECT_EQ(carrier.stage(), EnvelopeStage::decay);
    EXPECT_LT(carrier.envelope(), 2u);
    render(chip_, 60'000);
    EXPECT_EQ(carrier.stage(), EnvelopeStage::sustain);
    EXPECT_EQ(carrier.envelope(), 64u) << "12 dB in steps of 0.1875 dB";
    EXPECT_NEAR(20 * std::log10(peak(render(chip_, 2000)) / full_scale), -12, 0.1);
    key(580, 4, false);
    EXPECT_EQ(carrier.stage(), EnvelopeStage::release);
    render(chip_, 60'000);
    EXPECT_EQ(carrier.stage(), EnvelopeStage::off);
    EXPECT_EQ(peak(render(chip_, 100)), 0);
    EXPECT_TRUE(chip_.is_silent());
}

TEST_F(Opl3Sound, PercussiveSoundFallsWithItsKeyDown) {
    plain_tone();
    chip_.write(0x23, 0x01);
    chip_.write(0x63, 0xFF);
    chip_.write(0x83, 0x1A);
    key(580, 4);
    render(chip_, 60'000);
    EXPECT_TRUE(chip_.channel_operator(0, 1).is_off());
}

// Data sheet, decay times: rate 32 takes 306.9 ms for the whole range, and each rate is half as long as four before.
TEST_F(Opl3Sound, DecayTimes) {
    plain_tone();
    chip_.write(0x83, 0xF0);
    for (unsigned code : {8U, 9U, 10U, 12U}) {
        chip_.write(0x63, 0xF0 | code);
        key(290, 0); // no offset from key scaling
        std::size_t samples = 0;
        while (chip_.channel_operator(0, 1).stage() == EnvelopeStage::decay) {
            render(chip_, 16);
            samples += 16;
        }
        const double milliseconds = static_cast<double>(samples) / rate * 1000;
        EXPECT_NEAR(milliseconds, 306.9 * std::exp2(8.0 - code), 306.9 * std::exp2(8.0 - code) * 0.06) << code;
        key(290, 0, false);
        chip_.write(0x83, 0xFF);
        render(chip_, 4000);
        chip_.write(0x83, 0xF0);
    }
}

// Data sheet, attack times: rate 32 takes 22.08 ms from silence to full level.
TEST_F(Opl3Sound, AttackTimes) {
    plain_tone();
    for (unsigned code : {6U, 8U, 10U}) {
        chip_.write(0x63, code << 4);
        key(290, 0);
        std::size_t samples = 0;
        while (chip_.channel_operator(0, 1).stage() == EnvelopeStage::attack) {
            render(chip_, 8);
            samples += 8;
        }
        const double expected = 22.08 * std::exp2(8.0 - code);
        EXPECT_NEAR(static_cast<double>(samples) / rate * 1000, expected, expected * 0.1) << code;
        key(290, 0, false);
        render(chip_, 4000);
    }
}

TEST_F(Opl3Sound, KeyScaleRateShortensHighNotes) {
    plain_tone();
    chip_.write(0x83, 0xFF);
    const auto samples_of_decay = [&](unsigned block) {
        key(290, block);
        std::size_t samples = 0;
        while (chip_.channel_operator(0, 1).stage() == EnvelopeStage::decay) {
            render(chip_, 8);
            samples += 8;
        }
        key(290, block, false);
        render(chip_, 4000);
        return static_cast<double>(samples);
    };
    chip_.write(0x63, 0xF8);
    chip_.write(0x23, 0x21);
    EXPECT_NEAR(samples_of_decay(0) / samples_of_decay(6), 1.75, 0.05) << "the offset's upper two bits only";
    chip_.write(0x23, 0x31);
    EXPECT_NEAR(samples_of_decay(0) / samples_of_decay(6), 8, 0.2) << "12 of 4 to a doubling";
}

// NTS: which bit of the F-number is the lowest of the key scale number. It counts at once, for keys that are down too.
TEST_F(Opl3Sound, TheKeyboardSplitIsBelowTheNinthOrTheTenthBit) {
    plain_tone();
    chip_.write(0x83, 0xFF);
    chip_.write(0x63, 0xF8);
    chip_.write(0x23, 0x31);
    const auto samples_of_decay = [&](unsigned f_number, std::uint8_t split) {
        chip_.write(0x08, split ^ 0x40);
        key(f_number, 3);
        chip_.write(0x08, split);
        std::size_t samples = 0;
        while (chip_.channel_operator(0, 1).stage() == EnvelopeStage::decay) {
            render(chip_, 8);
            samples += 8;
        }
        key(f_number, 3, false);
        render(chip_, 4000);
        return static_cast<double>(samples);
    };
    const double low = samples_of_decay(0x0FF, 0x00);
    const double high = samples_of_decay(0x3FF, 0x00);
    EXPECT_NEAR(low / high, 7.0 / 6, 0.02) << "an offset of 6 and one of 7";
    EXPECT_NEAR(samples_of_decay(0x1FF, 0x00) / low, 1, 0.01) << "bit 9";
    EXPECT_NEAR(samples_of_decay(0x2FF, 0x00) / high, 1, 0.01);
    EXPECT_NEAR(samples_of_decay(0x1FF, 0x40) / high, 1, 0.01) << "bit 8";
    EXPECT_NEAR(samples_of_decay(0x2FF, 0x40) / low, 1, 0.01);
}

TEST_F(Opl3Sound, EightWaveforms) {
    plain_tone();
    struct Expected {
        double mean;     // of full scale
        double negative; // share of the samples
    };
    const Expected expected[8] = {{0, 0.5},  {0.318, 0}, {0.637, 0}, {0.318, 0},
                                  {0, 0.25}, {0.318, 0}, {0, 0.5},   {0, 0.5}};
    for (unsigned waveform = 0; waveform < 8; ++waveform) {
        chip_.write(0xE3, waveform);
        key(512, 2); // 1024 samples to a period
        const auto samples = left_of(render(chip_, 8192));
        double sum = 0;
        std::size_t negative = 0;
        for (double sample : samples) {
            sum += sample;
            negative += sample < 0;
        }
        EXPECT_NEAR(sum / 8192 / full_scale, expected[waveform].mean, 0.01) << waveform;
        EXPECT_NEAR(static_cast<double>(negative) / 8192, expected[waveform].negative, waveform == 7 ? 0.3 : 0.01)
            << waveform;
        key(512, 2, false);
        render(chip_, 500);
    }
    EXPECT_EQ(chip_.register_value(0xE3), 7);
}

TEST_F(Opl3Sound, TremoloIsDeepOrShallow) {
    plain_tone();
    chip_.write(0x23, 0xA1);
    key(580, 5);
    const auto depth = [&] {
        const auto frames = render(chip_, 27'000); // two periods of 3.7 Hz
        int least = INT32_MAX;
        int most = 0;
        for (std::size_t i = 0; i + 120 < frames.size(); i += 120) {
            const int here = peak(frames, i, i + 120);
            least = std::min(least, here);
            most = std::max(most, here);
        }
        return 20 * std::log10(static_cast<double>(most) / least);
    };
    EXPECT_NEAR(depth(), 1.1, 0.2);
    chip_.write(0xBD, 0x80);
    EXPECT_NEAR(depth(), 4.8, 0.3);
}

TEST_F(Opl3Sound, VibratoIsDeepOrShallow) {
    plain_tone();
    chip_.write(0x23, 0x61);
    key(1023, 6); // the frequency is high enough to be measured within a step of 1024 samples
    const auto cents = [&] {
        double least = 1e9;
        double most = 0;
        for (unsigned step = 0; step < 16; ++step) {
            const double here = frequency(left_of(render(chip_, 1024)));
            least = std::min(least, here);
            most = std::max(most, here);
        }
        return 1200 * std::log2(most / least);
    };
    EXPECT_NEAR(cents(), 2 * 5.9, 3) << "about 7 cents to either side";
    chip_.write(0xBD, 0x40);
    EXPECT_NEAR(cents(), 2 * 12, 3) << "about 14 cents to either side";
}

} // namespace
} // namespace openportcls::hardware::opl3
