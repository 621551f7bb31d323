// What the FM synthesizer miniport makes of MIDI messages, as heard from the model of its chip.
#include "fmsynth_fixture.h"

namespace openportcls::portcls {
namespace {

class FmMusic : public FmSynthTest {};

class FmMusicOpl2 : public FmSynthTest {
protected:
    FmMusicOpl2() : FmSynthTest(opl3::Model::ym3812) {}
};

TEST_F(FmMusic, NotesAreInTune) {
    inside([&] {
        open();
        for (const int program : {0, 11, 33, 56, 71, 80}) {
            play({0xC0, program});
            for (int note = 24; note <= 96; note += 7) {
                play({0x90, note, 100});
                pass(150);
                EXPECT_NEAR(frequency(hear_left(100)) / note_frequency(note), 1, 0.002)
                    << "program " << program << " note " << note;
                play({0x80, note, 64, 0xB0, 120, 0});
                pass(20);
            }
        }
    });
}

TEST_F(FmMusic, EveryNoteIsWithinTwoCents) {
    inside([&] {
        open();
        play({0xC0, 80});
        for (int note = 36; note <= 96; ++note) {
            play({0x90, note, 100});
            pass(30);
            EXPECT_NEAR(1200 * std::log2(frequency(hear_left(80)) / note_frequency(note)), 0, 2) << note;
            play({0xB0, 120, 0});
            pass(10);
        }
    });
}

TEST_F(FmMusicOpl2, NotesAreInTune) {
    inside([&] {
        open();
        play({0xC0, 71});
        for (int note = 36; note <= 96; note += 12) {
            play({0x90, note, 100});
            pass(100);
            EXPECT_NEAR(frequency(hear_left(100)) / note_frequency(note), 1, 0.002) << note;
            play({0xB0, 120, 0});
            pass(10);
        }
    });
}

TEST_F(FmMusic, PitchBendAndItsRange) {
    inside([&] {
        open();
        play({0xC0, 80, 0x90, 60, 100, 0xE0, 0x7F, 0x7F});
        pass(50);
        EXPECT_NEAR(frequency(hear_left(100)) / note_frequency(62), 1, 0.002);
        play({0xE0, 0x00, 0x00});
        EXPECT_NEAR(frequency(hear_left(100)) / note_frequency(58), 1, 0.002);
        play({0xB0, 101, 0, 100, 0, 6, 12, 0xE0, 0x00, 0x60});
        EXPECT_NEAR(frequency(hear_left(100)) / note_frequency(66), 1, 0.002);
        play({0xB0, 121, 0});
        EXPECT_NEAR(frequency(hear_left(100)) / note_frequency(60), 1, 0.002);
    });
}

TEST_F(FmMusic, VolumeExpressionAndVelocity) {
    inside([&] {
        open();
        play({0xC0, 16, 0xB0, 7, 127, 0x90, 60, 127});
        pass(50);
        const double full = hear_levels(100).left;
        EXPECT_GT(full, 500);
        play({0xB0, 7, 64});
        EXPECT_NEAR(decibels(hear_levels(100).left / full), -11.9, 0.8);
        play({0xB0, 7, 127, 11, 90});
        EXPECT_NEAR(decibels(hear_levels(100).left / full), -6, 0.8);
        play({0xB0, 7, 0});
        EXPECT_EQ(hear_levels(50).left, 0) << "volume 0 is silence";
        play({0xB0, 7, 127, 11, 127, 0x80, 60, 0});
        pass(500);
        play({0x90, 60, 64});
        pass(50);
        EXPECT_NEAR(decibels(hear_levels(100).left / full), -11.9, 0.8) << "velocity";
    });
}

TEST_F(FmMusic, PanChoosesOutputs) {
    inside([&] {
        open();
        play({0xC0, 80, 0x90, 60, 100});
        pass(50);
        EXPECT_GT(hear_levels(50).right, 100);
        play({0xB0, 10, 0});
        const Levels left = hear_levels(50);
        EXPECT_GT(left.left, 100);
        EXPECT_EQ(left.right, 0);
        play({0xB0, 10, 127});
        const Levels right = hear_levels(50);
        EXPECT_EQ(right.left, 0);
        EXPECT_GT(right.right, 100);
    });
}

TEST_F(FmMusic, ModulationMakesVibrato) {
    inside([&] {
        open();
        play({0xC0, 80, 0x90, 84, 100});
        pass(50);
        const auto spread = [&] {
            double least = 1e9;
            double most = 0;
            for (unsigned i = 0; i < 16; ++i) {
                const double here = frequency(hear_left(20));
                least = std::min(least, here);
                most = std::max(most, here);
            }
            return 1200 * std::log2(most / least);
        };
        EXPECT_LT(spread(), 3);
        play({0xB0, 1, 100});
        EXPECT_GT(spread(), 10);
    });
}

TEST_F(FmMusic, SustainHoldsNotes) {
    inside([&] {
        open();
        play({0xC0, 80, 0xB0, 64, 127, 0x90, 60, 100, 64, 100, 0x80, 60, 0, 0x90, 64, 0});
        EXPECT_EQ(keys_down(), 2u);
        play({0x90, 67, 100});
        play({0xB0, 64, 0});
        EXPECT_EQ(keys_down(), 1u) << "what is still held";
        play({0x80, 67, 0});
        EXPECT_EQ(keys_down(), 0u);
        pass(500);
        EXPECT_EQ(hear_levels(50).left, 0);
    });
}

TEST_F(FmMusic, AllNotesOffAndAllSoundOff) {
    inside([&] {
        open();
        play({0xC0, 49, 0xC1, 49, 0x90, 60, 100, 64, 100, 0x91, 67, 100});
        pass(300);
        play({0xB0, 123, 0});
        EXPECT_EQ(keys_down(), 1u) << "the other channel's";
        EXPECT_GT(hear_levels(30).left, 50) << "released, not cut";
        play({0xB1, 120, 0});
        EXPECT_EQ(keys_down(), 0u);
        play({0x90, 60, 100});
        pass(300);
        play({0xB0, 120, 0});
        pass(1200);
        EXPECT_EQ(hear_levels(30).left, 0);
    });
}

TEST_F(FmMusic, EighteenVoicesThenTheOldestGivesWay) {
    inside([&] {
        open();
        play({0xC0, 80, 0xC1, 80});
        for (int note = 40; note < 58; ++note) {
            play({0x90, note, 100});
        }
        EXPECT_EQ(keys_down(), 18u);
        play({0x91, 80, 100});
        EXPECT_EQ(keys_down(), 18u);
        play({0x80, 40, 0});
        EXPECT_EQ(keys_down(), 18u) << "note 40 had been the oldest";
        play({0x80, 41, 0});
        EXPECT_EQ(keys_down(), 17u);
        play({0x90, 50, 100});
        EXPECT_EQ(keys_down(), 17u) << "a repeated note keeps its voice";
    });
}

TEST_F(FmMusicOpl2, NineVoices) {
    inside([&] {
        open();
        for (int note = 40; note < 58; ++note) {
            play({0x90, note, 100});
        }
        EXPECT_EQ(keys_down(), 9u);
        play({0x80, 48, 0});
        EXPECT_EQ(keys_down(), 9u);
        play({0x80, 57, 0});
        EXPECT_EQ(keys_down(), 8u);
    });
}

TEST_F(FmMusic, ReleasedVoicesAreTakenBeforeHeldOnes) {
    inside([&] {
        open();
        play({0xC0, 80, 0x90, 30, 100});
        for (int note = 40; note < 57; ++note) {
            play({0x90, note, 100, 0x80, note, 0});
        }
        EXPECT_EQ(keys_down(), 1u);
        for (int note = 60; note < 77; ++note) {
            play({0x90, note, 100});
        }
        EXPECT_EQ(keys_down(), 18u) << "the held note is among them";
        play({0x80, 30, 0});
        EXPECT_EQ(keys_down(), 17u);
    });
}

TEST_F(FmMusic, PercussionOnChannelTen) {
    inside([&] {
        open();
        for (int note = 27; note <= 87; ++note) {
            play({0x99, note, 110});
            EXPECT_GT(hear_levels(30).left, 60) << note;
            play({0x89, note, 0, 0xB9, 120, 0});
            pass(30);
        }
        play({0x99, 20, 110});
        EXPECT_EQ(keys_down(), 0u) << "nothing there";
        play({0x99, 46, 110});
        EXPECT_EQ(keys_down(), 1u);
        play({0x99, 42, 110});
        EXPECT_EQ(keys_down(), 1u) << "a closed hi-hat ends the open one";
    });
}

TEST_F(FmMusic, EveryProgramSounds) {
    inside([&] {
        open();
        for (int program = 0; program < 128; ++program) {
            play({0xC0, program, 0x90, 60, 110});
            EXPECT_GT(hear_levels(400).left, 80) << program;
            play({0xB0, 120, 0});
            pass(30);
        }
    });
}

// Tubular bells have no period that could be found, nor have the effects at the end.
TEST_F(FmMusic, ProgramsHaveTheNotesPitch) {
    constexpr int tubular_bells = 14;
    constexpr int first_without_pitch = 112;
    inside([&] {
        open();
        for (int program = 0; program < first_without_pitch; ++program) {
            play({0xC0, program, 0x90, 57, 110});
            pass(15);
            const auto sound = hear_left(80);
            if (program != tubular_bells) {
                EXPECT_NEAR(frequency(sound) / note_frequency(57), 1, 0.02) << "program " << program;
            }
            play({0xB0, 120, 0});
            pass(30);
        }
    });
}

TEST_F(FmMusic, ProgramsDiffer) {
    inside([&] {
        open();
        std::vector<std::vector<unsigned>> seen;
        for (int program = 0; program < 128; ++program) {
            play({0xC0, program, 0x90, 60, 127});
            // Voices are taken in turn: find the one whose key is down.
            std::vector<unsigned> registers;
            for (unsigned voice = 0; voice < 18; ++voice) {
                const unsigned array = voice / 9 * 0x100;
                if ((chip_.synthesizer().register_value(array + 0xB0 + voice % 9) & 0x20) == 0) {
                    continue;
                }
                const unsigned offset = array + voice % 9 / 3 * 8 + voice % 3;
                for (unsigned group : {0x20U, 0x40U, 0x60U, 0x80U, 0xE0U}) {
                    registers.push_back(chip_.synthesizer().register_value(group + offset));
                    registers.push_back(chip_.synthesizer().register_value(group + offset + 3));
                }
                registers.push_back(chip_.synthesizer().register_value(array + 0xC0 + voice % 9));
            }
            EXPECT_EQ(registers.size(), 11u);
            EXPECT_EQ(std::count(seen.begin(), seen.end(), registers), 0) << program;
            seen.push_back(registers);
            play({0x80, 60, 0});
        }
    });
}

TEST_F(FmMusic, BytesInAnyPieces_R_MIDI_05) {
    inside([&] {
        open();
        play({0x90});
        play({60});
        play({100, 64});
        play({0xF8, 100, 0xFE}); // real-time bytes between and inside of messages
        EXPECT_EQ(keys_down(), 2u) << "running status";
        play({60, 0xF8, 0});
        EXPECT_EQ(keys_down(), 1u) << "velocity 0 is a note-off";
        play({0xF0, 1, 2, 0x90, 65, 100}); // an exclusive message that a status byte ends
        EXPECT_EQ(keys_down(), 2u);
        play({0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7}); // General MIDI on
        EXPECT_EQ(keys_down(), 0u);
        play({60, 100});
        EXPECT_EQ(keys_down(), 0u) << "no running status after an exclusive message";
        play({0x90, 60, 100, 0xFF});
        EXPECT_EQ(keys_down(), 0u) << "system reset";
        play({62, 100});
        EXPECT_EQ(keys_down(), 0u) << "which ends running status, too";
        play({});
    });
}

TEST_F(FmMusic, MasterVolume) {
    inside([&] {
        open();
        play({0xC0, 16, 0x90, 60, 127});
        pass(50);
        const double full = hear_levels(100).left;
        play({0xF0, 0x7F, 0x7F, 0x04, 0x01, 0x00, 64, 0xF7});
        EXPECT_NEAR(decibels(hear_levels(100).left / full), -11.9, 0.8);
    });
}

TEST_F(FmMusic, SameMessagesSameSound) {
    inside([&] {
        open();
        const auto once = [&] {
            play({0xFF, 0xC0, 5, 0x90, 50, 90, 57, 80, 62, 70});
            return keys_down();
        };
        EXPECT_EQ(once(), 3u);
        EXPECT_EQ(once(), 3u);
    });
}

} // namespace
} // namespace openportcls::portcls
