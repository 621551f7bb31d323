// A device's filters as one graph: pins and nodes, joined by the filters' connections and the physical ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <openportcls/filter.hpp>
#include <openportcls/mixer.hpp>

namespace openportcls::client {

struct MixerVertex {
    // From `vertex` into this one's pin `pin`; sorted by pin, so that a mux has its inputs in order.
    struct Parent {
        std::size_t vertex = 0;
        std::uint32_t pin = 0;
    };

    bool is_pin = false;
    std::string filter;
    std::uint32_t id = 0;
    Guid type; // node type or pin category
    std::string name;
    PinFlow flow = PinFlow::in; // pins
    bool is_bridge = false;     // KSPIN_COMMUNICATION_BRIDGE
    std::vector<MixerControl> controls;
    std::vector<Parent> parents;
    std::vector<std::size_t> children;

    bool is_sum() const;
    bool is_mux() const;
    bool is_source_pin() const { return is_pin && flow == PinFlow::in && parents.empty(); }
    bool is_destination_pin() const { return is_pin && flow == PinFlow::out && children.empty(); }
};

struct MixerGraph {
    std::vector<MixerVertex> vertices; // filter by filter: pins, then nodes

    void connect(std::size_t from, std::size_t to, std::uint32_t to_pin);
};

// What a filter of the device says.
struct MixerFilter {
    std::string name;
    std::vector<PinInfo> pins;
    std::vector<NodeInfo> nodes;
    std::vector<ConnectionInfo> connections;
    std::vector<std::vector<MixerControl>> controls; // by node
};

MixerGraph make_mixer_graph(const std::vector<MixerFilter>& filters);

// R-WDMA-05, R-WDMA-06: the controls that a node becomes, asked of its properties.
std::vector<MixerControl> mixer_controls(const Filter& filter, const NodeInfo& node);

// R-WDMA-01 to R-WDMA-04.
void find_mixer_lines(const MixerGraph& graph, Mixer& mixer);

} // namespace openportcls::client
