#include "portcls/ports/wavecyclic/pin.h"

#include <new>
#include <utility>

#include "machine/machine.h"
#include "portcls/filter.h"
#include "portcls/helpers/spin_lock.h"
#include "portcls/ports/loop_events.h"

namespace openportcls::portcls {

namespace {

constexpr ULONG notification_milliseconds = 10; // R-WCYC-04

} // namespace

class WaveCyclicPin::Sink final : public ComObject<Sink, IServiceSink> {
public:
    explicit Sink(WaveCyclicPin& pin) : pin_(pin) {}
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    // Not in line, even where a profile says that these are the sinks there are: the group's pass keeps to the Windows
    // convention, this does not.
    [[gnu::noinline]] void NTAPI RequestService() override { pin_.service(); }

private:
    WaveCyclicPin& pin_;
};

WaveCyclicPin::WaveCyclicPin(Filter& filter, const PinRequest& request)
    : Pin(filter, request), looped_(request.is_looped()), sink_(ComPointer<Sink>::adopt(new Sink(*this))),
      queue_(!request.capture, looped_) {}

WaveCyclicPin::~WaveCyclicPin() = default;

NTSTATUS WaveCyclicPin::create(WaveCyclicPort& port, Filter& filter, const PinRequest& request,
                               std::unique_ptr<Pin>& result) {
    std::unique_ptr<WaveCyclicPin> pin(new (std::nothrow) WaveCyclicPin(filter, request));
    if (pin == nullptr || !pin->sink_) {
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

// R-WCYC-01: three objects, each with a reference that is the port's from now on.
NTSTATUS WaveCyclicPin::open(WaveCyclicPort& port, const PinRequest& request) {
    IMiniportWaveCyclicStream* stream = nullptr;
    IDmaChannel* channel = nullptr;
    IServiceGroup* group = nullptr;
    const NTSTATUS status = port.wave_miniport().NewStream(&stream, nullptr, NonPagedPool, request.pin_id,
                                                           request.capture, request.format, &channel, &group);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    stream_ = ComPointer<IMiniportWaveCyclicStream>::adopt(stream);
    channel_ = ComPointer<IDmaChannel>::adopt(channel);
    group_ = ComPointer<IServiceGroup>::adopt(group);
    if (!stream_ || !channel_ || !group_ || channel_->AllocatedBufferSize() == 0 ||
        channel_->SystemAddress() == nullptr) {
        machine::Machine::current().trace(machine::EventKind::log, serial(), request.pin_id,
                                          "NewStream gave no stream, no service group or no channel with a buffer "
                                          "(R-WCYC-01)");
        return STATUS_UNSUCCESSFUL;
    }
    prepare_buffer(format());
    set_stream(stream);
    return group_->AddMember(sink_.get());
}

// The size of buffer that the miniport wants, in whole frames of sound; 0: all of it. The channel keeps a number for
// its clients to tell each other what they intend (nf-portcls-idmachannel-setbuffersize, R-DMA-03), and what differs
// from what was allocated and from what the port has set is the miniport's.
ULONG WaveCyclicPin::bytes_intended(ULONG block) {
    const ULONG now = channel_->BufferSize();
    if (used_bytes_ == 0 || now != used_bytes_) {
        intended_bytes_ = now;
    }
    return intended_bytes_ < channel_->AllocatedBufferSize() ? intended_bytes_ / block * block : 0;
}

// The next stream of the same channel begins with what the miniport has set.
void WaveCyclicPin::give_back_buffer() {
    if (used_bytes_ != 0 && channel_->BufferSize() == used_bytes_) {
        channel_->SetBufferSize(intended_bytes_);
    }
    used_bytes_ = 0;
}

// R-WCYC-05: what moves in an interval; the buffer that is used holds whole ones of them, unless the miniport has set
// its size. Another format comes with other intervals; the buffer stays as it is once something has moved.
void WaveCyclicPin::prepare_buffer(const KSDATAFORMAT& format) {
    ULONG frame_bytes = 0;
    stream_->SetNotificationFreq(notification_milliseconds, &frame_bytes);
    const WAVEFORMATEX* const wave = ks::wave_format(format);
    const ULONG block = wave != nullptr && wave->nBlockAlign != 0 ? wave->nBlockAlign : 1;
    const ULONG allocated = channel_->AllocatedBufferSize();
    const ULONG intended = bytes_intended(block);
    const ULONG most = intended != 0 ? intended : allocated;
    const bool is_usable = frame_bytes != 0 && frame_bytes % block == 0 && frame_bytes <= most / 2;
    const ULONG unit = is_usable && intended == 0 ? frame_bytes : block;
    const ULONG bytes = std::max(most / unit * unit, ULONG{1});
    const ULONG interval_bytes = is_usable ? frame_bytes : most / 8 / block * block;
    const ULONG ten_milliseconds = wave != nullptr ? wave->nAvgBytesPerSec / 100 / block * block : 0;
    const bool is_empty = device_state() == KSSTATE_STOP;
    if (is_empty) {
        channel_->SetBufferSize(bytes); // miniports start their hardware with this (R-DMA-03)
        used_bytes_ = channel_->BufferSize();
    }
    Locked locked(queue_.lock());
    if (is_empty) {
        buffer_.set_size(bytes);
    }
    buffer_.set_pace(interval_bytes, ten_milliseconds != 0 ? ten_milliseconds : interval_bytes, block);
}

unsigned char* WaveCyclicPin::address_of(ULONGLONG position) const {
    void* const begin = call_driver([this] { return channel_->SystemAddress(); });
    return static_cast<unsigned char*>(begin) + buffer_.offset_of(position);
}

// ---- states ---------------------------------------------------------------------------------------------------------

NTSTATUS WaveCyclicPin::step_state(KSSTATE next) {
    if (next == KSSTATE_ACQUIRE && device_state() == KSSTATE_STOP && !is_capture()) {
        stream_->Silence(channel_->SystemAddress(), buffer_.bytes()); // nothing old is heard
    }
    const NTSTATUS status = stream_->SetState(next);
    if (!NT_SUCCESS(status) && next > device_state()) {
        return status;
    }
    queue_.locked([&] {
        if (device_moves_) {
            follow_device(); // once more: the position stands still from now on (R-STATE-04)
            fire_positions();
        }
        device_moves_ = next == KSSTATE_RUN;
        if (next == KSSTATE_STOP) {
            buffer_.reset();
            ends_.clear();
            loops_.clear();
        }
        const bool was_in_use = std::exchange(is_buffer_in_use_, next != KSSTATE_STOP);
        if (is_buffer_in_use_ && !was_in_use) {
            move(); // what has been queued while the device was without power (R-STATE-06)
        }
    });
    if (next == KSSTATE_STOP) {
        queue_.cancel_all();
    }
    return status;
}

NTSTATUS WaveCyclicPin::apply_format(const KSDATAFORMAT& format) {
    const NTSTATUS status = stream_->SetFormat(const_cast<KSDATAFORMAT*>(&format));
    if (NT_SUCCESS(status)) {
        prepare_buffer(format);
    }
    return status;
}

// ---- moving sound ---------------------------------------------------------------------------------------------------

void WaveCyclicPin::service() {
    queue_.locked([this] {
        if (device_moves_) {
            follow_device();
            if (looped_) {
                fire_positions();
            }
            move();
        }
    });
}

void NTAPI WaveCyclicPin::fire_positions() noexcept {
    if (looped_ && awaits_loop_events(*this)) {
        ULONGLONG offset = played();
        const ULONG loop_bytes = loops_.to_loop(offset);
        fire_loop_events(*this, played(), offset, loop_bytes);
    }
}

// The next byte that is moved may be the first of another buffer.
void WaveCyclicPin::note_loop() {
    if (queue_.loop_number() != loop_number_) {
        loop_number_ = queue_.loop_number();
        loops_.begin(buffer_.moved(), 0, queue_.loop_bytes());
    }
}

void WaveCyclicPin::follow_device() {
    ULONG offset = 0;
    if (NT_SUCCESS(call_driver([&] { return stream_->GetPosition(&offset); }))) {
        buffer_.device_at(offset);
    }
    while (ends_.pass(buffer_.device())) {
        generate_connection_event(KSEVENT_CONNECTION_ENDOFSTREAM); // R-EVENT-12
    }
}

void WaveCyclicPin::move() {
    if (is_capture()) {
        move_capture();
    } else {
        if (device_moves_ && buffer_.is_overtaken()) [[unlikely]] {
            write_silence(buffer_.room_for_silence()); // before data that come now: they begin ahead of the device
        }
        move_render();
        if (const ULONG room = device_moves_ ? buffer_.room_for_silence() : 0; room != 0) [[unlikely]] {
            write_silence(room);
        }
    }
}

// R-WCYC-07, R-WCYC-13. The channel copies, and knows what its buffer is made of (R-WCYC-17).
void WaveCyclicPin::move_render() {
    for (ULONG room = buffer_.room_for_data(); room != 0;) {
        const ULONG to_end = buffer_.bytes() - buffer_.offset_of(buffer_.next_data());
        const auto moved = queue_.transfer(std::min(room, to_end), [this](void* client, ULONG bytes) {
            if (looped_) [[unlikely]] {
                note_loop();
            }
            unsigned char* const place = address_of(buffer_.next_data());
            call_driver([&] { channel_->CopyTo(place, client, bytes); });
            buffer_.data_written(bytes);
        });
        if (moved.end_of_stream) {
            ends_.add(buffer_.data_end());
        }
        room -= moved.bytes;
        if (moved.bytes == 0) {
            return;
        }
    }
}

void NTAPI WaveCyclicPin::write_silence(ULONG bytes) noexcept {
    silence(buffer_.silence_end(), buffer_.silence_end() + bytes);
    buffer_.silence_written(bytes);
}

void NTAPI WaveCyclicPin::silence(ULONGLONG begin, ULONGLONG end) noexcept {
    while (begin < end) {
        const ULONG to_end = buffer_.bytes() - buffer_.offset_of(begin);
        const auto part = static_cast<ULONG>(std::min<ULONGLONG>(end - begin, to_end));
        stream_->Silence(address_of(begin), part);
        begin += part;
    }
}

void NTAPI WaveCyclicPin::move_capture() noexcept {
    if (const ULONGLONG lost = buffer_.drop_overwritten(); lost != 0) {
        machine::Machine::current().trace(machine::EventKind::glitch, serial(), static_cast<std::int64_t>(lost),
                                          "capture overrun: the client had no request for the device's data");
    }
    while (const ULONG available = buffer_.captured()) {
        const ULONG to_end = buffer_.bytes() - buffer_.offset_of(buffer_.moved());
        const auto moved = queue_.transfer(std::min(available, to_end), [this](void* client, ULONG bytes) {
            if (looped_) [[unlikely]] {
                note_loop();
            }
            channel_->CopyFrom(client, address_of(buffer_.moved()), bytes);
            buffer_.data_taken(bytes);
        });
        if (moved.bytes == 0) {
            return;
        }
    }
}

// R-WCYC-08: what is there is copied at once, before the stream runs too. What is queued behind others waits as they
// do, for the device.
NTSTATUS NTAPI WaveCyclicPin::queue_stream(IRP& irp, bool) {
    if (state() == KSSTATE_STOP) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    return queue_.add(irp, [this] { first_queued(); });
}

void NTAPI WaveCyclicPin::first_queued() {
    queue_.locked([this] {
        if (device_moves_) {
            follow_device();
        }
        if (is_buffer_in_use_) {
            move();
        }
    });
}

void WaveCyclicPin::cancel_stream_io() {
    queue_.cancel_all();
}

// What the device would read next is silenced first. What it is reading cannot be taken back.
void WaveCyclicPin::discard_stream() {
    Locked locked(queue_.lock());
    if (device_moves_) {
        follow_device();
    }
    if (!is_capture()) {
        silence(buffer_.next_block(), buffer_.data_end());
    }
    buffer_.begin_anew(device_moves_);
    ends_.clear();
    loops_.clear();
}

// ---- positions ------------------------------------------------------------------------------------------------------

// R-WCYC-12, R-WCYC-13: of the client's bytes, in the client's buffer where that is looped.
NTSTATUS WaveCyclicPin::position(KSAUDIO_POSITION& position) {
    Locked locked(queue_.lock());
    if (device_moves_) {
        follow_device();
    }
    ULONGLONG play = played();
    ULONGLONG write = buffer_.moved();
    if (looped_) {
        loops_.to_loop(play);
        loops_.to_loop(write);
    }
    position.PlayOffset = play;
    position.WriteOffset = write;
    return STATUS_SUCCESS;
}

// Where a looped buffer is played from next: at once, but for what the device may be reading.
NTSTATUS WaveCyclicPin::set_position(const KSAUDIO_POSITION& position) {
    if (!looped_ || is_capture()) {
        return STATUS_NOT_SUPPORTED;
    }
    Locked locked(queue_.lock());
    if (device_moves_) {
        follow_device();
    }
    if (!queue_.seek(position.PlayOffset)) {
        return STATUS_INVALID_PARAMETER;
    }
    buffer_.discard_ahead(device_moves_ ? buffer_.interval() : 0);
    ends_.discard_beyond(buffer_.data_end());
    loop_number_ = queue_.loop_number();
    loops_.begin(buffer_.moved(), position.PlayOffset, queue_.loop_bytes());
    if (is_buffer_in_use_) {
        move();
    }
    return STATUS_SUCCESS;
}

bool WaveCyclicPin::linear_position(ULONGLONG& bytes) {
    Locked locked(queue_.lock());
    if (device_moves_) {
        follow_device();
    }
    bytes = played();
    return true;
}

// R-WCYC-14.
NTSTATUS WaveCyclicPin::physical_time(ULONGLONG bytes, LONGLONG& time) {
    time = static_cast<LONGLONG>(bytes);
    return stream_->NormalizePhysicalPosition(&time);
}

// R-STATE-05: after STOP. First out of the group, so that no service is under way; then what the miniport made.
void WaveCyclicPin::release_stream() {
    queue_.cancel_all();
    if (group_) {
        group_->RemoveMember(sink_.get());
    }
    set_stream(nullptr);
    if (channel_) {
        give_back_buffer();
    }
    stream_.reset();
    channel_.reset();
    group_.reset();
}

} // namespace openportcls::portcls
