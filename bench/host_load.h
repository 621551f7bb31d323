// What this benchmark's processes use of the host's CPUs, and what others use meanwhile.
#pragma once

#include <chrono>

#include <sys/types.h>

namespace openportcls::bench {

// User and system time of this process, of the children it has waited for, and of those named below.
double own_cpu_seconds();

// CPU seconds that another process has used; 0 when there is none.
double cpu_seconds_of(pid_t process);

// While it lives, the process counts as part of the benchmark: an audio server, a measuring child.
class OwnProcess {
public:
    explicit OwnProcess(pid_t process);
    OwnProcess(const OwnProcess&) = delete;
    OwnProcess& operator=(const OwnProcess&) = delete;
    ~OwnProcess();

private:
    pid_t process_;
};

// Cores that processes of others have used since it was made.
class OthersMeter {
public:
    OthersMeter();
    double cores() const;

private:
    std::chrono::steady_clock::time_point begin_;
    double busy_;
    double own_;
};

} // namespace openportcls::bench
