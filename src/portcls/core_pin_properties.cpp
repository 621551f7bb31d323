// What every streaming pin answers: KSPROPSETID_Connection, KSPROPSETID_Stream, KSPROPERTY_AUDIO_POSITION and the
// content id ("filter--pin--and-node-properties": pin properties with built-in handlers).
#include "ks/data_format.h"
#include "machine/machine.h"
#include "portcls/dispatch_tables.h"
#include "portcls/helpers/com_object.h"
#include "portcls/pin.h"
#include "portcls/port.h"

namespace openportcls::portcls {

using property_verbs::get;
using property_verbs::set;

namespace {

const GUID connection_set = KSPROPSETID_Connection;
const GUID stream_set = KSPROPSETID_Stream;
const GUID audio_set = KSPROPSETID_Audio;
const GUID drm_set = KSPROPSETID_DrmAudioStream;

NTSTATUS connection_state(PropertyCall& call) {
    auto& state = call.value_as<LONG>(); // a client may ask for any number
    if (call.is_set()) {
        const bool known = state >= KSSTATE_STOP && state <= KSSTATE_RUN;
        return known ? call.pin->set_state(static_cast<KSSTATE>(state)) : STATUS_INVALID_PARAMETER;
    }
    state = call.pin->state(); // the page denies it, clients ask all the same
    return STATUS_SUCCESS;
}

NTSTATUS connection_data_format(PropertyCall& call) {
    if (call.is_get()) {
        return call.answer(&call.pin->format(), call.pin->format_bytes());
    }
    const NTSTATUS status = ks::check_format(call.value, call.value_size);
    return NT_SUCCESS(status) ? call.pin->change_format(call.value_as<KSDATAFORMAT>(), call.value_size) : status;
}

NTSTATUS connection_allocator_framing(PropertyCall& call) {
    return call.pin->allocator_framing(call.value_as<KSALLOCATOR_FRAMING>());
}

// R-KS-01: a handle of NULL says that the pin could have one; a set of any handle is accepted, the ports stream by
// their own timing and out of the client's buffers.
NTSTATUS stream_handle(PropertyCall& call) {
    if (call.is_get()) {
        call.value_as<HANDLE>() = nullptr;
    }
    return STATUS_SUCCESS;
}

NTSTATUS audio_position(PropertyCall& call) {
    auto& position = call.value_as<KSAUDIO_POSITION>();
    if (call.is_set()) {
        return call.pin->set_position(position);
    }
    const NTSTATUS status = call.pin->position(position);
    machine::Machine::current().trace(machine::EventKind::stream_position, call.pin->serial(),
                                      static_cast<std::int64_t>(position.PlayOffset));
    return status;
}

// R-DRM-05
NTSTATUS content_id(PropertyCall& call) {
    if (call.irp.RequestorMode != KernelMode) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (call.pin->stream() == nullptr) {
        return STATUS_DEVICE_NOT_READY;
    }
    if (!ComPointer<IDrmAudioStream>::query(call.pin->stream(), IID_IDrmAudioStream)) {
        return STATUS_NOT_IMPLEMENTED; // the stream cannot honour rights (R-DRM-04)
    }
    const ULONG id = call.value_as<KSDRMAUDIOSTREAM_CONTENTID>().ContentId;                 // whose rights are known
    return PcForwardContentToInterface(id, call.pin->stream(), call.pin->stream_methods()); // R-DRM-06
}

const BuiltInProperty pin_properties[] = {
    {&connection_set, KSPROPERTY_CONNECTION_STATE, get | set, sizeof(KSPROPERTY), sizeof(KSSTATE), connection_state},
    {&connection_set, KSPROPERTY_CONNECTION_DATAFORMAT, get | set, sizeof(KSPROPERTY), 0, connection_data_format},
    {&connection_set, KSPROPERTY_CONNECTION_ALLOCATORFRAMING, get, sizeof(KSPROPERTY), sizeof(KSALLOCATOR_FRAMING),
     connection_allocator_framing},
    {&stream_set, KSPROPERTY_STREAM_ALLOCATOR, get | set, sizeof(KSPROPERTY), sizeof(HANDLE), stream_handle},
    {&stream_set, KSPROPERTY_STREAM_MASTERCLOCK, get | set, sizeof(KSPROPERTY), sizeof(HANDLE), stream_handle},
    {&audio_set, KSPROPERTY_AUDIO_POSITION, get | set, sizeof(KSPROPERTY), sizeof(KSAUDIO_POSITION), audio_position,
     Serialisation::position},
    {&drm_set, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, set, sizeof(KSPROPERTY), sizeof(KSDRMAUDIOSTREAM_CONTENTID),
     content_id, Serialisation::device, nullptr, false, Feature::content_functions},
};

} // namespace

BuiltInProperties core_pin_properties() {
    return pin_properties;
}

} // namespace openportcls::portcls
