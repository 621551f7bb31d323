// A miniport's PCFILTER_DESCRIPTOR, stepped by its own strides (R-DESC-02).
#pragma once

#include <memory>
#include <vector>

#include <portcls.h>

#include "base/result.h"

namespace openportcls::portcls {

class FilterDescription {
public:
    // Checks R-DESC-01..03, and that what has to point somewhere does: a driver's mistake is told when its port is
    // initialised, not when a client comes upon it.
    static Result<FilterDescription> create(const PCFILTER_DESCRIPTOR* descriptor);

    const PCFILTER_DESCRIPTOR& raw() const { return *descriptor_; }
    const PCAUTOMATION_TABLE* automation() const { return descriptor_->AutomationTable; }
    ULONG pin_count() const { return descriptor_->PinCount; }
    ULONG node_count() const { return descriptor_->NodeCount; }
    const PCPIN_DESCRIPTOR& pin(ULONG index) const { return *pins_[index]; }
    const PCNODE_DESCRIPTOR& node(ULONG index) const {
        return *reinterpret_cast<const PCNODE_DESCRIPTOR*>(reinterpret_cast<const char*>(descriptor_->Nodes) +
                                                           std::size_t{index} * descriptor_->NodeSize);
    }
    // IPortClsSubdeviceEx::UpdatePinDescriptor replaces one pin's data ranges.
    void replace_data_ranges(ULONG pin, const PCPIN_DESCRIPTOR& source);

private:
    FilterDescription() = default;

    const PCFILTER_DESCRIPTOR* descriptor_ = nullptr;
    std::vector<const PCPIN_DESCRIPTOR*> pins_;
    std::vector<std::unique_ptr<PCPIN_DESCRIPTOR>> replaced_pins_;
};

} // namespace openportcls::portcls
