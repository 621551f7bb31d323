#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/controls.h"
#include "cli/mixer_lines.h"
#include "cli/session.h"

namespace openportcls::cli {

namespace {

struct MixerArguments : SessionArguments {
    std::vector<std::string> setting;
    bool lines = false;
};

std::string state_of(const Control& control) {
    std::string text;
    for (const double volume : control.volumes) {
        text += fmt::format(" {:.1f} dB", volume);
    }
    if (!control.ranges.empty()) {
        text += fmt::format("  ({:.1f} to {:.1f} dB in steps of {:.2f})", control.ranges.front().minimum,
                            control.ranges.front().maximum, control.ranges.front().step);
    }
    for (const bool mute : control.mutes) {
        text += mute ? " muted" : " unmuted";
    }
    if (control.source) {
        text += fmt::format(" source {}", *control.source);
        std::string inputs;
        for (std::size_t i = 0; i < control.inputs.size(); ++i) {
            inputs += fmt::format("{}{} \"{}\"", i == 0 ? "" : ", ", i + 1, control.inputs[i]);
        }
        text += inputs.empty() ? "" : fmt::format("  ({})", inputs);
    }
    return text;
}

void print(const std::vector<Control>& controls, bool as_json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Control& control : controls) {
        if (!as_json) {
            fmt::print("{:<12} {:<24}{}\n", fmt::format("{}:{}", control.filter, control.node.id), control.title,
                       state_of(control));
            continue;
        }
        nlohmann::ordered_json facts = {{"filter", control.filter},
                                        {"node", control.node.id},
                                        {"type", guid_name(control.node.type)},
                                        {"name", control.title}};
        if (!control.volumes.empty()) {
            facts["volume"] = control.volumes;
        }
        if (!control.ranges.empty()) {
            facts["minimum"] = control.ranges.front().minimum;
            facts["maximum"] = control.ranges.front().maximum;
            facts["step"] = control.ranges.front().step;
        }
        if (!control.mutes.empty()) {
            facts["mute"] = control.mutes;
        }
        if (control.source) {
            facts["source"] = *control.source;
            facts["sources"] = control.inputs;
        }
        list.push_back(facts);
    }
    if (as_json) {
        answer("mixer", std::move(list));
    } else if (controls.empty()) {
        fmt::print("the driver has no volume, mute or source to set\n");
    }
}

int mixer(const MixerArguments& arguments, bool is_set) {
    Setting setting;
    if (is_set) {
        for (const std::string& word : arguments.setting) {
            if (word.starts_with("--")) {
                return misuse(fmt::format("{}: no such option; --help shows what there is", word));
            }
        }
        auto parsed = parse_setting(arguments.setting);
        if (!parsed) {
            return misuse(parsed.error().message);
        }
        setting = *parsed;
    }
    if (auto distinct = check_distinct(named_files(arguments)); !distinct) {
        return fail(distinct.error());
    }
    auto session = Session::open(arguments);
    if (!session) {
        return fail(session.error());
    }
    if (is_set) {
        if (auto applied = apply((*session)->machine(), setting); !applied) {
            return fail(applied.error());
        }
    }
    if (arguments.lines) {
        auto mixers = read_mixers((*session)->machine());
        auto closed = (*session)->close();
        if (!mixers || !closed) {
            return fail(mixers ? closed.error() : mixers.error());
        }
        print_mixer_lines(*mixers, arguments.json);
        return exit_done;
    }
    auto controls = list_controls((*session)->machine());
    if (controls) {
        name_inputs((*session)->machine(), *controls);
    }
    auto closed = (*session)->close();
    if (!controls || !closed) {
        return fail(controls ? closed.error() : controls.error());
    }
    print(*controls, arguments.json);
    return exit_done;
}

} // namespace

void add_mixer_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("mixer", "show and set a driver's volumes, mutes and sources");
    auto arguments = std::make_shared<MixerArguments>();
    command->add_flag("--json", arguments->json, "as JSON");
    command->add_flag("--lines", arguments->lines,
                      "the mixer lines that WDMAud makes of the topology: what the mixer API and SndVol32 show");
    add_session_options(*command, *arguments);
    CLI::App* set = command->add_subcommand(
        "set",
        "NODE [CHANNEL] LEVEL: set one and show all. NODE is a name (\"Master Volume\"), a number or Filter:number; "
        "CHANNEL a number or all; LEVEL -6dB, mute, unmute or source N. The driver keeps a setting for as long as it "
        "runs: play and record take --set.");
    // A level may begin with a minus sign, so the words are not parsed as options.
    set->allow_extras();
    set->add_flag("--json", arguments->json, "as JSON");
    add_session_options(*set, *arguments);
    command->callback([&run, arguments, set] {
        const bool is_set = set->parsed();
        if (is_set) {
            arguments->setting = set->remaining();
        }
        run = [arguments, is_set] { return mixer(*arguments, is_set); };
    });
}

} // namespace openportcls::cli
