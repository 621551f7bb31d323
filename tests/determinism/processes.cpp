#include "processes.h"

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "drivertools/process.h"

namespace openportcls::determinism {

std::string output_of(const std::vector<std::string>& command) {
    auto result = drivertools::run_process(command);
    if (!result) {
        ADD_FAILURE() << result.error().message;
        return {};
    }
    EXPECT_EQ(result->exit_status, 0) << result->diagnostics;
    return std::move(result->output);
}

BusyHost::BusyHost() {
    const unsigned count = std::max(1U, std::thread::hardware_concurrency());
    const pid_t parent = getpid();
    for (unsigned number = 0; number < count; ++number) {
        const pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (getppid() != parent) {
                _exit(0);
            }
            for (volatile unsigned long counter = 0;; counter = counter + 1) {
            }
        }
        EXPECT_GT(child, 0);
        processes_.push_back(child);
    }
}

BusyHost::~BusyHost() {
    for (const pid_t process : processes_) {
        kill(process, SIGKILL);
        waitpid(process, nullptr, 0);
    }
}

} // namespace openportcls::determinism
