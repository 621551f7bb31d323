#include "machine/doorbell.h"

#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace openportcls::machine {

namespace {

constexpr std::int64_t per_second = 1'000'000'000;

} // namespace

std::int64_t host_monotonic() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * per_second + now.tv_nsec;
}

void Doorbell::ring() {
    if (state_.exchange(rung, std::memory_order_acq_rel) == asleep) {
        syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
}

bool Doorbell::wait_until(std::int64_t until) {
    std::uint32_t expected = quiet;
    if (!state_.compare_exchange_strong(expected, asleep, std::memory_order_acq_rel)) {
        return true; // rung already
    }
    const timespec deadline{until / per_second, until % per_second};
    while (state_.load(std::memory_order_acquire) == asleep && (until == never || host_monotonic() < until)) {
        // FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock.
        syscall(SYS_futex, &state_, FUTEX_WAIT_BITSET_PRIVATE, asleep, until == never ? nullptr : &deadline, nullptr,
                FUTEX_BITSET_MATCH_ANY);
    }
    expected = asleep;
    return !state_.compare_exchange_strong(expected, quiet, std::memory_order_acq_rel);
}

} // namespace openportcls::machine
