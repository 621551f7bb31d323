#include "cli/session.h"

#include <cstdlib>
#include <fstream>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "cli/console.h"
#include "cli/controls.h"
#include "cli/option_checks.h"
#include "client/cards.h"
#include "client/state.h"
#include "hardware/catalog.h"
#include "machine/sanitizer_reports.h"
#include "pnp/pnp_manager.h"

namespace openportcls::cli {

namespace {

// Empty when it can be had.
std::string check_hardware(const std::string& text) {
    if (text == "builtin" || text == "none") {
        return {};
    }
    std::string models;
    for (const hardware::Model& model : hardware::models()) {
        models += fmt::format("{}{}", models.empty() ? "" : ", ", model.name);
        if (text.substr(0, text.find(':')) == model.name) {
            const auto order = hardware::parse_card(text);
            return order ? std::string() : order.error().message;
        }
    }
    const bool is_planned = text == "qemu" || text == "vfio" || text.starts_with("vfio:");
    return fmt::format("\"{}\" {}: builtin or none, or a model: {}", text,
                       is_planned ? "is not available yet; there is" : "is no hardware", models);
}

std::vector<std::string> cards_for(const SessionArguments& arguments) {
    std::vector<std::string> cards;
    for (const std::string& text : arguments.hardware) {
        if (text == "builtin") {
            for (const BuiltinDriver& known : builtin_drivers()) {
                if (known.name == arguments.driver && known.binds_to != "software") {
                    cards.push_back(known.binds_to);
                }
            }
        } else if (text != "none") {
            cards.push_back(text);
        }
    }
    return cards;
}

void require_cards_that_fit(const SessionArguments& arguments) {
    if (const auto cards = hardware::parse_cards(cards_for(arguments)); !cards) {
        throw CLI::ValidationError("--hardware", cards.error().message);
    }
}

} // namespace

void add_session_options(CLI::App& command, SessionArguments& arguments) {
    const char* group = "Driver and machine";
    command.add_option("--driver", arguments.driver, "a driver that came with OpenPortCls, or a module (X.so)")
        ->group(group)
        ->capture_default_str();
    command.add_option("--inf", arguments.inf, "its INF or INX file; without it the one beside the module")
        ->group(group);
    command
        .add_option("--inf-architecture", arguments.inf_architecture,
                    "whose models of the INF count; x86 for old drivers whose INF has no others")
        ->group(group)
        ->check(CLI::IsMember({"amd64", "x86", "ia64", "arm", "arm64"}))
        ->capture_default_str();
    command.add_option("--parameter", arguments.parameters, "a registry value for the driver: NAME=VALUE (repeatable)")
        ->group(group)
        ->check(registry_parameter())
        ->allow_extra_args(false);
    command
        .add_option("--service-name", arguments.service_name,
                    "the driver's key below Services; without it the INF's, or the module's name")
        ->group(group);
    command.add_option("--hardware-id", arguments.hardware_id, "of the device; without it the INF's first model")
        ->group(group);
    command
        .add_option(
            "--hardware", arguments.hardware,
            "what the driver finds in the computer: builtin (the card that a driver of ours is for), none, or a model "
            "that `portcls hardware` lists: sb16, sb16:io=240,irq=7 (repeatable)")
        ->group(group)
        ->check(CLI::Validator(check_hardware, "builtin|none|MODEL[:OPTION=VALUE,...]", "hardware"))
        ->allow_extra_args(false)
        ->capture_default_str();
    command
        .add_option("--set", arguments.settings, "a control before anything runs: \"Master Volume=-6dB\" (repeatable)")
        ->group(group)
        ->check(control_setting())
        ->allow_extra_args(false);
    command.add_option("--seed", arguments.seed, "of the scheduler and everything random; same seed, same run")
        ->group(group)
        ->transform(whole_number_between(0, UINT64_MAX))
        ->capture_default_str();
    command.add_option("--scheduling", arguments.scheduling, "what runs next: first_come, random or pct")
        ->group(group)
        ->check(CLI::IsMember({"first_come", "random", "pct"}))
        ->capture_default_str();
    constexpr std::uint64_t deepest = 1000; // as Machine::create takes
    const CLI::Option* const depth =
        command
            .add_option("--pct-depth", arguments.pct_depth,
                        "with --scheduling pct: at how many random steps the priorities of the processors change")
            ->group(group)
            ->transform(whole_number_between(1, deepest))
            ->capture_default_str();
    constexpr std::uint64_t longest_watch = 1'000'000;
    command
        .add_option("--watchdog", arguments.watchdog_seconds,
                    "host CPU seconds without a call of the kernel that are an endless loop; 0: none is")
        ->group(group)
        ->transform(whole_number_between(0, longest_watch))
        ->capture_default_str();
    command.add_flag("--paced", arguments.paced, "in real time instead of as fast as possible")->group(group);
    command.add_option("--os", arguments.windows, "the Windows the driver finds: xp, vista, 7, 8, 8.1, 10 or 11")
        ->group(group)
        ->check(CLI::IsMember({"xp", "vista", "7", "8", "8.1", "10", "11"}))
        ->capture_default_str();
    command.add_option("--sandbox", arguments.sandbox, "folder that stands for C:; without it a private one")
        ->group(group);
    command.add_option("--registry", arguments.registry, "file that keeps the registry between runs")->group(group);
    command
        .add_option("--trace", arguments.trace,
                    "write the run as a timeline for the Perfetto viewer; - is standard output")
        ->group(group);
    command.add_flag("--verbose", arguments.verbose, "what the driver prints, on the error stream")->group(group);
    command.parse_complete_callback([&arguments, depth] {
        if (depth->count() != 0 && arguments.scheduling != "pct") {
            throw CLI::ValidationError("--pct-depth", "without --scheduling pct it changes nothing");
        }
        require_distinct_parameters(arguments.parameters);
        require_distinct_settings(arguments.settings);
        require_cards_that_fit(arguments);
    });
}

std::vector<NamedFile> named_files(const SessionArguments& arguments) {
    std::vector<NamedFile> files;
    if (!arguments.trace.empty()) {
        files.push_back({"--trace " + arguments.trace.string(), arguments.trace});
    }
    if (!arguments.registry.empty()) {
        files.push_back({"--registry " + arguments.registry.string(), arguments.registry});
    }
    if (!arguments.inf.empty()) {
        files.push_back({"--inf " + arguments.inf.string(), arguments.inf, false});
    }
    if (std::error_code ignored; std::filesystem::is_regular_file(arguments.driver, ignored)) {
        files.push_back({"--driver " + arguments.driver, arguments.driver, false});
        for (const char* extension : {".inf", ".inx"}) {
            const auto beside = std::filesystem::path(arguments.driver).replace_extension(extension);
            if (arguments.inf.empty() && std::filesystem::is_regular_file(beside, ignored)) {
                files.push_back({"the INF " + beside.string(), beside, false});
            }
        }
    }
    return files;
}

namespace {

MachineOptions machine_options(const SessionArguments& arguments) {
    MachineOptions options;
    options.hardware = cards_for(arguments);
    options.seed = arguments.seed;
    options.pct_depth = arguments.pct_depth;
    options.watchdog_seconds = arguments.watchdog_seconds;
    options.paced = arguments.paced;
    options.windows = arguments.windows;
    options.sandbox = arguments.sandbox;
    options.registry = arguments.registry;
    options.scheduling = arguments.scheduling == "random" ? Scheduling::random
                         : arguments.scheduling == "pct"  ? Scheduling::pct
                                                          : Scheduling::first_come;
    return options;
}

std::filesystem::path module_of(const std::string& driver) {
    for (const BuiltinDriver& known : builtin_drivers()) {
        if (known.name == driver) {
            return known.module;
        }
    }
    return driver;
}

void add_to_environment(const char* name, const std::string& value) {
    const char* before = std::getenv(name);
    setenv(name, before != nullptr && *before != '\0' ? (value + ":" + before).c_str() : value.c_str(), 1);
}

// A module with sanitizers needs their run-time from the start of the process: start again with it.
Result<void> preload_sanitizers(const std::filesystem::path& module) {
    constexpr const char* already = "OPENPORTCLS_PRELOADED";
    if (!std::filesystem::is_regular_file(module) || std::getenv(already) != nullptr) {
        return {};
    }
    auto needed = pnp::required_preloads(module);
    if (!needed || needed->empty()) {
        return needed ? Result<void>() : Result<void>(needed.error());
    }
    for (auto library = needed->rbegin(); library != needed->rend(); ++library) {
        add_to_environment("LD_PRELOAD", *library);
    }
    setenv(already, "1", 1);
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) {
        words.push_back(word);
    }
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    std::fflush(nullptr);
    execv("/proc/self/exe", arguments.data());
    return Error{status_unsuccessful, "cannot start again with the sanitizer's library"};
}

Result<void> sanitizers_were_silent(const std::string& repetition) {
    const machine::SanitizerReports reports = machine::sanitizer_reports();
    std::string found;
    if (reports.races != 0) {
        found = fmt::format("ThreadSanitizer reported {} data race{}", reports.races, reports.races == 1 ? "" : "s");
    } else if (reports.undefined_behaviour != 0) {
        found = fmt::format("UndefinedBehaviorSanitizer reported {} error{}", reports.undefined_behaviour,
                            reports.undefined_behaviour == 1 ? "" : "s");
    } else {
        return {};
    }
    return Error{status_unsuccessful, fmt::format("{}; the same run again: {}", found, repetition)};
}

} // namespace

Result<std::unique_ptr<Session>> Session::open(const SessionArguments& arguments) {
    if (auto preloaded = preload_sanitizers(module_of(arguments.driver)); !preloaded) {
        return preloaded.error();
    }
    auto machine = Machine::create(machine_options(arguments));
    if (!machine) {
        return machine.error();
    }
    if (arguments.verbose) {
        machine->on_debug_print(
            [](std::string_view text) { remark(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text); });
    }
    if (!arguments.trace.empty()) {
        const bool is_printed = arguments.trace == standard_output_file;
        if (auto traced = machine->start_trace(is_printed ? "/dev/stdout" : arguments.trace); !traced) {
            return traced.error();
        }
        if (is_printed) {
            say_everything_on_standard_error();
        }
    }
    DriverOptions options;
    options.service_name = arguments.service_name;
    options.inf = arguments.inf;
    options.inf_architecture = arguments.inf_architecture;
    options.parameters = arguments.parameters;
    options.hardware_id = arguments.hardware_id;
    auto driver = machine->load_driver(arguments.driver, options);
    for (const std::string& warning : machine->load_warnings()) {
        warn(warning);
    }
    if (!driver) {
        return driver.error();
    }
    for (const std::string& card : client::cards_without_device(*machine->state())) {
        warn(fmt::format("warning: no driver took the card {}", card));
    }
    std::string repetition = fmt::format("--scheduling {} --seed {}", arguments.scheduling, arguments.seed);
    if (arguments.scheduling == "pct" && arguments.pct_depth != MachineOptions{}.pct_depth) {
        repetition += fmt::format(" --pct-depth {}", arguments.pct_depth);
    }
    std::unique_ptr<Session> session(new Session(std::move(*machine), std::move(*driver), std::move(repetition)));
    for (const std::string& setting : arguments.settings) {
        const auto parsed = parse_assignment(setting);
        if (!parsed) {
            return parsed.error();
        }
        if (auto done = apply(session->machine(), *parsed); !done) {
            return done.error();
        }
    }
    return session;
}

const client::Pace& Session::pace() const {
    return machine_.state()->pace;
}

Result<void> Session::close() {
    auto left_behind = driver_.unload();
    for (const std::string& warning : machine_.state()->machine->explanations().warnings()) {
        warn(warning);
    }
    auto traced = machine_.stop_trace();
    if (!left_behind) {
        return left_behind.error();
    }
    if (auto clean = sanitizers_were_silent(repetition_); !clean) {
        return clean.error();
    }
    if (auto kept = machine_.save_registry(); !kept) {
        return kept;
    }
    if (left_behind->empty()) {
        return traced;
    }
    std::string list = "the driver was unloaded and left behind:";
    for (const LeakLine& line : *left_behind) {
        list += fmt::format("\n  {} x {}: {}", line.count, line.kind, line.what);
        if (line.bytes != 0) {
            list += fmt::format(", {} bytes", line.bytes);
        }
    }
    return Error{status_unsuccessful, list};
}

} // namespace openportcls::cli
