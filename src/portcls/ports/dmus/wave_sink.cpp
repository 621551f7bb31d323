#include "portcls/ports/dmus/wave_sink.h"

#include <algorithm>
#include <new>

#include "ks/data_format.h"
#include "machine/machine.h"
#include "portcls/filter.h"
#include "portcls/helpers/spin_lock.h"

namespace openportcls::portcls {

namespace {

constexpr LONGLONG interval = 100'000; // 10 ms
constexpr ULONG events = 256;
constexpr ULONG buffers_of_a_sink = 16;

} // namespace

WaveSinkPin::WaveSinkPin(Filter& filter, const PinRequest& request)
    : Pin(filter, request), allocator_(EventAllocator::create(events, buffers_of_a_sink)), queue_(false, false),
      bytes_per_second_(ks::wave_format(*request.format)->nAvgBytesPerSec),
      block_bytes_(std::max<ULONG>(ks::wave_format(*request.format)->nBlockAlign, 1)) {}

NTSTATUS WaveSinkPin::create(DmusPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result) {
    std::unique_ptr<WaveSinkPin> pin(new (std::nothrow) WaveSinkPin(filter, request));
    if (pin == nullptr || !pin->allocator_) {
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

NTSTATUS WaveSinkPin::open(DmusPort& port, const PinRequest& request) {
    IMXF* stream = nullptr;
    IServiceGroup* group = nullptr;
    ULONGLONG prefetch = 0;
    const NTSTATUS status =
        port.dmus_miniport()->NewStream(&stream, nullptr, NonPagedPool, request.pin_id, DMUS_STREAM_WAVE_SINK,
                                        request.format, &group, allocator_.get(), port.master_clock(), &prefetch);
    const auto unused = ComPointer<IServiceGroup>::adopt(group); // the sink pulls by its own timing
    if (!NT_SUCCESS(status)) {
        return status;
    }
    mxf_ = ComPointer<IMXF>::adopt(stream);
    set_stream(stream);
    synth_ = ComPointer<ISynthSinkDMus>::query(stream, IID_ISynthSinkDMus);
    if (!synth_) {
        return STATUS_NOT_SUPPORTED;
    }
    timer_ = ExAllocateTimer(timer_expired, this, EX_TIMER_HIGH_RESOLUTION);
    return timer_ != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS WaveSinkPin::step_state(KSSTATE next) {
    if (next != KSSTATE_RUN) {
        queue_.locked([this] { pull(); }); // what is due by now, as long as the synthesizer runs
    }
    const NTSTATUS status = mxf_->SetState(next);
    if (!NT_SUCCESS(status) && next > device_state()) {
        return status;
    }
    {
        Locked locked(queue_.lock());
        bytes_due(); // which stands from now on
        clock_.set_state(next, master_time());
        is_first_ = true;
        if (next == KSSTATE_STOP) {
            rendered_ = due_ = 0;
            begin_ = {};
        }
    }
    if (next == KSSTATE_RUN) {
        render();
        ExSetTimer(timer_, -interval, interval, nullptr);
    } else {
        ExCancelTimer(timer_, nullptr);
    }
    if (next == KSSTATE_STOP) {
        queue_.cancel_all();
    }
    return status;
}

// nf-dmusicks-isynthsinkdmus-reftimetosample: of the master clock. -1: the synthesizer has no notion of it.
LONGLONG WaveSinkPin::sample_at(LONGLONG master) const {
    LONGLONG sample = 0;
    return NT_SUCCESS(synth_->RefTimeToSample(master, &sample)) ? sample : -1;
}

// nf-dmusicks-isynthsinkdmus-synctomaster: with the first call of a RUN the sample clock begins anew.
void WaveSinkPin::synchronise(LONGLONG master) {
    synth_->SyncToMaster(master, is_first_ ? TRUE : FALSE);
    if (is_first_) {
        is_first_ = false;
        rendered_ = std::max(rendered_, due_); // what no request was there for is of the sample clock before
        begin_ = {rendered_, clock_.to_presentation(master), std::max<LONGLONG>(sample_at(master), 0)};
    }
}

// By the synthesizer's own notion of its samples' time; by the format where it has none.
ULONGLONG WaveSinkPin::bytes_due() {
    if (!clock_.is_running() || is_first_) {
        return due_;
    }
    constexpr ULONGLONG second = 10'000'000;
    const LONGLONG master = master_time();
    const LONGLONG sample = sample_at(master);
    if (sample >= begin_.sample) {
        due_ = begin_.bytes + static_cast<ULONGLONG>(sample - begin_.sample) * block_bytes_;
        return due_;
    }
    const auto time = static_cast<unsigned __int128>(clock_.to_presentation(master) - begin_.time);
    due_ = begin_.bytes + static_cast<ULONGLONG>(time * bytes_per_second_ / second) / block_bytes_ * block_bytes_;
    return due_;
}

NTSTATUS WaveSinkPin::physical_time(ULONGLONG bytes, LONGLONG& time) {
    Begin begin;
    {
        Locked locked(queue_.lock());
        begin = begin_;
    }
    const auto sample = static_cast<LONGLONG>((bytes - begin.bytes) / block_bytes_); // no position lies before it
    LONGLONG from = 0;
    LONGLONG to = 0;
    if (!NT_SUCCESS(synth_->SampleToRefTime(begin.sample, &from)) ||
        !NT_SUCCESS(synth_->SampleToRefTime(begin.sample + sample, &to))) {
        return Pin::physical_time(bytes, time);
    }
    time = begin.time + to - from;
    return STATUS_SUCCESS;
}

void NTAPI WaveSinkPin::timer_expired(PEX_TIMER, PVOID context) {
    static_cast<WaveSinkPin*>(context)->render();
}

void WaveSinkPin::render() {
    queue_.locked([this] {
        if (clock_.is_running()) {
            synchronise(master_time());
            pull();
        }
    });
}

// What a second or more of missing requests would have held is passed over.
void WaveSinkPin::pull() {
    if (!clock_.is_running()) {
        return;
    }
    const ULONGLONG due = std::max(bytes_due(), rendered_); // time is not taken back
    if (due - rendered_ > bytes_per_second_) {
        rendered_ = due - bytes_per_second_ / block_bytes_ * block_bytes_;
        machine::Machine::current().trace(machine::EventKind::glitch, serial(), 0,
                                          "the wave sink had no request for the synthesizer's sound");
    }
    queue_.transfer(static_cast<ULONG>(due - rendered_), [this](void* client, ULONG bytes) {
        const auto position = static_cast<LONGLONG>(rendered_ - begin_.bytes); // the sample clock's, in bytes
        synth_->Render(static_cast<BYTE*>(client), bytes, position + begin_.sample * block_bytes_);
        rendered_ += bytes;
    });
}

NTSTATUS NTAPI WaveSinkPin::queue_stream(IRP& irp, bool) {
    return state() == KSSTATE_STOP ? STATUS_INVALID_DEVICE_STATE : queue_.add(irp);
}

// The synthesizer's sample clock goes on: this is where the stream begins on it.
void WaveSinkPin::discard_stream() {
    Locked locked(queue_.lock());
    const LONGLONG master = master_time();
    clock_.set_state(KSSTATE_STOP, master);
    clock_.set_state(device_state(), master);
    rendered_ = due_ = 0;
    begin_ = {};
    if (clock_.is_running()) {
        begin_.sample = std::max<LONGLONG>(sample_at(master), 0);
    }
}

NTSTATUS WaveSinkPin::position(KSAUDIO_POSITION& position) {
    Locked locked(queue_.lock());
    position.PlayOffset = bytes_due();
    position.WriteOffset = rendered_;
    return STATUS_SUCCESS;
}

bool WaveSinkPin::linear_position(ULONGLONG& bytes) {
    Locked locked(queue_.lock());
    bytes = bytes_due();
    return true;
}

void WaveSinkPin::release_stream() {
    queue_.cancel_all();
    if (timer_ != nullptr) {
        ExDeleteTimer(timer_, TRUE, TRUE, nullptr);
        timer_ = nullptr;
    }
    set_stream(nullptr);
    synth_.reset();
    mxf_.reset();
}

} // namespace openportcls::portcls
