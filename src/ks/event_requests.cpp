#include "ks/event_requests.h"

#include <cstring>
#include <vector>

#include "ks/answers.h"
#include "machine/guarded_access.h"

namespace openportcls::ks {

namespace {

using machine::Access;
using machine::is_accessible;

constexpr ULONG enabling = KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT | KSEVENT_TYPE_ENABLEBUFFERED;

// Enabling reads a KSEVENTDATA from the client, everything else writes an answer.
NTSTATUS check_value_buffer(const IRP& irp, const KSEVENT& event) {
    const auto& control = IoGetCurrentIrpStackLocation(const_cast<IRP*>(&irp))->Parameters.DeviceIoControl;
    const Access access = (event.Flags & enabling) != 0 ? Access::read : Access::write;
    return irp.RequestorMode == KernelMode || is_accessible(irp.UserBuffer, control.OutputBufferLength, access)
               ? STATUS_SUCCESS
               : STATUS_ACCESS_VIOLATION;
}

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
        return check_value_buffer(irp, event);
    }
    if (control.InputBufferLength < sizeof(KSEVENT)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (control.Type3InputBuffer == nullptr ||
        (irp.RequestorMode != KernelMode &&
         !is_accessible(control.Type3InputBuffer, control.InputBufferLength, Access::read))) {
        return STATUS_ACCESS_VIOLATION;
    }
    std::memcpy(&event, control.Type3InputBuffer, sizeof event);
    if ((event.Flags & KSEVENT_TYPE_TOPOLOGY) != 0 && control.InputBufferLength < sizeof(KSE_NODE)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    return check_value_buffer(irp, event);
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
    if (control.Type3InputBuffer == nullptr) {
        return STATUS_ACCESS_VIOLATION; // no name; without a length it would mean all of them
    }
    return events.disable(location.FileObject, static_cast<const KSEVENTDATA*>(control.Type3InputBuffer));
}

} // namespace openportcls::ks
