// What a person at the terminal sees.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <openportcls/result.hpp>

#include "cli/commands.h"

namespace openportcls::cli {

// "portcls: MESSAGE" on the error stream.
void complain(std::string_view message);
// Likewise, and the exit status that belongs to it.
int fail(const Error& error);
int misuse(std::string_view message);
// A remark on the error stream, so that what is printed for programs stays clean.
void remark(std::string_view message);

// While one lives, the first Ctrl-C only asks to end early; the second kills, as usual.
class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    static bool is_asked_for();
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
    double seconds_in_all_;
    bool is_shown_;
    bool is_drawn_ = false;
    std::chrono::steady_clock::time_point last_drawn_{};
};

} // namespace openportcls::cli
