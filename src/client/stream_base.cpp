#include "client/stream_base.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/request_stream.h"
#include "client/wave_format.h"
#include "client/wave_stream.h"
#include "machine/host_code.h"
#include "portcls/pin.h"

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
      format_(opened.format), pin_(opened.pin), frame_bytes_(opened.format.bytes_per_frame()),
      port_pin_(dynamic_cast<const portcls::Pin*>(ks::OpenObject::from(object_->file))) {}

Error StreamBase::error(NTSTATUS status, std::string_view attempted) const {
    return object_->error(status, attempted);
}

NTSTATUS StreamBase::request(ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes,
                             ULONG_PTR* information) {
    return object_->control(code, in, in_bytes, out, out_bytes, information);
}

Result<void> StreamBase::result_of(NTSTATUS status, std::string_view attempted) const {
    return NT_SUCCESS(status) ? Result<void>() : Result<void>(error(status, attempted));
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

Result<void> StreamBase::start() {
    if (auto before = unless_thrown({}); !before) {
        return before;
    }
    if (state_ == KSSTATE_RUN) {
        const auto running = position(); // or the device has gone
        return running ? Result<void>() : Result<void>(running.error());
    }
    return result_of(object_->machine->call([this] { return start_inside(); }), "starting");
}

Result<void> StreamBase::pause() {
    return unless_thrown(result_of(set_state(KSSTATE_PAUSE), "pausing"));
}

Result<void> StreamBase::stop() {
    end_service();
    const NTSTATUS status = set_state(KSSTATE_STOP);
    if (!NT_SUCCESS(status)) {
        return error(status, "stopping");
    }
    object_->machine->call_even_when_off([this] {
        forget_inside();
        return STATUS_SUCCESS;
    });
    transferred_ = 0;
    drained_ = 0;
    return unless_thrown({});
}

bool StreamBase::end_stream() {
    end_service();
    if (object_->file == nullptr) {
        return false;
    }
    set_state(KSSTATE_STOP);
    count_running(false); // also when the device did not hear it any more
    return !machine_.is_halted();
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

NTSTATUS StreamBase::reason_of(NTSTATUS status) {
    const Result<StreamPosition> now = position();
    if (const std::string reason = power_reason(); !reason.empty()) { // after that request, whose reasons are its own
        machine_.explain(machine::Explanations::Kind::refusal, serial(), 0, reason);
    }
    return now ? status : now.error().status;
}

std::string StreamBase::power_reason() const {
    const pnp::PnpManager& pnp = *object_->machine->pnp;
    if (const SYSTEM_POWER_STATE system = pnp.system_power_state(); system > PowerSystemWorking) {
        return fmt::format("the machine sleeps (S{}) until it is woken", static_cast<int>(system) - PowerSystemWorking);
    }
    for (const pnp::DeviceNode* node : pnp.devices()) {
        bool is_ours = false;
        for (const DEVICE_OBJECT* each = node->pdo(); each != nullptr; each = each->AttachedDevice) {
            is_ours = is_ours || (object_->file != nullptr && each == object_->file->DeviceObject);
        }
        if (is_ours && node->power_state() > PowerDeviceD0) {
            return fmt::format("the device {} sleeps (D{}) until it is set to D0", node->instance_path(),
                               static_cast<int>(node->power_state()) - PowerDeviceD0);
        }
    }
    return {};
}

// ---- moving sound ---------------------------------------------------------------------------------------------------

Result<void> StreamBase::write(std::span<const std::byte> bytes) {
    if (auto possible = unless_thrown(check_frames(bytes.size())); !possible) {
        return possible;
    }
    return result_of(object_->machine->call([&] { return write_inside(bytes.data(), bytes.size()); }), "writing");
}

Result<void> StreamBase::drain() {
    if (auto before = unless_thrown({}); !before) {
        return before;
    }
    if (auto drained = result_of(object_->machine->call([this] { return drain_inside(); }), "draining"); !drained) {
        return drained;
    }
    const std::uint64_t played = transferred_;
    auto stopped = stop();
    drained_ = played;
    return stopped;
}

Result<void> StreamBase::read(std::span<std::byte> bytes) {
    if (auto before = unless_thrown({}); !before) {
        return before;
    }
    std::size_t done = 0;
    return result_of(object_->machine->call([&] { return read_inside(bytes.data(), bytes.size(), true, &done); }),
                     "reading");
}

Result<std::size_t> StreamBase::read_available(std::span<std::byte> bytes) {
    if (auto before = unless_thrown({}); !before) {
        return before.error();
    }
    std::size_t done = 0;
    const NTSTATUS status =
        object_->machine->call([&] { return read_inside(bytes.data(), bytes.size(), false, &done); });
    if (!NT_SUCCESS(status)) {
        return error(status, "reading");
    }
    return done;
}

// Whoever calls back cannot be waited for by itself.
Result<void> StreamBase::end_callback() {
    if (!has_callback()) {
        return {};
    }
    const NTSTATUS status = object_->machine->call_even_when_off(
        [this] { return service_->is_serving(place_) ? STATUS_DEVICE_BUSY : STATUS_SUCCESS; });
    if (!NT_SUCCESS(status)) {
        return error(status, "a period callback ends itself by returning false");
    }
    end_service();
    exchange_ = nullptr;
    return {};
}

// Nothing is unwound but what the callback itself has called: the exception is caught on the stack it was thrown on.
[[gnu::hot]] bool StreamBase::exchange(std::span<std::byte> period) {
    const machine::HostCode application(machine_);
    try {
        return exchange_(period);
    } catch (...) {
        thrown_.keep();
        return false;
    }
}

Result<void> StreamBase::unless_thrown(Result<void> done) {
    const auto thrown = thrown_.take();
    return thrown ? error(STATUS_UNHANDLED_EXCEPTION, "the period callback has thrown an exception" + *thrown)
                  : std::move(done);
}

Result<void> StreamBase::on_period(std::function<bool(std::span<std::byte>)> exchange) {
    if (!exchange) {
        return unless_thrown(end_callback());
    }
    if (auto before = unless_thrown({}); !before) {
        return before;
    }
    if (!uses_events()) {
        return error(STATUS_NOT_SUPPORTED, "period callbacks need a driver with notification events");
    }
    if (has_callback()) {
        return error(STATUS_DEVICE_BUSY, "this stream has a period callback already");
    }
    exchange_ = std::move(exchange);
    const NTSTATUS status = object_->machine->call([this] {
        NTSTATUS begun = STATUS_SUCCESS;
        if (!fill_ahead(&begun)) {
            return STATUS_SUCCESS;
        }
        begun = NT_SUCCESS(begun) ? start_inside() : begun;
        return NT_SUCCESS(begun) ? attach_service() : begun;
    });
    return unless_thrown(result_of(status, "starting"));
}

NTSTATUS StreamBase::attach_service() {
    service_ = StreamService::of(*object_->machine);
    if (service_ == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    service_->attach(place_, period_event());
    return STATUS_SUCCESS;
}

void StreamBase::end_service() {
    if (service_ == nullptr) {
        return;
    }
    object_->machine->call_even_when_off([&] {
        service_->detach(place_);
        return STATUS_SUCCESS;
    });
    service_.reset();
}

[[gnu::hot]] void StreamBase::note_pace() const {
    if (!machine_.clock().is_paced()) {
        return;
    }
    Pace& pace = object_->machine->pace;
    const machine::Nanoseconds lateness = machine_.clock().lateness();
    ++pace.periods;
    pace.late += lateness > period_time_ ? 1 : 0;
    pace.worst = std::max(pace.worst, lateness);
}

const portcls::Pin* StreamBase::port_pin() const {
    return object_->file != nullptr ? port_pin_ : nullptr;
}

// What traces call the stream.
std::uint32_t StreamBase::serial() const {
    const portcls::Pin* const pin = port_pin();
    return pin != nullptr ? pin->serial() : 0;
}

machine::Nanoseconds StreamBase::hardware_now() const {
    const portcls::Pin* const pin = port_pin();
    return machine_.now() - (pin != nullptr ? pin->time_without_power() : 0);
}

void StreamBase::note_glitch() {
    ++glitches_;
    machine_.trace(machine::EventKind::glitch, serial(), static_cast<std::int64_t>(glitches_),
                   flow_ == PinFlow::in ? "render underrun" : "capture overrun");
}

machine::Nanoseconds StreamBase::patience() const {
    return 100 * period_time_ + 2 * machine::nanoseconds_per_second;
}

} // namespace openportcls::client
