// The wave sink: the wave output pin of a software synthesizer, pulled from its ISynthSinkDMus (R-DMUS-15). Releases
// before Windows Vista only (R-DMUS-22).
#pragma once

#include "portcls/pin.h"
#include "portcls/ports/dmus/event_allocator.h"
#include "portcls/ports/dmus/port.h"
#include "portcls/ports/stream_queue.h"

namespace openportcls::portcls {

class WaveSinkPin final : public Pin {
public:
    static NTSTATUS create(DmusPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result);

    NTSTATUS step_state(KSSTATE next) override;
    NTSTATUS apply_format(const KSDATAFORMAT&) override { return STATUS_INVALID_PARAMETER; }
    NTSTATUS position(KSAUDIO_POSITION& position) override;
    bool linear_position(ULONGLONG& bytes) override;
    NTSTATUS physical_time(ULONGLONG bytes, LONGLONG& time) override;
    NTSTATUS NTAPI queue_stream(IRP& irp, bool write) override;
    void cancel_stream_io() override { queue_.cancel_all(); }
    void discard_stream() override;
    void release_stream() override;

private:
    WaveSinkPin(Filter& filter, const PinRequest& request);
    NTSTATUS open(DmusPort& port, const PinRequest& request);
    static void NTAPI timer_expired(PEX_TIMER timer, PVOID context);
    void render();
    void pull(); // under the queue's lock
    void synchronise(LONGLONG master);
    LONGLONG sample_at(LONGLONG master) const;
    ULONGLONG bytes_due(); // by now

    ComPointer<EventAllocator> allocator_;
    ComPointer<IMXF> mxf_;
    ComPointer<ISynthSinkDMus> synth_;
    PEX_TIMER timer_ = nullptr;
    StreamQueue queue_;
    PresentationClock clock_;
    bool is_first_ = true; // of this RUN
    ULONG bytes_per_second_;
    ULONG block_bytes_;
    ULONGLONG rendered_ = 0;
    ULONGLONG due_ = 0; // as long as the stream does not run
    // Where the stream was when it began to run, and what it was by the clocks.
    struct Begin {
        ULONGLONG bytes = 0;
        LONGLONG time = 0; // the stream's
        LONGLONG sample = 0;
    } begin_;
};

} // namespace openportcls::portcls
