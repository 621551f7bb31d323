// ALSA devices that exist without hardware: alsa-lib's own `file` and `null`, and one that runs dry.
#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;
using testing::Not;

class Alsa : public Command {
protected:
    void SetUp() override {
        Command::SetUp();
        // The whole configuration: nothing of this computer's own counts.
        configuration_ = write_text("asound.conf", "pcm.silent { type null }\n"
                                                   "pcm.tape { type file slave.pcm silent file \"" +
                                                       path("tape.raw") +
                                                       "\" format raw }\n"
                                                       "pcm_type.opc_dry { lib \"" OPENPORTCLS_ALSA_DRY "\" }\n"
                                                       "pcm.dry { type opc_dry }\n");
    }

    Ran play(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "play");
        return portcls_with({"ALSA_CONFIG_PATH=" + configuration_}, arguments);
    }

    std::string configuration_;
};

TEST_F(Alsa, TheDeviceGetsEveryFrame) {
    for (const auto [bits, is_float] : {std::pair{16, false}, {24, false}, {32, false}, {32, true}}) {
        WaveFormat format;
        format.channels = 2;
        format.bits = static_cast<std::uint16_t>(bits);
        format.is_float = is_float;
        const auto bytes = noise(format, 12345);
        const Ran ran = play({write("in.wav", format, bytes), "--out", "alsa:tape", "--json"});
        ASSERT_EQ(ran.status, 0) << ran.error;
        EXPECT_EQ(ran.json()["play"]["underruns"], 0);
        const std::string tape = text_of(path("tape.raw"));
        ASSERT_GE(tape.size(), bytes.size());
        EXPECT_TRUE(tape.compare(0, bytes.size(), reinterpret_cast<const char*>(bytes.data()), bytes.size()) == 0);
        std::filesystem::remove(path("tape.raw"));
    }
}

TEST_F(Alsa, DefaultIsTheDeviceWhereThereIsOne) {
    write_text("asound.conf", text_of(configuration_) + "pcm.default tape\n");
    WaveFormat format;
    const Ran ran = play({write("in.wav", format, noise(format, 4800)), "--out", "default"});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_EQ(ran.error, "");
    EXPECT_GE(std::filesystem::file_size(path("tape.raw")), 4U * 4800);
}

TEST_F(Alsa, WithoutADeviceDefaultIsSilentAndSaysSo) {
    WaveFormat format;
    const Ran ran = play({write("in.wav", format, noise(format, 4800)), "--out", "default"});
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.error, "no sound device or server on this computer: nothing is heard from speakers\n");
}

TEST_F(Alsa, AnAbsentDeviceIsNamed) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 480));
    expect_failure(play({file, "--out", "alsa"}), 1,
                   "ALSA device default: cannot be opened: No such file or directory");
    expect_failure(play({file, "--out", "alsa:hw:7"}), 1, "ALSA device hw:7: cannot be opened");
}

TEST_F(Alsa, UnderrunsAreCounted) {
    WaveFormat format;
    const std::string file = write("in.wav", format, noise(format, 48000));
    const Ran text = play({file, "--out", "alsa:dry"});
    ASSERT_EQ(text.status, 0) << text.error;
    EXPECT_THAT(text.out, HasSubstr("the sound device ran dry 4 times"));
    EXPECT_THAT(text.out, HasSubstr("0 glitches")) << "that is the sound card's matter, not the driver's";
    EXPECT_EQ(play({file, "--out", "alsa:dry", "--json"}).json()["play"]["underruns"], 4);
    EXPECT_THAT(play({file, "--out", "alsa:silent"}).out, Not(HasSubstr("ran dry")));
}

TEST_F(Alsa, AFormatTheDeviceDoesNotTakeIsNamed) {
    WaveFormat format;
    format.bits = 24;
    const std::string file = write("in.wav", format, noise(format, 4800));
    expect_failure(play({file, "--out", "alsa:dry"}), 1, "ALSA device dry: does not take");
}

TEST_F(Alsa, RecordsIntoADevice) {
    const Ran ran = portcls_with({"ALSA_CONFIG_PATH=" + configuration_},
                                 {"record", "--seconds", "0.5", "--out", "alsa:tape", "--out", "wav:" + path("r.wav")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_GE(std::filesystem::file_size(path("tape.raw")), 4U * 24000);
    EXPECT_EQ(read(path("r.wav")).bytes.size(), 4U * 24000);
}

} // namespace
} // namespace e2e
