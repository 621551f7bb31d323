// Other processes of the tests.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace openportcls::determinism {

// Runs a program and returns what it prints; a test failure when it fails.
std::string output_of(const std::vector<std::string>& command);

// One process for each processor of the host that does nothing but count. They end with this object, or with the test.
class BusyHost {
public:
    BusyHost();
    ~BusyHost();
    BusyHost(const BusyHost&) = delete;
    BusyHost& operator=(const BusyHost&) = delete;
    std::size_t processes() const { return processes_.size(); }

private:
    std::vector<pid_t> processes_;
};

} // namespace openportcls::determinism
