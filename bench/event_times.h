// When the events of a sequencer's benchmark are due: at random, so that about a given number of them is always
// waiting.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace openportcls::bench {

// Three bytes are on a MIDI cable for not quite a millisecond: with these gaps, on average, it keeps pace.
constexpr std::int64_t gap_microseconds = 2'000;
constexpr int events_per_iteration = 64;
constexpr std::int64_t iteration_microseconds = gap_microseconds * events_per_iteration;

class EventTimes {
public:
    explicit EventTimes(unsigned pending) : span_(2 * gap_microseconds * pending) {}

    // Of those that are there at the beginning, in microseconds: the later, the fewer.
    std::int64_t initial() { return std::min(draw(), draw()); }
    // Of one that is added at `now`.
    std::int64_t next(std::int64_t now) { return now + draw(); }

private:
    std::int64_t draw() { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(span_)); }

    std::int64_t span_;
    std::mt19937_64 random_{1};
};

} // namespace openportcls::bench
