// Sound of more than 4 GiB: the sizes in a WAV file's header have 32 bits. Sparse files stand for the large ones.
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sndfile.h>

#include "endpoints/wav_file.h"
#include "endpoints/wav_header.h"

namespace openportcls::endpoints {
namespace {

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30;

class LargeFiles : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "opc-large-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    // A stereo file of `kind` whose header says `bytes`, of which so many are there.
    std::filesystem::path file(int kind, std::uint64_t bytes, std::uint64_t present) const {
        const auto path = folder_ / "large";
        SF_INFO info{};
        info.samplerate = 48000;
        info.channels = 2;
        info.format = kind | SF_FORMAT_PCM_16;
        SNDFILE* made = sf_open(path.c_str(), SFM_WRITE, &info);
        EXPECT_NE(made, nullptr);
        const std::array<short, 4> frames{1, 2, 3, 4};
        sf_writef_short(made, frames.data(), 2);
        sf_close(made);
        const bool is_wave64 = kind == SF_FORMAT_W64;
        const std::uint64_t header = std::filesystem::file_size(path) - sizeof frames;
        std::fstream patched(path, std::ios::in | std::ios::out | std::ios::binary);
        const auto put = [&](std::uint64_t at, std::uint64_t value) {
            patched.seekp(static_cast<std::streamoff>(at));
            patched.write(reinterpret_cast<const char*>(&value), sizeof value);
        };
        if (is_wave64) {
            put(16, header + bytes);
            put(header - 8, bytes + 24);
        } else {
            put(20, header + bytes - 8);
            put(28, bytes);
            put(36, bytes / 4);
        }
        patched.close();
        std::filesystem::resize_file(path, header + present);
        return path;
    }

    static std::string type_of(const std::filesystem::path& path) {
        std::ifstream input(path, std::ios::binary);
        std::array<char, 4> name{};
        input.read(name.data(), name.size());
        return {name.data(), name.size()};
    }

    std::filesystem::path folder_;
};

TEST_F(LargeFiles, AreRead) {
    for (const int kind : {SF_FORMAT_RF64, SF_FORMAT_W64}) {
        auto source = open_sound_file(file(kind, 5 * gibibyte, 5 * gibibyte));
        ASSERT_TRUE(source) << source.error().message;
        EXPECT_EQ((*source)->frames(), 5 * gibibyte / 4);
        EXPECT_EQ((*source)->format().bits, 16);
        std::array<std::byte, 12> bytes{};
        ASSERT_TRUE((*source)->read(bytes));
        EXPECT_EQ(bytes[6], std::byte{4});
        EXPECT_EQ(bytes[8], std::byte{0});
    }
}

TEST_F(LargeFiles, ThatAreCutOffAreRefused) {
    for (const int kind : {SF_FORMAT_RF64, SF_FORMAT_W64}) {
        const auto path = file(kind, 6 * gibibyte, 5 * gibibyte);
        const auto missing = missing_sound(path);
        ASSERT_TRUE(missing);
        EXPECT_EQ(missing->promised_bytes, 6 * gibibyte);
        EXPECT_EQ(missing->present_bytes, 5 * gibibyte);
        EXPECT_FALSE(open_sound_file(path));
    }
}

TEST_F(LargeFiles, AreWrittenWhereTheyAreToBeExpected) {
    WaveFormat format;
    const std::vector<std::byte> frames(4000, std::byte{1});
    const auto write = [&](std::optional<std::uint64_t> expected) {
        const auto path = folder_ / "x.wav";
        auto sink = create_wav_file(path, format, expected);
        EXPECT_TRUE(sink) << sink.error().message;
        EXPECT_TRUE((*sink)->write(frames));
        EXPECT_TRUE((*sink)->finish());
        EXPECT_EQ(open_sound_file(path).value()->frames(), 1000U);
        EXPECT_EQ(type_of(path), "RIFF") << "as it stayed small";
        return std::filesystem::file_size(path);
    };
    EXPECT_EQ(write(1000), 4044U) << "nothing but what a WAV file needs";
    EXPECT_GT(write(gibibyte), 4044U) << "room for large sizes";
    EXPECT_GT(write(std::nullopt), 4044U);
}

// Into nowhere: what counts is that no byte is refused, or every one that would make the header wrong.
TEST_F(LargeFiles, GoOnBeyondTheLimitOnlyWhereTheHeaderCan) {
    WaveFormat format;
    const std::vector<std::byte> piece(std::size_t{64} << 20);
    for (const auto& [expected, fits] :
         {std::pair<std::optional<std::uint64_t>, bool>{std::nullopt, true}, {5 * gibibyte / 4, true}, {1000, false}}) {
        auto sink = create_wav_file("/dev/null", format, expected);
        ASSERT_TRUE(sink) << sink.error().message;
        std::uint64_t written = 0;
        std::string problem;
        while (written < 5 * gibibyte && problem.empty()) {
            const auto done = (*sink)->write(piece);
            problem = done ? "" : done.error().message;
            written += done ? piece.size() : 0;
        }
        EXPECT_EQ(written == 5 * gibibyte, fits) << problem;
        if (!fits) {
            EXPECT_NE(problem.find("a WAV file holds 4 GiB at most"), std::string::npos) << problem;
            EXPECT_LT(written, 4 * gibibyte);
        }
    }
}

} // namespace
} // namespace openportcls::endpoints
