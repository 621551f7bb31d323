// The FM synthesizer miniport at the ends of the keyboard: the chip's F-numbers end at 6.2 kHz.
#include "fmsynth_fixture.h"

namespace openportcls::portcls {
namespace {

constexpr int acoustic_grand = 0;
constexpr int tine_piano = 4;
constexpr int harpsichord = 6;
constexpr int clavinet = 7;
constexpr int glockenspiel = 9;
constexpr int vibraphone = 11;
constexpr int tubular_bells = 14;
constexpr int drawbars = 16;
constexpr int percussive_organ = 17;
constexpr int church_organ = 19;
constexpr int overdriven_guitar = 29;
constexpr int oboe = 68;
constexpr int clarinet = 71;
constexpr int square = 80;

// From here on periods are so short that the loudest partial tells more.
constexpr int first_high_note = 90;
constexpr int last_note = 127;

template<opl3::Model model>
class FmRangeTest : public FmSynthTest {
protected:
    FmRangeTest() : FmSynthTest(model) {}

    double heard(int note) {
        if (note >= first_high_note) {
            pass(10);
            return loudest_partial(hear_left(50));
        }
        const double period = 1000 / note_frequency(note);
        pass(20);
        const auto longest = static_cast<std::size_t>(1.3 * period / 1000 * opl3::SampleRate::per_second);
        return frequency(hear_left(std::max(60.0, 3 * period)), std::max<std::size_t>(longest, 300));
    }
    void expect_in_tune(int program, int note) {
        play({0xC0, program, 0x90, note, 110});
        EXPECT_NEAR(heard(note) / note_frequency(note), 1, 0.01) << "program " << program << " note " << note;
        play({0x80, note, 64, 0xB0, 120, 0});
        pass(10);
    }
};

using FmRange = FmRangeTest<opl3::Model::ymf262>;
using FmRangeOpl2 = FmRangeTest<opl3::Model::ym3812>;

TEST_F(FmRange, EveryNoteIsInTune) {
    inside([&] {
        open();
        for (int note = 0; note <= last_note; ++note) {
            expect_in_tune(acoustic_grand, note);
        }
    });
}

TEST_F(FmRange, HighNotesOfOtherMultiplesAreInTune) {
    inside([&] {
        open();
        for (const int program : {tine_piano, glockenspiel, vibraphone, drawbars, church_organ, clarinet}) {
            for (int note = 102; note <= last_note; ++note) {
                expect_in_tune(program, note);
            }
        }
    });
}

// Below, their overtones are louder than the note itself.
TEST_F(FmRange, HighNotesOfSharpSoundsAreInTune) {
    inside([&] {
        open();
        for (const int program : {harpsichord, clavinet, tubular_bells, overdriven_guitar, square}) {
            for (int note = 115; note <= last_note; ++note) {
                expect_in_tune(program, note);
            }
        }
    });
}

TEST_F(FmRange, LowNotesOfOtherMultiplesAreInTune) {
    inside([&] {
        open();
        for (const int program : {oboe, vibraphone, drawbars, square}) {
            for (int note = 0; note <= 24; note += 3) {
                expect_in_tune(program, note);
            }
        }
    });
}

TEST_F(FmRangeOpl2, EveryNoteIsInTune) {
    inside([&] {
        open();
        for (const int program : {acoustic_grand, drawbars}) {
            for (int note = 0; note <= last_note; note += note < 100 ? 5 : 1) {
                expect_in_tune(program, note);
            }
        }
    });
}

TEST_F(FmRange, EveryProgramWithAPitchIsInTuneAtTheTop) {
    constexpr int first_without_pitch = 112;
    inside([&] {
        open();
        for (int program = 0; program < first_without_pitch; ++program) {
            if (program != percussive_organ) { // which is the octave and the fifth above it
                expect_in_tune(program, 120);
            }
        }
    });
}

TEST_F(FmRange, BendsLeadAcrossTheChipsLimit) {
    inside([&] {
        open();
        play({0xC0, clarinet, 0xB0, 101, 0, 100, 0, 6, 24, 0x90, 108, 110});
        for (const int semitones : {0, 6, 7, 12, 18, 19, 24, 12, 6, 0, -24}) {
            const int bend = std::min(0x2000 + semitones * 0x2000 / 24, 0x3FFF);
            play({0xE0, bend & 0x7F, bend >> 7});
            const double want = note_frequency(108 + (bend - 0x2000) * 24.0 / 0x2000);
            pass(20);
            EXPECT_NEAR(loudest_partial(hear_left(50)) / want, 1, 0.01) << semitones;
        }
    });
}

// Registered parameters 1 and 2, which General MIDI level 1 asks for.
TEST_F(FmRange, FineAndCoarseTuning) {
    inside([&] {
        open();
        play({0xC0, clarinet, 0x90, 96, 110});
        const auto expect_note = [&](double note) {
            pass(20);
            EXPECT_NEAR(loudest_partial(hear_left(50)) / note_frequency(note), 1, 0.005) << note;
        };
        play({0xB0, 101, 0, 100, 2, 6, 64 + 12});
        expect_note(108);
        play({0xB0, 6, 64 + 24});
        expect_note(120);
        play({0xB0, 100, 1, 6, 96, 38, 0}); // half a semitone
        expect_note(120.5);
        play({0xB0, 6, 0});
        expect_note(119);
        play({0xB0, 121, 0}); // leaves the tuning alone
        expect_note(119);
        play({0xB0, 101, 0, 100, 2, 6, 64, 100, 1, 6, 64});
        expect_note(96);
        play({0xB1, 101, 0, 100, 2, 6, 64 + 12}); // another channel's
        expect_note(96);
        play({0xFF, 0x90, 96, 110});
        expect_note(96);
    });
}

TEST_F(FmRange, DrumsAreNotTuned) {
    inside([&] {
        open();
        play({0xB9, 101, 0, 100, 2, 6, 64 + 12, 0x99, 50, 110}); // a tom that plays note 59
        pass(5);
        EXPECT_NEAR(loudest_partial(hear_left(60)) / note_frequency(59), 1, 0.03);
    });
}

TEST_F(FmRange, BendsLeadBelowNoteZero) {
    inside([&] {
        open();
        play({0xC0, square, 0x90, 0, 110, 0xE0, 0, 0});
        pass(100);
        EXPECT_NEAR(frequency(hear_left(600), 9000) / note_frequency(-2), 1, 0.01);
    });
}

} // namespace
} // namespace openportcls::portcls
