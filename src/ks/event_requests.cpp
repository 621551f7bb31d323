#include "ks/event_requests.h"

#include <cstring>
#include <vector>

#include "ks/answers.h"

namespace openportcls::ks {

namespace {

constexpr ULONG enabling = KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT | KSEVENT_TYPE_ENABLEBUFFERED;

NTSTATUS list_sets(IRP& irp, std::span<const SupportedEvent> events) {
    std::vector<GUID> sets;
    for (const SupportedEvent& event : events) {
        bool known = false;
        for (const GUID& set : sets) {
            known = known || IsEqualGUID(set, *event.set);
        }
        if (!known) {
            sets.push_back(*event.set);
        }
    }
    ULONG bytes = 0;
    const NTSTATUS status =
        answer(sets.data(), static_cast<ULONG>(sets.size() * sizeof(GUID)), irp.UserBuffer,
               IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceIoControl.OutputBufferLength, bytes);
    irp.IoStatus.Information = bytes;
    return status;
}

} // namespace

NTSTATUS check_event_request(IRP& irp, KSEVENT& event) {
    const auto& control = IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceIoControl;
    irp.IoStatus.Information = 0;
    if (control.InputBufferLength == 0) {
        // Without a KSEVENT: which sets are there? The same as SETSUPPORT of GUID_NULL.
        event = KSEVENT{};
        event.Flags = KSEVENT_TYPE_SETSUPPORT;
        return STATUS_SUCCESS;
    }
    if (control.InputBufferLength < sizeof(KSEVENT)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (control.Type3InputBuffer == nullptr) {
        return STATUS_ACCESS_VIOLATION;
    }
    std::memcpy(&event, control.Type3InputBuffer, sizeof event);
    if ((event.Flags & KSEVENT_TYPE_TOPOLOGY) != 0 && control.InputBufferLength < sizeof(KSE_NODE)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    return STATUS_SUCCESS;
}

bool answer_event_query(IRP& irp, std::span<const SupportedEvent> events, const SupportedEvent*& found,
                        NTSTATUS& status) {
    KSEVENT request;
    status = check_event_request(irp, request);
    if (!NT_SUCCESS(status)) {
        return true;
    }
    const ULONG verb = request.Flags & ~KSEVENT_TYPE_TOPOLOGY;
    if (verb == KSEVENT_TYPE_SETSUPPORT && IsEqualGUID(request.Set, GUID_NULL)) {
        status = list_sets(irp, events);
        return true;
    }
    bool set_known = false;
    found = nullptr;
    for (const SupportedEvent& event : events) {
        if (IsEqualGUID(*event.set, request.Set)) {
            set_known = true;
            if (event.id == request.Id) {
                found = &event;
            }
        }
    }
    if (!set_known) {
        status = STATUS_PROPSET_NOT_FOUND;
        return true;
    }
    if (verb == KSEVENT_TYPE_SETSUPPORT) {
        status = STATUS_SUCCESS;
        return true;
    }
    if (found == nullptr) {
        status = STATUS_NOT_FOUND;
        return true;
    }
    if (verb == KSEVENT_TYPE_BASICSUPPORT) {
        status = STATUS_SUCCESS;
        return true;
    }
    if ((verb & ~enabling) != 0 ||
        (verb & (KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT | KSEVENT_TYPE_ENABLEBUFFERED)) == 0) {
        status = STATUS_INVALID_PARAMETER;
        return true;
    }
    if (IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceIoControl.OutputBufferLength < found->data_size) {
        status = STATUS_INVALID_BUFFER_SIZE;
        return true;
    }
    return false;
}

NTSTATUS disable_requested_event(IRP& irp, EventList& events) {
    const IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp);
    irp.IoStatus.Information = 0;
    const auto& control = location.Parameters.DeviceIoControl;
    if (control.InputBufferLength == 0) {
        return events.disable(location.FileObject, nullptr);
    }
    if (control.InputBufferLength < sizeof(KSEVENTDATA)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    return events.disable(location.FileObject, static_cast<const KSEVENTDATA*>(control.Type3InputBuffer));
}

} // namespace openportcls::ks
