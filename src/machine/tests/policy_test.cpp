// What the scheduler's policies choose.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "machine/policy.h"

namespace openportcls::machine {
namespace {

// Which processor runs at each step of a run in which both of two always could.
std::string run_of(PolicyKind kind, std::uint64_t seed, unsigned depth, std::uint64_t steps) {
    const auto policy = Policy::create(kind, seed, depth, 2);
    std::string run;
    unsigned current = 0;
    for (std::uint64_t step = 1; step <= steps; ++step) {
        current = policy->choose_processor(0b11, current, step);
        run += static_cast<char>('0' + current);
    }
    return run;
}

std::size_t different_runs(unsigned depth, std::uint64_t steps) {
    std::set<std::string> different;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        different.insert(run_of(PolicyKind::pct, seed, depth, steps));
    }
    return different.size();
}

// Whatever a run's length, change points lie in it.
TEST(PctPolicy, ExploresRunsOfEveryLength) {
    for (const std::uint64_t steps : {15U, 80U, 200U, 2'000U, 20'000U, 100'000U}) {
        EXPECT_GE(different_runs(3, steps), 26U) << steps << " steps";
    }
}

// Also a processor that has just become runnable, and at none of the other's steps: before each choice the other ran
// alone.
TEST(PctPolicy, AChangePointIsTheEndOfWhoWouldRun) {
    constexpr unsigned depth = 3;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const auto policy = Policy::create(PolicyKind::pct, seed, depth, 2);
        std::size_t changes = 0;
        unsigned before = 0;
        for (std::uint64_t choice = 1; choice <= 70'000; ++choice) {
            ASSERT_EQ(policy->choose_processor(0b01, 0, 2 * choice - 1), 0U);
            const unsigned chosen = policy->choose_processor(0b11, 0, 2 * choice);
            changes += choice > 1 && chosen != before ? 1 : 0;
            before = chosen;
        }
        EXPECT_EQ(changes, depth) << "seed " << seed;
    }
}

TEST(PctPolicy, ChangesPriorityAtMostDepthTimes) {
    for (const unsigned depth : {1U, 3U, 10U}) {
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            const std::string run = run_of(PolicyKind::pct, seed, depth, 200'000);
            std::size_t changes = 0;
            for (std::size_t step = 1; step < run.size(); ++step) {
                changes += run[step] != run[step - 1] ? 1 : 0;
            }
            EXPECT_LE(changes, depth) << "seed " << seed;
        }
    }
}

TEST(PctPolicy, ChoosesTheSameForTheSameSeed) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        EXPECT_EQ(run_of(PolicyKind::pct, seed, 3, 5'000), run_of(PolicyKind::pct, seed, 3, 5'000));
    }
}

} // namespace
} // namespace openportcls::machine
