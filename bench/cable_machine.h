// A machine with the cable driver, or another one, started, for benchmarks.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>

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

// `module`: another build of the cable driver; with an `inf` of its own: another driver.
struct CableMachine {
    explicit CableMachine(const MachineOptions& options = {}, const std::filesystem::path& module = "cable",
                          const std::filesystem::path& inf = {})
        : machine(must(Machine::create(options))) {
        DriverOptions driver;
        driver.inf = inf;
        for (const BuiltinDriver& known : builtin_drivers()) {
            driver.inf = known.name == "cable" && inf.empty() ? known.inf : driver.inf;
        }
        must(machine.load_driver(module, driver));
    }
    Filter wave() { return must(machine.open_first("Wave")); }
    Machine machine;
};

} // namespace openportcls::bench
