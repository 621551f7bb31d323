#include "cli/loopback.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "endpoints/sample_code.h"

namespace openportcls::cli {
namespace {

using Bytes = std::vector<std::byte>;

struct Heard {
    Bytes out;
    Loopback::Take take = [this](std::span<const std::byte> frames) {
        out.insert(out.end(), frames.begin(), frames.end());
        return Result<void>();
    };
};

Bytes noise(const WaveFormat& format, std::size_t frames) {
    std::mt19937 random(3);
    Bytes bytes(frames * format.bytes_per_frame());
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(random());
    }
    return bytes;
}

Bytes delayed(const WaveFormat& format, const Bytes& sound, std::size_t lead, std::size_t tail) {
    Bytes result(lead * format.bytes_per_frame());
    result.insert(result.end(), sound.begin(), sound.end());
    result.resize(result.size() + tail * format.bytes_per_frame());
    return result;
}

// Plays all, then hears it in pieces.
void run(Loopback& loopback, const Bytes& played, const Bytes& heard, std::size_t piece, Heard& into) {
    loopback.played(played);
    for (std::size_t at = 0; at < heard.size(); at += piece) {
        ASSERT_TRUE(loopback.heard(std::span(heard).subspan(at, std::min(piece, heard.size() - at)), into.take));
    }
    ASSERT_TRUE(loopback.finish(into.take));
}

TEST(Loopback, TrimsTheLeadExactly) {
    WaveFormat format;
    for (const std::size_t lead : {0, 1, 48, 5000}) {
        Loopback loopback(format);
        Heard heard;
        const Bytes sound = noise(format, 6000);
        run(loopback, sound, delayed(format, sound, lead, 700), 4 * 480, heard);
        EXPECT_TRUE(heard.out == sound) << lead;
        EXPECT_EQ(loopback.different_frames(), 0U);
        EXPECT_EQ(loopback.frames_out(), 6000U);
    }
}

TEST(Loopback, KeepsSilenceThatBelongsToTheSound) {
    WaveFormat format;
    Bytes sound = noise(format, 6000);
    std::fill_n(sound.begin(), 4 * 1234, std::byte{0});
    std::fill_n(sound.end() - 4 * 1000, 4 * 1000, std::byte{0});
    Loopback loopback(format);
    Heard heard;
    run(loopback, sound, delayed(format, sound, 99, 0), 4 * 100, heard);
    EXPECT_TRUE(heard.out == sound);
    EXPECT_EQ(loopback.different_frames(), 0U);
}

TEST(Loopback, CountsWhatDiffers) {
    WaveFormat format;
    const Bytes sound = noise(format, 6000);
    Bytes changed = sound;
    changed[4 * 3000] ^= std::byte{1};
    changed[4 * 3001 + 2] ^= std::byte{1};
    Loopback loopback(format);
    Heard heard;
    run(loopback, sound, delayed(format, changed, 48, 100), 4 * 480, heard);
    EXPECT_EQ(loopback.different_frames(), 2U);
    EXPECT_EQ(loopback.first_difference(), 3000U);
    EXPECT_EQ(heard.out.size(), sound.size());
}

TEST(Loopback, FindsTheLeadOfASoundTurnedDown) {
    WaveFormat format;
    format.channels = 1;
    Bytes sound(2 * 6000);
    Bytes quiet = sound;
    for (std::size_t index = 0; index < 6000; ++index) {
        const double sample = 0.001 * std::sin(0.05 * static_cast<double>(index) + 0.0004);
        endpoints::encode_sample(sound.data() + 2 * index, sample, format);
        endpoints::encode_sample(quiet.data() + 2 * index, 0.1 * sample, format); // begins with zeros
    }
    Loopback loopback(format);
    Heard heard;
    run(loopback, sound, delayed(format, quiet, 48, 300), 2 * 480, heard);
    EXPECT_TRUE(heard.out == quiet);
}

TEST(Loopback, NothingHeardIsSilence) {
    WaveFormat format;
    format.bits = 8;
    const Bytes sound = noise(format, 3000);
    Loopback loopback(format);
    Heard heard;
    run(loopback, sound, Bytes(2 * 5000, std::byte{0x80}), 2 * 480, heard);
    EXPECT_TRUE(heard.out == Bytes(2 * 3000, std::byte{0x80}));
    EXPECT_FALSE(loopback.heard_anything());
    EXPECT_GT(loopback.different_frames(), 2900U);
}

} // namespace
} // namespace openportcls::cli
