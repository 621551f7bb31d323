// The AC'97 codec, register by register, heard at its sockets.
#include <cmath>

#include "hardware/tests/ac97_fixture.h"

namespace openportcls::hardware::ac97 {
namespace {

class Ac97Codec : public Ac97Test {
protected:
    // A constant level of half of full scale, for as long as a test needs.
    void play_half() {
        const auto memory = allocate(0x10000);
        for (int index = 0; index < 0x8000; ++index) {
            at<std::int16_t>(memory)[index] = 0x4000;
        }
        for (unsigned index = 0; index < 32; ++index) {
            describe(index, memory, 0x8000, 0);
        }
        start(pcm_out, 31);
    }
    // What is heard now.
    Frame level() {
        listener.frames.clear();
        wait(millisecond / 10);
        master(pcm_out + 0x8, Width::word); // brings the card up to now
        return listener.frames.at(0);
    }
    static double decibels(float level) { return 20 * std::log10(level); }
};

TEST_F(Ac97Codec, RegistersResetToTheirDefaults) {
    wake();
    for (const auto& entry : card->codec().registers().table()) {
        if (entry.write_mask != 0 && entry.offset != 0x26) {
            set_mixer(entry.offset, 0x1505);
        }
    }
    set_mixer(0x00, 0);
    EXPECT_EQ(mixer(0x02), 0x8000);
    EXPECT_EQ(mixer(0x0E), 0x8008);
    EXPECT_EQ(mixer(0x18), 0x8808);
    EXPECT_EQ(mixer(0x1A), 0x0000);
    EXPECT_EQ(mixer(0x1C), 0x8000);
    EXPECT_EQ(mixer(0x26), 0x000F) << "everything is ready";
    EXPECT_EQ(mixer(0x28), 0x0809);
    EXPECT_EQ(mixer(0x2C), 48000);
    EXPECT_EQ(mixer(0x3A), 0) << "no such register";
}

TEST_F(Ac97Codec, RegistersKeepOnlyTheBitsThereAre) {
    wake();
    for (const auto& entry : card->codec().registers().table()) {
        if (entry.write_mask != 0 && entry.offset != 0x26 && entry.offset != 0x2A) {
            set_mixer(entry.offset, 0xFFFF);
            EXPECT_EQ(mixer(entry.offset), entry.write_mask) << entry.name;
        }
    }
    set_mixer(0x02, 0x2020);
    EXPECT_EQ(mixer(0x02), 0x1F1F) << "the sixth bit is all of five";
}

TEST_F(Ac97Codec, TheMasterIsInStepsOfOneAndAHalfDecibels) {
    wake();
    play_half();
    EXPECT_EQ(level().left, 0.5F);
    for (const int steps : {0, 1, 4, 20, 31}) {
        set_mixer(0x02, static_cast<std::uint32_t>(steps) << 8);
        const Frame heard = level();
        EXPECT_NEAR(decibels(heard.left / 0.5F), -1.5 * steps, 0.01);
        EXPECT_EQ(heard.right, 0.5F);
    }
    set_mixer(0x02, 0x8000);
    EXPECT_EQ(level().left, 0);
}

TEST_F(Ac97Codec, InputVolumesAmplifyToo) {
    wake();
    play_half();
    for (const int steps : {0, 8, 9, 31}) {
        set_mixer(0x18, static_cast<std::uint32_t>(steps) | 0x0800);
        const Frame heard = level();
        EXPECT_NEAR(decibels(heard.right / 0.5F), 12 - 1.5 * steps, 0.01);
        EXPECT_EQ(heard.left, 0.5F);
    }
    set_mixer(0x18, 0x8808);
    EXPECT_EQ(level().right, 0);
}

TEST_F(Ac97Codec, EveryInputIsHeardThroughItsVolume) {
    wake();
    play_half();
    set_mixer(0x18, 0x8808);
    const std::pair<Codec::Input, std::uint32_t> inputs[] = {{Codec::line, 0x10},  {Codec::cd, 0x12},
                                                             {Codec::video, 0x14}, {Codec::aux, 0x16},
                                                             {Codec::phone, 0x0C}, {Codec::microphone, 0x0E}};
    for (const auto& [input, offset] : inputs) {
        Recording sound(48000, std::vector<Frame>(48000, Frame{0.25F, 0.125F}));
        card->inputs()[input].plugged = &sound;
        EXPECT_EQ(level().left, 0) << "muted after reset";
        set_mixer(offset, 0x0808);
        const bool is_mono = input == Codec::phone || input == Codec::microphone;
        EXPECT_EQ(level().left, 0.25F) << offset;
        EXPECT_EQ(level().right, is_mono ? 0.25F : 0.125F) << offset;
        set_mixer(offset, 0x8808);
        card->inputs()[input].plugged = nullptr;
    }
}

TEST_F(Ac97Codec, TheMicrophoneHasABoost) {
    wake();
    play_half();
    set_mixer(0x18, 0x8808);
    Recording sound(48000, std::vector<Frame>(48000, Frame{0.03125F, 0}));
    card->inputs()[Codec::microphone].plugged = &sound;
    set_mixer(0x0E, 0x0048);
    EXPECT_NEAR(decibels(level().left / 0.03125F), 20, 0.01);
}

// "Mic Volume", D6: the boost lies before the mixer, so both converters get it, whatever the mixer's volume is.
TEST_F(Ac97Codec, TheBoostOfTheMicrophoneIsRecorded) {
    wake();
    Recording sound(48000, std::vector<Frame>(480000, Frame{0.03125F, 0}));
    card->inputs()[Codec::microphone].plugged = &sound;
    set_mixer(0x1A, 0x0000); // the microphone, on both sides
    set_mixer(0x1E, 0x0000);
    const auto memory = allocate(0x1000);
    describe(0, memory, 96, 0);
    for (const auto& [volume, gain] : {std::pair{0x8008U, 0.0}, {0x8048U, 20.0}, {0x0048U, 20.0}, {0x0008U, 0.0}}) {
        set_mixer(0x0E, volume);
        for (const Engine engine : {pcm_in, microphone_in}) {
            set_master(engine + 0xB, 0x02);
            start(engine, 0);
            wait(3 * millisecond);
            for (const int word : {94, 95}) {
                const float level = static_cast<float>(at<std::int16_t>(memory)[word]) / 32768;
                EXPECT_NEAR(decibels(level / 0.03125F), gain, 0.01) << volume << " engine " << engine;
            }
            at<std::int16_t>(memory)[94] = at<std::int16_t>(memory)[95] = 0;
        }
    }
}

TEST_F(Ac97Codec, OutputsHaveVolumesOfTheirOwn) {
    wake();
    Listener headphones;
    Listener mono;
    card->outputs()[Codec::aux_out].plugged = &headphones;
    card->outputs()[Codec::mono_out].plugged = &mono;
    set_mixer(0x04, 0x0404);
    set_mixer(0x06, 0x0002);
    set_mixer(0x18, 0x8808 & ~0x8000);
    play_half();
    level();
    EXPECT_NEAR(decibels(headphones.frames.back().left / 0.5F), -6, 0.01);
    EXPECT_NEAR(decibels(mono.frames.back().left / 0.5F), -3, 0.01);
    EXPECT_EQ(mono.frames.back().left, mono.frames.back().right);
    Recording sound(48000, std::vector<Frame>(48000, Frame{0.25F, 0}));
    card->inputs()[Codec::microphone].plugged = &sound;
    set_mixer(0x20, 0x0200); // MIX: the microphone
    set_mixer(0x06, 0);
    level();
    EXPECT_EQ(mono.frames.back().right, 0.25F);
}

TEST_F(Ac97Codec, TheMonoOutputIsTheSumOfBothSides) {
    wake();
    Listener mono;
    card->outputs()[Codec::mono_out].plugged = &mono;
    set_mixer(0x06, 0);
    set_mixer(0x18, 0x8808); // of what plays the line alone is heard
    play_half();
    for (const auto& [left, right] : {std::pair{0.25F, 0.125F}, {0.0F, 0.5F}, {0.5F, 0.0F}}) {
        Recording sound(48000, std::vector<Frame>(48000, Frame{left, right}));
        card->inputs()[Codec::line].plugged = &sound;
        set_mixer(0x10, 0x0808);
        level();
        EXPECT_EQ(mono.frames.back().left, (left + right) / 2);
        EXPECT_EQ(mono.frames.back().right, (left + right) / 2);
        card->inputs()[Codec::line].plugged = nullptr;
    }
}

TEST_F(Ac97Codec, EachSideRecordsWhatItSelects) {
    wake();
    Recording line_sound(48000, std::vector<Frame>(480000, Frame{0.25F, 0.125F}));
    Recording cd_sound(48000, std::vector<Frame>(480000, Frame{0.5F, 0.0625F}));
    card->inputs()[Codec::line].plugged = &line_sound;
    card->inputs()[Codec::cd].plugged = &cd_sound;
    const auto memory = allocate(0x1000);
    const auto recorded = [&] {
        set_master(pcm_in + 0xB, 0x02);
        describe(0, memory, 96, 0);
        start(pcm_in, 0);
        wait(2 * millisecond);
        return std::pair(at<std::int16_t>(memory)[94], at<std::int16_t>(memory)[95]);
    };
    using Pair = std::pair<std::int16_t, std::int16_t>;
    set_mixer(0x1A, 0x0401);
    EXPECT_EQ(recorded(), Pair(8192, 2048)) << "line left, CD right";
    set_mixer(0x1A, 0x0104);
    EXPECT_EQ(recorded(), Pair(16384, 4096));
    set_mixer(0x1A, 0x0505);
    EXPECT_EQ(recorded(), Pair(0, 0)) << "both are muted in the mix";
    set_mixer(0x10, 0x0808);
    set_mixer(0x12, 0x0808);
    EXPECT_EQ(recorded(), Pair(24576, 6144));
    set_mixer(0x1A, 0x0404);
    set_mixer(0x1C, 0x0400);
    EXPECT_NEAR(decibels(static_cast<float>(recorded().first) / 8192), 6, 0.01);
    set_mixer(0x1C, 0x8000);
    EXPECT_EQ(recorded(), Pair(0, 0));
}

// "Mixer Functional Diagram": PCM is in the stereo mix, and the stereo mix in the mono mix.
TEST_F(Ac97Codec, TheMixesThatAreRecordedIncludePcm) {
    wake();
    play_half();
    const auto memory = allocate(0x1000);
    const auto recorded = [&] {
        set_master(pcm_in + 0xB, 0x02);
        set_master(pcm_in + 0x0, static_cast<std::uint32_t>(list) + 0x200, Width::dword);
        at<std::uint32_t>(list + 0x200)[0] = static_cast<std::uint32_t>(memory);
        at<std::uint32_t>(list + 0x200)[1] = 96;
        set_master(pcm_in + 0x5, 0);
        set_master(pcm_in + 0xB, 0x1D);
        wait(2 * millisecond);
        return std::pair(at<std::int16_t>(memory)[94], at<std::int16_t>(memory)[95]);
    };
    using Pair = std::pair<std::int16_t, std::int16_t>;
    set_mixer(0x1A, 0x0404);
    EXPECT_EQ(recorded(), Pair(0, 0)) << "the line alone";
    set_mixer(0x1A, 0x0505);
    EXPECT_EQ(recorded(), Pair(0x4000, 0x4000));
    Recording line_sound(48000, std::vector<Frame>(480000, Frame{0.25F, 0.125F}));
    card->inputs()[Codec::line].plugged = &line_sound;
    set_mixer(0x10, 0x0808);
    EXPECT_EQ(recorded(), Pair(0x6000, 0x5000));
    set_mixer(0x1A, 0x0605);
    EXPECT_EQ(recorded(), Pair(0x5800, 0x5000)) << "mono left, stereo right";
    set_mixer(0x02, 0x8000);
    EXPECT_EQ(recorded(), Pair(0x5800, 0x5000)) << "before the master volume";
    card->outputs()[0].plugged = nullptr;
    EXPECT_EQ(recorded(), Pair(0x5800, 0x5000)) << "whether somebody listens or not";
    set_master(pcm_out + 0xB, 0x00);
    EXPECT_EQ(recorded(), Pair(0x1800, 0x1000)) << "mono: (0.25 + 0.125) / 2";
}

// Nothing is lost or comes twice, however long the buffer is that is recorded into, at each rate of the two.
TEST_F(Ac97Codec, WhatIsPlayedIsRecordedSampleBySample) {
    for (const auto& [played_rate, recorded_rate] :
         {std::pair{48000, 48000}, {8000, 8000}, {48000, 8000}, {8000, 48000}, {44100, 48000}}) {
        wake();
        set_mixer(0x2A, 0x0001);
        set_mixer(0x2C, static_cast<std::uint32_t>(played_rate));
        set_mixer(0x32, static_cast<std::uint32_t>(recorded_rate));
        set_mixer(0x1A, 0x0505);
        constexpr std::uint32_t frames = 16000;
        const auto source = allocate(4 * frames);
        for (std::uint32_t index = 0; index < frames; ++index) {
            at<std::int16_t>(source)[2 * index] = static_cast<std::int16_t>(index + 1);
            at<std::int16_t>(source)[2 * index + 1] = static_cast<std::int16_t>(-static_cast<int>(index));
        }
        describe(0, source, 2 * frames, 0);
        start(pcm_out, 0);
        wait(millisecond);
        const auto target = allocate(4 * frames);
        at<std::uint32_t>(list + 0x200)[0] = static_cast<std::uint32_t>(target);
        at<std::uint32_t>(list + 0x200)[1] = 2 * 8000;
        set_master(pcm_in + 0x0, static_cast<std::uint32_t>(list) + 0x200, Width::dword);
        set_master(pcm_in + 0x5, 0);
        set_master(pcm_in + 0xB, 0x1D);
        wait(std::int64_t{8001} * 1'000'000'000 / recorded_rate);
        const auto* words = at<std::int16_t>(target);
        const int first = words[0];
        EXPECT_NEAR(first, played_rate / 1000, 2);
        for (int index = 0; index < 8000; ++index) {
            const int expected = first + static_cast<int>(std::int64_t{index} * played_rate / recorded_rate);
            if (expected > static_cast<int>(frames)) {
                break; // the list has ended
            }
            ASSERT_NEAR(words[2 * index], expected, played_rate == recorded_rate ? 0 : 1)
                << played_rate << " " << recorded_rate << " at " << index;
            ASSERT_EQ(words[2 * index + 1], 1 - words[2 * index]);
        }
        set_master(pcm_in + 0xB, 0x00);
        set_master(pcm_out + 0xB, 0x00);
        set_master(pcm_in + 0xB, 0x02);
        set_master(pcm_out + 0xB, 0x02);
    }
}

TEST_F(Ac97Codec, RatesAreVariableOnlyWhenSwitchedOn) {
    wake();
    set_mixer(0x2C, 22050);
    EXPECT_EQ(mixer(0x2C), 48000);
    set_mixer(0x2A, 0x0009);
    for (const std::uint32_t offset : {0x2CU, 0x32U, 0x34U}) {
        set_mixer(offset, 22050);
        EXPECT_EQ(mixer(offset), 22050);
        set_mixer(offset, 50000);
        EXPECT_EQ(mixer(offset), 48000) << "the nearest";
        set_mixer(offset, 4000);
        EXPECT_EQ(mixer(offset), 8000);
    }
    set_mixer(0x2A, 0);
    EXPECT_EQ(mixer(0x2C), 48000);
}

TEST_F(Ac97Codec, TheRateChangesWhileItPlays) {
    wake();
    set_mixer(0x2A, 1);
    play_half();
    wait(10 * millisecond);
    set_mixer(0x2C, 11025);
    EXPECT_NEAR(static_cast<double>(listener.frames.size()), 480, 3);
    listener.frames.clear();
    wait(100 * millisecond);
    master(pcm_out + 0x8, Width::word);
    EXPECT_EQ(listener.rate.per_second(), 11025);
    EXPECT_NEAR(static_cast<double>(listener.frames.size()), 1102, 3);
}

TEST_F(Ac97Codec, PowerdownSilencesAndShowsWhatIsReady) {
    wake();
    play_half();
    set_mixer(0x26, 0x0200); // PR1
    EXPECT_EQ(mixer(0x26), 0x020D);
    EXPECT_EQ(level().left, 0);
    set_mixer(0x26, 0x0400); // PR2
    EXPECT_EQ(mixer(0x26), 0x040B);
    EXPECT_EQ(level().left, 0);
    set_mixer(0x26, 0);
    EXPECT_EQ(level().left, 0.5F);
    set_mixer(0x26, 0x1000); // PR4: the link
    EXPECT_EQ(master(0x30, Width::dword) & 0x100, 0U);
    EXPECT_EQ(mixer(0x02), 0xFFFF);
    const std::uint32_t left = master(pcm_out + 0x8, Width::word);
    wait(millisecond);
    EXPECT_EQ(master(pcm_out + 0x8, Width::word), left) << "no link, no transfer";
    set_master(0x2C, 6, Width::dword); // a warm reset
    EXPECT_EQ(master(0x2C, Width::dword), 2U);
    EXPECT_EQ(master(0x30, Width::dword) & 0x100, 0x100U);
    EXPECT_EQ(mixer(0x18), 0x0808) << "as it was";
    EXPECT_EQ(level().left, 0.5F);
}

} // namespace
} // namespace openportcls::hardware::ac97
