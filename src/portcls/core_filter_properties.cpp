// KSPROPSETID_Pin, KSPROPSETID_Topology and KSPROPSETID_AudioSignalProcessing, answered from the filter's description.
#include <cstring>
#include <string>
#include <vector>

#include "ks/range_items.h"
#include "portcls/device_context.h"
#include "portcls/dispatch_tables.h"
#include "portcls/filter.h"
#include "portcls/format_proposal.h"
#include "portcls/media_categories.h"
#include "portcls/pin_intersection.h"
#include "portcls/pin_medium.h"
#include "portcls/port.h"

namespace openportcls::portcls {

using property_verbs::get;
using property_verbs::set;

namespace {

const GUID pin_set = KSPROPSETID_Pin;
const GUID topology_set = KSPROPSETID_Topology;
const GUID signal_processing_set = KSPROPSETID_AudioSignalProcessing;

// The pin factory that a KSP_PIN names; nullptr when there is none such.
const PCPIN_DESCRIPTOR* requested_pin(const PropertyCall& call) {
    const ULONG id = call.request_as<KSP_PIN>().PinId;
    return id < call.port.description().pin_count() ? &call.port.description().pin(id) : nullptr;
}

using PinAnswer = NTSTATUS (*)(PropertyCall& call, const PCPIN_DESCRIPTOR& pin);

template<PinAnswer function>
NTSTATUS pin_property(PropertyCall& call) {
    const PCPIN_DESCRIPTOR* const pin = requested_pin(call);
    return pin == nullptr ? STATUS_INVALID_PARAMETER : function(call, *pin);
}

NTSTATUS instances(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    const auto counts = call.port.count_pins(call.filter, call.request_as<KSP_PIN>().PinId);
    call.value_as<KSPIN_CINSTANCES>() = {counts.filter_possible, counts.filter_current};
    return STATUS_SUCCESS;
}

NTSTATUS global_instances(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    const auto counts = call.port.count_pins(call.filter, call.request_as<KSP_PIN>().PinId);
    call.value_as<KSPIN_CINSTANCES>() = {counts.global_possible, counts.global_current};
    return STATUS_SUCCESS;
}

NTSTATUS necessary_instances(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    call.value_as<ULONG>() = call.port.count_pins(call.filter, call.request_as<KSP_PIN>().PinId).necessary;
    return STATUS_SUCCESS;
}

NTSTATUS pin_types(PropertyCall& call) {
    call.value_as<ULONG>() = call.port.description().pin_count();
    return STATUS_SUCCESS;
}

NTSTATUS data_flow(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    call.value_as<KSPIN_DATAFLOW>() = pin.KsPinDescriptor.DataFlow;
    return STATUS_SUCCESS;
}

NTSTATUS communication(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    call.value_as<KSPIN_COMMUNICATION>() = pin.KsPinDescriptor.Communication;
    return STATUS_SUCCESS;
}

NTSTATUS category(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    if (pin.KsPinDescriptor.Category == nullptr) {
        return STATUS_NOT_FOUND;
    }
    call.value_as<GUID>() = *pin.KsPinDescriptor.Category;
    return STATUS_SUCCESS;
}

NTSTATUS list_ranges(PropertyCall& call, const PKSDATARANGE* ranges, ULONG count) {
    const std::vector<char> items = ks::range_items(ranges, count);
    return call.answer_list(count, items.data(), static_cast<ULONG>(items.size()));
}

NTSTATUS data_ranges(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    return list_ranges(call, pin.KsPinDescriptor.DataRanges, pin.KsPinDescriptor.DataRangesCount);
}

// A pin that constrains nothing has its data ranges.
NTSTATUS constrained_data_ranges(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    const KSPIN_DESCRIPTOR& ks_pin = pin.KsPinDescriptor;
    if (ks_pin.ConstrainedDataRangesCount == 0 || ks_pin.ConstrainedDataRanges == nullptr) {
        return data_ranges(call, pin);
    }
    return list_ranges(call, ks_pin.ConstrainedDataRanges, ks_pin.ConstrainedDataRangesCount);
}

NTSTATUS interfaces(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    const auto list = call.port.pin_interfaces(); // R-DESC-08
    return call.answer_list(static_cast<ULONG>(list.size()), list.data(), static_cast<ULONG>(list.size_bytes()));
}

NTSTATUS mediums(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    const auto list = pin_mediums(pin);
    return call.answer_list(static_cast<ULONG>(list.size()), list.data(), static_cast<ULONG>(list.size_bytes()));
}

NTSTATUS data_intersection(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    return intersect_pin_ranges(call);
}

NTSTATUS physical_connection(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    const ULONG pin = call.request_as<KSP_PIN>().PinId;
    // R-CONN-01: asked from either end.
    for (const PhysicalConnection& connection : call.port.device().connections()) {
        const ConnectionEnd* other = nullptr;
        if (connection.from.port == &call.port && connection.from.pin == pin) {
            other = &connection.to;
        } else if (connection.to.port == &call.port && connection.to.pin == pin) {
            other = &connection.from;
        } else {
            continue;
        }
        const std::u16string link = call.port.device().symbolic_link_of(*other);
        const std::size_t bytes =
            offsetof(KSPIN_PHYSICALCONNECTION, SymbolicLinkName) + (link.size() + 1) * sizeof(WCHAR);
        std::vector<char> answer(bytes);
        auto& result = *reinterpret_cast<KSPIN_PHYSICALCONNECTION*>(answer.data());
        result.Size = static_cast<ULONG>(bytes);
        result.Pin = other->pin;
        std::memcpy(result.SymbolicLinkName, link.c_str(), (link.size() + 1) * sizeof(WCHAR));
        return call.answer(answer.data(), static_cast<ULONG>(bytes));
    }
    return STATUS_NOT_FOUND;
}

NTSTATUS answer_name(PropertyCall& call, const std::u16string& name) {
    return call.answer(name.c_str(), static_cast<ULONG>((name.size() + 1) * sizeof(WCHAR)));
}

NTSTATUS pin_name(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    // R-DESC-22: a miniport that names its pins; sizes go through the IRP as for any KS handler.
    if (IPinName* const name = call.port.pin_name()) {
        call.irp.IoStatus.Information = 0;
        const NTSTATUS status =
            name->GetPinName(&call.irp, reinterpret_cast<PKSP_PIN>(const_cast<KSPROPERTY*>(call.request)), call.value);
        call.value_size = static_cast<ULONG>(call.irp.IoStatus.Information);
        return status;
    }
    // R-DESC-21: the name's text, else the category's.
    for (const GUID* guid : {pin.KsPinDescriptor.Name, pin.KsPinDescriptor.Category}) {
        if (const auto text = guid != nullptr ? media_category_name(call.port.device(), *guid) : std::nullopt) {
            return answer_name(call, *text);
        }
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS categories(PropertyCall& call) {
    const PCFILTER_DESCRIPTOR& filter = call.port.description().raw();
    return call.answer_list(filter.CategoryCount, filter.Categories,
                            filter.CategoryCount * static_cast<ULONG>(sizeof(GUID)));
}

NTSTATUS nodes(PropertyCall& call) {
    std::vector<GUID> types;
    types.reserve(call.port.description().node_count());
    for (ULONG i = 0; i < call.port.description().node_count(); ++i) {
        types.push_back(*call.port.description().node(i).Type);
    }
    return call.answer_list(static_cast<ULONG>(types.size()), types.data(),
                            static_cast<ULONG>(types.size() * sizeof(GUID)));
}

NTSTATUS connections(PropertyCall& call) {
    const PCFILTER_DESCRIPTOR& filter = call.port.description().raw();
    return call.answer_list(filter.ConnectionCount, filter.Connections,
                            filter.ConnectionCount * static_cast<ULONG>(sizeof(KSTOPOLOGY_CONNECTION)));
}

NTSTATUS node_name(PropertyCall& call) {
    const ULONG id = call.request_as<KSP_NODE>().NodeId;
    if (id >= call.port.description().node_count()) {
        return STATUS_INVALID_PARAMETER;
    }
    const PCNODE_DESCRIPTOR& node = call.port.description().node(id);
    // R-DESC-11
    const auto text = media_category_name(call.port.device(), node.Name != nullptr ? *node.Name : *node.Type);
    return text ? answer_name(call, *text) : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS signal_processing_modes(PropertyCall& call) {
    IMiniportAudioSignalProcessing* const miniport = call.port.signal_processing();
    if (miniport == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    const ULONG pin = call.request_as<KSP_PIN>().PinId;
    if (pin >= call.port.description().pin_count()) {
        return STATUS_INVALID_PARAMETER;
    }
    ULONG count = 0;
    NTSTATUS status = miniport->GetModes(pin, nullptr, &count); // R-OFF-08
    if (!NT_SUCCESS(status) && status != STATUS_BUFFER_TOO_SMALL) {
        return status;
    }
    std::vector<GUID> modes(count);
    if (count != 0) {
        status = miniport->GetModes(pin, modes.data(), &count);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    return call.answer_list(count, modes.data(), count * static_cast<ULONG>(sizeof(GUID)));
}

// What a miniport's filter table may answer in the port's place.
constexpr BuiltInProperty replaceable(BuiltInProperty property) {
    property.yields_to_driver = true;
    return property;
}

constexpr BuiltInProperty new_with(Feature feature, BuiltInProperty property) {
    property.feature = feature;
    return property;
}

const BuiltInProperty filter_properties[] = {
    {&pin_set, KSPROPERTY_PIN_CINSTANCES, get, sizeof(KSP_PIN), sizeof(KSPIN_CINSTANCES), pin_property<instances>},
    {&pin_set, KSPROPERTY_PIN_CTYPES, get, sizeof(KSPROPERTY), sizeof(ULONG), pin_types},
    {&pin_set, KSPROPERTY_PIN_DATAFLOW, get, sizeof(KSP_PIN), sizeof(KSPIN_DATAFLOW), pin_property<data_flow>},
    {&pin_set, KSPROPERTY_PIN_DATARANGES, get, sizeof(KSP_PIN), 0, pin_property<data_ranges>},
    {&pin_set, KSPROPERTY_PIN_DATAINTERSECTION, get, sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM), 0,
     pin_property<data_intersection>},
    {&pin_set, KSPROPERTY_PIN_INTERFACES, get, sizeof(KSP_PIN), 0, pin_property<interfaces>},
    {&pin_set, KSPROPERTY_PIN_MEDIUMS, get, sizeof(KSP_PIN), 0, pin_property<mediums>},
    {&pin_set, KSPROPERTY_PIN_COMMUNICATION, get, sizeof(KSP_PIN), sizeof(KSPIN_COMMUNICATION),
     pin_property<communication>},
    {&pin_set, KSPROPERTY_PIN_GLOBALCINSTANCES, get, sizeof(KSP_PIN), sizeof(KSPIN_CINSTANCES),
     pin_property<global_instances>},
    {&pin_set, KSPROPERTY_PIN_NECESSARYINSTANCES, get, sizeof(KSP_PIN), sizeof(ULONG),
     pin_property<necessary_instances>},
    {&pin_set, KSPROPERTY_PIN_PHYSICALCONNECTION, get, sizeof(KSP_PIN), 0, pin_property<physical_connection>},
    {&pin_set, KSPROPERTY_PIN_CATEGORY, get, sizeof(KSP_PIN), sizeof(GUID), pin_property<category>},
    {&pin_set, KSPROPERTY_PIN_NAME, get, sizeof(KSP_PIN), 0, pin_property<pin_name>},
    {&pin_set, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, get, sizeof(KSP_PIN), 0, pin_property<constrained_data_ranges>},
    {&topology_set, KSPROPERTY_TOPOLOGY_CATEGORIES, get, sizeof(KSPROPERTY), 0, categories},
    {&topology_set, KSPROPERTY_TOPOLOGY_NODES, get, sizeof(KSPROPERTY), 0, nodes},
    {&topology_set, KSPROPERTY_TOPOLOGY_CONNECTIONS, get, sizeof(KSPROPERTY), 0, connections},
    {&topology_set, KSPROPERTY_TOPOLOGY_NAME, get, sizeof(KSP_NODE), 0, node_name},
    // The default format that a get asks for is the driver's to know (R-PROP-27).
    new_with(Feature::propose_data_format,
             replaceable({&pin_set, KSPROPERTY_PIN_PROPOSEDATAFORMAT, set, sizeof(KSP_PIN), sizeof(KSDATAFORMAT),
                          pin_property<propose_format>})),
    new_with(Feature::signal_processing_modes,
             replaceable({&pin_set, KSPROPERTY_PIN_PROPOSEDATAFORMAT2, get, sizeof(KSP_PIN) + sizeof(KSMULTIPLE_ITEM),
                          0, pin_property<format_proposed_for_mode>})),
    new_with(Feature::signal_processing_modes, {&signal_processing_set, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES, get,
                                                sizeof(KSP_PIN), 0, signal_processing_modes}),
};
// R-PROP-03: the same answer where the name is asked of the node itself; R-PROP-07: a node's own handler comes first.
const BuiltInProperty node_properties[] = {
    replaceable({&topology_set, KSPROPERTY_TOPOLOGY_NAME, get, sizeof(KSP_NODE), 0, node_name}),
};

} // namespace

BuiltInProperties core_filter_properties() {
    return filter_properties;
}

BuiltInProperties core_node_properties() {
    return node_properties;
}

} // namespace openportcls::portcls
