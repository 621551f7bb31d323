#include "cli/mixer_lines.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/console.h"

namespace openportcls::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string channels_of(const MixerControl& control) {
    if (control.type == MixerControlType::mux) {
        return {};
    }
    const char* const kind = control.is_master_only ? " (master)" : control.is_uniform ? " (uniform)" : "";
    return fmt::format("{} channel{}{}", control.channels, control.channels == 1 ? "" : "s", kind);
}

std::string name_of(const Mixer& mixer, std::size_t source) {
    return source == no_mixer_line ? "nothing" : fmt::format("\"{}\"", mixer.sources[source].name);
}

// `lead` goes before the line, as many blanks as it has before its controls.
void print_line(const Mixer& mixer, const MixerLine& line, std::string_view lead) {
    const std::string place = line.pin == UINT32_MAX ? line.filter : fmt::format("{} pin {}", line.filter, line.pin);
    fmt::print("{}\"{}\"  {}, {}  ({})\n", lead, line.name, line.component, line.target, place);
    for (const MixerControl& control : line.controls) {
        std::string inputs;
        for (const std::size_t input : control.inputs) {
            inputs += (inputs.empty() ? "of " : ", ") + name_of(mixer, input);
        }
        fmt::print("{:{}}  {:<10} {:<12} \"{}\"  {}{}\n", "", lead.size(), mixer_control_name(control.type),
                   fmt::format("{}:{}", control.filter, control.node), control.name, channels_of(control), inputs);
    }
}

Json to_json(const MixerControl& control) {
    Json facts = {{"type", mixer_control_name(control.type)},
                  {"filter", control.filter},
                  {"node", control.node},
                  {"name", control.name},
                  {"tells_changes", control.tells_changes}};
    if (control.type != MixerControlType::mux) {
        facts["channels"] = control.channels;
        facts["uniform"] = control.is_uniform;
        facts["master_only"] = control.is_master_only;
        return facts;
    }
    Json inputs = Json::array();
    for (const std::size_t input : control.inputs) {
        inputs.push_back(input == no_mixer_line ? Json() : Json(input));
    }
    facts["inputs"] = std::move(inputs);
    return facts;
}

Json to_json(const MixerLine& line) {
    Json facts = {{"name", line.name},
                  {"component", line.component},
                  {"target", line.target},
                  {"filter", line.filter},
                  {"channels", line.channels()}};
    if (line.pin != UINT32_MAX) {
        facts["pin"] = line.pin;
    }
    if (line.destination != no_mixer_line) {
        facts["destination"] = line.destination;
    }
    facts["controls"] = Json::array();
    for (const MixerControl& control : line.controls) {
        facts["controls"].push_back(to_json(control));
    }
    return facts;
}

void print_mixer(const Mixer& mixer) {
    fmt::print("{}\n", mixer.device);
    for (std::size_t i = 0; i < mixer.destinations.size(); ++i) {
        print_line(mixer, mixer.destinations[i], "  ");
        for (const MixerLine& source : mixer.sources) {
            if (source.destination == i) {
                print_line(mixer, source, "    from ");
            }
        }
    }
}

} // namespace

void print_mixer_lines(const std::vector<Mixer>& mixers, bool as_json) {
    Json list = Json::array();
    for (const Mixer& mixer : mixers) {
        if (!as_json) {
            print_mixer(mixer);
            continue;
        }
        Json facts = {{"device", mixer.device}, {"destinations", Json::array()}, {"sources", Json::array()}};
        for (const MixerLine& line : mixer.destinations) {
            facts["destinations"].push_back(to_json(line));
        }
        for (const MixerLine& line : mixer.sources) {
            facts["sources"].push_back(to_json(line));
        }
        list.push_back(std::move(facts));
    }
    if (as_json) {
        answer("mixer", std::move(list));
    }
}

} // namespace openportcls::cli
