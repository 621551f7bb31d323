// One WavePci stream: the miniport's stream object, what it sees of the port, its service group or the port's timer.
#pragma once

#include "portcls/pin.h"
#include "portcls/ports/wavepci/port.h"
#include "portcls/ports/wavepci/port_stream.h"

namespace openportcls::portcls {

class WavePciPin final : public Pin, private MappingListener {
public:
    static NTSTATUS create(WavePciPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result);
    ~WavePciPin() override;

    IPortWavePciStream& port_stream() const { return *port_stream_.get(); }

    NTSTATUS step_state(KSSTATE next) override;
    NTSTATUS apply_format(const KSDATAFORMAT& format) override;
    NTSTATUS position(KSAUDIO_POSITION& position) override;
    NTSTATUS set_position(const KSAUDIO_POSITION& position) override;
    bool linear_position(ULONGLONG& bytes) override;
    NTSTATUS physical_time(ULONGLONG bytes, LONGLONG& time) override;
    NTSTATUS NTAPI queue_stream(IRP& irp, bool write) override;
    void cancel_stream_io() override;
    void discard_stream() override;
    NTSTATUS allocator_framing(KSALLOCATOR_FRAMING& framing) override;
    void release_stream() override;

private:
    // The member of the service group (R-WPCI-15); outlives its pin by whoever still refers to it.
    class Sink;

    WavePciPin(Filter& filter, const PinRequest& request);
    NTSTATUS open(WavePciPort& port, const PinRequest& request);
    NTSTATUS prepare_memory(const WavePciPort& port);
    NTSTATUS begin_services();
    MappingQueue& queue() const { return port_stream_->queue(); }
    void terminate_packet();
    void set_timer(bool running);
    static void NTAPI timer_expired(KDPC* dpc, void* context, void* argument1, void* argument2);
    void NTAPI service();
    [[gnu::noinline]] void NTAPI fire_positions();
    void NTAPI stream_ended() override;
    ULONGLONG to_client(ULONGLONG position) const;
    ULONGLONG since_reset(ULONGLONG position) const { return position > begin_ ? position - begin_ : 0; }

    bool looped_;
    bool serves_stopped_; // Windows 2000: Service whatever the state
    ComPointer<WavePciPortStream> port_stream_;
    ComPointer<IMiniportWavePciStream> stream_;
    ComPointer<IServiceGroup> group_; // none: the timer
    ComPointer<Sink> sink_;
    ULONGLONG begin_ = 0; // where the last reset was, as the miniport counts
    KTIMER timer_;
    KDPC dpc_;
};

} // namespace openportcls::portcls
