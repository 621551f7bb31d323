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

// `module`: another driver that came with the library, or another build of the cable driver; with an `inf` of its own:
// any driver.
struct CableMachine {
    explicit CableMachine(const MachineOptions& options = {}, const std::filesystem::path& module = "cable",
                          const std::filesystem::path& inf = {}, const std::vector<std::string>& parameters = {})
        : machine(must(Machine::create(options))) {
        DriverOptions driver;
        driver.parameters = parameters;
        driver.inf = inf;
        for (const BuiltinDriver& known : builtin_drivers()) {
            const bool is_it = known.name == module || (known.name == "cable" && driver.inf.empty());
            driver.inf = is_it && inf.empty() ? known.inf : driver.inf;
        }
        must(machine.load_driver(module, driver));
    }
    Filter wave() { return must(machine.open_first("Wave")); }
    Machine machine;
};

} // namespace openportcls::bench
