// What a person at the terminal sees.
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <openportcls/result.hpp>

#include "cli/commands.h"

namespace openportcls::cli {

// The status of errors that are the caller's own: fail() makes exit status 2 of it. (A customer's code, so that no
// driver's answer is taken for one.)
constexpr auto status_misused = static_cast<std::int32_t>(0xE0000001);

// "portcls: MESSAGE" on the error stream.
void complain(std::string_view message);
// Likewise, and the exit status that belongs to it. With --json the answer says it, too.
int fail(const Error& error);
int misuse(std::string_view message);

// Something that did not stop it: said at once, and in the JSON of an error that comes later.
void warn(std::string_view message);
const std::vector<std::string>& said_warnings();

// Standard output is full of sound: what is printed from now on goes to standard error.
void say_everything_on_standard_error();

// With --json a program reads one object on standard output, whatever happens: what commands answered, each under its
// name, and {"error": {...}} where one failed.
void answer_with_json();
void answer(std::string_view command, nlohmann::ordered_json facts);
// For failures that have been complained of elsewhere.
void answer_failure(const Error& error, int exit_status);
// Prints it.
void finish_answer();
// A remark on the error stream, so that what is printed for programs stays clean.
void remark(std::string_view message);

// "2 glitches", and what the driver reported: that is its own opinion (some report an underrun for each period that
// they were not told a write position for), so it is not added.
std::string glitches_text(std::uint64_t glitches, std::uint64_t reported);

// While one lives, the first Ctrl-C only asks to end early, also what waits for a pipe; the second kills, as usual.
class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    static bool is_asked_for();

private:
    std::array<struct sigaction, 3> before_{};
};

// A bar on the error stream where that is a terminal; nothing otherwise.
class Progress {
public:
    explicit Progress(double seconds_in_all); // 0: unknown
    ~Progress();                              // wipes the bar
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    void at(double seconds);

private:
    void draw(const std::string& line);

    double seconds_in_all_;
    bool is_shown_;
    bool is_drawn_ = false;
    std::chrono::steady_clock::time_point last_drawn_{};
};

} // namespace openportcls::cli
