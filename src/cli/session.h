// A machine with one driver, as the options that all driver commands share describe it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

#include "cli/distinct_files.h"

namespace CLI {
class App;
}

namespace openportcls::client {
struct Pace;
}

namespace openportcls::cli {

struct SessionArguments {
    bool json = false;
    std::string driver = "cable";
    std::string service_name;
    std::filesystem::path inf;
    std::string inf_architecture = "amd64";
    std::vector<std::string> parameters;
    std::string hardware_id;
    std::vector<std::string> hardware = {"builtin"};
    std::uint64_t seed = 1;
    std::string scheduling = "first_come";
    unsigned pct_depth = MachineOptions{}.pct_depth;
    unsigned watchdog_seconds = MachineOptions{}.watchdog_seconds;
    bool paced = false;
    std::string windows = "11";
    std::filesystem::path sandbox;
    std::filesystem::path registry;
    std::filesystem::path trace;
    std::vector<std::string> settings; // "Master Volume=-6dB"
    bool verbose = false;
};

void add_session_options(CLI::App& command, SessionArguments& arguments);
// The files they name: those that a run writes, and those that it must not write over.
std::vector<NamedFile> named_files(const SessionArguments& arguments);

class Session {
public:
    // May replace the process by itself with a sanitizer's run-time preloaded, when the driver was built with one.
    static Result<std::unique_ptr<Session>> open(const SessionArguments& arguments);

    Machine& machine() { return machine_; }
    Driver& driver() { return driver_; }
    // How well a paced machine kept step with the host's clock.
    const client::Pace& pace() const;
    // Unloads the driver and completes the trace. Close filters and streams first. What the driver left behind, and
    // what sanitizers have reported, is an error.
    Result<void> close();

private:
    Session(Machine machine, Driver driver, std::string repetition)
        : machine_(std::move(machine)), driver_(std::move(driver)), repetition_(std::move(repetition)) {}
    Machine machine_;
    Driver driver_;
    std::string repetition_; // the options that make the same run again
};

} // namespace openportcls::cli
