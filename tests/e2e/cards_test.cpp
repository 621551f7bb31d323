// portcls with a sound card: what leaves it is what was played, what enters it is what is recorded.
#include <cmath>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;

class Cards : public Command {
protected:
    static WaveFormat format(std::uint32_t rate, std::uint16_t channels, std::uint16_t bits) {
        WaveFormat result;
        result.rate = rate;
        result.channels = channels;
        result.bits = bits;
        return result;
    }
    static double decibels(double level) { return 20 * std::log10(level); }
};

TEST_F(Cards, PlayIsHeardAtTheCardBitForBit) {
    for (const WaveFormat& played :
         {format(5000, 1, 8), format(11025, 2, 8), format(22050, 1, 16), format(44100, 2, 16), format(48000, 2, 16)}) {
        const std::string file = write("in.wav", played, noise(played, played.rate));
        const Ran ran = portcls({"play", file, "--driver", "sb16", "--verify", "--out", "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << ran.error << openportcls::to_string(played);
        EXPECT_THAT(ran.out, HasSubstr("the output equals the input bit for bit"));
        EXPECT_THAT(ran.out, HasSubstr("what came out of sb16/line out"));
        EXPECT_THAT(ran.out, HasSubstr("0 glitches"));
        EXPECT_TRUE(read(path("heard.wav")).bytes == read(file).bytes);
    }
}

TEST_F(Cards, PlaySaysWhereItWasHeard) {
    const WaveFormat played = format(44100, 2, 16);
    const std::string file = write("in.wav", played, noise(played, 4410));
    const auto facts = portcls({"play", file, "--driver", "sb16", "--json"}).json()["play"];
    EXPECT_EQ(facts["socket"], "sb16/line out");
    EXPECT_TRUE(facts["loopback_pin"].is_null());
    EXPECT_EQ(facts["bit_exact"], true);
    EXPECT_EQ(facts["glitches"], 0);
}

TEST_F(Cards, VolumesAreHeard) {
    const WaveFormat played = format(44100, 2, 16);
    const std::string file = write("in.wav", played, tone(played, 440, 0.5, 44100));
    for (const double wanted : {-6.0, -20.0, -40.0}) {
        const std::string setting = "Master Volume=" + std::to_string(wanted) + "dB";
        const Ran ran =
            portcls({"play", file, "--driver", "sb16", "--set", setting, "--out", "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << ran.error;
        const double level = root_mean_square(read(path("heard.wav")).channel(0));
        EXPECT_NEAR(decibels(level / root_mean_square(read(file).channel(0))), wanted, 0.5);
    }
}

TEST_F(Cards, RecordHearsTheLineInput) {
    const WaveFormat recorded = format(44100, 2, 16);
    const std::string file = write("in.wav", recorded, noise(recorded, 30000));
    const Ran ran = portcls({"record", path("out.wav"), "--driver", "sb16", "--in", file, "--rate", "44100"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_TRUE(read(path("out.wav")).bytes == read(file).bytes);
    const Ran narrow = portcls({"record", path("narrow.wav"), "--driver", "sb16", "--in", file, "--rate", "44100",
                                "--bits", "8", "--channels", "1", "--seconds", "0.5"});
    ASSERT_EQ(narrow.status, 0) << narrow.error;
    EXPECT_EQ(read(path("narrow.wav")).bytes.size(), 22050U);
}

TEST_F(Cards, RecordHearsTheSourceThatIsChosen) {
    const WaveFormat recorded = format(8000, 1, 16);
    const std::string file = write("in.wav", recorded, tone(recorded, 440, 0.5, 8000));
    const auto peak = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments = {"record", path("out.wav"), "--driver",   "sb16", "--in",     file,
                                              "--rate", "8000",          "--channels", "1",    "--socket", "cd"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        EXPECT_EQ(portcls(arguments).status, 0);
        return root_mean_square(read(path("out.wav")).channel(0));
    };
    EXPECT_EQ(peak({}), 0) << "the line is recorded";
    EXPECT_NEAR(peak({"--set", "Recording Source=source 2"}), 0.5 / std::sqrt(2.0), 0.01);
}

TEST_F(Cards, MixerShowsAndSets) {
    const Ran shown = portcls({"mixer", "--driver", "sb16"});
    ASSERT_EQ(shown.status, 0) << shown.error;
    EXPECT_THAT(shown.out, HasSubstr("Master volume"));
    EXPECT_THAT(shown.out, HasSubstr("-62.0 to 0.0 dB in steps of 2.00"));
    EXPECT_THAT(shown.out, HasSubstr("source 1"));
    const Ran volume = portcls({"mixer", "--driver", "sb16", "set", "Line Volume", "0", "-12dB"});
    ASSERT_EQ(volume.status, 0) << volume.error;
    EXPECT_THAT(volume.out, HasSubstr("-12.0 dB 0.0 dB"));
    EXPECT_THAT(portcls({"mixer", "--driver", "sb16", "set", "Line Mute", "mute"}).out, HasSubstr("muted muted"));
    EXPECT_THAT(portcls({"mixer", "--driver", "sb16", "set", "Recording Source", "source", "3"}).out,
                HasSubstr("source 3  (1 \"Line\", 2 \"CD player\", 3 \"Microphone\", 4 \"Synthesizer\")"));
}

TEST_F(Cards, ASettingMayBeOneWord) {
    for (const char* setting : {"source 3", "Source  3"}) {
        EXPECT_THAT(portcls({"mixer", "--driver", "sb16", "set", "Recording Source", setting}).out,
                    HasSubstr("source 3  (1 "));
    }
    EXPECT_THAT(portcls({"mixer", "--driver", "sb16", "set", "Line Volume", "0", "-12 dB"}).out, HasSubstr("-12.0 dB"));
}

TEST_F(Cards, RawModeIsRefusedWhereADriverHasNoModes) {
    const WaveFormat played = format(44100, 2, 16);
    const std::string file = write("in.wav", played, noise(played, 4410));
    for (const char* driver : {"sb16", "ac97"}) {
        const std::string why = "has no signal-processing mode \"raw\"";
        expect_failure(portcls({"play", file, "--driver", driver, "--mode", "raw"}), 1, why);
        expect_failure(portcls({"record", path("out.wav"), "--driver", driver, "--in", file, "--mode", "raw"}), 1, why);
        EXPECT_FALSE(std::filesystem::exists(path("out.wav")));
        EXPECT_EQ(portcls({"play", file, "--driver", driver, "--mode", "default", "--verify"}).status, 0) << driver;
    }
    // Modes are new in 8.1.
    expect_failure(portcls({"play", file, "--os", "7", "--mode", "raw"}), 1, "has no signal-processing mode");
    expect_failure(portcls({"record", path("out.wav"), "--in", file, "--os", "8", "--mode", "raw"}), 1,
                   "has no signal-processing mode");
    EXPECT_EQ(portcls({"play", file, "--os", "7", "--mode", "default", "--verify"}).status, 0);
    EXPECT_EQ(portcls({"play", file, "--os", "8.1", "--mode", "raw", "--verify"}).status, 0);
    EXPECT_EQ(portcls({"record", path("out.wav"), "--in", file, "--os", "8.1", "--mode", "raw"}).status, 0);
}

// The card's microphone is one channel: of a stereo plug it takes the tip.
TEST_F(Cards, AMicrophoneIsComparedByItsOneChannel) {
    const WaveFormat stereo = format(44100, 2, 16);
    const std::string file = write("in.wav", stereo, noise(stereo, 20000));
    for (const char* driver : {"sb16", "ac97"}) {
        for (const char* channels : {"1", "2"}) {
            const Ran ran =
                portcls({"record", path("out.wav"), "--driver", driver, "--in", file, "--socket", "microphone", "--set",
                         driver[0] == 's' ? "Recording Source=source 3" : "Recording source=source 3", "--rate",
                         "44100", "--channels", channels, "--verify"});
            EXPECT_EQ(ran.status, 0) << driver << ' ' << channels << ' ' << ran.out << ran.error;
            EXPECT_EQ(read(path("out.wav")).channel(0), read(file).channel(0)) << driver;
        }
    }
}

// One channel recorded of a stereo input is its left one: the converter's left side takes from there.
TEST_F(Cards, OneChannelOfTheLineInputIsTheLeftOne) {
    const WaveFormat stereo = format(44100, 2, 16);
    const std::string file = write("in.wav", stereo, noise(stereo, 20000));
    const Ran ran = portcls({"record", path("out.wav"), "--driver", "sb16", "--in", file, "--rate", "44100",
                             "--channels", "1", "--verify"});
    EXPECT_EQ(ran.status, 0) << ran.out << ran.error;
    EXPECT_EQ(read(path("out.wav")).channel(0), read(file).channel(0));
}

TEST_F(Cards, HardwareSaysWhereTheCardIs) {
    const WaveFormat played = format(22050, 2, 16);
    const std::string file = write("in.wav", played, noise(played, 10000));
    const Ran moved = portcls(
        {"play", file, "--driver", "sb16", "--hardware", "sb16:io=240,irq=7,dma=3,dma16=6,mpu=300", "--verify"});
    EXPECT_EQ(moved.status, 0) << moved.error;
    const Ran bare = portcls({"play", file, "--driver", "sb16", "--hardware", "none"});
    EXPECT_EQ(bare.status, 1);
    EXPECT_THAT(bare.error, HasSubstr("STATUS_NO_SUCH_DEVICE"));
    expect_failure(portcls({"info", "--driver", "sb16", "--hardware", "sb16:iq=7"}), 2, "no option of sb16");
}

TEST_F(Cards, WhatNoCardCanBeSetToIsWrongUsage) {
    const auto expect = [](const std::vector<std::string>& cards, const std::string& message) {
        std::vector<std::string> arguments = {"info", "--driver", "sb16"};
        for (const std::string& card : cards) {
            arguments.insert(arguments.end(), {"--hardware", card});
        }
        expect_failure(portcls(arguments), 2, "portcls: --hardware: " + message);
    };
    expect({"sb16:io=999"}, "sb16:io=999: one of 220, 240, 260, 280");
    expect({"sb16:drift=fast"}, "sb16:drift=fast: a number from -100000 to 100000");
    expect({"ac97:drift=1000000"}, "ac97:drift=1000000: a number from");
    expect({"ac97:vra=2"}, "ac97:vra=2: one of 0, 1");
    expect({"sb16", "sb16"}, "sb16 and sb16 would both have ports 220-22f, ports 330-331, interrupt 5, DMA channel 1");
    expect({"builtin", "sb16:io=240,irq=7,dma=3"},
           "sb16 and sb16:io=240,irq=7,dma=3 would both have ports 330-331, DMA "
           "channel 5");
}

TEST_F(Cards, ACardThatNoDriverTookIsNamed) {
    const auto warnings_of = [](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "info");
        const Ran text = portcls(arguments);
        EXPECT_EQ(text.status, 0) << text.error;
        arguments.emplace_back("--json");
        const auto warnings = portcls(arguments).json()["info"].value("warnings", nlohmann::json::array());
        std::string lines;
        for (const auto& warning : warnings) {
            lines += warning.get<std::string>() + "\n";
        }
        EXPECT_EQ(text.error, lines);
        return lines;
    };
    EXPECT_EQ(warnings_of({"--driver", "sb16"}), "");
    EXPECT_EQ(warnings_of({"--driver", "ac97"}), "");
    EXPECT_EQ(warnings_of({"--driver", "sb16", "--hardware", "builtin", "--hardware", "ac97"}),
              "warning: no driver took the card ac97: PCI\\VEN_8086&DEV_2415&SUBSYS_24158086&REV_02, "
              "PCI\\VEN_8086&DEV_2415\n");
    const std::string second = "sb16:io=240,mpu=300,irq=7,dma=3,dma16=6";
    EXPECT_EQ(warnings_of({"--driver", "sb16", "--hardware", "sb16", "--hardware", second}),
              "warning: no driver took the card sb16-2: ports 240-24f, ports 300-301, interrupt 7, DMA channel 3, "
              "DMA channel 6\n");
    EXPECT_THAT(warnings_of({"--driver", "cable", "--hardware", "sb16"}), HasSubstr("no driver took the card sb16: "));
}

TEST_F(Cards, ADriftingCrystalPlaysTheSameSamples) {
    const WaveFormat played = format(48000, 2, 16);
    const std::string file = write("in.wav", played, noise(played, 48000));
    EXPECT_EQ(portcls({"play", file, "--driver", "sb16", "--hardware", "sb16:drift=-300", "--verify"}).status, 0);
}

TEST_F(Cards, ModelsAndDriversAreListed) {
    const Ran models = portcls({"hardware"});
    EXPECT_THAT(models.out, HasSubstr("sb16         Sound Blaster 16"));
    EXPECT_THAT(models.out, HasSubstr("irq=5"));
    const auto listed = portcls({"hardware", "--json"}).json()["hardware"];
    ASSERT_EQ(listed.size(), 3U);
    EXPECT_EQ(listed[1]["name"], "ac97");
    EXPECT_EQ(listed[1]["drivers"][0], "ac97");
    EXPECT_EQ(listed[2]["name"], "sb16");
    EXPECT_EQ(listed[2]["drivers"][0], "sb16");
    EXPECT_THAT(portcls({"drivers"}).out, HasSubstr("binds to: sb16"));
    EXPECT_EQ(portcls({"info", "--driver", "sb16"}).status, 0);
    EXPECT_EQ(portcls({"graph", "--driver", "sb16"}).status, 0);
    EXPECT_EQ(portcls({"info", "--driver", "ac97"}).status, 0);
    EXPECT_EQ(portcls({"graph", "--driver", "ac97"}).status, 0);
}

// ---- the AC'97 card ---------------------------------------------------------------------------------------------

TEST_F(Cards, TheAc97PlaysBitForBit) {
    for (const std::uint32_t rate : {8000U, 22050U, 44100U, 48000U}) {
        const WaveFormat played = format(rate, 2, 16);
        const std::string file = write("in.wav", played, noise(played, rate));
        const Ran ran = portcls({"play", file, "--driver", "ac97", "--verify", "--out", "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << ran.error << rate;
        EXPECT_THAT(ran.out, HasSubstr("what came out of ac97/line out"));
        EXPECT_THAT(ran.out, HasSubstr("0 glitches"));
        EXPECT_TRUE(read(path("heard.wav")).bytes == read(file).bytes);
    }
}

TEST_F(Cards, TheAc97RecordsTheLineInput) {
    const WaveFormat recorded = format(44100, 2, 16);
    const std::string file = write("in.wav", recorded, noise(recorded, 30000));
    const Ran ran = portcls({"record", path("out.wav"), "--driver", "ac97", "--in", file, "--rate", "44100"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_TRUE(read(path("out.wav")).bytes == read(file).bytes);
}

TEST_F(Cards, TheAc97PlaysAndRecordsThroughWaveRt) {
    for (const std::uint32_t rate : {8000U, 22050U, 44100U, 48000U}) {
        const WaveFormat used = format(rate, 2, 16);
        const std::string file = write("in.wav", used, noise(used, rate));
        const Ran ran = portcls({"play", file, "--driver", "ac97", "--parameter", "UseWaveRT=1", "--verify", "--out",
                                 "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << ran.error << rate;
        EXPECT_THAT(ran.out, HasSubstr("0 glitches"));
        EXPECT_TRUE(read(path("heard.wav")).bytes == read(file).bytes);
        const Ran recorded = portcls({"record", path("out.wav"), "--driver", "ac97", "--parameter", "UseWaveRT=1",
                                      "--in", file, "--rate", std::to_string(rate)});
        ASSERT_EQ(recorded.status, 0) << recorded.error;
        EXPECT_TRUE(read(path("out.wav")).bytes == read(file).bytes);
    }
}

TEST_F(Cards, TheAc97SaysWhichPortItsWaveFilterHas) {
    const auto info = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"info", "--driver", "ac97"});
        const Ran ran = portcls(more);
        EXPECT_EQ(ran.status, 0) << ran.error;
        return ran.out;
    };
    EXPECT_THAT(info({"--parameter", "UseWaveRT=1"}), HasSubstr("realtime"));
    EXPECT_THAT(info({}), testing::Not(HasSubstr("realtime")));
    EXPECT_THAT(info({"--parameter", "UseWaveRT=1", "--os", "xp"}), testing::Not(HasSubstr("realtime")));
    const WaveFormat played = format(44100, 2, 16);
    const std::string file = write("in.wav", played, noise(played, 10000));
    const Ran old = portcls({"play", file, "--driver", "ac97", "--parameter", "UseWaveRT=1", "--os", "xp", "--verify"});
    EXPECT_EQ(old.status, 0) << old.error;
}

TEST_F(Cards, VolumesOfTheAc97AreHeardAndShown) {
    const WaveFormat played = format(48000, 2, 16);
    const std::string file = write("in.wav", played, tone(played, 440, 0.5, 48000));
    for (const double wanted : {-6.0, -21.0, -40.5}) {
        const std::string setting = "Master Volume=" + std::to_string(wanted) + "dB";
        const Ran ran =
            portcls({"play", file, "--driver", "ac97", "--set", setting, "--out", "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << ran.error;
        const double level = root_mean_square(read(path("heard.wav")).channel(0));
        EXPECT_NEAR(decibels(level / root_mean_square(read(file).channel(0))), wanted, 0.5);
    }
    const Ran lines = portcls({"mixer", "--driver", "ac97", "--lines"});
    EXPECT_THAT(lines.out, HasSubstr("DST_WAVEIN, WAVEIN  (Wave pin "));
    EXPECT_THAT(lines.out, HasSubstr("    from \"")) << "sources below their destination";
    EXPECT_THAT(lines.out, HasSubstr("SRC_COMPACTDISC, UNDEFINED"));
    EXPECT_THAT(lines.out, HasSubstr("\"Stereo mix\", \"Mono mix\"\n")) << "last of the recording source";
    EXPECT_THAT(portcls({"mixer", "--driver", "ac97", "--lines", "--json"}).out, HasSubstr("\"inputs\""));
    EXPECT_THAT(portcls({"mixer", "--driver", "ac97", "set", "Recording source", "source", "6"}).out,
                HasSubstr("source 6  (1 \"Line\", 2 \"CD player\", 3 \"Microphone\", 4 \"Analog connector\", 5 "
                          "\"Video disc\", 6 \"Stereo mix\", 7 \"Mono mix\")"));
    const auto mixer = portcls({"mixer", "--driver", "ac97", "--json"}).json()["mixer"];
    std::vector<std::string> sources;
    for (const auto& control : mixer) {
        if (control.contains("sources")) {
            sources = control["sources"];
        }
    }
    EXPECT_EQ(sources, (std::vector<std::string>{"Line", "CD player", "Microphone", "Analog connector", "Video disc",
                                                 "Stereo mix", "Mono mix"}));
    const Ran shown = portcls({"mixer", "--driver", "ac97"});
    ASSERT_EQ(shown.status, 0) << shown.error;
    EXPECT_THAT(shown.out, HasSubstr("-46.5 to 0.0 dB in steps of 1.50"));
}

TEST_F(Cards, TheAc97WithoutVariableRates) {
    const WaveFormat played = format(48000, 2, 16);
    const std::string file = write("in.wav", played, noise(played, 10000));
    EXPECT_EQ(portcls({"play", file, "--driver", "ac97", "--hardware", "ac97:vra=0", "--verify"}).status, 0);
    EXPECT_EQ(portcls({"info", "--driver", "ac97", "--hardware", "none"}).status, 1);
    const Ran other = portcls({"info", "--driver", "ac97", "--hardware", "sb16", "--json"});
    expect_failure(other, 1, "which no card in this computer is; there is: sb16");
    EXPECT_EQ(other.json()["error"]["name"], "STATUS_NO_SUCH_DEVICE");
}

} // namespace
} // namespace e2e
