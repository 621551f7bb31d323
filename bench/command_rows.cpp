// A recording through the command, card and all: read, played, heard at the line output, compared. What a user waits
// for.
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sndfile.hh>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "row.h"

namespace openportcls::bench {

namespace {

constexpr int seconds_of_sound = 300;
constexpr int rate = 44100; // the fastest that all the cards have

// Noise, as long as the object lives.
class Recording {
public:
    Recording() : path_(std::filesystem::temp_directory_path() / fmt::format("openportcls-bench-{}.wav", getpid())) {
        SndfileHandle file(path_.string(), SFM_WRITE, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2, rate);
        std::mt19937 random(1);
        std::vector<std::int16_t> second(std::size_t{rate} * 2);
        for (std::int16_t& sample : second) {
            sample = static_cast<std::int16_t>(random());
        }
        for (int count = 0; count < seconds_of_sound; ++count) {
            file.write(second.data(), static_cast<sf_count_t>(second.size()));
        }
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording() { std::filesystem::remove(path_); }
    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

double seconds_of(const timeval& time) {
    constexpr double microsecond = 1e-6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * microsecond;
}

// CPU seconds of the command for a second of sound.
Result<double> play(const std::string& recording, const std::string& driver) {
    std::array<std::string, 8> words = {
        OPENPORTCLS_BENCH_COMMAND, "play", recording, "--driver", driver, "--out", "null", "--verify"};
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", 1, 0);
    pid_t child = 0;
    const int failed = posix_spawn(&child, arguments.front(), &quiet, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&quiet);
    int status = 0;
    rusage usage{};
    if (failed != 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
        return Error{0, fmt::format("portcls play --driver {} failed", driver)};
    }
    return (seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)) / seconds_of_sound;
}

} // namespace

void add_command_rows() {
    // Made when the first round is measured: most runs are of other rows.
    auto recording = std::make_shared<std::unique_ptr<Recording>>();
    const auto side = [recording](const char* driver) -> Side {
        return [recording, driver] {
            if (*recording == nullptr) {
                *recording = std::make_unique<Recording>();
            }
            return play((*recording)->path(), driver);
        };
    };
    const char* const anchor = "portcls play --driver cable";
    add_row({"portcls play --driver sb16, per second of sound", anchor, 3, 2, side("sb16"), side("cable")});
    add_row({"portcls play --driver ac97, per second of sound", anchor, 3, 2, side("ac97"), side("cable")});
}

} // namespace openportcls::bench
