#include "portcls/ports/loop_events.h"

#include <cstring>

#include "portcls/pin.h"
#include "portcls/port.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

const GUID looped_streaming_event_set = KSEVENTSETID_LoopedStreaming;

namespace {

using ks::EventList;
using ks::EventRecord;

struct LoopMark {
    ULONGLONG place; // in the buffer
    ULONGLONG seen;  // the position of the stream when it was looked at last
};

} // namespace

bool has_loop_events() {
    return PortClsSystem::current().windows_version() < WindowsVersion::vista;
}

NTSTATUS enable_loop_event(Pin& pin, EventList& events, IRP& irp) {
    const auto& control = IoGetCurrentIrpStackLocation(&irp)->Parameters.DeviceIoControl;
    LOOPEDSTREAMING_POSITION_EVENT_DATA data;
    if (control.OutputBufferLength < sizeof data) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    EventRecord* record = nullptr;
    const NTSTATUS status = EventList::prepare(irp, sizeof(LoopMark), record);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    std::memcpy(&data, irp.UserBuffer, sizeof data);
    LoopMark& mark = record->extra<LoopMark>();
    mark = {data.Position, 0};
    pin.linear_position(mark.seen);
    record->pin = pin.pin_id();
    events.add(*record);
    return STATUS_SUCCESS;
}

bool awaits_loop_events(const Pin& pin) {
    return !pin.port().events().is_empty() && has_loop_events();
}

void fire_loop_events(Pin& pin, ULONGLONG position, ULONGLONG offset, ULONG loop_bytes) {
    if (loop_bytes == 0) {
        return;
    }
    pin.port().events().visit([&](EventRecord& record) {
        if (record.entry.FileObject != &pin.file() || !IsEqualGUID(record.set, looped_streaming_event_set)) {
            return false;
        }
        LoopMark& mark = record.extra<LoopMark>();
        const ULONGLONG moved = position >= mark.seen ? position - mark.seen : position; // it has been at STOP
        mark.seen = position;
        const ULONGLONG ago = (offset + loop_bytes - mark.place % loop_bytes) % loop_bytes;
        return ago < moved && EventList::signal(record);
    });
}

} // namespace openportcls::portcls
