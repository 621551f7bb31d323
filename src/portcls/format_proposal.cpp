#include "portcls/format_proposal.h"

#include "ks/data_format.h"

namespace openportcls::portcls {

NTSTATUS propose_format(PropertyCall& call, const PCPIN_DESCRIPTOR& pin) {
    ks::AttributeList attributes;
    const NTSTATUS status = ks::check_format(call.value, call.value_size, &attributes);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const auto& format = call.value_as<KSDATAFORMAT>();
    const KSPIN_DESCRIPTOR& ks_pin = pin.KsPinDescriptor;
    for (ULONG i = 0; i < ks_pin.DataRangesCount; ++i) {
        const KSDATARANGE& range = *ks_pin.DataRanges[i];
        const KSATTRIBUTE_LIST* list = nullptr;
        if ((range.Flags & KSDATARANGE_ATTRIBUTES) != 0 && i + 1 < ks_pin.DataRangesCount) {
            list = reinterpret_cast<const KSATTRIBUTE_LIST*>(ks_pin.DataRanges[++i]);
        }
        // A proposal need not name a mode: any mode's support is enough (R-FMT-12).
        if (ks::format_in_range(format, range) && ks::attributes_match(attributes, list, false)) {
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NO_MATCH;
}

NTSTATUS format_proposed_for_mode(PropertyCall& call, const PCPIN_DESCRIPTOR&) {
    auto* const list = const_cast<char*>(reinterpret_cast<const char*>(call.request)) + sizeof(KSP_PIN);
    ks::AttributeList attributes;
    const NTSTATUS status = ks::AttributeList::parse(list, call.request_size - sizeof(KSP_PIN), attributes, nullptr);
    return NT_SUCCESS(status) ? STATUS_NOT_SUPPORTED : status;
}

} // namespace openportcls::portcls
