#include "portcls/pin_intersection.h"

#include "ks/data_format.h"
#include "portcls/pin_medium.h"
#include "portcls/port.h"

namespace openportcls::portcls {

namespace {

const KSPIN_MEDIUM standard_medium = {{{KSMEDIUMSETID_Standard, KSMEDIUM_TYPE_ANYINSTANCE, 0}}};

// One pair of ranges: the miniport first, the port's own handler if it declines (R-FMT-02).
NTSTATUS intersect(PropertyCall& call, KSDATARANGE* client, KSDATARANGE* own) {
    ULONG bytes = 0;
    const ULONG pin = call.request_as<KSP_PIN>().PinId;
    NTSTATUS status = call.port.miniport()->DataRangeIntersection(pin, client, own, call.room, call.value, &bytes);
    if (status == STATUS_NOT_IMPLEMENTED) {
        status = ks::intersect_pcm(*client, *own, call.room, call.value, &bytes);
    }
    call.value_size = NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW ? bytes : 0;
    return status;
}

} // namespace

std::span<const KSPIN_MEDIUM> pin_mediums(const PCPIN_DESCRIPTOR& pin) {
    const KSPIN_DESCRIPTOR& ks_pin = pin.KsPinDescriptor;
    return ks_pin.MediumsCount == 0 ? std::span(&standard_medium, 1) : std::span(ks_pin.Mediums, ks_pin.MediumsCount);
}

NTSTATUS intersect_pin_ranges(PropertyCall& call) {
    auto* const request = const_cast<char*>(reinterpret_cast<const char*>(call.request));
    ks::RangeList client_ranges;
    NTSTATUS status =
        ks::RangeList::parse(request + sizeof(KSP_PIN), call.request_size - sizeof(KSP_PIN), client_ranges);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const KSPIN_DESCRIPTOR& pin = call.port.description().pin(call.request_as<KSP_PIN>().PinId).KsPinDescriptor;
    status = STATUS_NO_MATCH;
    for (KSDATARANGE* const client : client_ranges.items()) { // R-FMT-01
        for (ULONG i = 0; i < pin.DataRangesCount; ++i) {
            KSDATARANGE* const own = pin.DataRanges[i];
            if ((own->Flags & KSDATARANGE_ATTRIBUTES) != 0) {
                ++i; // the next pointer is the range's attribute list
            }
            status = intersect(call, client, own);
            if (status != STATUS_NO_MATCH) {
                return status;
            }
        }
    }
    return status;
}

} // namespace openportcls::portcls
