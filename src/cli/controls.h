// Volume, mute and source nodes of all filters, by the names people give them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openportcls/openportcls.hpp>

namespace openportcls::cli {

// "Master Volume", or for nodes without a name what they are: "volume".
std::string node_title(const NodeInfo& node);
// "volume" for KSNODETYPE_VOLUME.
std::string node_kind(const NodeInfo& node);

struct Control {
    std::string filter;
    NodeInfo node;
    std::string title;
    std::vector<Filter::Range> ranges; // of a volume, by channel
    std::vector<double> volumes;       // dB by channel
    std::vector<bool> mutes;           // by channel
    std::optional<std::uint32_t> source;
    std::vector<std::string> inputs; // by source, from 1 on; see name_inputs
};

// Nodes with something to set.
Result<std::vector<Control>> list_controls(Machine& machine);
// What sources choose from, as the mixer lines name it; "" for what has no name or leads nowhere.
void name_inputs(Machine& machine, std::vector<Control>& controls);

struct Setting {
    enum class Kind { volume, mute, source } kind = Kind::volume;
    std::string node;                     // a title, an id, or "Filter:id"
    std::optional<std::uint32_t> channel; // nothing: all
    double decibels = 0;
    bool mute = false;
    std::uint32_t source = 0;

    bool is_same_control(const Setting& other) const;
};

// The words NODE [CHANNEL] VALUE, where VALUE is "-6dB", "mute", "unmute" or "source 2", as one word
// or two.
Result<Setting> parse_setting(const std::vector<std::string>& words);
Result<void> apply(Machine& machine, const Setting& setting);
// The same as one word: "NODE[,CHANNEL]=VALUE".
Result<Setting> parse_assignment(const std::string& text);

} // namespace openportcls::cli
