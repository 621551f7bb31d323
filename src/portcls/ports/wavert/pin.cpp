#include "portcls/ports/wavert/pin.h"

#include <new>

#include "executive/kernel.h"
#include "machine/machine.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

// Registers of a simulated device answer accesses; they are no memory that a client could read.
bool is_device_register(const void* address) {
    const auto physical = executive::Kernel::current().io_space.physical_of(address);
    return physical != machine::no_address &&
           machine::Machine::current().memory().to_virtual(physical, sizeof(ULONGLONG)) == nullptr;
}

bool is_readable_by_client(const KSRTAUDIO_HWREGISTER& hardware_register) {
    return hardware_register.Register != nullptr && (hardware_register.Width == 32 || hardware_register.Width == 64) &&
           !is_device_register(hardware_register.Register);
}

} // namespace

WaveRtPin::WaveRtPin(WaveRtPort& port, Filter& filter, const PinRequest& request)
    : Pin(filter, request),
      port_stream_(ComPointer<PortStream>::adopt(new PortStream(port.highest_address(), serial()))) {}

WaveRtPin::~WaveRtPin() = default;

NTSTATUS WaveRtPin::create(WaveRtPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result) {
    std::unique_ptr<WaveRtPin> pin(new (std::nothrow) WaveRtPin(port, filter, request));
    if (pin == nullptr || !pin->port_stream_) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const NTSTATUS status = pin->open(port, request);
    if (NT_SUCCESS(status)) {
        result = std::move(pin);
    }
    return status;
}

NTSTATUS WaveRtPin::open(WaveRtPort& port, const PinRequest& request) {
    IMiniportWaveRTStream* stream = nullptr;
    const NTSTATUS status =
        port.wave_miniport().NewStream(&stream, port_stream_.get(), request.pin_id, request.capture, request.format);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (stream == nullptr) {
        machine::Machine::current().explain(machine::Explanations::Kind::refusal, serial(), 0,
                                            "NewStream of the miniport succeeded without a stream");
        return STATUS_UNSUCCESSFUL;
    }
    wave_stream_ = ComPointer<IMiniportWaveRTStream>::adopt(stream);
    query_interfaces();
    set_stream(stream);
    return STATUS_SUCCESS;
}

void WaveRtPin::query_interfaces() {
    auto* stream = wave_stream_.get();
    notification_ = decltype(notification_)::query(stream, IID_IMiniportWaveRTStreamNotification);
    const PortClsSystem& system = PortClsSystem::current();
    if (system.has(Feature::packet_streams)) {
        input_ = decltype(input_)::query(stream, IID_IMiniportWaveRTInputStream);
        output_ = decltype(output_)::query(stream, IID_IMiniportWaveRTOutputStream);
    }
    if (system.has(Feature::audio_engine_node)) {
        engine_ = decltype(engine_)::query(stream, IID_IMiniportStreamAudioEngineNode);
    }
    if (system.has(Feature::audio_engine_node_2)) {
        engine2_ = decltype(engine2_)::query(stream, IID_IMiniportStreamAudioEngineNode2);
    }
}

NTSTATUS WaveRtPin::allocate_buffer(const void* base_address, ULONG requested_size, ULONG notification_count,
                                    KSRTAUDIO_BUFFER& result) {
    // A second buffer, an empty one and one at an address of the client's choice are combinations of attributes that
    // cannot be had (ksproperty-rtaudio-buffer).
    if (buffer_.exists() || requested_size == 0 || base_address != nullptr) {
        return STATUS_UNSUCCESSFUL;
    }
    return buffer_.allocate(*wave_stream_.get(), notification_.get(), notification_count, requested_size, result);
}

NTSTATUS WaveRtPin::register_event(HANDLE handle, KPROCESSOR_MODE mode) {
    if (!notification_) {
        return STATUS_NOT_SUPPORTED;
    }
    if (!buffer_.has_notification()) {
        return STATUS_DEVICE_NOT_READY; // R-WRT-12
    }
    return events_.add(handle, mode, *notification_.get());
}

NTSTATUS WaveRtPin::unregister_event(HANDLE handle, KPROCESSOR_MODE mode) {
    if (!notification_) {
        return STATUS_NOT_SUPPORTED;
    }
    return events_.remove(handle, mode, *notification_.get());
}

// R-WRT-15: once per pin, and only what the client can read directly.
NTSTATUS WaveRtPin::map_position_register(KSRTAUDIO_HWREGISTER& result) {
    if (position_register_mapped_) {
        return STATUS_UNSUCCESSFUL;
    }
    const NTSTATUS status = wave_stream_->GetPositionRegister(&result);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    position_register_mapped_ = is_readable_by_client(result);
    return position_register_mapped_ ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

NTSTATUS WaveRtPin::map_clock_register(KSRTAUDIO_HWREGISTER& result) {
    if (clock_register_mapped_) {
        return STATUS_UNSUCCESSFUL;
    }
    const NTSTATUS status = wave_stream_->GetClockRegister(&result);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    clock_register_mapped_ = is_readable_by_client(result);
    return clock_register_mapped_ ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

bool WaveRtPin::survives_rebalance() const {
    return (!position_register_mapped_ && !clock_register_mapped_) || input_ || output_;
}

NTSTATUS WaveRtPin::step_state(KSSTATE next) {
    return wave_stream_->SetState(next);
}

NTSTATUS WaveRtPin::apply_format(const KSDATAFORMAT& format) {
    return wave_stream_->SetFormat(const_cast<KSDATAFORMAT*>(&format));
}

NTSTATUS WaveRtPin::position(KSAUDIO_POSITION& position) {
    return wave_stream_->GetPosition(&position);
}

// R-STATE-05, R-PNP-08: after STOP, and never before the handle is closed. Events first, because the miniport signals
// them; then the buffer, by the stream that made it; then the stream; its memory source last.
void WaveRtPin::release_stream() {
    if (!wave_stream_) {
        return;
    }
    if (notification_) {
        events_.remove_all(*notification_.get());
    }
    buffer_.free(*wave_stream_.get(), notification_.get());
    set_stream(nullptr);
    engine2_.reset();
    engine_.reset();
    output_.reset();
    input_.reset();
    notification_.reset();
    wave_stream_.reset();
    port_stream_.reset();
}

} // namespace openportcls::portcls
