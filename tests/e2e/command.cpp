#include "command.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>

#include <gmock/gmock.h>

#include "drivertools/process.h"
#include "endpoints/sample_code.h"
#include "endpoints/wav_file.h"

namespace e2e {

using openportcls::WaveFormat;

nlohmann::json Ran::json() const {
    auto parsed = nlohmann::json::parse(out, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << "no JSON: " << out;
    return parsed.is_discarded() ? nlohmann::json::object() : parsed;
}

std::size_t Ran::error_lines() const {
    return static_cast<std::size_t>(std::count(error.begin(), error.end(), '\n'));
}

Ran portcls(const std::vector<std::string>& arguments) {
    return portcls_with({}, arguments);
}

Ran portcls_with(std::vector<std::string> environment, const std::vector<std::string>& arguments) {
    std::vector<std::string> command = std::move(environment);
    if (!command.empty()) {
        command.insert(command.begin(), "env");
    }
    command.emplace_back(OPENPORTCLS_COMMAND);
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command);
}

Ran run(const std::vector<std::string>& command) {
    auto result = openportcls::drivertools::run_process(command);
    if (!result) {
        ADD_FAILURE() << result.error().message;
        return {};
    }
    return {result->exit_status, result->output, result->diagnostics};
}

void Command::expect_failure(const Ran& ran, int status, const std::string& message) {
    EXPECT_EQ(ran.status, status) << ran.error;
    EXPECT_THAT(ran.error, testing::AllOf(testing::StartsWith("portcls: "), testing::HasSubstr(message)));
    EXPECT_EQ(ran.error_lines(), 1U) << ran.error;
}

std::string Command::write_text(const std::string& name, const std::string& text) const {
    std::ofstream file(path(name), std::ios::binary);
    file << text;
    return path(name);
}

std::vector<std::string> Command::files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

void Command::SetUp() {
    std::string pattern = (std::filesystem::temp_directory_path() / "opc-e2e-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
}

void Command::TearDown() {
    std::filesystem::remove_all(folder_);
}

std::string Command::write(const std::string& name, const WaveFormat& format,
                           const std::vector<std::byte>& bytes) const {
    auto sink = openportcls::endpoints::create_wav_file(path(name), format);
    EXPECT_TRUE(sink) << sink.error().message;
    EXPECT_TRUE((*sink)->write(bytes));
    EXPECT_TRUE((*sink)->finish());
    return path(name);
}

std::vector<std::byte> noise(const WaveFormat& format, std::size_t frames) {
    std::mt19937 random(12345);
    std::vector<std::byte> bytes(frames * format.bytes_per_frame());
    for (std::size_t at = 0; at < bytes.size(); at += format.bits / 8U) {
        const double sample = (static_cast<double>(random()) / 4294967296.0 - 0.5) * 1.8;
        openportcls::endpoints::encode_sample(bytes.data() + at, sample, format);
    }
    return bytes;
}

std::vector<std::byte> tone(const WaveFormat& format, double hertz, double amplitude, std::size_t frames) {
    std::vector<std::byte> bytes(frames * format.bytes_per_frame());
    std::size_t at = 0;
    for (std::size_t index = 0; index < frames; ++index) {
        const double sample =
            amplitude * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(index) / format.rate);
        for (unsigned channel = 0; channel < format.channels; ++channel, at += format.bits / 8U) {
            openportcls::endpoints::encode_sample(bytes.data() + at, sample, format);
        }
    }
    return bytes;
}

std::vector<double> Sound::channel(unsigned index) const {
    std::vector<double> samples;
    for (std::size_t at = index * format.bits / 8U; at < bytes.size(); at += format.bytes_per_frame()) {
        samples.push_back(openportcls::endpoints::decode_sample(bytes.data() + at, format));
    }
    return samples;
}

Sound read(const std::string& path) {
    auto source = openportcls::endpoints::open_sound_file(path);
    if (!source) {
        ADD_FAILURE() << source.error().message;
        return {};
    }
    Sound sound{(*source)->format(), {}};
    sound.bytes.resize((*source)->frames().value_or(0) * sound.format.bytes_per_frame());
    const auto got = (*source)->read(sound.bytes);
    EXPECT_TRUE(got) << got.error().message;
    return sound;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

double root_mean_square(const std::vector<double>& samples) {
    double sum = 0;
    for (const double sample : samples) {
        sum += sample * sample;
    }
    return std::sqrt(sum / std::max<double>(1, static_cast<double>(samples.size())));
}

double frequency(const std::vector<double>& samples, double rate) {
    double first = -1;
    double last = -1;
    int periods = -1;
    for (std::size_t index = 1; index < samples.size(); ++index) {
        if (samples[index - 1] < 0 && samples[index] >= 0) {
            const double step = samples[index] - samples[index - 1];
            last = static_cast<double>(index) - samples[index] / step;
            first = first < 0 ? last : first;
            ++periods;
        }
    }
    return periods > 0 ? periods * rate / (last - first) : 0;
}

} // namespace e2e
