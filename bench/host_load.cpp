#include "host_load.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace openportcls::bench {

namespace {

std::vector<pid_t>& own_processes() {
    static std::vector<pid_t> processes;
    return processes;
}

double seconds_of(const timespec& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Of all CPUs of the host, since it was switched on.
double busy_seconds() {
    std::FILE* file = std::fopen("/proc/stat", "r");
    if (file == nullptr) {
        return 0;
    }
    unsigned long long user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft_interrupts = 0;
    const int read = std::fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &waiting,
                                 &interrupts, &soft_interrupts);
    std::fclose(file);
    static const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    return read == 7 ? static_cast<double>(user + nice + system + interrupts + soft_interrupts) / per_second : 0;
}

} // namespace

double cpu_seconds_of(pid_t process) {
    clockid_t clock;
    timespec time{};
    return clock_getcpuclockid(process, &clock) == 0 && clock_gettime(clock, &time) == 0 ? seconds_of(time) : 0;
}

double own_cpu_seconds() {
    timespec mine;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mine);
    double sum = seconds_of(mine);
    rusage children;
    getrusage(RUSAGE_CHILDREN, &children);
    for (const timeval& time : {children.ru_utime, children.ru_stime}) {
        sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    }
    for (const pid_t process : own_processes()) {
        sum += cpu_seconds_of(process);
    }
    return sum;
}

OwnProcess::OwnProcess(pid_t process) : process_(process) {
    own_processes().push_back(process);
}

OwnProcess::~OwnProcess() {
    std::erase(own_processes(), process_);
}

OthersMeter::OthersMeter() : begin_(std::chrono::steady_clock::now()), busy_(busy_seconds()), own_(own_cpu_seconds()) {}

double OthersMeter::cores() const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
    const double others = (busy_seconds() - busy_) - (own_cpu_seconds() - own_);
    return std::max(0.0, others / elapsed.count());
}

} // namespace openportcls::bench
