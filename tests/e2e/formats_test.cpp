// Every format `cable` has comes back bit for bit, and every kind of file libsndfile reads can be played.
#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <sndfile.h>

#include "command.h"
#include "endpoints/wav_file.h"

namespace e2e {
namespace {

using openportcls::WaveFormat;
using testing::HasSubstr;

class Formats : public Command {
protected:
    // Plays with --verify and compares the file that was written.
    void expect_bit_exact(const std::string& file, const WaveFormat& format) const {
        const Ran ran = portcls({"play", file, "--verify", "--out", "wav:" + path("heard.wav")});
        ASSERT_EQ(ran.status, 0) << to_string(format) << ": " << ran.error;
        EXPECT_EQ(ran.error, "") << to_string(format) << ": nothing was to be converted";
        EXPECT_THAT(ran.out, AllOf(HasSubstr(to_string(format)), HasSubstr("0 glitches")));
        const Sound in = read(file);
        const Sound out = read(path("heard.wav"));
        EXPECT_EQ(out.format.rate, format.rate);
        EXPECT_EQ(out.format.channels, format.channels);
        EXPECT_EQ(out.format.bits, format.bits);
        EXPECT_EQ(out.format.is_float, format.is_float);
        EXPECT_TRUE(out.bytes == in.bytes) << to_string(format);
    }
};

class CableFormats : public Formats, public testing::WithParamInterface<std::uint32_t> {};

constexpr std::uint32_t rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000};
constexpr std::uint16_t most_channels = 8;

// Starting a sanitized command takes longer than what it plays. All formats go the same ways, so it plays every width
// at every rate, with the numbers of channels in turn: each has every width at some rate.
bool has_its_turn(std::uint32_t rate, int width, std::uint16_t channels) {
    const auto number = std::find(std::begin(rates), std::end(rates), rate) - std::begin(rates);
    return !command_is_sanitized || (number + 2 * width) % most_channels == channels - 1;
}

TEST_P(CableFormats, EveryWidthAndChannelCountIsHeardBitForBit) {
    WaveFormat format;
    format.rate = GetParam();
    int width = 0;
    for (const auto [bits, is_float] : {std::pair{16, false}, {24, false}, {32, false}, {32, true}}) {
        ++width;
        for (std::uint16_t channels = 1; channels <= most_channels; ++channels) {
            if (!has_its_turn(format.rate, width, channels)) {
                continue;
            }
            format.channels = channels;
            format.bits = static_cast<std::uint16_t>(bits);
            format.is_float = is_float;
            expect_bit_exact(write("in.wav", format, noise(format, format.rate / 25 + 17)), format);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Rates, CableFormats, testing::ValuesIn(rates));

struct Container {
    const char* name;
    int format; // of libsndfile
    WaveFormat as;
};

WaveFormat wave(std::uint16_t bits, bool is_float = false) {
    WaveFormat format;
    format.bits = bits;
    format.is_float = is_float;
    return format;
}

class Containers : public Formats, public testing::WithParamInterface<Container> {};

TEST_P(Containers, ArePlayedInTheirOwnWidth) {
    SF_INFO info{};
    info.samplerate = 48000;
    info.channels = 2;
    info.format = GetParam().format;
    if (sf_format_check(&info) == 0) {
        GTEST_SKIP() << "skipped: this libsndfile does not write " << GetParam().name;
    }
    const std::string file = path(std::string("in.") + GetParam().name);
    SNDFILE* made = sf_open(file.c_str(), SFM_WRITE, &info);
    ASSERT_NE(made, nullptr) << sf_strerror(nullptr);
    std::vector<double> samples;
    for (int index = 0; index < 2 * 9000; ++index) {
        samples.push_back(0.7 * std::sin(index * 0.05) + 0.1 * std::sin(index * 0.731));
    }
    EXPECT_EQ(sf_writef_double(made, samples.data(), 9000), 9000);
    EXPECT_EQ(sf_close(made), 0);
    expect_bit_exact(file, GetParam().as);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Containers,
                         testing::Values(Container{"aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_24, wave(24)},
                                         Container{"au", SF_FORMAT_AU | SF_FORMAT_PCM_16, wave(16)},
                                         Container{"flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, wave(24)},
                                         Container{"caf", SF_FORMAT_CAF | SF_FORMAT_PCM_32, wave(32)},
                                         Container{"w64", SF_FORMAT_W64 | SF_FORMAT_FLOAT, wave(32, true)},
                                         Container{"rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, wave(16)},
                                         Container{"wavex", SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, wave(24)},
                                         Container{"ulaw", SF_FORMAT_AU | SF_FORMAT_ULAW, wave(16)},
                                         Container{"ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, wave(32, true)},
                                         Container{"opus", SF_FORMAT_OGG | SF_FORMAT_OPUS, wave(32, true)},
                                         Container{"mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, wave(32, true)}),
                         [](const testing::TestParamInfo<Container>& info) { return info.param.name; });

// ---- what the driver does not take is converted, and said ----------------------------------------------------------

struct Conversion {
    const char* name;
    WaveFormat given;
    WaveFormat heard;
    const char* notice;
};

WaveFormat make(std::uint32_t rate, std::uint16_t channels, std::uint16_t bits, bool is_float = false) {
    WaveFormat format = wave(bits, is_float);
    format.rate = rate;
    format.channels = channels;
    return format;
}

class Conversions : public Formats, public testing::WithParamInterface<Conversion> {};

TEST_P(Conversions, AreMadeAndSaid) {
    const Conversion& conversion = GetParam();
    const std::string file =
        write("in.wav", conversion.given, tone(conversion.given, 441, 0.5, conversion.given.rate / 2));
    const Ran ran = portcls({"play", file, "--verify", "--out", "wav:" + path("heard.wav")});
    ASSERT_EQ(ran.status, 0) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr(conversion.notice));
    EXPECT_EQ(ran.error_lines(), 1U);
    EXPECT_THAT(ran.out, HasSubstr("the output equals the converted input bit for bit"));
    const Sound heard = read(path("heard.wav"));
    EXPECT_EQ(to_string(heard.format), to_string(conversion.heard));
    EXPECT_NEAR(static_cast<double>(heard.bytes.size()) / heard.format.bytes_per_frame() / heard.format.rate, 0.5,
                0.001);
    for (unsigned channel = 0; channel < std::min(heard.format.channels, conversion.given.channels); ++channel) {
        const auto samples = heard.channel(channel);
        EXPECT_NEAR(frequency(samples, heard.format.rate), 441, 0.5);
        EXPECT_NEAR(root_mean_square(samples), 0.5 / std::sqrt(2.0), 0.01);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cable, Conversions,
    testing::Values(Conversion{"Narrow", make(48000, 2, 8), make(48000, 2, 16), "converting from 8 bit"},
                    Conversion{"Slow", make(4000, 2, 16), make(8000, 2, 16), "converting from 4000 Hz"},
                    Conversion{"Fast", make(384000, 2, 24), make(192000, 2, 24), "converting from 384000 Hz"},
                    Conversion{"Broad", make(48000, 10, 16), make(48000, 8, 16), "converting from 10 ch"},
                    Conversion{"All", make(4000, 12, 8), make(8000, 8, 16), "converting from 4000 Hz, 12 ch, 8 bit"}),
    [](const testing::TestParamInfo<Conversion>& info) { return info.param.name; });

} // namespace
} // namespace e2e
