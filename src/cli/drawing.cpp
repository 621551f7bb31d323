#include "cli/drawing.h"

#include <string_view>

#include <fmt/format.h>

#include "cli/controls.h"

namespace openportcls::cli {

namespace {

using Kind = Drawing::Kind;

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

void draw_filter(Drawing& drawing, const FilterPicture& filter, std::size_t index) {
    Drawing::Group group;
    group.title = filter.info.friendly_name.empty()
                      ? filter.info.name
                      : fmt::format("{} ({})", filter.info.name, filter.info.friendly_name);
    for (const PinInfo& pin : filter.pins) {
        const bool is_stream = !pin.is_bridge() && !pin.ranges.empty();
        group.boxes.push_back(
            {pin_id(index, pin.id), pin_label(filter, pin), is_stream ? Kind::stream_pin : Kind::bridge_pin});
    }
    for (const NodeInfo& node : filter.nodes) {
        const std::string kind = node_kind(node);
        group.boxes.push_back({node_id(index, node.id),
                               node.name.empty() || node.name == kind ? kind : fmt::format("{}\n{}", kind, node.name),
                               Kind::node});
    }
    drawing.groups.push_back(std::move(group));
    for (const ConnectionInfo& connection : filter.connections) {
        drawing.arrows.push_back(
            {connection.from_node == UINT32_MAX ? pin_id(index, connection.from_pin)
                                                : node_id(index, connection.from_node),
             connection.to_node == UINT32_MAX ? pin_id(index, connection.to_pin) : node_id(index, connection.to_node)});
    }
}

// Each physical connection is seen from both of its ends; draw it once, from the end where sound comes out.
void draw_physical_connections(Drawing& drawing, const std::vector<FilterPicture>& filters, std::size_t index) {
    for (const PinInfo& pin : filters[index].pins) {
        const std::size_t colon = pin.connected_to.rfind(':');
        if (pin.flow != PinFlow::out || colon == std::string::npos) {
            continue;
        }
        for (std::size_t other = 0; other < filters.size(); ++other) {
            if (filters[other].info.name == pin.connected_to.substr(0, colon) &&
                filters[other].info.device == filters[index].info.device) {
                drawing.arrows.push_back(
                    {pin_id(index, pin.id), fmt::format("f{}_pin{}", other, pin.connected_to.substr(colon + 1)), true});
            }
        }
    }
}

std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char character : text) {
        if (character == '\n') {
            result += "\\n";
            continue;
        }
        if (character == '"' || character == '\\') {
            result += '\\';
        }
        result += character;
    }
    return result + '"';
}

const char* style_of(Kind kind) {
    switch (kind) {
    case Kind::stream_pin:
        return "shape=cds, style=filled, fillcolor=\"#cfe8ff\"";
    case Kind::bridge_pin:
        return "shape=cds, style=filled, fillcolor=\"#eef1f5\"";
    case Kind::node:
        break;
    }
    return "shape=box, style=\"rounded,filled\", fillcolor=\"#fff3d6\"";
}

const char* name_of(Kind kind) {
    return kind == Kind::stream_pin ? "stream pin" : kind == Kind::bridge_pin ? "bridge pin" : "node";
}

} // namespace

Drawing draw(const std::vector<FilterPicture>& filters) {
    Drawing drawing;
    for (std::size_t index = 0; index < filters.size(); ++index) {
        draw_filter(drawing, filters[index], index);
    }
    for (std::size_t index = 0; index < filters.size(); ++index) {
        draw_physical_connections(drawing, filters, index);
    }
    return drawing;
}

std::string to_dot(const std::string& title, const Drawing& drawing) {
    std::string dot = fmt::format("digraph {} {{\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n"
                                  "  graph [fontname=\"sans-serif\", fontsize=12];\n",
                                  in_quotes(title));
    for (std::size_t index = 0; index < drawing.groups.size(); ++index) {
        const Drawing::Group& group = drawing.groups[index];
        dot += fmt::format("  subgraph cluster_{} {{\n    label={};\n    style=rounded; color=\"#7a8699\"; "
                           "fontcolor=\"#36414f\";\n",
                           index, in_quotes(group.title));
        for (const Drawing::Box& box : group.boxes) {
            dot += fmt::format("    {} [label={}, {}];\n", box.id, in_quotes(box.label), style_of(box.kind));
        }
        dot += "  }\n";
    }
    for (const Drawing::Arrow& arrow : drawing.arrows) {
        dot += fmt::format("  {} -> {}{};\n", arrow.from, arrow.to,
                           arrow.is_physical ? " [style=dashed, color=\"#2b6cb0\"]" : "");
    }
    return dot + "}\n";
}

nlohmann::ordered_json to_json(const Drawing& drawing) {
    nlohmann::ordered_json groups = nlohmann::ordered_json::array();
    for (const Drawing::Group& group : drawing.groups) {
        nlohmann::ordered_json boxes = nlohmann::ordered_json::array();
        for (const Drawing::Box& box : group.boxes) {
            boxes.push_back({{"id", box.id}, {"kind", name_of(box.kind)}, {"label", box.label}});
        }
        groups.push_back({{"title", group.title}, {"boxes", boxes}});
    }
    nlohmann::ordered_json arrows = nlohmann::ordered_json::array();
    for (const Drawing::Arrow& arrow : drawing.arrows) {
        arrows.push_back({{"from", arrow.from}, {"to", arrow.to}, {"physical", arrow.is_physical}});
    }
    return {{"filters", groups}, {"arrows", arrows}};
}

} // namespace openportcls::cli
