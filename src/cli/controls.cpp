#include "cli/controls.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/status.h"
#include "cli/console.h"
#include "cli/topology.h"

namespace openportcls::cli {

namespace {

constexpr std::uint32_t most_channels = 32;

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char character) { return static_cast<char>(std::tolower(character)); });
    return result;
}

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    return problem == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

Control read_control(const Filter& filter, const NodeInfo& node) {
    Control control;
    control.filter = filter.name();
    control.node = node;
    control.title = node_title(node);
    const std::string kind = node_kind(node);
    if (kind == "volume") {
        if (auto ranges = filter.volume_ranges(node.id)) {
            control.ranges = std::move(*ranges);
        }
        for (std::uint32_t channel = 0; channel < most_channels; ++channel) {
            const auto volume = filter.volume(node.id, channel);
            if (!volume) {
                break;
            }
            control.volumes.push_back(*volume);
        }
    } else if (kind == "mute") {
        for (std::uint32_t channel = 0; channel < most_channels; ++channel) {
            const auto mute = filter.mute(node.id, channel);
            if (!mute) {
                break;
            }
            control.mutes.push_back(*mute);
        }
    } else if (kind == "mux") {
        if (const auto source = filter.mux(node.id)) {
            control.source = *source;
        }
    }
    return control;
}

bool is_named(const Control& control, std::string_view wanted) {
    return lower(control.title) == lower(wanted) ||
           lower(fmt::format("{}:{}", control.filter, control.node.id)) == lower(wanted) ||
           fmt::format("{}", control.node.id) == wanted;
}

bool takes(const Control& control, Setting::Kind kind) {
    switch (kind) {
    case Setting::Kind::volume:
        return !control.volumes.empty();
    case Setting::Kind::mute:
        return !control.mutes.empty();
    case Setting::Kind::source:
        return control.source.has_value();
    }
    return false;
}

// Drivers clamp what is out of range without a word; whoever asked for it should know.
Result<void> check_level(const Control& control, double decibels, std::uint32_t first, std::uint32_t last) {
    constexpr double rounding = 0.005; // of levels as they are printed
    for (std::uint32_t channel = first; channel <= last && !control.ranges.empty(); ++channel) {
        const Filter::Range& range = control.ranges[std::min<std::size_t>(channel, control.ranges.size() - 1)];
        if (decibels < range.minimum - rounding || decibels > range.maximum + rounding) {
            return Error{status_misused, fmt::format("\"{}\" goes from {:.1f} to {:.1f} dB, not to {:.1f} dB",
                                                     control.title, range.minimum, range.maximum, decibels)};
        }
    }
    return {};
}

const char* what(Setting::Kind kind) {
    return kind == Setting::Kind::volume ? "volume" : kind == Setting::Kind::mute ? "mute" : "source";
}

} // namespace

std::string node_kind(const NodeInfo& node) {
    const std::string name = guid_name(node.type);
    constexpr std::string_view prefix = "KSNODETYPE_";
    return name.starts_with(prefix) ? lower(name.substr(prefix.size())) : name;
}

std::string node_title(const NodeInfo& node) {
    return node.name.empty() ? node_kind(node) : node.name;
}

Result<std::vector<Control>> list_controls(Machine& machine) {
    std::vector<Control> controls;
    for (const FilterInfo& info : machine.filters()) {
        auto filter = machine.open(info);
        if (!filter) {
            return filter.error();
        }
        const auto nodes = filter->nodes();
        if (!nodes) {
            continue; // a filter without topology properties has no controls
        }
        for (const NodeInfo& node : *nodes) {
            Control control = read_control(*filter, node);
            if (!control.volumes.empty() || !control.mutes.empty() || control.source) {
                controls.push_back(std::move(control));
            }
        }
        if (const auto alive = still_alive(machine); !alive) {
            return alive.error();
        }
    }
    return controls;
}

namespace {

void name_inputs_of(const Mixer& mixer, const MixerControl& mux, std::vector<Control>& controls) {
    const auto shown = std::ranges::find_if(controls, [&](const Control& each) {
        return each.source && each.filter == mux.filter && each.node.id == mux.node && each.inputs.empty();
    });
    if (mux.type != MixerControlType::mux || shown == controls.end()) {
        return;
    }
    for (const std::size_t input : mux.inputs) {
        shown->inputs.push_back(input == no_mixer_line ? "" : mixer.sources[input].name);
    }
}

} // namespace

void name_inputs(Machine& machine, std::vector<Control>& controls) {
    const bool has_source = std::ranges::any_of(controls, [](const Control& each) { return each.source.has_value(); });
    const auto mixers = has_source ? read_mixers(machine) : std::vector<Mixer>();
    if (!mixers) {
        return; // the numbers will do
    }
    for (const Mixer& mixer : *mixers) {
        for (const MixerLine& line : mixer.destinations) {
            for (const MixerControl& control : line.controls) {
                name_inputs_of(mixer, control, controls);
            }
        }
    }
}

namespace {

// A last word "source 3" is two.
std::vector<std::string> with_source_apart(std::vector<std::string> words) {
    constexpr std::string_view source = "source";
    const std::string last = words.empty() ? std::string() : words.back();
    if (last.size() > source.size() && lower(last).starts_with(source) && last[source.size()] == ' ') {
        words.back() = source;
        words.push_back(last.substr(std::min(last.find_first_not_of(' ', source.size()), last.size())));
    }
    return words;
}

} // namespace

Result<Setting> parse_setting(const std::vector<std::string>& words) {
    std::vector<std::string> left = with_source_apart(words);
    Setting setting;
    const auto wrong = [](std::string message) { return Error{status_invalid_parameter, std::move(message)}; };
    if (left.size() >= 2 && lower(left[left.size() - 2]) == "source") {
        const auto source = number(left.back());
        if (!source) {
            return wrong(fmt::format("\"{}\" is no source: a number from 1 on", left.back()));
        }
        setting.kind = Setting::Kind::source;
        setting.source = *source;
        left.resize(left.size() - 2);
    } else if (!left.empty()) {
        std::string value = lower(left.back());
        left.pop_back();
        if (value == "db" && !left.empty()) { // "-6 dB"
            value = lower(left.back());
            left.pop_back();
        }
        if (value == "mute" || value == "unmute") {
            setting.kind = Setting::Kind::mute;
            setting.mute = value == "mute";
        } else {
            std::string_view digits = value;
            if (digits.ends_with("db")) {
                digits.remove_suffix(2);
            }
            while (digits.ends_with(' ')) {
                digits.remove_suffix(1);
            }
            if (digits.starts_with('+')) {
                digits.remove_prefix(1);
            }
            const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), setting.decibels);
            if (problem != std::errc() || end != digits.data() + digits.size() || !std::isfinite(setting.decibels)) {
                return wrong(
                    fmt::format("\"{}\" is no setting: a level such as -6dB, mute, unmute or source N", words.back()));
            }
        }
    }
    if (left.empty() || left.size() > 2) {
        return wrong("a setting is: NODE [CHANNEL] LEVEL, where LEVEL is -6dB, mute, unmute or source N");
    }
    setting.node = left[0];
    if (left.size() == 2 && lower(left[1]) != "all") {
        setting.channel = number(left[1]);
        if (!setting.channel) {
            return wrong(fmt::format("\"{}\" is no channel: a number from 0 on, or all", left[1]));
        }
    }
    return setting;
}

Result<void> apply(Machine& machine, const Setting& setting) {
    auto controls = list_controls(machine);
    if (!controls) {
        return controls.error();
    }
    std::vector<const Control*> matching;
    bool has_name = false;
    std::string known;
    for (const Control& control : *controls) {
        const bool is_wanted = is_named(control, setting.node);
        has_name |= is_wanted;
        if (is_wanted && takes(control, setting.kind)) {
            matching.push_back(&control);
        }
        known +=
            fmt::format("{}{}:{} \"{}\"", known.empty() ? "" : ", ", control.filter, control.node.id, control.title);
    }
    if (matching.empty()) {
        return Error{status_not_found, has_name ? fmt::format("\"{}\" has no {}", setting.node, what(setting.kind))
                                                : fmt::format("no control \"{}\"; there is: {}", setting.node,
                                                              known.empty() ? "none" : known)};
    }
    if (matching.size() > 1) {
        return Error{status_invalid_parameter,
                     fmt::format("\"{}\" is more than one control: say {}:{} or {}:{}", setting.node,
                                 matching[0]->filter, matching[0]->node.id, matching[1]->filter, matching[1]->node.id)};
    }
    const Control& control = *matching.front();
    auto filter = machine.open_first(control.filter);
    if (!filter) {
        return filter.error();
    }
    if (setting.kind == Setting::Kind::source) {
        return filter->set_mux(control.node.id, setting.source);
    }
    const auto channels = static_cast<std::uint32_t>(setting.kind == Setting::Kind::volume ? control.volumes.size()
                                                                                           : control.mutes.size());
    if (setting.channel && *setting.channel >= channels) {
        return Error{status_invalid_parameter,
                     fmt::format("\"{}\" has channels 0 to {}, not {}", control.title, channels - 1, *setting.channel)};
    }
    const std::uint32_t first = setting.channel.value_or(0);
    const std::uint32_t last = setting.channel.value_or(channels - 1);
    if (setting.kind == Setting::Kind::volume) {
        if (auto possible = check_level(control, setting.decibels, first, last); !possible) {
            return possible;
        }
    }
    for (std::uint32_t channel = first; channel <= last; ++channel) {
        const auto done = setting.kind == Setting::Kind::volume
                              ? filter->set_volume(control.node.id, channel, setting.decibels)
                              : filter->set_mute(control.node.id, channel, setting.mute);
        if (!done) {
            return done.error();
        }
    }
    return {};
}

bool Setting::is_same_control(const Setting& other) const {
    return kind == other.kind && channel == other.channel && lower(node) == lower(other.node);
}

Result<Setting> parse_assignment(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
        return Error{status_invalid_parameter,
                     fmt::format("\"{}\": NODE=LEVEL is wanted, as in \"Master Volume=-6dB\"", text)};
    }
    std::vector<std::string> words;
    const std::string target = text.substr(0, equals);
    const std::size_t comma = target.find(',');
    words.push_back(target.substr(0, comma));
    if (comma != std::string::npos) {
        words.push_back(target.substr(comma + 1));
    }
    words.push_back(text.substr(equals + 1));
    return parse_setting(words);
}

} // namespace openportcls::cli
