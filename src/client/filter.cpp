#include <openportcls/filter.hpp>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <ks.h>
#include <ksmedia.h>

#include "base/unicode.h"
#include "client/guid_bytes.h"
#include "client/ranges.h"
#include "client/state.h"

namespace openportcls {

using client::from_windows;

// ---- pins ----------------------------------------------------------------------------------------------------------

namespace {

template<class T>
T pin_value(const Filter& filter, ULONG pin, ULONG id, T otherwise) {
    const auto value = filter.get<T>({property::pin_set, id}, Target::pin(pin));
    return value ? *value : otherwise;
}

std::string connection_of(const Filter& filter, ULONG pin) {
    const auto value = filter.get_bytes({property::pin_set, KSPROPERTY_PIN_PHYSICALCONNECTION}, Target::pin(pin));
    constexpr std::size_t fixed = FIELD_OFFSET(KSPIN_PHYSICALCONNECTION, SymbolicLinkName);
    if (!value || value->size() < fixed) {
        return {};
    }
    ULONG other_pin;
    std::memcpy(&other_pin, value->data() + FIELD_OFFSET(KSPIN_PHYSICALCONNECTION, Pin), sizeof other_pin);
    const std::string link = client::text_of(std::span(*value).subspan(fixed));
    const std::size_t last = link.find_last_of('\\');
    return fmt::format("{}:{}", last == std::string::npos ? link : link.substr(last + 1), other_pin);
}

} // namespace

Result<std::vector<PinInfo>> Filter::pins() const {
    const auto count = get<ULONG>({property::pin_set, KSPROPERTY_PIN_CTYPES});
    if (!count) {
        return count.error();
    }
    std::vector<PinInfo> pins(*count);
    for (ULONG id = 0; id < *count; ++id) {
        PinInfo& pin = pins[id];
        pin.id = id;
        pin.flow = pin_value(*this, id, KSPROPERTY_PIN_DATAFLOW, KSPIN_DATAFLOW_IN) == KSPIN_DATAFLOW_OUT ? PinFlow::out
                                                                                                          : PinFlow::in;
        pin.kind = static_cast<PinKind>(pin_value(*this, id, KSPROPERTY_PIN_COMMUNICATION, KSPIN_COMMUNICATION_NONE));
        pin.category = from_windows(pin_value(*this, id, KSPROPERTY_PIN_CATEGORY, GUID{}));
        const auto instances = pin_value(*this, id, KSPROPERTY_PIN_CINSTANCES, KSPIN_CINSTANCES{});
        pin.possible_instances = instances.PossibleCount;
        pin.current_instances = instances.CurrentCount;
        if (auto name = get_text({property::pin_set, KSPROPERTY_PIN_NAME}, Target::pin(id))) {
            pin.name = std::move(*name);
        }
        if (auto ranges = get_bytes({property::pin_set, KSPROPERTY_PIN_DATARANGES}, Target::pin(id))) {
            pin.ranges = client::parse_ranges(*ranges);
        }
        pin.connected_to = connection_of(*this, id);
        if (object_->machine->machine->is_halted()) {
            return object_->machine->error(STATUS_UNSUCCESSFUL, "listing pins");
        }
    }
    return pins;
}

Result<PinInfo> Filter::find_pin(PinFlow flow, const WaveFormat* format) const {
    auto all = pins();
    if (!all) {
        return all.error();
    }
    bool has_direction = false;
    for (const PinInfo& pin : *all) {
        if (pin.flow != flow || pin.is_bridge() || pin.ranges.empty()) {
            continue;
        }
        has_direction = true;
        if (format == nullptr || std::any_of(pin.ranges.begin(), pin.ranges.end(),
                                             [&](const WaveRange& range) { return range.accepts(*format); })) {
            return pin;
        }
    }
    const char* direction = flow == PinFlow::in ? "plays" : "records";
    return Error{STATUS_NO_MATCH,
                 has_direction ? fmt::format("{}: no pin that {} takes {}", name(), direction, to_string(*format))
                               : fmt::format("{}: no pin {}", name(), direction)};
}

// ---- topology ------------------------------------------------------------------------------------------------------

Result<std::vector<NodeInfo>> Filter::nodes() const {
    const auto types = get_items<Guid>({property::topology_set, KSPROPERTY_TOPOLOGY_NODES});
    if (!types) {
        return types.error();
    }
    std::vector<NodeInfo> nodes;
    for (const Guid& type : *types) {
        NodeInfo node;
        node.id = static_cast<std::uint32_t>(nodes.size());
        node.type = type;
        // KSP_NODE without the topology flag: the name is the filter's to tell.
        const KSP_NODE request{{}, node.id, 0};
        const auto descriptor = std::as_bytes(std::span(&request, 1)).subspan(sizeof(KSPROPERTY));
        if (auto text = property_value(property::topology_set, KSPROPERTY_TOPOLOGY_NAME, descriptor)) {
            node.name = client::text_of(*text);
        }
        nodes.push_back(std::move(node));
    }
    return nodes;
}

Result<std::vector<ConnectionInfo>> Filter::connections() const {
    const auto items = get_items<KSTOPOLOGY_CONNECTION>({property::topology_set, KSPROPERTY_TOPOLOGY_CONNECTIONS});
    if (!items) {
        return items.error();
    }
    std::vector<ConnectionInfo> connections;
    for (const KSTOPOLOGY_CONNECTION& each : *items) {
        connections.push_back({each.FromNode, each.FromNodePin, each.ToNode, each.ToNodePin});
    }
    return connections;
}

} // namespace openportcls
