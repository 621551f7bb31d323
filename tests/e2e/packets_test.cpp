// Packet mode through a driver that is strict about it (tests/drivers/packets) and, where a copy is at hand, through
// Microsoft's sample.
#include <cstring>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;

class Packets : public Command {
protected:
    void SetUp() override {
        Command::SetUp();
        const Ran built = portcls({"build", OPENPORTCLS_SOURCE "/tests/drivers/packets", "-o", path("packets.so"),
                                   "--cache", OPENPORTCLS_DRIVER_CACHE});
        ASSERT_EQ(built.status, 0) << built.error;
        file_ = write("in.wav", WaveFormat{}, noise(WaveFormat{}, frames));
    }

    // `temper`: the driver's parameter Packets.
    Ran with_driver(std::vector<std::string> arguments, int temper, const std::vector<std::string>& more) const {
        arguments.insert(arguments.end(), {"--json", "--driver", path("packets.so"), "--inf",
                                           OPENPORTCLS_SOURCE "/tests/drivers/packets/packets.inx", "--parameter",
                                           "Packets=" + std::to_string(temper)});
        arguments.insert(arguments.end(), more.begin(), more.end());
        return portcls(arguments);
    }
    Ran play(int temper, const std::vector<std::string>& more = {}) const {
        return with_driver({"play", file_}, temper, more);
    }
    Ran record(int temper, const std::vector<std::string>& more = {}) const {
        return with_driver({"record", path("heard.wav"), "--seconds", "0.1"}, temper, more);
    }

    static constexpr unsigned periods = 50;
    static constexpr unsigned frames = periods * 480;
    std::string file_;
};

// R-WRT-22: "too far ahead" is a normal answer. The client holds the packet back until the driver takes it.
TEST_F(Packets, ADriverThatTakesOnlyTheNextOneHearsOfEveryOne) {
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{}, {"--packets"}, {"--packets", "--period", "3"}, {"--period", "40"}}) {
        const Ran ran = play(1, more);
        ASSERT_EQ(ran.status, 0) << ran.error;
        const auto facts = ran.json()["play"];
        EXPECT_EQ(facts["frames"], frames);
        EXPECT_EQ(facts["glitches"], 0);
        EXPECT_EQ(facts["reported_glitches"], 0) << testing::PrintToString(more);
    }
}

TEST_F(Packets, WithoutThemTheDriverHearsOfNone) {
    const Ran ran = play(1, {"--no-packets"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_GE(ran.json()["play"]["reported_glitches"], periods);
}

// R-WRT-20: where the stream lacks the interface the client goes by notifications, unless it was told not to.
TEST_F(Packets, ADriverWithoutThemPlaysAndRecordsAllTheSame) {
    EXPECT_EQ(play(0).status, 0);
    EXPECT_EQ(record(0).status, 0);
    expect_failure(play(0, {"--packets"}), 1, "STATUS_NOT_SUPPORTED");
    expect_failure(record(0, {"--packets"}), 1, "STATUS_NOT_SUPPORTED");
}

TEST_F(Packets, ADriverThatNeverTakesOrGivesOneEndsInAnError) {
    expect_failure(play(2), 1, "STATUS_DATA_OVERRUN");
    expect_failure(record(2), 1, "STATUS_IO_TIMEOUT");
}

// The driver fills every packet with its number (R-WRT-25).
TEST_F(Packets, WhatIsCapturedComesPacketByPacket) {
    for (const std::string& mode : {"--packets", "--no-packets"}) {
        const Ran ran = record(1, {mode});
        ASSERT_EQ(ran.status, 0) << ran.error;
        EXPECT_EQ(ran.json()["record"]["glitches"], 0);
        const Sound heard = read(path("heard.wav"));
        ASSERT_EQ(heard.bytes.size(), 4800U * 4);
        for (std::size_t at = 0; at < heard.bytes.size(); at += 2) {
            std::uint16_t sample;
            std::memcpy(&sample, &heard.bytes[at], sizeof sample);
            ASSERT_EQ(sample, at / (480 * 4)) << mode << " at " << at;
        }
    }
}

// The sample takes only the next packet, too; it reports the first one as "received twice in a row".
TEST_F(Packets, MicrosoftsSampleIsToldOfEveryOne) {
    const char* sample = std::getenv("OPENPORTCLS_SIMPLEAUDIOSAMPLE");
    if (sample == nullptr) {
        GTEST_SKIP() << "OPENPORTCLS_SIMPLEAUDIOSAMPLE names no copy of it";
    }
    const Ran built = portcls({"build", sample, "-o", path("sample"), "--cache", OPENPORTCLS_DRIVER_CACHE});
    ASSERT_EQ(built.status, 0) << built.error;
    const auto glitches = [&](const char* mode) {
        const Ran ran = portcls({"play", file_, "--json", "--driver", path("sample"), mode});
        EXPECT_EQ(ran.status, 0) << ran.error;
        return ran.json()["play"]["reported_glitches"].get<unsigned>();
    };
    EXPECT_LE(glitches("--packets"), 1U);
    EXPECT_GE(glitches("--no-packets"), periods - 1);
}

TEST_F(Packets, TheTwoOptionsExcludeEachOther) {
    const Ran ran = play(1, {"--packets", "--no-packets"});
    EXPECT_EQ(ran.status, 2);
    EXPECT_THAT(ran.error, HasSubstr("excludes"));
}

} // namespace
} // namespace e2e
