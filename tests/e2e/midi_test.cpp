// portcls midi: a General MIDI file through the driver of a sound card.
#include <cmath>
#include <fstream>

#include <gmock/gmock.h>

#include "command.h"
#include "music/general_midi_piece.h"

namespace e2e {
namespace {

using testing::HasSubstr;

const std::string piece = OPENPORTCLS_SOURCE "/tests/data/midi/one-minute.mid";

class Midi : public Command {
protected:
    // One note of two seconds on channel 1 at once, in ticks of a millisecond (25 frames of 40 ticks).
    std::string one_note(unsigned char key, unsigned char program = 79) const {
        const unsigned char bytes[] = {'M',  'T',  'h',     'd', 0,    0,    0,   6, 0, 0,    0,    1,
                                       0xE7, 40,   'M',     'T', 'r',  'k',  0,   0, 0, 15, //
                                       0,    0xC0, program,                                 //
                                       0,    0x90, key,     100, 0x8F, 0x50, key, 0, 0, 0xFF, 0x2F, 0};
        const std::string file = path("note.mid");
        std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes), sizeof bytes);
        return file;
    }

    // To play one note through the driver with a miniport of its own, in whose source something else stands.
    std::vector<std::string> order_with_driver(const std::string& former, const std::string& replacement) const {
        const std::string source = OPENPORTCLS_SOURCE "/tests/drivers/midi";
        std::filesystem::copy(source, folder_ / "midi", std::filesystem::copy_options::recursive);
        std::string text = text_of(source + "/midi.cpp");
        EXPECT_NE(text.find(former), std::string::npos);
        text.replace(text.find(former), former.size(), replacement);
        std::filesystem::remove(folder_ / "midi" / "midi.cpp");
        write_text("midi/midi.cpp", text);
        const Ran built = portcls({"build", path("midi"), "-o", path("midi.so"), "--cache", OPENPORTCLS_DRIVER_CACHE});
        EXPECT_EQ(built.status, 0) << built.error;
        return {"midi", one_note(60), "--driver", path("midi.so"), "--inf", source + "/midi.inx", "--hardware", "sb16"};
    }

    // One track, 96 ticks a quarter at 120 a minute, of what `fill` writes.
    template<class Fill>
    std::string write_midi(const std::string& name, Fill&& fill) const {
        std::string track;
        fill(track);
        track += std::string("\x00\xFF\x2F\x00", 4);
        std::string bytes("MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk", 18);
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes += static_cast<char>(track.size() >> shift & 0xFF);
        }
        return write_text(name, bytes + track);
    }
};

TEST_F(Midi, ThePieceIsWhatItsGeneratorMakes) {
    const std::string text = text_of(piece);
    const auto made = music::general_midi_piece();
    ASSERT_EQ(text.size(), made.size());
    EXPECT_EQ(text, std::string(reinterpret_cast<const char*>(made.data()), made.size()));
}

TEST_F(Midi, APieceThroughTheUartIsHeardFromFluidSynthAndComesBack) {
    const Ran ran = portcls({"midi", piece, "--out", "wav:" + path("heard.wav"), "--verify", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto facts = ran.json()["midi"];
    EXPECT_EQ(facts["filter"], "Uart");
    EXPECT_EQ(facts["pin_kind"], "DirectMusic");
    EXPECT_GT(facts["events"], 1500);
    EXPECT_NEAR(facts["file_seconds"].get<double>(), 60, 1e-6);
    for (const char* way : {"cable", "loopback"}) {
        EXPECT_EQ(facts[way]["in_order"], true) << way;
        EXPECT_EQ(facts[way]["events"], facts["events"]) << way;
        EXPECT_LE(facts[way]["off_cable_most_ms"].get<double>(), 1.0) << way;
    }
    const Sound sound = read(path("heard.wav"));
    EXPECT_EQ(sound.format.rate, 48000U);
    const auto left = sound.channel(0);
    EXPECT_NEAR(static_cast<double>(left.size()) / 48000, 62, 0.1);
    for (unsigned second = 1; second < 60; second += 7) { // it sounds throughout
        const std::vector<double> part(left.begin() + second * 48000, left.begin() + (second + 1) * 48000);
        EXPECT_GT(root_mean_square(part), 0.003) << second;
    }
}

// The example of the MIDI file specification: a system exclusive message that is sent in three parts, here with a clock
// between two of them and notes behind it.
TEST_F(Midi, ADividedExclusiveMessageLeavesInItsPartsAndComesBack) {
    const unsigned char bytes[] = {'M',  'T',  'h',  'd',  0,    0,    0,    6,    0,    0,    0, 1, 0, 96, //
                                   'M',  'T',  'r',  'k',  0,    0,    0,    38,                            //
                                   0,    0xF0, 3,    0x43, 0x12, 0,                                         //
                                   0x81, 0x48, 0xF7, 6,    0x43, 0x12, 0,    0x43, 0x12, 0,                 //
                                   50,   0xF7, 1,    0xF8,                                                  //
                                   50,   0xF7, 4,    0x43, 0x12, 0,    0xF7,                                //
                                   0,    0x90, 60,   64,   96,   60,   0,    0,    0xFF, 0x2F, 0};
    const std::string file = path("divided.mid");
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes), sizeof bytes);
    const Ran ran = portcls({"midi", file, "--verify", "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto facts = ran.json()["midi"];
    for (const char* way : {"cable", "loopback"}) {
        EXPECT_EQ(facts[way]["in_order"], true) << way;
        EXPECT_EQ(facts[way]["events"], 6) << way;
        EXPECT_LE(facts[way]["off_cable_most_ms"].get<double>(), 1.0) << way;
    }
}

TEST_F(Midi, ThePieceThroughFmIsHeardAtTheCard) {
    const Ran ran =
        portcls({"midi", piece, "--synth", "fm", "--rate", "44100", "--out", "wav:" + path("heard.wav"), "--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto facts = ran.json()["midi"];
    EXPECT_EQ(facts["filter"], "FM");
    EXPECT_EQ(facts["heard_at"], "sb16/line out");
    EXPECT_EQ(facts["os"], "xp");
    EXPECT_TRUE(facts["cable"].is_null());
    const Sound sound = read(path("heard.wav"));
    EXPECT_EQ(sound.format.rate, 44100U);
    const auto left = sound.channel(0);
    EXPECT_NEAR(static_cast<double>(left.size()) / 44100, 62, 0.1);
    for (unsigned second = 1; second < 60; second += 7) {
        const std::vector<double> part(left.begin() + second * 44100, left.begin() + (second + 1) * 44100);
        EXPECT_GT(root_mean_square(part), 0.003) << second;
    }
}

TEST_F(Midi, ANoteHasItsPitchOnBothSynthesizers) {
    const std::string file = one_note(69);
    for (const std::string synth : {"fluidsynth", "fm"}) {
        const Ran ran = portcls({"midi", file, "--synth", synth, "--out", "wav:" + path(synth + ".wav")});
        ASSERT_EQ(ran.status, 0) << ran.error;
        const auto left = read(path(synth + ".wav")).channel(0);
        ASSERT_GT(left.size(), 96000U);
        EXPECT_NEAR(frequency({left.begin() + 24000, left.begin() + 72000}, 48000), 440, 4) << synth;
        EXPECT_LT(root_mean_square({left.end() - 9600, left.end()}), 0.01) << synth << ": released";
    }
}

TEST_F(Midi, TheSameRunGivesTheSameSound) {
    const std::string file = one_note(60, 0);
    for (const std::string synth : {"fluidsynth", "fm"}) {
        ASSERT_EQ(portcls({"midi", file, "--synth", synth, "--out", "wav:" + path("one.wav")}).status, 0);
        ASSERT_EQ(portcls({"midi", file, "--synth", synth, "--out", "wav:" + path("two.wav")}).status, 0);
        EXPECT_TRUE(read(path("one.wav")).bytes == read(path("two.wav")).bytes) << synth;
    }
}

TEST_F(Midi, TheFmVolumeOfTheCardCounts) {
    const std::string file = one_note(69);
    const auto level = [&](const std::string& setting) {
        const Ran ran = portcls({"midi", file, "--synth", "fm", "--set", setting, "--out", "wav:" + path("heard.wav")});
        EXPECT_EQ(ran.status, 0) << ran.error;
        const auto left = read(path("heard.wav")).channel(0);
        return root_mean_square({left.begin() + 24000, left.begin() + 72000});
    };
    EXPECT_NEAR(20 * std::log10(level("Master Volume=-12dB") / level("Master Volume=0dB")), -12, 0.5);
}

TEST_F(Midi, SaysWhatHappened) {
    const Ran ran = portcls({"midi", one_note(60)});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("3 events, 2.00 s of music through pin 1 of Uart (DirectMusic)"));
    EXPECT_THAT(ran.out, HasSubstr("MIDI OUT: every event in order"));
    EXPECT_THAT(ran.out, HasSubstr("heard at FluidSynth at the MIDI plug: peak level"));
}

// PortCls has FM synthesizer miniports before Vista only (R-SUB-12): without --os, FM is played where there are such.
TEST_F(Midi, FmIsPlayedOnTheWindowsThatHasIt) {
    const std::string file = one_note(60);
    const char* const note = "as Windows XP, the last with FM synthesizer miniports of its own (--os chooses another)";
    const Ran chosen = portcls({"midi", file, "--synth", "fm"});
    ASSERT_EQ(chosen.status, 0) << chosen.error;
    EXPECT_THAT(chosen.out, HasSubstr(note));
    EXPECT_THAT(chosen.out, HasSubstr("heard at sb16/line out: peak level"));
    const Ran asked = portcls({"midi", file, "--synth", "fm", "--os", "xp"});
    ASSERT_EQ(asked.status, 0) << asked.error;
    EXPECT_THAT(asked.out, testing::Not(HasSubstr("as Windows XP"))) << "that is what was asked for";
    for (const std::string os : {"vista", "11"}) {
        const std::vector<std::string> order = {"midi", file, "--synth", "fm", "--os", os};
        expect_failure(portcls(order), 1,
                       "the driver has no MIDI pin that leads to an FM synthesizer: PortCls has FM synthesizer "
                       "miniports before Windows Vista only (--os xp)");
        const Ran plug = portcls({"midi", file, "--os", os, "--json"});
        ASSERT_EQ(plug.status, 0) << plug.error;
        EXPECT_EQ(plug.json()["midi"]["os"], os);
    }
    expect_failure(portcls({"midi", file, "--synth", "fm", "--filter", "Uart"}), 1,
                   "Uart: no MIDI pin that leads to an FM synthesizer\n");
    expect_failure(portcls({"midi", file, "--synth", "fm", "--driver", "cable"}), 1,
                   "no section fits of [Cable] (--synth fm runs as Windows XP unless --os is given)");
    EXPECT_EQ(portcls({"midi", file, "--json"}).json()["midi"]["os"], "11");
    EXPECT_THAT(portcls({"midi", "--help"}).out, HasSubstr("without --os"));
}

TEST_F(Midi, AnFmMiniportOfTheDriversOwnIsThereOnEveryWindows) {
    std::vector<std::string> order = order_with_driver("KSMUSIC_TECHNOLOGY_PORT", "KSMUSIC_TECHNOLOGY_FMSYNTH");
    for (const char* word : {"--synth", "fm", "--json", "--os", "11"}) {
        order.emplace_back(word);
    }
    const Ran ran = portcls(order);
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.json()["midi"]["os"], "11");
    EXPECT_EQ(ran.json()["midi"]["events"], 3);
}

// A cable carries 3,125 bytes a second: it has more to do than the file is long.
TEST_F(Midi, WhatTheCableStillHasToCarryIsWaitedFor) {
    const std::string sysex = write_midi("sysex.mid", [](std::string& track) {
        track += std::string("\x00\xF0\xCE\x10", 4) + std::string(9999, '\x11') + '\xF7'; // 10,000 bytes behind F0
        track += std::string("\x00\x90\x3C\x64\x60\x80\x3C\x00", 8);
    });
    const std::string chord = write_midi("chord.mid", [](std::string& track) {
        for (int note = 0; note < 3000; ++note) {
            track += std::string("\x00\x90", 2) + static_cast<char>(note % 128) + '\x40';
        }
    });
    for (const auto& [file, seconds] : {std::pair{sysex, 3.2}, std::pair{chord, 2.88}}) {
        const Ran verified = portcls({"midi", file, "--verify", "--json"});
        ASSERT_EQ(verified.status, 0) << verified.error;
        const auto facts = verified.json()["midi"];
        EXPECT_EQ(facts["cable"]["events"], facts["events"]);
        EXPECT_NEAR(facts["seconds"].get<double>(), seconds + 2, 0.1);
        const Ran heard = portcls({"midi", file});
        EXPECT_EQ(heard.status, 0) << heard.error;
        EXPECT_THAT(heard.out, HasSubstr("MIDI OUT: every event in order"));
    }
}

// A driver that takes nothing is not waited for endlessly.
TEST_F(Midi, WhatNeverLeavesIsAnError) {
    const Ran ran = portcls(order_with_driver("m_Miniport->Put((const UCHAR*)BufferAddress, BytesToWrite)", "0"));
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("0 of at least 7 bytes have left MIDI OUT 7 s after the end"));
}

TEST_F(Midi, Failures) {
    expect_failure(portcls({"midi", path("none.mid")}), 1, "none.mid");
    const std::string broken = write_text("broken.mid", "MThd but no more");
    expect_failure(portcls({"midi", broken}), 1, "offset");
    const std::string file = one_note(60);
    expect_failure(portcls({"midi", file, "--synth", "fm", "--verify"}), 2, "--verify");
    expect_failure(portcls({"midi", file, "--driver", "cable"}), 1, "no MIDI pin that leads to a MIDI plug");
    expect_failure(portcls({"midi", file, "--sound-font", path("none.sf2")}), 1, "no such sound font");
    expect_failure(portcls({"midi", file, "--out", "flac:x"}), 2, "flac:x");
    EXPECT_EQ(portcls({"midi", file, "--synth", "gus"}).status, 2);
    EXPECT_EQ(portcls({"midi"}).status, 2);
}

} // namespace
} // namespace e2e
