// Runs `portcls` and says what it said.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <openportcls/format.hpp>

namespace e2e {

// ThreadSanitizer cannot be loaded beside another one, AddressSanitizer's callbacks belong to the command, gdb keeps
// the leak check from working: tests of the sanitizers of drivers are for the command as people build it.
#ifdef OPENPORTCLS_COMMAND_IS_SANITIZED
inline constexpr bool command_is_sanitized = true;
#else
inline constexpr bool command_is_sanitized = false;
#endif

struct Ran {
    int status = -1;
    std::string out;
    std::string error;

    nlohmann::json json() const; // of `out`; a test failure when it is none
    std::size_t error_lines() const;
};

Ran portcls(const std::vector<std::string>& arguments);
// With "NAME=value" added to the environment.
Ran portcls_with(std::vector<std::string> environment, const std::vector<std::string>& arguments);
// Any program; found through PATH.
Ran run(const std::vector<std::string>& command);

// A test with a folder of its own.
class Command : public testing::Test {
protected:
    // One clear line on the error stream.
    static void expect_failure(const Ran& ran, int status, const std::string& message);

    void SetUp() override;
    void TearDown() override;

    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    // Writes a WAV file with these bytes; returns its path.
    std::string write(const std::string& name, const openportcls::WaveFormat& format,
                      const std::vector<std::byte>& bytes) const;

    std::string write_text(const std::string& name, const std::string& text) const;
    // What is in the test's folder, sorted.
    std::vector<std::string> files() const;

    std::filesystem::path folder_;
};

std::vector<std::byte> noise(const openportcls::WaveFormat& format, std::size_t frames);
// Mono or not, every channel the same, 16 bit.
std::vector<std::byte> tone(const openportcls::WaveFormat& format, double hertz, double amplitude, std::size_t frames);

struct Sound {
    openportcls::WaveFormat format;
    std::vector<std::byte> bytes;
    std::vector<double> channel(unsigned index) const; // -1 to 1
};
Sound read(const std::string& path);
std::string text_of(const std::string& path);

double root_mean_square(const std::vector<double>& samples);
// By counting rising zero crossings between the first and the last.
double frequency(const std::vector<double>& samples, double rate);

} // namespace e2e
