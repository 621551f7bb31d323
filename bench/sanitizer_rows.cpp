// What a driver built with sanitizers costs. The library stays as it is; the sanitizer's run-time, which also takes
// over malloc, must be in the process before the driver comes, so these sides run in children.
#include <memory>

#include "child.h"
#include "open_close.h"
#include "pnp/pnp_manager.h"
#include "wavert_streams.h"

namespace openportcls::bench {

namespace {

constexpr int streams_under_sanitizers = 8;

std::string module_path(const std::string& name) {
    return std::string(OPENPORTCLS_BENCH_DRIVERS) + "/" + name + ".so";
}

// As the portcls command sets it up: the machine handles the guest's faults, leaks are counted by the machine.
Result<ChildOptions> sanitized(const std::string& module) {
    ChildOptions options;
    auto preloads = pnp::required_preloads(module);
    if (!preloads) {
        return preloads.error();
    }
    std::string list;
    for (const std::string& library : *preloads) {
        list += (list.empty() ? "" : ":") + library;
    }
    constexpr const char* common = "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:use_sigaltstack=0";
    options.environment = {
        {"LD_PRELOAD", list},
        {"ASAN_OPTIONS", std::string(common) + ":handle_abort=0:detect_leaks=0:detect_stack_use_after_return=0"},
        {"TSAN_OPTIONS", std::string(common) + ":report_bugs=0"}};
    return options;
}

Side in_sanitized_child(const std::string& name, const std::string& driver, bool preload) {
    const std::string module = driver == "cable" ? driver : module_path(driver);
    const Result<ChildOptions> options =
        preload ? sanitized(module_path(driver)) : Result<ChildOptions>(ChildOptions{});
    if (!options) {
        const Error error = options.error();
        return [error]() -> Result<double> { return error; };
    }
    return in_child(name, {module}, *options);
}

// ---- served
// ----------------------------------------------------------------------------------------------------------

std::string& served_module() {
    static std::string module;
    return module;
}

void stream_with_served_module(benchmark::State& state) {
    CableMachine cable({}, served_module());
    stream_periods(state, cable, streams_under_sanitizers);
}

void cycle_with_served_module(benchmark::State& state) {
    CableMachine cable({}, served_module());
    open_stream_close(state, cable);
}

Side make_stream(const std::vector<std::string>& arguments) {
    served_module() = arguments.at(0);
    return cpu_time(&stream_with_served_module, double{periods_per_iteration} * streams_under_sanitizers);
}

Side make_cycle(const std::vector<std::string>& arguments) {
    served_module() = arguments.at(0);
    return cpu_time(&cycle_with_served_module);
}

Side make_alsa_cycle(const std::vector<std::string>&) {
    return cpu_time(&alsa_open_stream_close);
}

} // namespace

void add_sanitizer_rows() {
    add_served_side("stream", &make_stream);
    add_served_side("cycle", &make_cycle);
    add_served_side("alsa-cycle", &make_alsa_cycle);
    add_row({"open, stream 100 ms, close, under ASan", "alsa copy doing the same under ASan", 2, 1,
             in_sanitized_child("cycle", "cable-address", true),
             in_sanitized_child("alsa-cycle", "cable-address", true)});
    constexpr const char* anchor = "the driver without sanitizers";
    const auto add = [](const char* name, const char* driver, double must, double goal) {
        add_row({name, anchor, must, goal, in_sanitized_child("stream", driver, true),
                 in_sanitized_child("stream", "cable", false)});
    };
    add("streaming, driver under ASan", "cable-address", 3, 2.2);
    add("streaming, driver under ASan and UBSan", "cable-address-undefined", 6, 4);
    add("streaming, driver under TSan", "cable-thread", 40, 30);
}

} // namespace openportcls::bench
