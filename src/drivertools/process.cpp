#include "drivertools/process.h"

#include "drivertools/text.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace openportcls::drivertools {

namespace {

class Pipe {
public:
    Pipe() { valid_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    bool valid() const { return valid_; }
    int reading() const { return ends_[0]; }
    int writing() const { return ends_[1]; }
    void close_end(int which) {
        if (ends_[which] >= 0)
            ::close(ends_[which]);
        ends_[which] = -1;
    }

private:
    std::array<int, 2> ends_{-1, -1};
    bool valid_ = false;
};

// Feeds `input` and drains both outputs until the child has closed them.
void exchange(Pipe& in, Pipe& out, Pipe& error, std::string_view input, ProcessResult& result) {
    ::fcntl(in.writing(), F_SETFL, O_NONBLOCK);
    bool out_open = true;
    bool error_open = true;
    char buffer[16384];
    auto drain = [&](int descriptor, std::string& into) {
        auto count = ::read(descriptor, buffer, sizeof buffer);
        if (count > 0)
            into.append(buffer, static_cast<std::size_t>(count));
        return count > 0 || (count < 0 && errno == EINTR);
    };
    while (out_open || error_open) {
        if (input.empty())
            in.close_end(1);
        std::array<pollfd, 3> waits{pollfd{out_open ? out.reading() : -1, POLLIN, 0},
                                    pollfd{error_open ? error.reading() : -1, POLLIN, 0},
                                    pollfd{in.writing(), POLLOUT, 0}};
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
            return;
        if (waits[0].revents)
            out_open = drain(out.reading(), result.output);
        if (waits[1].revents)
            error_open = drain(error.reading(), result.diagnostics);
        if (waits[2].revents) {
            auto count = ::write(in.writing(), input.data(), input.size());
            if (count > 0)
                input.remove_prefix(static_cast<std::size_t>(count));
            else if (errno != EAGAIN && errno != EINTR)
                input = {};
        }
    }
}

// A child that exits without reading all its input must not end us by SIGPIPE.
class PipeSignalBlocked {
public:
    PipeSignalBlocked() {
        sigemptyset(&pipe_signal_);
        sigaddset(&pipe_signal_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_signal_, &before_);
    }
    ~PipeSignalBlocked() {
        timespec no_wait{};
        while (sigtimedwait(&pipe_signal_, nullptr, &no_wait) == SIGPIPE) {
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    const sigset_t& before() const { return before_; }

private:
    sigset_t pipe_signal_;
    sigset_t before_;
};

} // namespace

Result<ProcessResult> run_process(std::span<const std::string> command, std::string_view input) {
    Pipe in, out, error;
    if (!in.valid() || !out.valid() || !error.valid())
        return Error{status_unsuccessful, std::string("cannot make a pipe: ") + std::strerror(errno)};
    PipeSignalBlocked blocked;
    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in.reading(), 0);
    posix_spawn_file_actions_adddup2(&actions, out.writing(), 1);
    posix_spawn_file_actions_adddup2(&actions, error.writing(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &blocked.before());
    pid_t child = 0;
    int problem = ::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0)
        return Error{status_object_name_not_found, command.front() + " cannot be started: " + std::strerror(problem)};
    in.close_end(0);
    out.close_end(1);
    error.close_end(1);
    ProcessResult result;
    exchange(in, out, error, input, result);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

void for_each_in_parallel(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& work) {
    if (jobs == 0)
        jobs = std::max(1U, std::thread::hardware_concurrency());
    std::atomic<std::size_t> next = 0;
    auto worker = [&] {
        for (auto index = next++; index < count; index = next++)
            work(index);
    };
    std::vector<std::jthread> helpers;
    for (unsigned thread = 1; thread < std::min<std::size_t>(jobs, count); ++thread)
        helpers.emplace_back(worker);
    worker();
}

} // namespace openportcls::drivertools
