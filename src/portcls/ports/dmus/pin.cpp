#include "portcls/ports/dmus/pin.h"

#include <new>

#include "machine/machine.h"
#include "portcls/filter.h"

namespace openportcls::portcls {

namespace {

// A hundred thousand events may wait in a sequencer; of what is captured the client has a second or so to take it.
constexpr ULONG render_events = 102'400;
constexpr ULONG waiting_events = 2'048;
static_assert(render_events <= EventHeap::most_events && waiting_events <= EventHeap::most_events);
constexpr ULONG buffers = 256;

MusicFormat music_format(const PinRequest& request) {
    return IsEqualGUID(request.format->SubFormat, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC) ? MusicFormat::direct_music
                                                                                    : MusicFormat::midi;
}

ULONG events_of(const PinRequest& request) {
    const bool sequences = !request.capture && music_format(request) == MusicFormat::direct_music;
    return sequences ? render_events : waiting_events;
}

} // namespace

class DmusPin::Sink final : public ComObject<Sink, IServiceSink> {
public:
    explicit Sink(DmusPin& pin) : pin_(pin) {}
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    void NTAPI RequestService() override { pin_.pump(true); }

private:
    DmusPin& pin_;
};

DmusPin::DmusPin(DmusPort& port, Filter& filter, const PinRequest& request, ComPointer<EventAllocator> allocator)
    : Pin(filter, request), port_(port), format_(music_format(request)), allocator_(std::move(allocator)),
      sink_(ComPointer<Sink>::adopt(new Sink(*this))), queue_(!request.capture, *this),
      unpacker_(format_, port.dmus_miniport() != nullptr, *allocator_.get(), heap_), feeder_(*allocator_.get()),
      packer_(format_, *allocator_.get()) {}

DmusPin::~DmusPin() = default;

NTSTATUS DmusPin::create(DmusPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result) {
    auto allocator = EventAllocator::create(events_of(request), buffers);
    if (!allocator) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    std::unique_ptr<DmusPin> pin(new (std::nothrow) DmusPin(port, filter, request, std::move(allocator)));
    if (pin == nullptr || !pin->sink_) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const NTSTATUS status = pin->open(request);
    if (!NT_SUCCESS(status)) {
        pin->release_stream();
        return status;
    }
    result = std::move(pin);
    return STATUS_SUCCESS;
}

NTSTATUS DmusPin::open(const PinRequest& request) {
    heap_.reserve(allocator_->events(), events_of(request));
    allocator_->listen(this);
    timer_ = ExAllocateTimer(timer_expired, this, EX_TIMER_HIGH_RESOLUTION);
    if (timer_ == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    IServiceGroup* group = nullptr;
    const NTSTATUS status =
        port_.dmus_miniport() != nullptr ? new_dmus_stream(request, &group) : new_midi_stream(request, &group);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    group_ = ComPointer<IServiceGroup>::adopt(group);
    if (!midi_ && !mxf_) {
        return STATUS_UNSUCCESSFUL;
    }
    if (!group_) { // R-MIDI-08 wants one; the miniport's own serves those that have none
        group_ = ComPointer<IServiceGroup>::share(port_.miniport_group());
    }
    if (!group_) {
        return STATUS_SUCCESS;
    }
    group_link_.group = group_.get();
    port_.add_group(group_link_);
    return group_->AddMember(sink_.get());
}

NTSTATUS DmusPin::new_midi_stream(const PinRequest& request, IServiceGroup** group) {
    IMiniportMidiStream* stream = nullptr;
    const NTSTATUS status = port_.midi_miniport()->NewStream(&stream, nullptr, NonPagedPool, request.pin_id,
                                                             request.capture, request.format, group);
    if (NT_SUCCESS(status)) {
        midi_ = ComPointer<IMiniportMidiStream>::adopt(stream);
        set_stream(stream);
    }
    return status;
}

NTSTATUS DmusPin::new_dmus_stream(const PinRequest& request, IServiceGroup** group) {
    IMXF* stream = nullptr;
    const DMUS_STREAM_TYPE type = request.capture ? DMUS_STREAM_MIDI_CAPTURE : DMUS_STREAM_MIDI_RENDER; // R-DMUS-16
    NTSTATUS status =
        port_.dmus_miniport()->NewStream(&stream, nullptr, NonPagedPool, request.pin_id, type, request.format, group,
                                         allocator_.get(), port_.master_clock(), &prefetch_);
    if (!NT_SUCCESS(status) || stream == nullptr) {
        return status;
    }
    mxf_ = ComPointer<IMXF>::adopt(stream);
    set_stream(stream);
    if (request.capture) {
        capture_sink_ = ComPointer<CaptureSink>::adopt(new CaptureSink(*this, *allocator_.get()));
        status = capture_sink_ ? mxf_->ConnectOutput(capture_sink_.get()) : STATUS_INSUFFICIENT_RESOURCES;
    }
    return status;
}

// ---- states ---------------------------------------------------------------------------------------------------------

NTSTATUS DmusPin::set_miniport_state(KSSTATE state) {
    return midi_ ? midi_->SetState(state) : mxf_->SetState(state);
}

// The stream's time stands still before the miniport hears of it, and moves only once it has (R-DMUS-13).
NTSTATUS DmusPin::step_state(KSSTATE next) {
    const bool up = next > device_state();
    if (!up) {
        enter(next);
    }
    if (next == KSSTATE_STOP) {
        allocator_->forget_ends(); // before the miniport gives back what it has not played
    }
    const NTSTATUS status = set_miniport_state(next);
    if (!NT_SUCCESS(status) && up) {
        return status;
    }
    if (up) {
        enter(next);
    }
    set_fine_timers(next == KSSTATE_RUN);
    if (next == KSSTATE_STOP) {
        queue_.cancel_all();
        discard();
    } else if (up) {
        pump(false);
    }
    return status;
}

void DmusPin::enter(KSSTATE state) {
    own_pump();
    {
        Locked locked(capture_lock_);
        clock_.set_state(state, master_time());
        flow_state_ = state;
    }
    disown_pump();
}

// R-DMUS-11: what is on its way goes to the allocator.
void DmusPin::discard() {
    own_pump();
    while (!heap_.is_empty()) {
        allocator_->PutMessage(heap_.pop());
    }
    feeder_.reset();
    unpacker_.reset();
    {
        Locked locked(capture_lock_);
        packer_.reset();
        parser_.reset();
    }
    allocator_->take_exhausted();
    allocator_->reset_position();
    disown_pump();
}

// Miniports that poll their hardware do so with timers, which follow the clock interrupt.
void DmusPin::set_fine_timers(bool on) {
    constexpr ULONG millisecond = 10'000;
    if (on != fine_timers_) {
        fine_timers_ = on;
        ExSetTimerResolution(on ? millisecond : 0, on ? TRUE : FALSE);
    }
}

NTSTATUS DmusPin::apply_format(const KSDATAFORMAT& format) {
    const bool is_same = IsEqualGUID(format.MajorFormat, this->format().MajorFormat) &&
                         IsEqualGUID(format.SubFormat, this->format().SubFormat);
    if (!is_same) {
        return STATUS_INVALID_PARAMETER; // the pin reads its buffers as what it was opened for
    }
    return midi_ ? midi_->SetFormat(const_cast<KSDATAFORMAT*>(&format)) : STATUS_SUCCESS; // R-MIDI-07
}

// Bytes of MIDI: handed back by the miniport, and taken from the client.
NTSTATUS DmusPin::position(KSAUDIO_POSITION& position) {
    if (is_capture()) {
        return STATUS_NOT_SUPPORTED;
    }
    position.PlayOffset = allocator_->position();
    position.WriteOffset = unpacker_.bytes();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmusPin::queue_stream(IRP& irp, bool) {
    if (state() == KSSTATE_STOP) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    const NTSTATUS status = queue_.add(irp);
    if (status == STATUS_PENDING) {
        pump(false);
    }
    return status;
}

void DmusPin::cancel_stream_io() {
    queue_.cancel_all();
}

// As in STOP, but for the time, which goes on (R-DMUS-13), and for what the miniport has: that is played.
void DmusPin::discard_stream() {
    allocator_->forget_ends();
    discard();
}

// R-STATE-05: after STOP. First everything that could still call the pump, then what the miniport made.
void DmusPin::release_stream() {
    allocator_->listen(nullptr);
    queue_.cancel_all();
    set_fine_timers(false);
    if (capture_sink_ && mxf_) {
        mxf_->DisconnectOutput(capture_sink_.get());
    }
    if (capture_sink_) {
        capture_sink_->detach();
    }
    if (group_) {
        port_.remove_group(group_link_);
        group_->RemoveMember(sink_.get());
    }
    if (timer_ != nullptr) {
        ExDeleteTimer(timer_, TRUE, TRUE, nullptr);
        timer_ = nullptr;
    }
    discard();
    set_stream(nullptr);
    midi_.reset();
    mxf_.reset();
    group_.reset();
    capture_sink_.reset();
    if (const ULONG left = allocator_->events_out(); left != 0) {
        machine::Machine::current().trace(machine::EventKind::log, serial(), left,
                                          "the miniport has not given back all events of its stream (R-DMUS-03)");
    }
}

} // namespace openportcls::portcls
