#include "endpoints/interruption.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/limits.h>
#include <unistd.h>

namespace openportcls::endpoints {

namespace {

// Everything that a signal handler touches.
std::atomic<bool> interrupted = false;
std::atomic<int> interruptible = -1; // there is one standard input
std::atomic<int> nothing_to_read = -1;

struct PendingName {
    std::atomic<bool> is_taken = false;
    std::atomic<bool> is_there = false;
    std::array<char, PATH_MAX> path{};
};
std::array<PendingName, 16> pending_names; // as many sinks as anybody names; more are left behind

static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

} // namespace

void interrupt() noexcept {
    const int problem = errno;
    interrupted = true;
    // Whoever reads this descriptor, in a library too, finds its end there.
    if (const int descriptor = interruptible; descriptor >= 0) {
        ::dup2(nothing_to_read, descriptor);
    }
    errno = problem;
}

bool is_interrupted() noexcept {
    return interrupted;
}

void forget_interruption() noexcept {
    interrupted = false;
}

void remove_pending_files() noexcept {
    for (const PendingName& name : pending_names) {
        if (name.is_there) {
            ::unlink(name.path.data());
        }
    }
}

EndsWhenInterrupted::EndsWhenInterrupted(int descriptor) noexcept
    : nothing_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
    if (nothing_ >= 0) {
        nothing_to_read = nothing_;
        interruptible = descriptor;
    }
}

EndsWhenInterrupted::~EndsWhenInterrupted() {
    if (nothing_ >= 0) {
        interruptible = -1;
        ::close(nothing_);
    }
}

RemovedWhenKilled::RemovedWhenKilled(const std::string& path) noexcept : place_(-1) {
    for (std::size_t place = 0; place < pending_names.size() && path.size() < PATH_MAX; ++place) {
        PendingName& name = pending_names[place];
        if (bool free = false; name.is_taken.compare_exchange_strong(free, true)) {
            std::memcpy(name.path.data(), path.c_str(), path.size() + 1);
            name.is_there = true;
            place_ = static_cast<int>(place);
            return;
        }
    }
}

RemovedWhenKilled::~RemovedWhenKilled() {
    if (place_ >= 0) {
        PendingName& name = pending_names[static_cast<std::size_t>(place_)];
        name.is_there = false;
        name.is_taken = false;
    }
}

} // namespace openportcls::endpoints
