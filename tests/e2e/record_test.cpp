// `portcls record --in FILE`: what goes in comes out, through cables and cards.
#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;

class RecordInput : public Command {
protected:
    static WaveFormat format(std::uint32_t rate, std::uint16_t channels) {
        WaveFormat result;
        result.rate = rate;
        result.channels = channels;
        return result;
    }
    Ran record(const std::vector<std::string>& more) const {
        std::vector<std::string> arguments = {"record", path("out.wav"), "--json", "--in", path("in.wav")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return portcls(arguments);
    }
};

TEST_F(RecordInput, ACableIsFedThroughItsRenderPin) {
    const WaveFormat played = format(48000, 2);
    write("in.wav", played, noise(played, 30000));
    const Ran ran = record({"--driver", "cable", "--verify"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.json()["record"]["in_pin"], 0);
    EXPECT_EQ(ran.json()["record"]["bit_exact"], true);
    EXPECT_EQ(ran.json()["record"]["glitches"], 0);
    EXPECT_TRUE(read(path("out.wav")).bytes == read(path("in.wav")).bytes) << "frame for frame";
}

TEST_F(RecordInput, TheRecordingMayBeLongerOrShorterThanTheFile) {
    const WaveFormat played = format(48000, 2);
    write("in.wav", played, noise(played, 24000));
    const auto whole = read(path("in.wav")).bytes;
    ASSERT_EQ(record({"--seconds", "0.25", "--verify"}).status, 0);
    const auto half = read(path("out.wav")).bytes;
    EXPECT_EQ(half.size(), whole.size() / 2);
    EXPECT_TRUE(std::equal(half.begin(), half.end(), whole.begin()));
    ASSERT_EQ(record({"--seconds", "1", "--verify"}).status, 0);
    const auto longer = read(path("out.wav")).bytes;
    EXPECT_EQ(longer.size(), whole.size() * 2);
    EXPECT_TRUE(std::equal(whole.begin(), whole.end(), longer.begin()));
    EXPECT_TRUE(std::all_of(longer.begin() + static_cast<std::ptrdiff_t>(whole.size()), longer.end(),
                            [](auto byte) { return static_cast<unsigned>(byte) == 0; }));
}

TEST_F(RecordInput, AnotherFormatIsConvertedToTheRecordings) {
    const WaveFormat played = format(44100, 1);
    write("in.wav", played, tone(played, 440, 0.5, 44100));
    const Ran ran = record({"--verify"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.json()["record"]["frames"], 48000);
    EXPECT_NEAR(root_mean_square(read(path("out.wav")).channel(0)), 0.5 / std::sqrt(2.0), 0.01);
}

TEST_F(RecordInput, VerifyTellsWhenItIsNotTheSame) {
    const WaveFormat played = format(48000, 2);
    write("in.wav", played, noise(played, 9600));
    const Ran ran = record({"--set", "Master Volume=-6dB", "--verify"});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.error, HasSubstr("the recording is not the input"));
    EXPECT_EQ(record({"--set", "Master Volume=-6dB"}).status, 0);
    EXPECT_EQ(portcls({"record", path("out.wav"), "--verify"}).status, 2) << "with what?";
}

TEST_F(RecordInput, VerifyWorksForCardsToo) {
    const WaveFormat played = format(44100, 2);
    write("in.wav", played, noise(played, 9600));
    for (const char* card : {"sb16", "ac97"}) {
        const Ran ran = record({"--driver", card, "--rate", "44100", "--verify"});
        EXPECT_EQ(ran.status, 0) << ran.error;
        EXPECT_EQ(ran.json()["record"]["in_pin"], nullptr);
        EXPECT_EQ(record({"--driver", card, "--rate", "44100", "--socket", "cd", "--verify"}).status, 1)
            << card << ": the line is recorded";
        const Ran sampled = record({"--driver", card, "--rate", "48000", "--verify"});
        EXPECT_EQ(sampled.status, 1);
        EXPECT_THAT(sampled.error, ::testing::HasSubstr("record with --rate 44100"));
    }
}

// A rate that the driver does not have is no way out.
TEST_F(RecordInput, VerifySaysWhatWouldHelp) {
    for (const auto& [rate, help] :
         {std::pair{5000U, "the driver does not record at 5000 Hz, so it takes a file of 8000"},
          {22050U, "record with --rate 22050"}}) {
        const WaveFormat played = format(rate, 2);
        write("in.wav", played, noise(played, 2000));
        const std::string asked = rate == 5000 ? "5000" : "44100";
        const Ran ran = record({"--driver", "ac97", "--rate", asked, "--verify"});
        EXPECT_EQ(ran.status, 1);
        EXPECT_THAT(ran.error, HasSubstr(help));
    }
}

TEST_F(RecordInput, APinIsNamedForADriverThatLoopsBack) {
    const WaveFormat played = format(48000, 2);
    write("in.wav", played, noise(played, 9600));
    const Ran built = portcls({"build", OPENPORTCLS_SOURCE "/tests/drivers/engine", "-o", path("engine.so"), "--cache",
                               OPENPORTCLS_DRIVER_CACHE});
    ASSERT_EQ(built.status, 0) << built.error;
    const std::vector<std::string> engine = {"--driver", path("engine.so"), "--inf",
                                             OPENPORTCLS_SOURCE "/tests/drivers/engine/engine.inx"};
    const Ran nowhere = record(engine);
    EXPECT_EQ(nowhere.status, 1);
    EXPECT_THAT(nowhere.error, HasSubstr("--in-pin"));
    std::vector<std::string> through_pin = engine;
    through_pin.insert(through_pin.end(), {"--in-pin", "1", "--verify"});
    const Ran ran = record(through_pin);
    EXPECT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.json()["record"]["in_pin"], 1);
}

} // namespace
} // namespace e2e
