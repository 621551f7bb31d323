#include "portcls/filter_description.h"

#include <fmt/format.h>

namespace openportcls::portcls {

namespace {

Error bad(std::string message) {
    return Error{STATUS_INVALID_PARAMETER, std::move(message)};
}

bool stride_is_valid(ULONG count, ULONG stride, std::size_t smallest) {
    return count == 0 || (stride >= smallest && stride % 8 == 0);
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
    return {};
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
    if (auto checked = check_automation(filter.AutomationTable, "the filter"); !checked) {
        return checked.error();
    }
    FilterDescription result;
    result.descriptor_ = descriptor;
    for (ULONG i = 0; i < filter.PinCount; ++i) {
        const auto* const pin = reinterpret_cast<const PCPIN_DESCRIPTOR*>(reinterpret_cast<const char*>(filter.Pins) +
                                                                          std::size_t{i} * filter.PinSize);
        if (auto checked = check_automation(pin->AutomationTable, fmt::format("pin {}", i)); !checked) {
            return checked.error();
        }
        const KSPIN_DESCRIPTOR& ks_pin = pin->KsPinDescriptor;
        if ((ks_pin.DataRangesCount != 0 && ks_pin.DataRanges == nullptr) ||
            (ks_pin.MediumsCount != 0 && ks_pin.Mediums == nullptr)) {
            return bad(fmt::format("pin {}: a count without its array (R-DESC-03)", i));
        }
        result.pins_.push_back(pin);
    }
    for (ULONG i = 0; i < filter.NodeCount; ++i) {
        if (result.node(i).Flags != 0) {
            return bad(fmt::format("node {}: Flags is not 0 (R-DESC-01)", i));
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
