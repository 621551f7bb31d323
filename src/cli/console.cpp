#include "cli/console.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace openportcls::cli {

void complain(std::string_view message) {
    std::fflush(stdout);
    fmt::print(stderr, "portcls: {}\n", message);
}

int fail(const Error& error) {
    complain(error.message);
    return exit_failed;
}

int misuse(std::string_view message) {
    complain(message);
    return exit_misused;
}

void remark(std::string_view message) {
    fmt::print(stderr, "{}\n", message);
}

namespace {

volatile std::sig_atomic_t interruption = 0;

extern "C" void note_interruption(int) {
    interruption = 1;
}

} // namespace

Interruption::Interruption() {
    interruption = 0;
    struct sigaction action{};
    action.sa_handler = note_interruption;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

Interruption::~Interruption() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

bool Interruption::is_asked_for() {
    return interruption != 0;
}

Progress::Progress(double seconds_in_all) : seconds_in_all_(seconds_in_all), is_shown_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    if (is_drawn_) {
        fmt::print(stderr, "\r\033[K");
    }
}

void Progress::at(double seconds) {
    constexpr auto between_two = std::chrono::milliseconds(50);
    const auto now = std::chrono::steady_clock::now();
    if (!is_shown_ || now - last_drawn_ < between_two) {
        return;
    }
    last_drawn_ = now;
    is_drawn_ = true;
    if (seconds_in_all_ <= 0) {
        fmt::print(stderr, "\r\033[K{:.1f} s", seconds);
        return;
    }
    constexpr int width = 40;
    const double part = std::clamp(seconds / seconds_in_all_, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * width);
    fmt::print(stderr, "\r\033[K[{}{}] {:3.0f} %  {:.1f} of {:.1f} s", std::string(filled, '#'),
               std::string(width - filled, '.'), part * 100, seconds, seconds_in_all_);
}

} // namespace openportcls::cli
