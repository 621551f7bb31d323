// One WaveCyclic stream: the miniport's stream object, its DMA channel, its service group, the client's requests.
#pragma once

#include "portcls/pin.h"
#include "portcls/ports/loop_positions.h"
#include "portcls/ports/stream_queue.h"
#include "portcls/ports/wavecyclic/cyclic_buffer.h"
#include "portcls/ports/wavecyclic/port.h"
#include "portcls/ports/wavecyclic/stream_ends.h"

namespace openportcls::portcls {

class WaveCyclicPin final : public Pin {
public:
    static NTSTATUS create(WaveCyclicPort& port, Filter& filter, const PinRequest& request,
                           std::unique_ptr<Pin>& result);
    ~WaveCyclicPin() override;

    NTSTATUS step_state(KSSTATE next) override;
    NTSTATUS apply_format(const KSDATAFORMAT& format) override;
    NTSTATUS position(KSAUDIO_POSITION& position) override;
    NTSTATUS set_position(const KSAUDIO_POSITION& position) override;
    bool linear_position(ULONGLONG& bytes) override;
    NTSTATUS physical_time(ULONGLONG bytes, LONGLONG& time) override;
    NTSTATUS NTAPI queue_stream(IRP& irp, bool write) override;
    void cancel_stream_io() override;
    void discard_stream() override;
    void release_stream() override;

private:
    // The member of the service group (R-SVC-01); outlives its pin by whoever still refers to it.
    class Sink;

    WaveCyclicPin(Filter& filter, const PinRequest& request);
    NTSTATUS open(WaveCyclicPort& port, const PinRequest& request);
    void prepare_buffer(const KSDATAFORMAT& format);
    ULONG bytes_intended(ULONG block);
    void give_back_buffer();
    unsigned char* address_of(ULONGLONG position) const;

    // Not in line: requests that are queued behind others keep to the Windows convention all the way.
    [[gnu::noinline]] void NTAPI first_queued();
    void service();

    // Everything below runs at DISPATCH_LEVEL under the queue's lock, which the two above take.
    void move();
    void move_render();
    [[gnu::noinline]] void NTAPI move_capture() noexcept;
    [[gnu::noinline]] void NTAPI write_silence(ULONG bytes) noexcept;
    void NTAPI silence(ULONGLONG begin, ULONGLONG end) noexcept;
    void follow_device();
    [[gnu::noinline]] void NTAPI fire_positions() noexcept;
    ULONGLONG played() const { return is_capture() ? buffer_.device() : buffer_.heard(); }
    void note_loop();

    bool looped_;
    ComPointer<IMiniportWaveCyclicStream> stream_;
    ComPointer<IDmaChannel> channel_;
    ULONG intended_bytes_ = 0; // the channel's buffer size, as the miniport has left it
    ULONG used_bytes_ = 0;     // what the port has set instead; 0: nothing yet
    ComPointer<IServiceGroup> group_;
    ComPointer<Sink> sink_;
    StreamQueue queue_;
    CyclicBuffer buffer_;
    bool device_moves_ = false;
    bool is_buffer_in_use_ = false; // above STOP, as the miniport knows it
    StreamEnds ends_;               // which the client has marked
    LoopPositions loops_;
    ULONG loop_number_ = 0; // the queue's, of the last one in loops_
};

} // namespace openportcls::portcls
