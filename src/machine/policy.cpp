#include "machine/policy.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace openportcls::machine {

namespace {

class FirstComePolicy final : public Policy {
public:
    unsigned choose_processor(std::uint32_t runnable, unsigned current, std::uint64_t) override {
        return (runnable >> current) & 1 ? current : static_cast<unsigned>(std::countr_zero(runnable));
    }
};

class RandomPolicy final : public Policy {
public:
    explicit RandomPolicy(std::uint64_t seed) : random_(seed) {}
    bool explores() const override { return true; }

    unsigned choose_processor(std::uint32_t runnable, unsigned, std::uint64_t) override {
        std::uint32_t skip = random_.below(static_cast<std::uint32_t>(std::popcount(runnable)));
        while (skip-- > 0) {
            runnable &= runnable - 1;
        }
        return static_cast<unsigned>(std::countr_zero(runnable));
    }

    bool deliver_now() override { return random_.below(2) == 0; }

private:
    Random random_;
};

// Probabilistic concurrency testing: the highest of random priorities runs; at `depth` random steps the one that would
// run falls to the bottom. Processors stand for PCT's threads, since each runs one thread at a time.
//
// The paper draws the change points uniformly from the steps of the run, whose number it takes as known (Burckhardt et
// al., section 3). Here it is not: a run may have ten choices or a million. So each point is uniform below 2^u, and u
// is random itself: whatever power of two is near the run's length, each point is drawn below it with a chance of at
// least one in 2 * (most_bits + 1), and the guarantee of the paper holds with that factor for each point. Half of them
// are for runs of few choices: a short sound has 15 with one driver and 80 with another. Steps at which only one
// processor could run are not counted: a change of priority there is none before the next step with a choice, and most
// steps of a machine with one busy driver are such. The first choice is none to change at: the priorities are random.
class PctPolicy final : public Policy {
public:
    static constexpr std::uint32_t few_bits = 6;
    static constexpr std::uint32_t most_bits = 16;

    PctPolicy(std::uint64_t seed, unsigned depth, unsigned processors) : random_(seed), priorities_(processors) {
        std::iota(priorities_.begin(), priorities_.end(), static_cast<int>(depth));
        for (std::size_t i = priorities_.size(); i > 1; --i) {
            std::swap(priorities_[i - 1], priorities_[random_.below(static_cast<std::uint32_t>(i))]);
        }
        for (unsigned i = 0; i < depth; ++i) {
            const std::uint32_t last = random_.below(2) == 0 ? few_bits : most_bits;
            change_points_.push_back(2 + random_.below(1U << random_.below(last + 1)));
        }
        std::sort(change_points_.begin(), change_points_.end());
        for (unsigned i = 1; i < depth; ++i) { // two at one choice could undo each other
            change_points_[i] = std::max(change_points_[i], change_points_[i - 1] + 1);
        }
    }

    bool explores() const override { return true; }

    unsigned choose_processor(std::uint32_t runnable, unsigned, std::uint64_t) override {
        const unsigned first = highest(runnable);
        if (std::popcount(runnable) == 1) {
            return first;
        }
        ++choices_;
        if (next_change_ == change_points_.size() || choices_ < change_points_[next_change_]) {
            return first;
        }
        ++next_change_;
        priorities_[first] = lowest_--;
        return highest(runnable);
    }

    bool deliver_now() override { return random_.below(4) != 0; }

private:
    unsigned highest(std::uint32_t runnable) const {
        unsigned best = static_cast<unsigned>(std::countr_zero(runnable));
        for (unsigned processor = best + 1; processor < priorities_.size(); ++processor) {
            if (((runnable >> processor) & 1) != 0 && priorities_[processor] > priorities_[best]) {
                best = processor;
            }
        }
        return best;
    }

    Random random_;
    std::vector<int> priorities_;
    std::vector<std::uint64_t> change_points_;
    std::size_t next_change_ = 0;
    std::uint64_t choices_ = 0; // steps so far at which several processors could run
    int lowest_ = -1;
};

} // namespace

std::unique_ptr<Policy> Policy::create(PolicyKind kind, std::uint64_t seed, unsigned depth, unsigned processors) {
    switch (kind) {
    case PolicyKind::random:
        return std::make_unique<RandomPolicy>(seed);
    case PolicyKind::pct:
        return std::make_unique<PctPolicy>(seed, depth, processors);
    case PolicyKind::first_come:
        break;
    }
    return std::make_unique<FirstComePolicy>();
}

} // namespace openportcls::machine
