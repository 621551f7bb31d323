#include "cli/console.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "client/status_text.h"
#include "endpoints/interruption.h"

namespace openportcls::cli {

namespace {

bool answers_with_json = false;
std::vector<std::string> warnings;
nlohmann::ordered_json object_to_print = nlohmann::ordered_json::object();

} // namespace

void complain(std::string_view message) {
    std::fflush(stdout);
    remark(fmt::format("portcls: {}", message));
}

void warn(std::string_view message) {
    remark(message);
    warnings.emplace_back(message);
}

const std::vector<std::string>& said_warnings() {
    return warnings;
}

void say_everything_on_standard_error() {
    std::fflush(stdout);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

int fail(const Error& error) {
    complain(error.message);
    const int exit_status = error.status == status_misused ? exit_misused : exit_failed;
    answer_failure(error, exit_status);
    return exit_status;
}

int misuse(std::string_view message) {
    return fail(Error{status_misused, std::string(message)});
}

void answer_with_json() {
    answers_with_json = true;
}

void answer(std::string_view command, nlohmann::ordered_json facts) {
    object_to_print[std::string(command)] = std::move(facts);
}

void answer_failure(const Error& error, int exit_status) {
    const std::int32_t status = error.status == status_misused ? status_invalid_parameter : error.status;
    nlohmann::ordered_json facts = {{"message", error.message},
                                    {"status", fmt::format("0x{:08X}", static_cast<std::uint32_t>(status))}};
    if (const std::string_view name = client::status_name(status); !name.empty()) {
        facts["name"] = name;
    }
    facts["exit_status"] = exit_status;
    if (!warnings.empty()) {
        facts["warnings"] = warnings;
    }
    answer("error", std::move(facts));
}

void finish_answer() {
    if (answers_with_json && !object_to_print.empty()) {
        // File names need not be UTF-8, JSON has to be.
        fmt::print("{}\n", object_to_print.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    }
}

std::string glitches_text(std::uint64_t glitches, std::uint64_t reported) {
    return fmt::format("{} glitch{}{}", glitches, glitches == 1 ? "" : "es",
                       reported == 0 ? "" : fmt::format(" seen, {} reported by the driver", reported));
}

void remark(std::string_view message) {
    // Not fmt::print, which throws where the stream takes nothing: then there is nobody to tell.
    std::fputs(fmt::format("{}\n", message).c_str(), stderr);
}

namespace {

constexpr std::array ending_signals = {SIGINT, SIGTERM, SIGHUP}; // the last: the terminal has gone
volatile std::sig_atomic_t was_sent[NSIG];

// The first asks, a second one of its kind kills.
extern "C" void on_ending_signal(int number) {
    if (was_sent[number] == 0) {
        was_sent[number] = 1;
        endpoints::interrupt();
        return;
    }
    endpoints::remove_pending_files();
    std::signal(number, SIG_DFL);
    std::raise(number); // delivered on return
}

} // namespace

Interruption::Interruption() {
    endpoints::forget_interruption();
    // Without SA_RESTART: what blocks in a pipe looks whether it is to end. On the stack for signals: a driver's may be
    // nearly full.
    struct sigaction action{};
    action.sa_handler = on_ending_signal;
    action.sa_flags = SA_ONSTACK;
    for (std::size_t i = 0; i < ending_signals.size(); ++i) {
        was_sent[ending_signals[i]] = 0;
        sigaction(ending_signals[i], nullptr, &before_[i]);
        // Whoever ignores the terminal's end wants the command to go on (nohup). An interrupt is ignored by everything
        // that a script starts in the background, and sent nevertheless on purpose.
        if (ending_signals[i] != SIGHUP || before_[i].sa_handler != SIG_IGN) {
            sigaction(ending_signals[i], &action, nullptr);
        }
    }
}

Interruption::~Interruption() {
    for (std::size_t i = 0; i < ending_signals.size(); ++i) {
        sigaction(ending_signals[i], &before_[i], nullptr);
    }
}

bool Interruption::is_asked_for() {
    return endpoints::is_interrupted();
}

Progress::Progress(double seconds_in_all) : seconds_in_all_(seconds_in_all), is_shown_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
    if (is_drawn_) {
        std::fputs("\r\033[K", stderr);
    }
}

namespace {

// Of "[] 100 %  1234.5 of 1234.5 s".
constexpr int columns_beside_bar = 30;

int columns_of_terminal() {
    constexpr int usual = 80;
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : usual;
}

} // namespace

void Progress::at(double seconds) {
    constexpr auto between_two = std::chrono::milliseconds(50);
    const auto now = std::chrono::steady_clock::now();
    if (!is_shown_ || now - last_drawn_ < between_two) {
        return;
    }
    last_drawn_ = now;
    is_drawn_ = true;
    // Where the line would not fit only the time is shown: a line that wraps cannot be drawn over.
    if (seconds_in_all_ <= 0 || columns_of_terminal() <= columns_beside_bar) {
        draw(fmt::format("\r\033[K{:.1f} s", seconds));
        return;
    }
    const int width = std::clamp(columns_of_terminal() - columns_beside_bar, 0, 40);
    const double part = std::clamp(seconds / seconds_in_all_, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * width);
    draw(fmt::format("\r\033[K[{}{}] {:3.0f} %  {:.1f} of {:.1f} s", std::string(filled, '#'),
                     std::string(static_cast<std::size_t>(width) - filled, '.'), part * 100, seconds, seconds_in_all_));
}

// A terminal that has gone is no reason to end.
void Progress::draw(const std::string& line) {
    is_shown_ = std::fputs(line.c_str(), stderr) >= 0;
}

} // namespace openportcls::cli
