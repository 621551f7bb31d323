#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <random>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "endpoints/conversion.h"
#include "endpoints/wav_file.h"
#include "endpoints/wav_header.h"

namespace openportcls::endpoints {
namespace {

class Endpoints : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "opc-endpoints-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    static std::vector<std::byte> noise(const WaveFormat& format, std::size_t frames) {
        std::mt19937 random(7);
        std::vector<std::byte> bytes(frames * format.bytes_per_frame());
        if (format.is_float) {
            for (std::size_t at = 0; at < bytes.size(); at += 4) {
                const float value = static_cast<float>(random() % 20001) / 10000.0F - 1.0F;
                std::memcpy(bytes.data() + at, &value, 4);
            }
        } else {
            for (std::byte& byte : bytes) {
                byte = static_cast<std::byte>(random());
            }
        }
        return bytes;
    }

    static std::vector<std::byte> read_all(Source& source) {
        std::vector<std::byte> all;
        std::vector<std::byte> piece(std::size_t{1000} * source.format().bytes_per_frame());
        for (;;) {
            const auto got = source.read(piece);
            EXPECT_TRUE(got) << got.error().message;
            if (!got) {
                return all;
            }
            all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(*got));
            if (*got < piece.size()) {
                return all;
            }
        }
    }

    std::filesystem::path write(const WaveFormat& format, std::span<const std::byte> bytes,
                                const char* name = "x.wav") {
        const auto path = folder_ / name;
        auto sink = create_wav_file(path, format);
        EXPECT_TRUE(sink) << sink.error().message;
        EXPECT_TRUE((*sink)->write(bytes));
        EXPECT_TRUE((*sink)->finish());
        return path;
    }

    std::filesystem::path folder_;
};

TEST_F(Endpoints, WavKeepsEveryBitInEveryFormat) {
    for (const std::uint16_t channels : {1, 2, 3, 6, 8}) {
        for (const auto [bits, is_float] : {std::pair{8, false}, {16, false}, {24, false}, {32, false}, {32, true}}) {
            WaveFormat format;
            format.rate = 44100;
            format.channels = channels;
            format.bits = static_cast<std::uint16_t>(bits);
            format.is_float = is_float;
            const auto bytes = noise(format, 2500);
            const auto path = write(format, bytes);
            auto source = open_sound_file(path);
            ASSERT_TRUE(source) << source.error().message;
            EXPECT_EQ((*source)->format().bits, bits);
            EXPECT_EQ((*source)->format().channels, channels);
            EXPECT_EQ((*source)->format().is_float, is_float);
            EXPECT_EQ((*source)->frames(), 2500U);
            EXPECT_EQ(read_all(**source), bytes) << to_string(format);
        }
    }
}

TEST_F(Endpoints, ChannelMasksSurvive) {
    WaveFormat format;
    format.channels = 6;
    format.channel_mask = 0x60F; // 5.1 with side speakers
    const auto path = write(format, noise(format, 100));
    auto source = open_sound_file(path);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->format().channel_mask, 0x60FU);
}

TEST_F(Endpoints, ErrorsNameTheFile) {
    const auto missing = open_sound_file(folder_ / "nothing.wav");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("nothing.wav: no such file"), std::string::npos);

    std::ofstream(folder_ / "letter.wav") << "Dear Sir or Madam, this is not a sound at all.";
    const auto letter = open_sound_file(folder_ / "letter.wav");
    ASSERT_FALSE(letter);
    EXPECT_NE(letter.error().message.find("letter.wav: not a sound file"), std::string::npos);

    std::ofstream(folder_ / "empty.wav");
    EXPECT_FALSE(open_sound_file(folder_ / "empty.wav"));
    EXPECT_FALSE(open_sound_file(folder_));

    WaveFormat format;
    const auto path = write(format, noise(format, 1000));
    std::filesystem::resize_file(path, 2044);
    const auto cut = open_sound_file(path);
    ASSERT_FALSE(cut);
    EXPECT_NE(cut.error().message.find("x.wav: cut off: its header promises 4000 bytes of sound, 2000 are there"),
              std::string::npos)
        << cut.error().message;

    // Big-endian headers: 1,000 frames of 16 bit promised, half of them there.
    const auto file_of = [&](const char* name, const std::string& bytes) {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
        return open_sound_file(folder_ / name);
    };
    const std::string samples(1000, 'x');
    const std::string au = std::string(".snd\0\0\0\x18\0\0\x07\xD0\0\0\0\x03\0\0\xBB\x80\0\0\0\x01", 24) + samples;
    const auto cut_au = file_of("cut.au", au);
    ASSERT_FALSE(cut_au);
    EXPECT_NE(cut_au.error().message.find("promises 2000 bytes of sound, 1000 are there"), std::string::npos);
    const std::string aiff = std::string("FORM\0\0\x07\xFE"
                                         "AIFFCOMM\0\0\0\x12\0\x01\0\0\x03\xE8\0\x10"
                                         "\x40\x0E\xBB\x80\0\0\0\0\0\0SSND\0\0\x07\xD8\0\0\0\0\0\0\0\0",
                                         54) +
                             samples;
    const auto cut_aiff = file_of("cut.aiff", aiff);
    ASSERT_FALSE(cut_aiff);
    EXPECT_NE(cut_aiff.error().message.find("promises 2000 bytes of sound, 1000 are there"), std::string::npos)
        << cut_aiff.error().message;

    // A recorder that died wrote the sizes never.
    std::string unfinished =
        std::string("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xBB\0\0\0\x77\x01\0\x02\0\x10\0"
                    "data\0\0\0\0",
                    44) +
        samples;
    const auto never_completed = file_of("unfinished.wav", unfinished);
    ASSERT_FALSE(never_completed);
    EXPECT_NE(
        never_completed.error().message.find("never completed: its header gives no length, and 1000 bytes follow"),
        std::string::npos)
        << never_completed.error().message;

    const auto pipe = folder_ / "pipe.wav";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const auto from_pipe = open_sound_file(pipe);
    ASSERT_FALSE(from_pipe);
    EXPECT_NE(from_pipe.error().message.find("is a pipe or a device"), std::string::npos);

    format.bits = 12;
    EXPECT_FALSE(create_wav_file(folder_ / "odd.wav", format));
    EXPECT_FALSE(create_wav_file(folder_ / "no" / "folder.wav", WaveFormat{}));
}

TEST_F(Endpoints, SinkNamesAreChecked) {
    for (const char* good : {"wav:x.wav", "alsa", "alsa:hw:0", "default", "null"}) {
        EXPECT_TRUE(check_sink(good)) << good;
    }
    for (const char* bad : {"", "wav:", "wav", "pulse", "null:1", "x.wav"}) {
        EXPECT_FALSE(check_sink(bad)) << bad;
    }
}

TEST_F(Endpoints, WideningIsExactAndNarrowingComesBack) {
    WaveFormat narrow;
    WaveFormat wide = narrow;
    const auto bytes = noise(narrow, 5000);
    for (const auto [bits, is_float] : {std::pair{24, false}, {32, false}, {32, true}}) {
        wide.bits = static_cast<std::uint16_t>(bits);
        wide.is_float = is_float;
        auto source = convert_source(std::move(*open_sound_file(write(narrow, bytes))), wide);
        ASSERT_TRUE(source);
        auto back = convert_source(std::move(*source), narrow);
        ASSERT_TRUE(back);
        EXPECT_EQ(read_all(**back), bytes) << to_string(wide);
    }
}

TEST_F(Endpoints, RateConversionKeepsLengthAndTone) {
    WaveFormat from;
    from.channels = 1;
    std::vector<std::int16_t> tone(48000);
    for (std::size_t index = 0; index < tone.size(); ++index) {
        tone[index] = static_cast<std::int16_t>(
            std::lround(16000 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(index) / 48000)));
    }
    WaveFormat to;
    to.rate = 44100;
    auto source = convert_source(std::move(*open_sound_file(write(from, std::as_bytes(std::span(tone))))), to);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->frames(), 44100U);
    const auto bytes = read_all(**source);
    EXPECT_NEAR(static_cast<double>(bytes.size()) / 4, 44100, 2);
    const auto* samples = reinterpret_cast<const std::int16_t*>(bytes.data());
    for (std::size_t index = 1000; index < 43000; ++index) {
        const double expected = 16000 * std::sin(2 * std::numbers::pi * 1000 * static_cast<double>(index) / 44100);
        ASSERT_NEAR(samples[2 * index], expected, 4) << index;
        ASSERT_EQ(samples[2 * index], samples[2 * index + 1]) << "one channel goes to both";
    }
}

// R-FMT-14: PCM of 8 bits is unsigned, silence is 0x80; wider PCM is signed, silence is 0. Both ways, and the ends.
TEST_F(Endpoints, EightBitPcmIsUnsignedAndWiderIsSigned_R_FMT_14) {
    const auto convert = [](const std::vector<std::byte>& in, std::uint16_t from, std::uint16_t to) {
        const auto mono = [](std::uint16_t bits) { return WaveFormat{.rate = 48000, .channels = 1, .bits = bits}; };
        auto converter = Converter::create(mono(from), mono(to));
        EXPECT_TRUE(converter);
        std::vector<std::byte> out;
        EXPECT_TRUE(converter->convert(in, out));
        EXPECT_TRUE(converter->finish(out));
        return out;
    };
    const auto bytes = [](std::initializer_list<int> values) {
        std::vector<std::byte> result;
        for (const int value : values) {
            result.push_back(static_cast<std::byte>(value));
        }
        return result;
    };
    EXPECT_EQ(convert(bytes({0x80, 0x00, 0xFF}), 8, 16), bytes({0x00, 0x00, 0x00, 0x80, 0x00, 0x7F}));
    EXPECT_EQ(convert(bytes({0x00, 0x00, 0x00, 0x80, 0xFF, 0x7F}), 16, 8), bytes({0x80, 0x00, 0xFF}));
    EXPECT_EQ(convert(bytes({0x80}), 8, 24), bytes({0, 0, 0}));
    EXPECT_EQ(convert(bytes({0, 0, 0}), 24, 32), bytes({0, 0, 0, 0}));
}

} // namespace
} // namespace openportcls::endpoints
