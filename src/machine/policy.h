// Which of several things that could happen next does happen: the scheduler's policy.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace openportcls::machine {

enum class PolicyKind : std::uint8_t { first_come, random, pct };

class Policy {
public:
    virtual ~Policy() = default;

    // True for policies that want to be asked at every preemption point.
    virtual bool explores() const { return false; }

    // Chooses one of the processors in `runnable` (bit n = processor n, never empty) at preemption point `step`.
    virtual unsigned choose_processor(std::uint32_t runnable, unsigned current, std::uint64_t step) = 0;

    // Whether an interrupt that could be delivered at this point is; idle processors are not asked.
    virtual bool deliver_now() { return true; }

    // first_come ignores the seed. `depth` is the number of priority changes of PCT
    // (Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs").
    static std::unique_ptr<Policy> create(PolicyKind kind, std::uint64_t seed, unsigned depth, unsigned processors);
};

// SplitMix64: small, fast, the same on every host.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    // Uniform enough for small bounds: the bias is below 2^-32.
    std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32); }

private:
    std::uint64_t state_;
};

} // namespace openportcls::machine
