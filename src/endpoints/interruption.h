// Somebody asks the program to end early (Ctrl-C): what blocks in a pipe's read or write comes back, in order.
#pragma once

#include <string>

namespace openportcls::endpoints {

// From a signal handler. A pipe that sound is read from ends where it is now.
void interrupt() noexcept;
bool is_interrupted() noexcept;
// Before a run that may be interrupted.
void forget_interruption() noexcept;

// From the handler of a signal that kills: files that were not completed are not left behind.
void remove_pending_files() noexcept;

// As long as one lives, interrupt() ends what comes from this descriptor.
class EndsWhenInterrupted {
public:
    explicit EndsWhenInterrupted(int descriptor) noexcept;
    ~EndsWhenInterrupted();
    EndsWhenInterrupted(const EndsWhenInterrupted&) = delete;
    EndsWhenInterrupted& operator=(const EndsWhenInterrupted&) = delete;

private:
    int nothing_; // /dev/null
};

// As long as one lives, remove_pending_files() removes this file.
class RemovedWhenKilled {
public:
    explicit RemovedWhenKilled(const std::string& path) noexcept;
    ~RemovedWhenKilled();
    RemovedWhenKilled(const RemovedWhenKilled&) = delete;
    RemovedWhenKilled& operator=(const RemovedWhenKilled&) = delete;

private:
    int place_;
};

} // namespace openportcls::endpoints
