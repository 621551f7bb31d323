// Same seed, same run, byte for byte: run after run, on a busy host, in another process with other addresses, and in a
// build with other instrumentation.
#include <cstdlib>
#include <filesystem>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "processes.h"
#include "scenarios.h"

namespace openportcls::determinism {
namespace {

using machine::PolicyKind;

constexpr std::uint64_t seed = 11;
constexpr int runs = 100;
constexpr int runs_on_a_busy_host = 20;
constexpr int processes = 5;

class Determinism : public testing::TestWithParam<std::tuple<Scenario, PolicyKind>> {
protected:
    static Scenario scenario() { return std::get<0>(GetParam()); }
    static PolicyKind policy() { return std::get<1>(GetParam()); }
    static std::string trace(std::uint64_t of_seed = seed) { return trace_of(scenario(), policy(), of_seed); }
    static std::string trace_by(const std::string& tracer) {
        return output_of(
            {tracer, std::string(name_of(scenario())), std::string(name_of(policy())), std::to_string(seed)});
    }
};

// Where two traces part, in a message of bearable size.
testing::AssertionResult same(const std::string& expected, const std::string& found) {
    if (expected == found) {
        return testing::AssertionSuccess();
    }
    const auto differs = std::mismatch(expected.begin(), expected.end(), found.begin(), found.end());
    const auto line_at = [](const std::string& text, std::size_t at) {
        const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
        return text.substr(begin, text.find('\n', at) - begin);
    };
    const auto at = static_cast<std::size_t>(differs.first - expected.begin());
    return testing::AssertionFailure() << "byte " << at << " of " << expected.size() << " and " << found.size()
                                       << ":\n  " << line_at(expected, at) << "\n  " << line_at(found, at);
}

TEST_P(Determinism, AHundredRunsAreOne) {
    const std::string reference = trace();
    ASSERT_GT(std::count(reference.begin(), reference.end(), '\n'), 100);
    for (int run = 0; run < runs; ++run) {
        ASSERT_TRUE(same(reference, trace())) << "run " << run;
    }
}

TEST_P(Determinism, BusyHostChangesNothing) {
    const std::string reference = trace();
    const BusyHost busy;
    ASSERT_GT(busy.processes(), 0U);
    for (int run = 0; run < runs_on_a_busy_host; ++run) {
        ASSERT_TRUE(same(reference, trace())) << "run " << run;
    }
}

// Every process has its memory elsewhere: an address in a trace, or an order by address, would show.
TEST_P(Determinism, OtherProcessesDoTheSame) {
    const std::string reference = trace();
    for (int process = 0; process < processes; ++process) {
        ASSERT_TRUE(same(reference, trace_by(OPENPORTCLS_TRACER)));
    }
}

// `./dev test --sanitize` names the plain build's tracer.
TEST_P(Determinism, OtherBuildDoesTheSame) {
    const char* other = std::getenv("OPENPORTCLS_OTHER_TRACER");
    if (other == nullptr) {
        GTEST_SKIP() << "skipped: OPENPORTCLS_OTHER_TRACER does not name another build's opc_tracer";
    }
    ASSERT_TRUE(std::filesystem::exists(other)) << other;
    EXPECT_TRUE(same(trace_by(other), trace()));
}

TEST_P(Determinism, SeedsMatterWherePoliciesAskThem) {
    std::set<std::string> traces;
    for (std::uint64_t each = 1; each <= 10; ++each) {
        traces.insert(trace(each));
    }
    if (policy() == PolicyKind::first_come) {
        EXPECT_EQ(traces.size(), 1U);
    } else if (policy() == PolicyKind::random) {
        EXPECT_EQ(traces.size(), 10U);
    } else {
        EXPECT_GT(traces.size(), 1U);
    }
}

INSTANTIATE_TEST_SUITE_P(Runs, Determinism,
                         testing::Combine(testing::Values(Scenario::machine, Scenario::cable),
                                          testing::Values(PolicyKind::first_come, PolicyKind::random, PolicyKind::pct)),
                         [](const auto& info) {
                             return std::string(name_of(std::get<0>(info.param))) + "_" +
                                    std::string(name_of(std::get<1>(info.param)));
                         });

} // namespace
} // namespace openportcls::determinism
