#include "portcls/pin_creation.h"

#include <algorithm>
#include <cstring>

#include "ks/data_format.h"
#include "portcls/begin_request.h"
#include "portcls/device_context.h"
#include "portcls/filter.h"
#include "portcls/pin.h"
#include "portcls/pin_medium.h"
#include "portcls/port.h"

namespace openportcls::portcls {

namespace {

bool is_same(const KSIDENTIFIER& a, const KSIDENTIFIER& b) {
    return IsEqualGUID(a.Set, b.Set) && a.Id == b.Id;
}

template<class List>
bool contains(const List& list, const KSIDENTIFIER& wanted) {
    return std::any_of(list.begin(), list.end(), [&](const KSIDENTIFIER& item) { return is_same(item, wanted); });
}

// KsValidateConnectRequest: a wildcard in the range ends the comparison.
bool format_suits(const KSDATAFORMAT& format, const KSDATARANGE& range) {
    const auto is_any = [](const GUID& guid) { return IsEqualGUID(guid, GUID_NULL); };
    if (is_any(range.MajorFormat)) {
        return true;
    }
    if (!IsEqualGUID(range.MajorFormat, format.MajorFormat)) {
        return false;
    }
    if (is_any(range.SubFormat)) {
        return true;
    }
    return IsEqualGUID(range.SubFormat, format.SubFormat) &&
           (is_any(range.Specifier) || IsEqualGUID(range.Specifier, format.Specifier));
}

bool pin_accepts(const KSPIN_DESCRIPTOR& pin, const KSDATAFORMAT& format, const ks::AttributeList& attributes) {
    for (ULONG i = 0; i < pin.DataRangesCount; ++i) {
        const KSDATARANGE& range = *pin.DataRanges[i];
        const KSATTRIBUTE_LIST* list = nullptr;
        if ((range.Flags & KSDATARANGE_ATTRIBUTES) != 0 && i + 1 < pin.DataRangesCount) {
            list = reinterpret_cast<const KSATTRIBUTE_LIST*>(pin.DataRanges[++i]);
        }
        if (format_suits(format, range) &&
            ks::attributes_match(attributes, list, (range.Flags & KSDATARANGE_REQUIRED_ATTRIBUTES) != 0)) {
            return true;
        }
    }
    return false;
}

// A pin that takes part in IRPs itself, or one that is connected to another filter's pin.
bool communication_suits(KSPIN_COMMUNICATION communication, bool to_other_pin) {
    return communication == KSPIN_COMMUNICATION_BOTH ||
           communication == (to_other_pin ? KSPIN_COMMUNICATION_SOURCE : KSPIN_COMMUNICATION_SINK);
}

NTSTATUS check_request(const Filter& filter, PinRequest& request) {
    const Port& port = filter.port();
    if (request.pin_id >= port.description().pin_count()) {
        return STATUS_INVALID_PARAMETER;
    }
    const PCPIN_DESCRIPTOR& pin = port.description().pin(request.pin_id);
    const KSPIN_DESCRIPTOR& ks_pin = pin.KsPinDescriptor;
    if (!communication_suits(ks_pin.Communication, request.connect.PinToHandle != nullptr)) {
        return STATUS_INVALID_PARAMETER; // R-DESC-07 among others: a bridge pin is never opened
    }
    if (!contains(port.pin_interfaces(), request.connect.Interface) ||
        !contains(pin_mediums(pin), request.connect.Medium)) {
        return STATUS_NO_MATCH;
    }
    const NTSTATUS status = ks::check_format(request.format, request.format_bytes, &request.attributes);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!pin_accepts(ks_pin, *request.format, request.attributes)) {
        return STATUS_NO_MATCH;
    }
    request.capture = ks_pin.DataFlow == KSPIN_DATAFLOW_OUT;
    return STATUS_SUCCESS;
}

// R-PIN-01, R-DESC-09. Asked under the device lock, so that two opens cannot both be the last one.
bool another_is_possible(const Filter& filter, ULONG pin) {
    const Port::PinCounts counts = filter.port().count_pins(filter, pin);
    const auto below = [](ULONG current, ULONG possible) {
        return possible == KSINSTANCE_INDETERMINATE || current < possible;
    };
    return below(counts.filter_current, counts.filter_possible) && below(counts.global_current, counts.global_possible);
}

} // namespace

NTSTATUS create_pin(Filter& filter, IRP& irp, const void* parameters, ULONG parameters_bytes) {
    Port& port = filter.port();
    NTSTATUS status = filter.begin_request();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (parameters_bytes < sizeof(KSPIN_CONNECT) + sizeof(KSDATAFORMAT)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    auto* const bytes = static_cast<char*>(const_cast<void*>(parameters));
    PinRequest request{0,
                       false,
                       *reinterpret_cast<const KSPIN_CONNECT*>(bytes),
                       reinterpret_cast<KSDATAFORMAT*>(bytes + sizeof(KSPIN_CONNECT)),
                       parameters_bytes - static_cast<ULONG>(sizeof(KSPIN_CONNECT)),
                       {},
                       irp};
    request.pin_id = request.connect.PinId;
    status = check_request(filter, request);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = port.device().power().bring_to_full_power(); // R-PWR-07
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DeviceLockGuard guard(port.device().lock());
    status = filter.availability();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (port.device().power().device_state() != PowerDeviceD0) {
        return STATUS_DEVICE_NOT_READY; // it went down again in between
    }
    if (!another_is_possible(filter, request.pin_id)) {
        return STATUS_DEVICE_BUSY;
    }
    std::unique_ptr<Pin> pin;
    status = port.create_pin(filter, request, pin);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    pin->opened();
    pin.release()->attach_to(*IoGetCurrentIrpStackLocation(&irp)->FileObject);
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls
