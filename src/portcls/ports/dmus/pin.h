// One MIDI or DirectMusic stream. Render: packets → Unpacker → EventHeap → the miniport. Capture: the miniport →
// CaptureSink → MidiParser → Packer → packets.
#pragma once

#include "portcls/pin.h"
#include "portcls/ports/dmus/capture_sink.h"
#include "portcls/ports/dmus/event_allocator.h"
#include "portcls/ports/dmus/event_heap.h"
#include "portcls/ports/dmus/midi_feeder.h"
#include "portcls/ports/dmus/packer.h"
#include "portcls/ports/dmus/packet_queue.h"
#include "portcls/ports/dmus/port.h"
#include "portcls/ports/dmus/presentation_clock.h"
#include "portcls/ports/dmus/unpacker.h"

namespace openportcls::portcls {

class DmusPin final : public Pin,
                      private CaptureSink::Owner,
                      private PacketQueue::Owner,
                      private EventAllocator::Listener {
public:
    static NTSTATUS create(DmusPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result);
    ~DmusPin() override;

    NTSTATUS step_state(KSSTATE next) override;
    NTSTATUS apply_format(const KSDATAFORMAT& format) override;
    NTSTATUS position(KSAUDIO_POSITION& position) override;
    NTSTATUS NTAPI queue_stream(IRP& irp, bool write) override;
    void cancel_stream_io() override;
    void discard_stream() override;
    void release_stream() override;

private:
    class Sink; // the member of the service group

    DmusPin(DmusPort& port, Filter& filter, const PinRequest& request, ComPointer<EventAllocator> allocator);
    NTSTATUS open(const PinRequest& request);
    NTSTATUS new_midi_stream(const PinRequest& request, IServiceGroup** group);
    NTSTATUS new_dmus_stream(const PinRequest& request, IServiceGroup** group);
    NTSTATUS set_miniport_state(KSSTATE state);
    void enter(KSSTATE state);
    void discard();
    void set_fine_timers(bool on);

    // Everything the stream does: by one processor at a time, at DISPATCH_LEVEL. `serviced`: the miniport has asked.
    // NTAPI: timers and miniports call it, see machine.h.
    void NTAPI pump(bool service);
    inline bool begin_pump(bool& service);
    inline bool pump_again(bool& service);
    void own_pump();
    void disown_pump();
    void NTAPI pump_render();
    void NTAPI pump_capture(bool serviced);
    inline bool unpack(LONGLONG now);
    bool NTAPI unpack_queued(LONGLONG now);
    inline bool deliver(LONGLONG now);
    inline DMUS_KERNEL_EVENT* pop_first();
    void NTAPI hand_over(DMUS_KERNEL_EVENT* chain);
    void NTAPI feed();
    inline LONGLONG horizon(LONGLONG now) const;
    void NTAPI arm_timer(LONGLONG now);
    static void NTAPI timer_expired(PEX_TIMER timer, PVOID context);

    void request_withdrawn() override { pump(false); }
    void stream_ended() override { generate_connection_event(KSEVENT_CONNECTION_ENDOFSTREAM); } // R-EVENT-12

    // Capture, under capture_lock_ but for the first two.
    void captured(DMUS_KERNEL_EVENT* chain) override;
    void read_midi();
    void take_captured(DMUS_KERNEL_EVENT* event);
    void take_raw(const BYTE* bytes, ULONG count, LONGLONG master, USHORT group);
    void take_message(DMUS_KERNEL_EVENT* event);
    bool takes_captured() const { return flow_state_ == KSSTATE_RUN || flow_state_ == KSSTATE_PAUSE; }

    DmusPort& port_;
    MusicFormat format_;
    ComPointer<EventAllocator> allocator_;
    ComPointer<IMiniportMidiStream> midi_;
    ComPointer<IMXF> mxf_;
    ComPointer<IServiceGroup> group_;
    ComPointer<Sink> sink_;
    ComPointer<CaptureSink> capture_sink_;
    DmusPort::GroupLink group_link_;
    PEX_TIMER timer_ = nullptr;
    ULONGLONG prefetch_ = 0;
    bool fine_timers_ = false;

    KSPIN_LOCK lock_ = 0; // of the pump's flags
    bool pumping_ = false;
    bool again_ = false;
    bool service_wanted_ = false;

    KSSTATE flow_state_ = KSSTATE_STOP;
    PresentationClock clock_;
    PacketQueue queue_;
    EventHeap heap_;
    Unpacker unpacker_;
    MidiFeeder feeder_;

    KSPIN_LOCK capture_lock_ = 0;
    MidiParser parser_;
    Packer packer_;
    BYTE read_buffer_[256];
};

} // namespace openportcls::portcls
