// Filters: what they have, formats, controls.
#include "client/c/handles.h"

using namespace openportcls;

opc_status opc_filter_open(opc_machine* machine, const char* which, opc_filter** filter) {
    c::clear(filter);
    if (c::lacks({{"machine", machine}, {"which", which}, {"filter", filter}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const std::string_view name = which;
    auto opened =
        name.find('\\') != std::string_view::npos ? machine->machine->open(name) : machine->machine->open_first(name);
    return c::give_handle(std::move(opened), filter);
}

void opc_filter_close(opc_filter* filter) {
    delete filter;
}

const char* opc_filter_name(const opc_filter* filter) {
    if (c::lacks({{"filter", filter}})) {
        return nullptr;
    }
    return filter->filter.name().c_str();
}

opc_status opc_filter_pins(opc_filter* filter, const opc_pin_info** pins, size_t* count) {
    if (c::lacks({{"filter", filter}, {"pins", pins}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto known = filter->filter.pins();
    if (!known) {
        return c::fail(known.error());
    }
    filter->pins = std::move(*known);
    filter->ranges.assign(filter->pins.size(), {});
    filter->pin_list.clear();
    for (std::size_t i = 0; i < filter->pins.size(); ++i) {
        const PinInfo& pin = filter->pins[i];
        for (const WaveRange& range : pin.ranges) {
            filter->ranges[i].push_back({range.minimum_rate, range.maximum_rate, range.maximum_channels,
                                         range.minimum_bits, range.maximum_bits, range.is_pcm, range.is_float});
        }
        filter->pin_list.push_back({pin.id, pin.flow == PinFlow::in ? OPC_IN : OPC_OUT, pin.is_bridge(),
                                    c::guid_of(pin.category), pin.name.c_str(), filter->ranges[i].data(),
                                    filter->ranges[i].size(), pin.possible_instances, pin.current_instances,
                                    pin.connected_to.c_str(), static_cast<int>(pin.kind)});
    }
    *pins = filter->pin_list.data();
    *count = filter->pin_list.size();
    return 0;
}

opc_status opc_filter_nodes(opc_filter* filter, const opc_node_info** nodes, size_t* count) {
    if (c::lacks({{"filter", filter}, {"nodes", nodes}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto known = filter->filter.nodes();
    if (!known) {
        return c::fail(known.error());
    }
    filter->nodes = std::move(*known);
    filter->node_types.clear();
    filter->node_list.clear();
    for (const NodeInfo& node : filter->nodes) {
        filter->node_types.push_back(guid_name(node.type));
    }
    for (std::size_t i = 0; i < filter->nodes.size(); ++i) {
        const NodeInfo& node = filter->nodes[i];
        filter->node_list.push_back({node.id, c::guid_of(node.type), filter->node_types[i].c_str(), node.name.c_str()});
    }
    *nodes = filter->node_list.data();
    *count = filter->node_list.size();
    return 0;
}

opc_status opc_filter_connections(opc_filter* filter, const opc_connection** connections, size_t* count) {
    if (c::lacks({{"filter", filter}, {"connections", connections}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto known = filter->filter.connections();
    if (!known) {
        return c::fail(known.error());
    }
    filter->connections.clear();
    for (const ConnectionInfo& each : *known) {
        filter->connections.push_back({each.from_node, each.from_pin, each.to_node, each.to_pin});
    }
    *connections = filter->connections.data();
    *count = filter->connections.size();
    return 0;
}

opc_status opc_filter_find_pin(opc_filter* filter, int flow, const opc_format* format, uint32_t* pin) {
    if (c::lacks({{"filter", filter}, {"pin", pin}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (flow != OPC_IN && flow != OPC_OUT) {
        return c::fail(STATUS_INVALID_PARAMETER, "a pin's flow is OPC_IN or OPC_OUT");
    }
    const WaveFormat wanted = format != nullptr ? c::format_of(*format) : WaveFormat{};
    auto found =
        filter->filter.find_pin(flow == OPC_IN ? PinFlow::in : PinFlow::out, format != nullptr ? &wanted : nullptr);
    if (!found) {
        return c::fail(found.error());
    }
    *pin = found->id;
    return 0;
}

opc_status opc_filter_intersect(opc_filter* filter, uint32_t pin, const opc_range* range, opc_format* format) {
    if (c::lacks({{"filter", filter}, {"range", range}, {"format", format}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto chosen = filter->filter.intersect(pin, c::range_of(*range));
    if (!chosen) {
        return c::fail(chosen.error());
    }
    *format = c::format_of(*chosen);
    return 0;
}

opc_status opc_filter_propose(opc_filter* filter, uint32_t pin, const opc_format* format, int mode) {
    if (c::lacks({{"filter", filter}, {"format", format}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(filter->filter.propose(pin, c::format_of(*format), c::mode_of(mode)));
}

opc_status opc_filter_preferred_format(opc_filter* filter, uint32_t pin, int mode, opc_format* format) {
    if (c::lacks({{"filter", filter}, {"format", format}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto preferred = filter->filter.preferred_format(pin, c::mode_of(mode));
    if (!preferred) {
        return c::fail(preferred.error());
    }
    *format = c::format_of(*preferred);
    return 0;
}

opc_status opc_filter_processing_modes(opc_filter* filter, uint32_t pin, const opc_uuid** modes, size_t* count) {
    if (c::lacks({{"filter", filter}, {"modes", modes}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto known = filter->filter.processing_modes(pin);
    if (!known) {
        return c::fail(known.error());
    }
    filter->modes.clear();
    for (const Guid& mode : *known) {
        filter->modes.push_back(c::guid_of(mode));
    }
    *modes = filter->modes.data();
    *count = filter->modes.size();
    return 0;
}

// ---- controls ------------------------------------------------------------------------------------------------------

opc_status opc_filter_get_volume(opc_filter* filter, uint32_t node, uint32_t channel, double* decibels) {
    if (c::lacks({{"filter", filter}, {"decibels", decibels}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(filter->filter.volume(node, channel), decibels);
}

opc_status opc_filter_set_volume(opc_filter* filter, uint32_t node, uint32_t channel, double decibels) {
    if (c::lacks({{"filter", filter}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(filter->filter.set_volume(node, channel, decibels));
}

opc_status opc_filter_volume_range(opc_filter* filter, uint32_t node, uint32_t channel, double* minimum,
                                   double* maximum, double* step) {
    if (c::lacks({{"filter", filter}, {"minimum", minimum}, {"maximum", maximum}, {"step", step}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto ranges = filter->filter.volume_ranges(node);
    if (!ranges) {
        return c::fail(ranges.error());
    }
    if (channel >= ranges->size()) {
        return c::fail(STATUS_INVALID_PARAMETER, "the node states no range for that channel");
    }
    const Filter::Range& range = (*ranges)[channel];
    *minimum = range.minimum;
    *maximum = range.maximum;
    *step = range.step;
    return 0;
}

opc_status opc_filter_get_mute(opc_filter* filter, uint32_t node, uint32_t channel, bool* mute) {
    if (c::lacks({{"filter", filter}, {"mute", mute}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(filter->filter.mute(node, channel), mute);
}

opc_status opc_filter_set_mute(opc_filter* filter, uint32_t node, uint32_t channel, bool mute) {
    if (c::lacks({{"filter", filter}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(filter->filter.set_mute(node, channel, mute));
}

opc_status opc_filter_get_mux(opc_filter* filter, uint32_t node, uint32_t* input) {
    if (c::lacks({{"filter", filter}, {"input", input}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(filter->filter.mux(node), input);
}

opc_status opc_filter_set_mux(opc_filter* filter, uint32_t node, uint32_t input) {
    if (c::lacks({{"filter", filter}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(filter->filter.set_mux(node, input));
}

opc_status opc_filter_get_peak(opc_filter* filter, uint32_t node, uint32_t channel, double* peak) {
    if (c::lacks({{"filter", filter}, {"peak", peak}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(filter->filter.peak(node, channel), peak);
}
