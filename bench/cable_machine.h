// A machine with the cable driver started, for benchmarks.
#pragma once

#include <cstdio>
#include <cstdlib>

#include <openportcls/openportcls.hpp>

namespace openportcls::bench {

template<class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "bench: %s\n", result.error().message.c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(result).value();
    }
}

struct CableMachine {
    explicit CableMachine(const MachineOptions& options = {}) : machine(must(Machine::create(options))) {
        must(machine.load_driver("cable"));
    }
    Filter wave() { return must(machine.open_first("Wave")); }
    Machine machine;
};

} // namespace openportcls::bench
