#include "portcls/ports/wavepci/pin.h"

#include <algorithm>
#include <new>

#include "machine/machine.h"
#include "portcls/filter.h"
#include "portcls/helpers/dma_channel.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/loop_events.h"

namespace openportcls::portcls {

namespace {

constexpr LONG timer_milliseconds = 20; // R-WPCI-14

bool is_before_xp() {
    return PortClsSystem::current().windows_version() < WindowsVersion::xp;
}

} // namespace

class WavePciPin::Sink final : public ComObject<Sink, IServiceSink> {
public:
    explicit Sink(WavePciPin& pin) : pin_(pin) {}
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    void NTAPI RequestService() override { pin_.service(); }

private:
    WavePciPin& pin_;
};

WavePciPin::WavePciPin(Filter& filter, const PinRequest& request)
    : Pin(filter, request), looped_(request.is_looped()), serves_stopped_(is_before_xp()),
      port_stream_(ComPointer<WavePciPortStream>::adopt(new WavePciPortStream(!request.capture, looped_))) {
    KeInitializeTimer(&timer_);
    KeInitializeDpc(&dpc_, timer_expired, this);
}

WavePciPin::~WavePciPin() = default;

NTSTATUS WavePciPin::create(WavePciPort& port, Filter& filter, const PinRequest& request,
                            std::unique_ptr<Pin>& result) {
    std::unique_ptr<WavePciPin> pin(new (std::nothrow) WavePciPin(filter, request));
    if (pin == nullptr || !pin->port_stream_ || !pin->queue().allocate()) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const NTSTATUS status = pin->open(port, request);
    if (!NT_SUCCESS(status)) {
        pin->release_stream();
        return status;
    }
    result = std::move(pin);
    return STATUS_SUCCESS;
}

// Of the three objects two come with a reference for the port; the channel is not looked at (R-COM-02, R-WPCI-21).
NTSTATUS WavePciPin::open(WavePciPort& port, const PinRequest& request) {
    IMiniportWavePciStream* stream = nullptr;
    IDmaChannel* channel = nullptr;
    IServiceGroup* group = nullptr;
    const NTSTATUS status =
        port.wave_miniport().NewStream(&stream, nullptr, NonPagedPool, port_stream_.get(), request.pin_id,
                                       request.capture, request.format, &channel, &group);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    stream_ = ComPointer<IMiniportWavePciStream>::adopt(stream);
    group_ = ComPointer<IServiceGroup>::adopt(group);
    if (!stream_) {
        return STATUS_UNSUCCESSFUL;
    }
    set_stream(stream);
    port_stream_->connect(stream, this);
    const NTSTATUS prepared = prepare_memory(port);
    return NT_SUCCESS(prepared) ? begin_services() : prepared;
}

// A device that does not reach the client's memory works on memory that it does reach: about what it is likely to have
// at once.
NTSTATUS WavePciPin::prepare_memory(const WavePciPort& port) {
    KSALLOCATOR_FRAMING framing = {};
    if (looped_ && NT_SUCCESS(allocator_framing(framing))) {
        queue().set_frame_bytes(framing.FrameSize);
    }
    if (port.highest_address() == UINT64_MAX) {
        return STATUS_SUCCESS;
    }
    constexpr ULONG least_bytes = 64 * 1024;
    constexpr ULONG part_of_a_second = 5;
    const WAVEFORMATEX* const wave = ks::wave_format(format());
    const ULONG rate = wave != nullptr ? wave->nAvgBytesPerSec : 0;
    const auto bytes = static_cast<ULONG>(ROUND_TO_PAGES(std::max(least_bytes, rate / part_of_a_second)));
    const bool is_32_bit = port.highest_address() > (1ULL << 24);
    IDmaChannel* made = nullptr;
    NTSTATUS status = new_master_dma_channel(&port.device_object(), bytes, is_32_bit, FALSE, &made);
    auto channel = ComPointer<IDmaChannel>::adopt(made);
    if (NT_SUCCESS(status)) {
        status = channel->AllocateBuffer(bytes, nullptr);
    }
    if (NT_SUCCESS(status)) {
        queue().bounce(port.highest_address(), std::move(channel));
    }
    return status;
}

NTSTATUS WavePciPin::begin_services() {
    if (!group_) {
        return STATUS_SUCCESS;
    }
    sink_ = ComPointer<Sink>::adopt(new Sink(*this));
    return sink_ ? group_->AddMember(sink_.get()) : STATUS_INSUFFICIENT_RESOURCES;
}

// ---- states --------------------------------------------------------------------------------------------------------

NTSTATUS WavePciPin::step_state(KSSTATE next) {
    if (next == KSSTATE_STOP) {
        terminate_packet();
    }
    if (next == KSSTATE_RUN) {
        queue().set_running(true); // the device may interrupt before SetState returns
    }
    const NTSTATUS status = stream_->SetState(next);
    const bool is_refused = !NT_SUCCESS(status) && next > device_state();
    if (next != KSSTATE_RUN || is_refused) {
        queue().set_running(false);
    }
    if (is_refused) {
        return status;
    }
    set_timer(next == KSSTATE_RUN);
    if (next == KSSTATE_PAUSE && device_state() == KSSTATE_RUN && !serves_stopped_) {
        fire_positions(); // R-EVENT-11
    }
    if (next == KSSTATE_STOP) {
        queue().cancel_all();
        queue().reset(0);
        begin_ = 0;
    }
    return status;
}

// R-WPCI-11: what has been recorded of the current packet is the client's.
void WavePciPin::terminate_packet() {
    ULONGLONG recorded = 0;
    if (is_capture() && NT_SUCCESS(stream_->GetPosition(&recorded))) {
        queue().terminate(recorded);
    }
}

NTSTATUS WavePciPin::apply_format(const KSDATAFORMAT& format) {
    return stream_->SetFormat(const_cast<KSDATAFORMAT*>(&format));
}

// ---- service -------------------------------------------------------------------------------------------------------

void WavePciPin::set_timer(bool running) {
    if (group_) {
        return;
    }
    if (running) {
        LARGE_INTEGER due;
        due.QuadPart = -LONGLONG{timer_milliseconds} * 10'000;
        KeSetTimerEx(&timer_, due, timer_milliseconds, &dpc_);
    } else {
        KeCancelTimer(&timer_);
    }
}

void WavePciPin::timer_expired(KDPC*, void* context, void*, void*) {
    static_cast<WavePciPin*>(context)->fire_positions();
}

// R-WPCI-15. The marks of clocks are timed by the clocks themselves.
[[gnu::hot]] void NTAPI WavePciPin::service() {
    if (!queue().begin_service(serves_stopped_)) {
        return;
    }
    stream_->Service();
    queue().end_service();
    if (looped_) {
        fire_positions();
    }
}

void NTAPI WavePciPin::fire_positions() {
    if (!looped_ || !awaits_loop_events(*this)) {
        return;
    }
    ULONGLONG played = 0;
    if (NT_SUCCESS(stream_->GetPosition(&played))) {
        ULONGLONG offset = played;
        const ULONG loop_bytes = queue().to_loop(offset);
        fire_loop_events(*this, since_reset(played), offset, loop_bytes);
    }
}

void NTAPI WavePciPin::stream_ended() {
    generate_connection_event(KSEVENT_CONNECTION_ENDOFSTREAM); // R-EVENT-12
}

// ---- requests ------------------------------------------------------------------------------------------------------

NTSTATUS NTAPI WavePciPin::queue_stream(IRP& irp, bool) {
    return state() == KSSTATE_STOP ? STATUS_INVALID_DEVICE_STATE : queue().add(irp);
}

void WavePciPin::cancel_stream_io() {
    queue().cancel_all();
}

// With the mappings the device has lost all that it had. It counts on: what is mapped from now on begins where it is.
void WavePciPin::discard_stream() {
    ULONGLONG device = 0;
    if (NT_SUCCESS(stream_->GetPosition(&device))) {
        begin_ = device;
        queue().reset(device);
    }
}

// R-WPCI-16: of pins that take data only from XP on.
NTSTATUS WavePciPin::allocator_framing(KSALLOCATOR_FRAMING& framing) {
    return is_capture() || !is_before_xp() ? stream_->GetAllocatorFraming(&framing) : STATUS_NOT_SUPPORTED;
}

// ---- positions -----------------------------------------------------------------------------------------------------

// R-WPCI-12, R-WPCI-13.
NTSTATUS WavePciPin::position(KSAUDIO_POSITION& position) {
    ULONGLONG device = 0;
    const NTSTATUS status = stream_->GetPosition(&device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const MappingQueue::Progress progress = queue().progress();
    ULONG prefetch = 0;
    position.PlayOffset = device;
    if (is_capture()) {
        position.WriteOffset = progress.released;
    } else {
        position.WriteOffset = port_stream_->prefetch_offset(prefetch) ? device + prefetch : progress.acquired;
    }
    position.PlayOffset = to_client(position.PlayOffset);
    position.WriteOffset = to_client(position.WriteOffset);
    return STATUS_SUCCESS;
}

// In the client's buffer where that is looped.
ULONGLONG WavePciPin::to_client(ULONGLONG position) const {
    return looped_ && queue().to_loop(position) != 0 ? position : since_reset(position);
}

// Where a looped buffer is mapped from next; what the device has already is played before.
NTSTATUS WavePciPin::set_position(const KSAUDIO_POSITION& position) {
    if (!looped_ || is_capture()) {
        return STATUS_NOT_SUPPORTED;
    }
    return queue().seek(position.PlayOffset) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

bool WavePciPin::linear_position(ULONGLONG& bytes) {
    const NTSTATUS status = stream_->GetPosition(&bytes);
    bytes = since_reset(bytes);
    return NT_SUCCESS(status);
}

NTSTATUS WavePciPin::physical_time(ULONGLONG bytes, LONGLONG& time) {
    time = static_cast<LONGLONG>(bytes);
    return stream_->NormalizePhysicalPosition(&time);
}

// R-STATE-05: after STOP. First out of the group, so that no service is under way; then what the miniport made.
void WavePciPin::release_stream() {
    if (!stream_) {
        return;
    }
    queue().cancel_all();
    if (group_ && sink_) {
        group_->RemoveMember(sink_.get());
    } else {
        KeCancelTimer(&timer_);
        KeFlushQueuedDpcs();
    }
    port_stream_->connect(nullptr, nullptr);
    set_stream(nullptr);
    stream_.reset();
    group_.reset();
}

} // namespace openportcls::portcls
