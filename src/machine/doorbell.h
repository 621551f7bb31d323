// How another host thread gets the attention of a machine's thread, which may be asleep.
#pragma once

#include <atomic>
#include <cstdint>

namespace openportcls::machine {

class Doorbell {
public:
    static constexpr std::int64_t never = INT64_MAX;

    // Any thread. A system call only when somebody sleeps.
    void ring();

    // One thread, the one that answers.
    bool is_rung() const { return state_.load(std::memory_order_acquire) == rung; }
    // True when it was rung since the last call.
    bool take() { return is_rung() && state_.exchange(quiet, std::memory_order_acquire) == rung; }
    // Sleeps until it is rung (true) or the host's monotonic clock reaches `until` nanoseconds (false).
    bool wait_until(std::int64_t until);

private:
    enum : std::uint32_t { quiet, asleep, rung };
    std::atomic<std::uint32_t> state_{quiet};
};

// The host's monotonic clock in nanoseconds.
std::int64_t host_monotonic();

} // namespace openportcls::machine
