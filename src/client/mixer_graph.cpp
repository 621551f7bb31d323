#include "client/mixer_graph.h"

#include <algorithm>
#include <charconv>

#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"

namespace openportcls::client {

namespace {

const Guid sum_type = from_windows(KSNODETYPE_SUM);
const Guid mux_type = from_windows(KSNODETYPE_MUX);

// Where a filter's pins and nodes lie in the graph.
struct Places {
    std::string name;
    std::size_t first_pin = 0;
    std::size_t pin_count = 0;
    std::size_t first_node = 0;
    std::size_t node_count = 0;

    bool has_pin(std::uint32_t pin) const { return pin < pin_count; }
    bool has(std::uint32_t node, std::uint32_t pin) const {
        return node == UINT32_MAX ? has_pin(pin) : node < node_count;
    }
    std::size_t place(std::uint32_t node, std::uint32_t pin) const {
        return node == UINT32_MAX ? first_pin + pin : first_node + node;
    }
};

Places add_filter(MixerGraph& graph, const MixerFilter& filter) {
    Places places{filter.name, graph.vertices.size(), filter.pins.size(), graph.vertices.size() + filter.pins.size(),
                  filter.nodes.size()};
    for (const PinInfo& pin : filter.pins) {
        MixerVertex vertex;
        vertex.is_pin = true;
        vertex.filter = filter.name;
        vertex.id = pin.id;
        vertex.type = pin.category;
        vertex.name = pin.name;
        vertex.flow = pin.flow;
        vertex.is_bridge = pin.kind == PinKind::bridge;
        graph.vertices.push_back(std::move(vertex));
    }
    for (std::size_t i = 0; i < filter.nodes.size(); ++i) {
        MixerVertex vertex;
        vertex.filter = filter.name;
        vertex.id = filter.nodes[i].id;
        vertex.type = filter.nodes[i].type;
        vertex.name = filter.nodes[i].name;
        if (i < filter.controls.size()) {
            vertex.controls = filter.controls[i];
        }
        graph.vertices.push_back(std::move(vertex));
    }
    for (const ConnectionInfo& each : filter.connections) {
        if (places.has(each.from_node, each.from_pin) && places.has(each.to_node, each.to_pin)) {
            graph.connect(places.place(each.from_node, each.from_pin), places.place(each.to_node, each.to_pin),
                          each.to_pin);
        }
    }
    return places;
}

// "Topology:0", as PinInfo::connected_to names the other end of a physical connection.
bool parse_end(std::string_view text, std::string_view& filter, std::uint32_t& pin) {
    const std::size_t colon = text.find_last_of(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    filter = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    return std::from_chars(text.data() + colon + 1, end, pin).ptr == end;
}

} // namespace

bool MixerVertex::is_sum() const {
    return !is_pin && type == sum_type;
}

bool MixerVertex::is_mux() const {
    return !is_pin && type == mux_type;
}

void MixerGraph::connect(std::size_t from, std::size_t to, std::uint32_t to_pin) {
    auto& parents = vertices[to].parents;
    const auto behind = std::find_if(parents.begin(), parents.end(),
                                     [&](const MixerVertex::Parent& each) { return each.pin > to_pin; });
    parents.insert(behind, {from, to_pin});
    vertices[from].children.push_back(to);
}

MixerGraph make_mixer_graph(const std::vector<MixerFilter>& filters) {
    MixerGraph graph;
    std::vector<Places> places;
    places.reserve(filters.size());
    for (const MixerFilter& filter : filters) {
        places.push_back(add_filter(graph, filter));
    }
    for (std::size_t i = 0; i < filters.size(); ++i) {
        for (const PinInfo& pin : filters[i].pins) {
            std::string_view other;
            std::uint32_t other_pin = 0;
            if (pin.flow != PinFlow::out || !parse_end(pin.connected_to, other, other_pin)) {
                continue;
            }
            const auto found =
                std::find_if(places.begin(), places.end(), [&](const Places& each) { return each.name == other; });
            if (found != places.end() && found->has_pin(other_pin)) { // else it leads to another device
                graph.connect(places[i].place(UINT32_MAX, pin.id), found->place(UINT32_MAX, other_pin), 0);
            }
        }
    }
    return graph;
}

} // namespace openportcls::client
