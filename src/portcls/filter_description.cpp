#include "portcls/filter_description.h"

#include <fmt/format.h>

#include "machine/machine.h"

namespace openportcls::portcls {

namespace {

Error bad(std::string message) {
    return Error{STATUS_INVALID_PARAMETER, std::move(message)};
}

// No driver has a thousandth of it: a larger count is memory that was never set.
constexpr ULONG most_items = 4096;

Result<void> check_count(ULONG count, const std::string& owner) {
    return count <= most_items ? Result<void>()
                               : Result<void>(bad(fmt::format("{}: {} items are no table, but a count that was never "
                                                              "set (R-DESC-03)",
                                                              owner, count)));
}

bool stride_is_valid(ULONG count, ULONG stride, std::size_t smallest) {
    constexpr ULONG largest = 0x10000; // an item with whatever a driver may keep beside it
    return count == 0 || (stride >= smallest && stride <= largest && stride % 8 == 0);
}

// Every item names the set that it belongs to.
template<class Item>
Result<void> check_items(const Item* first, ULONG count, ULONG stride, const std::string& owner) {
    for (ULONG i = 0; i < count; ++i) {
        const auto* const item =
            reinterpret_cast<const Item*>(reinterpret_cast<const char*>(first) + std::size_t{i} * stride);
        if (item->Set == nullptr) {
            return bad(fmt::format("{}: item {} has no set (R-DESC-03)", owner, i));
        }
    }
    return {};
}

Result<void> check_automation(const PCAUTOMATION_TABLE* table, const std::string& owner) {
    if (table == nullptr) {
        return {};
    }
    if (table->Reserved != 0) {
        return bad(fmt::format("automation table of {}: Reserved is not 0 (R-DESC-01)", owner));
    }
    if (!stride_is_valid(table->PropertyCount, table->PropertyItemSize, sizeof(PCPROPERTY_ITEM)) ||
        !stride_is_valid(table->MethodCount, table->MethodItemSize, sizeof(PCMETHOD_ITEM)) ||
        !stride_is_valid(table->EventCount, table->EventItemSize, sizeof(PCEVENT_ITEM))) {
        return bad(fmt::format("automation table of {}: item size is no multiple of 8 of at least the item "
                               "(R-DESC-02)",
                               owner));
    }
    if ((table->PropertyCount != 0 && table->Properties == nullptr) ||
        (table->MethodCount != 0 && table->Methods == nullptr) ||
        (table->EventCount != 0 && table->Events == nullptr)) {
        return bad(fmt::format("automation table of {}: count without array (R-DESC-03)", owner));
    }
    const std::string name = "automation table of " + owner;
    for (const ULONG count : {table->PropertyCount, table->MethodCount, table->EventCount}) {
        if (auto checked = check_count(count, name); !checked) {
            return checked;
        }
    }
    if (auto checked = check_items(table->Properties, table->PropertyCount, table->PropertyItemSize, name); !checked) {
        return checked;
    }
    if (auto checked = check_items(table->Methods, table->MethodCount, table->MethodItemSize, name); !checked) {
        return checked;
    }
    return check_items(table->Events, table->EventCount, table->EventItemSize, name);
}

bool is_attribute_list(const KSATTRIBUTE_LIST* list) {
    if (list == nullptr || list->Count > most_items || (list->Count != 0 && list->Attributes == nullptr)) {
        return false;
    }
    for (ULONG i = 0; i < list->Count; ++i) {
        if (list->Attributes[i] == nullptr || list->Attributes[i]->Size < sizeof(KSATTRIBUTE)) {
            return false;
        }
    }
    return true;
}

// A range with attributes is followed by the pointer to their list.
Result<void> check_ranges(const PKSDATARANGE* ranges, ULONG count, const std::string& owner) {
    if (auto checked = check_count(count, owner); !checked) {
        return checked;
    }
    for (ULONG i = 0; i < count; ++i) {
        const KSDATARANGE* const range = ranges[i];
        if (range == nullptr || range->FormatSize < sizeof(KSDATARANGE)) {
            return bad(fmt::format("{}: data range {} is none", owner, i));
        }
        if ((range->Flags & KSDATARANGE_ATTRIBUTES) != 0 && i + 1 < count &&
            !is_attribute_list(reinterpret_cast<const KSATTRIBUTE_LIST*>(ranges[++i]))) {
            return bad(fmt::format("{}: data range {} has attributes without their list", owner, i - 1));
        }
    }
    return {};
}

Result<void> check_pin(const PCPIN_DESCRIPTOR& pin, const std::string& owner) {
    if (auto checked = check_automation(pin.AutomationTable, owner); !checked) {
        return checked;
    }
    const KSPIN_DESCRIPTOR& ks_pin = pin.KsPinDescriptor;
    if ((ks_pin.DataRangesCount != 0 && ks_pin.DataRanges == nullptr) ||
        (ks_pin.MediumsCount != 0 && ks_pin.Mediums == nullptr)) {
        return bad(fmt::format("{}: a count without its array (R-DESC-03)", owner));
    }
    if (auto checked = check_count(ks_pin.MediumsCount, owner); !checked) {
        return checked;
    }
    if (ks_pin.ConstrainedDataRanges != nullptr) {
        if (auto checked = check_ranges(ks_pin.ConstrainedDataRanges, ks_pin.ConstrainedDataRangesCount, owner);
            !checked) {
            return checked;
        }
    }
    return check_ranges(ks_pin.DataRanges, ks_pin.DataRangesCount, owner);
}

// Windows refuses nothing here, and clients that walk the topology lose their way: it is only told.
void note_loose_ends(const PCFILTER_DESCRIPTOR& filter) {
    const auto exists = [&](ULONG node, ULONG pin) {
        return node == PCFILTER_NODE ? pin < filter.PinCount : node < filter.NodeCount;
    };
    auto& machine = machine::Machine::current();
    for (ULONG i = 0; i < filter.ConnectionCount && machine.is_observed(); ++i) {
        const PCCONNECTION_DESCRIPTOR& connection = filter.Connections[i];
        if (!exists(connection.FromNode, connection.FromNodePin) || !exists(connection.ToNode, connection.ToNodePin)) {
            machine.trace(
                machine::EventKind::log, 0, static_cast<std::int64_t>(i),
                fmt::format("connection {} of the filter begins or ends at a pin or node that is not there", i));
        }
    }
}

} // namespace

Result<FilterDescription> FilterDescription::create(const PCFILTER_DESCRIPTOR* descriptor) {
    if (descriptor == nullptr) {
        return bad("the miniport has no filter descriptor");
    }
    const PCFILTER_DESCRIPTOR& filter = *descriptor;
    if (filter.Version != 0) {
        return bad("PCFILTER_DESCRIPTOR::Version is not 0 (R-DESC-01)");
    }
    if (!stride_is_valid(filter.PinCount, filter.PinSize, sizeof(PCPIN_DESCRIPTOR)) ||
        !stride_is_valid(filter.NodeCount, filter.NodeSize, sizeof(PCNODE_DESCRIPTOR))) {
        return bad("PinSize or NodeSize is no multiple of 8 of at least the descriptor (R-DESC-02)");
    }
    if ((filter.PinCount != 0 && filter.Pins == nullptr) || (filter.NodeCount != 0 && filter.Nodes == nullptr) ||
        (filter.ConnectionCount != 0 && filter.Connections == nullptr) ||
        (filter.CategoryCount != 0 && filter.Categories == nullptr)) {
        return bad("a count without its array (R-DESC-03)");
    }
    for (const ULONG count : {filter.PinCount, filter.NodeCount, filter.ConnectionCount, filter.CategoryCount}) {
        if (auto checked = check_count(count, "the filter"); !checked) {
            return checked.error();
        }
    }
    if (auto checked = check_automation(filter.AutomationTable, "the filter"); !checked) {
        return checked.error();
    }
    note_loose_ends(filter);
    FilterDescription result;
    result.descriptor_ = descriptor;
    for (ULONG i = 0; i < filter.PinCount; ++i) {
        const auto* const pin = reinterpret_cast<const PCPIN_DESCRIPTOR*>(reinterpret_cast<const char*>(filter.Pins) +
                                                                          std::size_t{i} * filter.PinSize);
        if (auto checked = check_pin(*pin, fmt::format("pin {}", i)); !checked) {
            return checked.error();
        }
        result.pins_.push_back(pin);
    }
    for (ULONG i = 0; i < filter.NodeCount; ++i) {
        if (result.node(i).Flags != 0) {
            return bad(fmt::format("node {}: Flags is not 0 (R-DESC-01)", i));
        }
        if (result.node(i).Type == nullptr) {
            return bad(fmt::format("node {} has no type", i));
        }
        if (auto checked = check_automation(result.node(i).AutomationTable, fmt::format("node {}", i)); !checked) {
            return checked.error();
        }
    }
    return result;
}

void FilterDescription::replace_data_ranges(ULONG pin, const PCPIN_DESCRIPTOR& source) {
    auto copy = std::make_unique<PCPIN_DESCRIPTOR>(*pins_[pin]);
    copy->KsPinDescriptor.DataRangesCount = source.KsPinDescriptor.DataRangesCount;
    copy->KsPinDescriptor.DataRanges = source.KsPinDescriptor.DataRanges;
    pins_[pin] = copy.get();
    replaced_pins_.push_back(std::move(copy));
}

} // namespace openportcls::portcls
