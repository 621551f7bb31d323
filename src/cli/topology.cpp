#include "cli/topology.h"

#include <array>
#include <cstring>

#include <fmt/format.h>

#include "cli/controls.h"

namespace openportcls::cli {

namespace {

// KSJACK_DESCRIPTION as it travels (ksmedia.h).
struct JackDescription {
    std::uint32_t channel_mapping;
    std::uint32_t color;
    std::uint32_t connection_type;
    std::uint32_t location;
    std::uint32_t general_location;
    std::uint32_t port_connection;
    std::uint32_t is_connected;
};
static_assert(sizeof(JackDescription) == 28);

template<std::size_t Count>
std::string name_of(const std::array<const char*, Count>& names, std::uint32_t value) {
    return value < Count ? names[value] : fmt::format("type {}", value);
}

// EPcxConnectionType and EPcxGeoLocation.
constexpr std::array connection_names = {"unknown",      "3.5 mm jack", "6.3 mm jack",   "built-in",
                                         "RCA",          "optical",     "other digital", "other analog",
                                         "multichannel", "XLR",         "RJ11",          "combination"};
constexpr std::array location_names = {"nowhere",   "rear",   "front",      "left",       "right",
                                       "top",       "bottom", "rear panel", "riser card", "inside lid",
                                       "drive bay", "HDMI",   "outside lid"};

std::vector<Jack> jacks_of(const Filter& filter, const std::vector<PinInfo>& pins) {
    std::vector<Jack> jacks;
    const auto set = parse_guid("{4509F757-2D46-4637-8E62-CE7DB944F57B}"); // KSPROPSETID_Jack
    constexpr std::uint32_t jack_description = 1;                          // KSPROPERTY_JACK_DESCRIPTION
    constexpr std::size_t header_bytes = 8;                                // KSMULTIPLE_ITEM
    for (const PinInfo& pin : pins) {
        const std::array<std::uint32_t, 2> target = {pin.id, 0};
        const auto value = filter.property_value(*set, jack_description, std::as_bytes(std::span(target)));
        if (!value) {
            continue;
        }
        for (std::size_t at = header_bytes; at + sizeof(JackDescription) <= value->size();
             at += sizeof(JackDescription)) {
            JackDescription description;
            std::memcpy(&description, value->data() + at, sizeof description);
            jacks.push_back({pin.id, description.channel_mapping, description.color & 0xFFFFFFU,
                             name_of(connection_names, description.connection_type),
                             name_of(location_names, description.location), description.is_connected != 0});
        }
    }
    return jacks;
}

std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char character : text) {
        if (character == '"' || character == '\\') {
            result += '\\';
        }
        result += character;
    }
    return result + '"';
}

std::string pin_id(std::size_t filter, std::uint32_t pin) {
    return fmt::format("f{}_pin{}", filter, pin);
}
std::string node_id(std::size_t filter, std::uint32_t node) {
    return fmt::format("f{}_node{}", filter, node);
}

std::string pin_label(const FilterPicture& filter, const PinInfo& pin) {
    std::string label = fmt::format("pin {}", pin.id);
    if (!pin.name.empty()) {
        label += "\n" + pin.name;
    }
    if (!pin.is_bridge() && !pin.ranges.empty()) {
        label += pin.flow == PinFlow::in ? "\nplays" : "\nrecords";
    }
    for (const Jack& jack : filter.jacks) {
        if (jack.pin == pin.id) {
            label += fmt::format("\n{}, {}", jack.connection, jack.location);
        }
    }
    return label;
}

std::string dot_label(const std::string& text) {
    std::string result = in_quotes(text);
    for (std::size_t at = 0; (at = result.find('\n', at)) != std::string::npos; at += 2) {
        result.replace(at, 1, "\\n");
    }
    return result;
}

void draw_filter(std::string& dot, const FilterPicture& filter, std::size_t index) {
    const std::string title = filter.info.friendly_name.empty()
                                  ? filter.info.name
                                  : fmt::format("{} ({})", filter.info.name, filter.info.friendly_name);
    dot += fmt::format(
        "  subgraph cluster_{} {{\n    label={};\n    style=rounded; color=\"#7a8699\"; fontcolor=\"#36414f\";\n",
        index, in_quotes(title));
    for (const PinInfo& pin : filter.pins) {
        const bool is_stream = !pin.is_bridge() && !pin.ranges.empty();
        dot += fmt::format("    {} [label={}, shape={}, style=filled, fillcolor=\"{}\"];\n", pin_id(index, pin.id),
                           dot_label(pin_label(filter, pin)), "cds", is_stream ? "#cfe8ff" : "#eef1f5");
    }
    for (const NodeInfo& node : filter.nodes) {
        const std::string kind = node_kind(node);
        const std::string label =
            node.name.empty() || node.name == kind ? kind : fmt::format("{}\n{}", kind, node.name);
        dot += fmt::format("    {} [label={}, shape=box, style=\"rounded,filled\", fillcolor=\"#fff3d6\"];\n",
                           node_id(index, node.id), dot_label(label));
    }
    for (const ConnectionInfo& connection : filter.connections) {
        const std::string from = connection.from_node == UINT32_MAX ? pin_id(index, connection.from_pin)
                                                                    : node_id(index, connection.from_node);
        const std::string to =
            connection.to_node == UINT32_MAX ? pin_id(index, connection.to_pin) : node_id(index, connection.to_node);
        dot += fmt::format("    {} -> {};\n", from, to);
    }
    dot += "  }\n";
}

} // namespace

std::string flow_name(PinFlow flow) {
    return flow == PinFlow::in ? "in" : "out";
}

Result<std::vector<FilterPicture>> look(Machine& machine) {
    std::vector<FilterPicture> pictures;
    for (const FilterInfo& info : machine.filters()) {
        auto filter = machine.open(info);
        if (!filter) {
            return filter.error();
        }
        FilterPicture picture;
        picture.info = info;
        auto pins = filter->pins();
        if (!pins) {
            return pins.error();
        }
        picture.pins = std::move(*pins);
        // A filter may have neither nodes nor connections.
        if (auto nodes = filter->nodes()) {
            picture.nodes = std::move(*nodes);
        }
        if (auto connections = filter->connections()) {
            picture.connections = std::move(*connections);
        }
        picture.jacks = jacks_of(*filter, picture.pins);
        if (const auto crash = machine.crash_report()) {
            return Error{static_cast<std::int32_t>(0xC0000001), "the driver crashed\n" + *crash};
        }
        pictures.push_back(std::move(picture));
    }
    return pictures;
}

std::string to_dot(const std::string& title, const std::vector<FilterPicture>& filters) {
    std::string dot = fmt::format("digraph {} {{\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n"
                                  "  graph [fontname=\"sans-serif\", fontsize=12];\n",
                                  in_quotes(title));
    for (std::size_t index = 0; index < filters.size(); ++index) {
        draw_filter(dot, filters[index], index);
    }
    // Each physical connection is seen from both of its ends; draw it once, from the end where sound comes out.
    for (std::size_t index = 0; index < filters.size(); ++index) {
        for (const PinInfo& pin : filters[index].pins) {
            const std::size_t colon = pin.connected_to.rfind(':');
            if (pin.flow != PinFlow::out || colon == std::string::npos) {
                continue;
            }
            for (std::size_t other = 0; other < filters.size(); ++other) {
                if (filters[other].info.name == pin.connected_to.substr(0, colon) &&
                    filters[other].info.device == filters[index].info.device) {
                    dot += fmt::format("  {} -> f{}_pin{} [style=dashed, color=\"#2b6cb0\"];\n", pin_id(index, pin.id),
                                       other, pin.connected_to.substr(colon + 1));
                }
            }
        }
    }
    return dot + "}\n";
}

} // namespace openportcls::cli
