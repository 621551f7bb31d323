// portcls play through `cable`: what comes out is what went in.
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <sndfile.hh>

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

    // Plays `file` in real time into heard.wav, and does `then` in a shell to the command, which is $$, when a tenth of
    // a second has been heard: how long a busy host takes to get there is not what is tested.
    Ran play_and_then(const std::string& then, const std::string& file, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {
            "sh",
            "-c",
            "(while kill -0 $$ && ! find . -name '.heard.wav*' -size +19200c | grep -q .; do sleep 0.02; done; " +
                then + ") >/dev/null 2>&1 & exec \"$0\" play \"$@\"",
            OPENPORTCLS_COMMAND,
            file,
            "--paced",
            "--out",
            "wav:" + path("heard.wav")};
        arguments[2].insert(0, "cd '" + folder_.string() + "' || exit; ");
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
};

TEST_F(Play, StandardInputAndOutput) {
    const WaveFormat format{.rate = 44100, .channels = 2, .bits = 24};
    const std::vector<std::byte> sound = noise(format, 30000);
    write("in.wav", format, sound);
    // $PORTCLS is the command.
    const auto shell = [&](const std::string& line) {
        return run({"sh", "-c", "cd '" + folder_.string() + "' && PORTCLS=\"$0\" && " + line, OPENPORTCLS_COMMAND});
    };
    const auto heard = [&](const std::string& name) {
        const Sound out = read(path(name));
        EXPECT_EQ(out.format.rate, format.rate);
        EXPECT_EQ(out.format.bits, format.bits);
        return out.bytes == sound;
    };
    // From a pipe into a file, into a pipe, and through both again.
    Ran ran = shell("cat in.wav | $PORTCLS play - --verify --json --out wav:a.wav");
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.json()["play"]["frames"], 30000);
    EXPECT_TRUE(heard("a.wav"));
    ran = shell("cat in.wav | $PORTCLS play - --out wav:- | $PORTCLS play - --out wav:b.wav");
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("bit for bit")) << "text goes to standard error";
    EXPECT_TRUE(heard("b.wav"));
    // Files are completed, and read whole.
    ran = shell("$PORTCLS play - --out wav:- < in.wav > c.wav");
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_TRUE(heard("c.wav"));
    // A format that is not read from front to back.
    if (SndfileHandle flac(path("in.flac"), SFM_WRITE, SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 2, 44100); flac) {
        std::vector<int> samples(60000);
        for (std::size_t index = 0; index < samples.size(); ++index) {
            samples[index] = static_cast<int>(static_cast<unsigned>(sound[3 * index + 2]) << 24 |
                                              static_cast<unsigned>(sound[3 * index + 1]) << 16 |
                                              static_cast<unsigned>(sound[3 * index]) << 8);
        }
        flac.write(samples.data(), static_cast<sf_count_t>(samples.size()));
    }
    ran = shell("cat in.flac | $PORTCLS play - --out wav:d.wav");
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_TRUE(heard("d.wav"));
    ran = shell("$PORTCLS record - --seconds 0.1 --rate 48000 | $PORTCLS play - --json");
    EXPECT_EQ(ran.json()["play"]["frames"], 4800) << ran.error;
    expect_failure(shell("head -c 1000 in.wav | $PORTCLS play -"), 1, "standard input: cut off or damaged");
    expect_failure(shell("echo nothing | $PORTCLS play -"), 1, "standard input: not a sound file");
}

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
    for (const char* period : {"0.1", "1", "3", "20", "100", "341", "400", "999.5", "3000", "10000"}) {
        expect_bit_exact(file, {"--period", period});
    }
    expect_bit_exact(file, {"--packets", "--period", "700"});
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

// A twentieth of a second has few moments at which two processors could run; seeds still tell runs apart.
TEST_F(Play, PctExploresShortRuns) {
    const WaveFormat format;
    const std::string file = write("short.wav", format, noise(format, format.rate / 20));
    const auto different_runs = [&](const std::string& driver) {
        std::set<std::string> different;
        for (int seed = 1; seed <= 40; ++seed) {
            const Ran ran = portcls({"play", file, "--driver", driver, "--out", "null", "--scheduling", "pct", "--seed",
                                     std::to_string(seed), "--trace", path("pct.json")});
            EXPECT_EQ(ran.status, 0) << ran.error;
            different.insert(text_of(path("pct.json")));
        }
        return different.size();
    };
    EXPECT_GE(different_runs("cable"), 30U);
    EXPECT_GE(different_runs("sb16"), 20U) << "which has 15 moments at which another processor could run";
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

TEST_F(Play, PacedTakesAsLongAsTheSoundAndSaysHowWellItKeptStep) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 24000));
    const Ran ran = portcls({"play", file, "--paced", "--json", "--out", "null"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto facts = ran.json()["play"];
    EXPECT_GT(facts["host_seconds"].get<double>(), 0.45);
    EXPECT_GE(facts["pace"]["periods"], 50) << "of 10 ms, in both directions";
    EXPECT_GE(facts["pace"]["late"], 0);
    EXPECT_GT(facts["pace"]["worst_milliseconds"], 0.0) << "no host wakes up on the nanosecond";
    const Ran text = portcls({"play", file, "--paced"});
    EXPECT_THAT(text.out, HasSubstr("in real time"));
    EXPECT_THAT(text.out, HasSubstr("periods late by more than a period, the worst by"));
    EXPECT_FALSE(portcls({"play", file, "--json"}).json()["play"].contains("pace"));
}

// A stopped process is what a host that is too busy looks like.
TEST_F(Play, PacedReportsPeriodsThatCameLate) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 96000));
    const Ran ran = play_and_then("kill -STOP $$; sleep 0.3; kill -CONT $$", file, {"--json"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    const auto pace = ran.json()["play"]["pace"];
    EXPECT_GE(pace["late"], 1) << pace; // the machine goes on from now, it does not run after what it missed
    EXPECT_GT(pace["worst_milliseconds"], 150.0) << pace;
}

TEST_F(Play, InterruptedItEndsInOrder) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 48000 * 30));
    const Ran ran = play_and_then("kill -INT $$", file);
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.out, HasSubstr("interrupted: that is not the whole file"));
    EXPECT_THAT(ran.out, HasSubstr("bit for bit"));
    const Sound heard = read(path("heard.wav"));
    EXPECT_GT(heard.bytes.size(), 4U * 4096);
    EXPECT_LT(heard.bytes.size(), 4U * 48000 * 20);
}

// A port without a mapped buffer: the same command, through stream requests.
TEST_F(Play, AndRecordThroughWaveCyclic) {
    const Ran built = portcls({"build", OPENPORTCLS_SOURCE "/tests/drivers/cyclic", "-o", path("cyclic.so"), "--cache",
                               OPENPORTCLS_DRIVER_CACHE});
    ASSERT_EQ(built.status, 0) << built.error;
    const std::vector<std::string> driver = {"--driver", path("cyclic.so"), "--inf",
                                             OPENPORTCLS_SOURCE "/tests/drivers/cyclic/cyclic.inx"};
    const std::string file = write("in.wav", WaveFormat{}, noise(WaveFormat{}, 48000));
    for (const char* period : {"1", "10", "33.3"}) {
        std::vector<std::string> arguments = {"play", file, "--loopback", "1", "--verify", "--period", period};
        arguments.insert(arguments.end(), driver.begin(), driver.end());
        const Ran ran = portcls(arguments);
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_THAT(ran.out, HasSubstr("0 glitches"));
        EXPECT_THAT(ran.out, HasSubstr("the output equals the input bit for bit"));
    }
    std::vector<std::string> arguments = {"record", path("r.wav"), "--seconds", "0.3"};
    arguments.insert(arguments.end(), driver.begin(), driver.end());
    EXPECT_EQ(portcls(arguments).status, 0);
    EXPECT_EQ(read(path("r.wav")).bytes.size(), 48000U * 3 / 10 * 4);
}

TEST_F(Play, AnInterruptedRunVerifiesNothing) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 48000 * 30));
    const Ran ran = play_and_then("kill -INT $$", file, {"--verify"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("--verify: interrupted, the output is not the whole input"));
}

// What a file has and no driver takes is lost in reading it: that is said.
TEST_F(Play, WideFloatIsConvertedAloud) {
    const std::string file = path("double.wav");
    SF_INFO info{};
    info.samplerate = 48000;
    info.channels = 1;
    info.format = SF_FORMAT_WAV | SF_FORMAT_DOUBLE;
    SNDFILE* sound = sf_open(file.c_str(), SFM_WRITE, &info);
    ASSERT_NE(sound, nullptr);
    const std::vector<double> samples(4800, 1.0 / 3);
    sf_write_double(sound, samples.data(), 4800);
    sf_close(sound);
    const Ran ran = portcls({"play", file, "--verify"});
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("converting from 64-bit float"));
    EXPECT_THAT(ran.out, HasSubstr("the output equals the converted input bit for bit"));
}

TEST_F(Play, ProgressIsShownOnATerminalOnly) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 24000));
    const std::string command = std::string(OPENPORTCLS_COMMAND) + " play " + file + " --paced";
    const Ran terminal = run({"script", "-qec", command, "/dev/null"});
    EXPECT_EQ(terminal.status, 0) << terminal.out;
    EXPECT_THAT(terminal.out, HasSubstr("of 0.5 s"));
    const Ran pipe = run({"sh", "-c", command});
    EXPECT_EQ(pipe.error, "");
    EXPECT_THAT(pipe.out, testing::Not(HasSubstr("of 0.5 s")));
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

TEST_F(Play, TheServiceHasTheNameThatIsAskedFor) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 480));
    const Ran ran = portcls({"play", file, "--service-name", "Wire", "--registry", path("registry")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_NE(text_of(path("registry")).find("\"Wire\": {"), std::string::npos) << "the key below Services";
    EXPECT_THAT(portcls({"info", "--service-name", "a\\b"}).error,
                HasSubstr("'a\\b' is no name for a driver's service"));
}

// What the link leads to is written, and the link stays one.
TEST_F(Play, ARegistryFileMayBeALink) {
    std::filesystem::create_symlink("kept", path("link"));
    for (int round = 0; round < 2; ++round) {
        ASSERT_EQ(portcls({"info", "--registry", path("link")}).status, 0);
        EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
        EXPECT_TRUE(std::filesystem::is_regular_file(path("kept")));
    }
}

} // namespace
} // namespace e2e
