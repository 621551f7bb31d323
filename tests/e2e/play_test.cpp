// portcls play through `cable`: what comes out is what went in.
#include <cmath>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;
using testing::StartsWith;

class Play : public Command {
protected:
    // Plays with --verify and compares the file that was written.
    void expect_bit_exact(const std::string& file, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments = {"play", file, "--verify", "--json", "--out", "wav:" + path("heard.wav")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Ran ran = portcls(arguments);
        ASSERT_EQ(ran.status, 0) << ran.error;
        const auto facts = ran.json()["play"];
        EXPECT_TRUE(facts["bit_exact"].get<bool>());
        EXPECT_EQ(facts["glitches"], 0);
        const Sound in = read(file);
        const Sound out = read(path("heard.wav"));
        EXPECT_EQ(out.format.rate, in.format.rate);
        EXPECT_EQ(out.format.channels, in.format.channels);
        EXPECT_EQ(out.format.bits, in.format.bits);
        EXPECT_EQ(out.bytes.size(), in.bytes.size());
        EXPECT_TRUE(out.bytes == in.bytes);
    }
};

TEST_F(Play, FrontCenterIsHeardBitForBit) {
    const std::string recording = "/usr/share/sounds/alsa/Front_Center.wav";
    if (!std::filesystem::exists(recording)) {
        GTEST_SKIP() << "skipped: " << recording << " (package alsa-utils) is not there";
    }
    const Ran ran = portcls({"play", recording, "--out", "wav:" + path("heard.wav")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("the output equals the input bit for bit"));
    EXPECT_THAT(ran.out, HasSubstr("times faster than real time"));
    EXPECT_THAT(ran.out, HasSubstr("0 glitches"));
    EXPECT_EQ(ran.error, "") << "quiet when piped";
    EXPECT_TRUE(read(recording).bytes == read(path("heard.wav")).bytes);
}

struct FormatCase {
    std::uint32_t rate;
    std::uint16_t channels;
    std::uint16_t bits;
    bool is_float;
};

class PlayFormats : public Play, public testing::WithParamInterface<FormatCase> {};

TEST_P(PlayFormats, AreHeardBitForBit) {
    WaveFormat format;
    format.rate = GetParam().rate;
    format.channels = GetParam().channels;
    format.bits = GetParam().bits;
    format.is_float = GetParam().is_float;
    expect_bit_exact(write("in.wav", format, noise(format, format.rate / 3 + 17)));
}

INSTANTIATE_TEST_SUITE_P(
    Cable, PlayFormats,
    testing::Values(FormatCase{8000, 1, 16, false}, FormatCase{11025, 2, 16, false}, FormatCase{16000, 1, 24, false},
                    FormatCase{22050, 2, 32, false}, FormatCase{32000, 2, 32, true}, FormatCase{44100, 1, 16, false},
                    FormatCase{44100, 2, 24, false}, FormatCase{48000, 2, 16, false}, FormatCase{48000, 3, 16, false},
                    FormatCase{48000, 4, 24, false}, FormatCase{48000, 5, 32, false}, FormatCase{48000, 6, 16, false},
                    FormatCase{48000, 7, 32, true}, FormatCase{48000, 8, 16, false}, FormatCase{88200, 2, 24, false},
                    FormatCase{96000, 2, 24, false}, FormatCase{96000, 8, 32, true}, FormatCase{176400, 2, 32, false},
                    FormatCase{192000, 1, 16, false}, FormatCase{192000, 8, 32, false}),
    [](const testing::TestParamInfo<FormatCase>& info) {
        return std::to_string(info.param.rate) + "_" + std::to_string(info.param.channels) + "ch_" +
               (info.param.is_float ? "float" : std::to_string(info.param.bits) + "bit");
    });

TEST_F(Play, LeadingAndTrailingSilenceAreKept) {
    WaveFormat format;
    auto bytes = noise(format, 48000);
    std::fill_n(bytes.begin(), 4 * 10000, std::byte{0});
    std::fill_n(bytes.end() - 4 * 10000, 4 * 10000, std::byte{0});
    expect_bit_exact(write("in.wav", format, bytes));
}

TEST_F(Play, SilenceAndAlmostNothingAreHeard) {
    WaveFormat format;
    expect_bit_exact(write("silence.wav", format, std::vector<std::byte>(4 * 5000)));
    expect_bit_exact(write("one.wav", format, noise(format, 1)));
}

TEST_F(Play, PeriodsPacketsAndModesMakeNoDifference) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 48000));
    for (const char* period : {"1", "3", "20", "100"}) {
        expect_bit_exact(file, {"--period", period});
    }
    expect_bit_exact(file, {"--packets"});
    expect_bit_exact(file, {"--mode", "raw"});
    expect_bit_exact(file, {"--mode", "default"});
    expect_bit_exact(file, {"--pin", "0", "--filter", "Wave", "--loopback", "2"});
}

TEST_F(Play, EverySchedulingPlaysTheSame) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 20000));
    for (const char* scheduling : {"first_come", "random", "pct"}) {
        for (const char* seed : {"1", "2", "77"}) {
            expect_bit_exact(file, {"--scheduling", scheduling, "--seed", seed});
        }
    }
}

TEST_F(Play, SameSeedSameTrace) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 20000));
    const auto trace = [&](const char* seed, const char* name) {
        const Ran ran = portcls({"play", file, "--scheduling", "random", "--seed", seed, "--trace", path(name)});
        EXPECT_EQ(ran.status, 0) << ran.error;
        return text_of(path(name));
    };
    const std::string first = trace("42", "a.json");
    EXPECT_GT(first.size(), 1000U);
    EXPECT_TRUE(first == trace("42", "b.json")) << "two runs with one seed differ";
    EXPECT_FALSE(first == trace("43", "c.json")) << "the seed changes nothing";
}

TEST_F(Play, PacedTakesAsLongAsTheSound) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 24000));
    const Ran ran = portcls({"play", file, "--paced", "--json", "--out", "null"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto facts = ran.json()["play"];
    EXPECT_GT(facts["host_seconds"].get<double>(), 0.45);
}

TEST_F(Play, VolumeIsHeard) {
    WaveFormat format;
    const std::string file = write("in.wav", format, tone(format, 997, 0.5, 48000));
    const double before = root_mean_square(read(file).channel(0));
    for (const double level : {-3.0, -6.0, -20.0, -40.0}) {
        const Ran ran = portcls(
            {"play", file, "--set", "Topology:0=" + std::to_string(level) + "dB", "--out", "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << ran.error;
        EXPECT_THAT(ran.out, HasSubstr("differs from the input"));
        const Sound heard = read(path("heard.wav"));
        EXPECT_EQ(heard.bytes.size(), read(file).bytes.size());
        EXPECT_NEAR(20 * std::log10(root_mean_square(heard.channel(0)) / before), level, 0.5);
        EXPECT_NEAR(20 * std::log10(root_mean_square(heard.channel(1)) / before), level, 0.5);
    }
}

TEST_F(Play, OneChannelCanBeTurnedDown) {
    WaveFormat format;
    const std::string file = write("in.wav", format, tone(format, 997, 0.5, 48000));
    const Ran ran = portcls({"play", file, "--set", "Topology:0,1=-12dB", "--out", "wav:" + path("heard.wav")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const Sound in = read(file);
    const Sound heard = read(path("heard.wav"));
    EXPECT_TRUE(heard.channel(0) == in.channel(0)) << "aligned, and the other channel untouched";
    EXPECT_NEAR(20 * std::log10(root_mean_square(heard.channel(1)) / root_mean_square(in.channel(1))), -12, 0.5);
}

TEST_F(Play, MuteIsHeardAndFailsVerification) {
    WaveFormat format;
    const std::string file = write("in.wav", format, tone(format, 440, 0.5, 24000));
    const Ran ran =
        portcls({"play", file, "--verify", "--set", "Topology:1=mute", "--out", "wav:" + path("heard.wav")});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.out, HasSubstr("the output is silent, the input is not"));
    EXPECT_THAT(ran.error, StartsWith("portcls: --verify"));
    const Sound heard = read(path("heard.wav"));
    EXPECT_EQ(heard.bytes.size(), 4U * 24000);
    EXPECT_EQ(root_mean_square(heard.channel(0)), 0);
}

TEST_F(Play, WhatTheDriverRefusesIsConvertedAndSaid) {
    WaveFormat narrow;
    narrow.bits = 8;
    const Ran eight = portcls(
        {"play", write("eight.wav", narrow, noise(narrow, 9000)), "--verify", "--out", "wav:" + path("heard.wav")});
    EXPECT_EQ(eight.status, 0) << eight.error;
    EXPECT_THAT(eight.error, HasSubstr("the driver takes 16 bit: converting from 8 bit"));
    EXPECT_EQ(read(path("heard.wav")).format.bits, 16);

    WaveFormat fast;
    fast.rate = 384000;
    const Ran rate = portcls({"play", write("fast.wav", fast, tone(fast, 1000, 0.5, 384000)), "--verify", "--out",
                              "wav:" + path("slow.wav")});
    EXPECT_EQ(rate.status, 0) << rate.error;
    EXPECT_THAT(rate.error, HasSubstr("converting from 384000 Hz"));
    const Sound slow = read(path("slow.wav"));
    EXPECT_EQ(slow.format.rate, 192000U);
    EXPECT_NEAR(frequency(slow.channel(0), 192000), 1000, 0.5);
}

TEST_F(Play, SeveralOutputsAtOnce) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 4800));
    const Ran ran =
        portcls({"play", file, "--out", "wav:" + path("a.wav"), "--out", "wav:" + path("b.wav"), "--out", "null"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_TRUE(read(path("a.wav")).bytes == read(path("b.wav")).bytes);
    EXPECT_EQ(read(path("a.wav")).bytes.size(), 4U * 4800);
}

TEST_F(Play, WithoutLoopbackTheOutputIsACopyAndSaysSo) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 4800));
    const Ran ran = portcls({"play", file, "--loopback", "none", "--out", "wav:" + path("copy.wav")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("a copy of what the driver was given"));
    const Ran verified = portcls({"play", file, "--loopback", "none", "--verify"});
    EXPECT_EQ(verified.status, 1);
    EXPECT_THAT(verified.error, HasSubstr("does not loop"));
}

TEST_F(Play, ParametersReachTheRegistryFile) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 480));
    const Ran ran = portcls({"play", file, "--parameter", "SomethingOfMine=7", "--registry", path("registry")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_TRUE(std::filesystem::exists(path("registry")));
}

} // namespace
} // namespace e2e
