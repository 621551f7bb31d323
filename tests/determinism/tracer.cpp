// opc_tracer SCENARIO POLICY SEED: prints the run's trace, for comparison with another process' or another build's.
#include <cstdio>
#include <cstdlib>

#include "scenarios.h"

using namespace openportcls;
using determinism::Scenario;
using machine::PolicyKind;

int main(int count, char** arguments) {
    if (count != 4) {
        std::fprintf(stderr, "usage: %s machine|cable first_come|random|pct SEED\n", arguments[0]);
        return 2;
    }
    for (const Scenario scenario : {Scenario::machine, Scenario::cable}) {
        for (const PolicyKind policy : {PolicyKind::first_come, PolicyKind::random, PolicyKind::pct}) {
            if (determinism::name_of(scenario) == arguments[1] && determinism::name_of(policy) == arguments[2]) {
                const std::string trace =
                    determinism::trace_of(scenario, policy, std::strtoull(arguments[3], nullptr, 10));
                return std::fwrite(trace.data(), 1, trace.size(), stdout) == trace.size() ? 0 : 1;
            }
        }
    }
    std::fprintf(stderr, "%s: unknown scenario or policy\n", arguments[0]);
    return 2;
}
