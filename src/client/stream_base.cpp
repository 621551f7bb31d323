#include "client/stream_base.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/request_stream.h"
#include "client/wave_format.h"
#include "client/wave_stream.h"

namespace openportcls::client {

namespace {

// Whether the pin's port is WaveRT, which has a buffer to map.
bool has_mapped_buffer(const ObjectState& pin) {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_RtAudio;
    property.Id = KSPROPERTY_RTAUDIO_BUFFER;
    property.Flags = KSPROPERTY_TYPE_BASICSUPPORT;
    ULONG access = 0;
    ULONG_PTR information = 0;
    return NT_SUCCESS(pin.control(IOCTL_KS_PROPERTY, &property, sizeof property, &access, sizeof access, &information));
}

} // namespace

Result<std::unique_ptr<StreamBase>> StreamBase::open(std::shared_ptr<ObjectState> filter, PinFlow flow,
                                                     const WaveFormat& format, const StreamOptions& options,
                                                     std::uint32_t pin) {
    if (format.bytes_per_frame() == 0 || format.rate == 0) {
        return Error{STATUS_INVALID_PARAMETER, fmt::format("{} is no format to stream", to_string(format))};
    }
    if (options.period.count() <= 0 || options.mode > ProcessingMode::raw || options.packets > PacketMode::never) {
        return Error{STATUS_INVALID_PARAMETER,
                     "a period lasts some time; modes and packet modes are those of the header"};
    }
    auto object = std::make_shared<ObjectState>(filter->machine, fmt::format("{} pin {}", filter->name, pin));
    object->parent = std::move(filter);
    PinConnect connect;
    connect.pin = pin;
    connect.format = make_data_format(format, options.mode);
    const NTSTATUS status = object->open(pin_object_name(make_pin_connect(connect)));
    if (!NT_SUCCESS(status)) {
        return object->error(status, fmt::format("opening with {}", to_string(format)));
    }
    const bool is_mapped = has_mapped_buffer(*object);
    Opened opened{std::move(object), flow, format, pin};
    return is_mapped ? WaveStream::make(std::move(opened), options) : RequestStream::make(std::move(opened), options);
}

StreamBase::StreamBase(Opened opened)
    : object_(std::move(opened.object)), machine_(*object_->machine->machine), flow_(opened.flow),
      format_(opened.format), pin_(opened.pin), frame_bytes_(opened.format.bytes_per_frame()) {}

Error StreamBase::error(NTSTATUS status, std::string_view attempted) const {
    return object_->error(status, attempted);
}

NTSTATUS StreamBase::request(ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                             ULONG_PTR* information) {
    return object_->control(code, in, in_bytes, out, out_bytes, information);
}

Result<void> StreamBase::check_frames(std::size_t bytes) const {
    return bytes % frame_bytes_ == 0
               ? Result<void>()
               : Result<void>(error(STATUS_INVALID_BUFFER_SIZE,
                                    fmt::format("{} bytes are no whole frames of {}", bytes, frame_bytes_)));
}

NTSTATUS StreamBase::set_state(KSSTATE state) {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_Connection;
    property.Id = KSPROPERTY_CONNECTION_STATE;
    property.Flags = KSPROPERTY_TYPE_SET;
    ULONG_PTR information = 0;
    const NTSTATUS status = request(IOCTL_KS_PROPERTY, &property, sizeof property, &state, sizeof state, &information);
    if (NT_SUCCESS(status)) {
        count_running(state == KSSTATE_RUN);
        state_ = state;
    }
    return status;
}

// Before the first stream runs nobody keeps time: what loading and opening took must not be caught up then.
void StreamBase::count_running(bool runs) {
    unsigned& running = object_->machine->running_streams;
    if (runs == (state_ == KSSTATE_RUN)) {
        return;
    }
    if (runs && running == 0) {
        machine_.clock().resynchronise();
    }
    runs ? ++running : --running;
}

Result<void> StreamBase::pause() {
    const NTSTATUS status = set_state(KSSTATE_PAUSE);
    return NT_SUCCESS(status) ? Result<void>() : Result<void>(error(status, "pausing"));
}

Result<StreamPosition> StreamBase::position() {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_Audio;
    property.Id = KSPROPERTY_AUDIO_POSITION;
    property.Flags = KSPROPERTY_TYPE_GET;
    KSAUDIO_POSITION value{};
    ULONG_PTR information = 0;
    const NTSTATUS status = request(IOCTL_KS_PROPERTY, &property, sizeof property, &value, sizeof value, &information);
    if (!NT_SUCCESS(status)) {
        return error(status, "asking for the position");
    }
    return StreamPosition{value.PlayOffset, value.WriteOffset, std::chrono::nanoseconds(machine_.now())};
}

void StreamBase::note_pace() const {
    if (!machine_.clock().is_paced()) {
        return;
    }
    Pace& pace = object_->machine->pace;
    const machine::Nanoseconds lateness = machine_.clock().lateness();
    ++pace.periods;
    pace.late += lateness > period_time_ ? 1 : 0;
    pace.worst = std::max(pace.worst, lateness);
}

void StreamBase::note_glitch() {
    ++glitches_;
    machine_.trace(machine::EventKind::glitch, pin_, static_cast<std::int64_t>(glitches_),
                   flow_ == PinFlow::in ? "render underrun" : "capture overrun");
}

machine::Nanoseconds StreamBase::patience() const {
    return 100 * period_time_ + 2 * machine::nanoseconds_per_second;
}

} // namespace openportcls::client
