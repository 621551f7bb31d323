// One WaveRT stream: the miniport's stream object, its optional interfaces, its buffer and its events.
#pragma once

#include "portcls/filter.h"
#include "portcls/pin.h"
#include "portcls/ports/wavert/client_buffer.h"
#include "portcls/ports/wavert/notification_events.h"
#include "portcls/ports/wavert/port.h"
#include "portcls/ports/wavert/port_stream.h"

namespace openportcls::portcls {

class WaveRtPin final : public Pin {
public:
    // R-WRT-01: makes the port stream, then asks the miniport for its stream.
    static NTSTATUS create(WaveRtPort& port, Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& result);
    ~WaveRtPin() override;

    IMiniportWaveRTStream& wave_stream() const { return *wave_stream_.get(); }
    // Optional interfaces of the stream (R-INIT-10), nullptr where it has none.
    IMiniportWaveRTStreamNotification* notification() const { return notification_.get(); }
    IMiniportWaveRTInputStream* input() const { return input_.get(); }
    IMiniportWaveRTOutputStream* output() const { return output_.get(); }
    IMiniportStreamAudioEngineNode* engine() const { return engine_.get(); }
    IMiniportStreamAudioEngineNode2* engine2() const { return engine2_.get(); }

    // `notification_count` 0: KSPROPERTY_RTAUDIO_BUFFER.
    NTSTATUS allocate_buffer(const void* base_address, ULONG requested_size, ULONG notification_count,
                             KSRTAUDIO_BUFFER& result);
    NTSTATUS register_event(HANDLE handle, KPROCESSOR_MODE mode);
    NTSTATUS unregister_event(HANDLE handle, KPROCESSOR_MODE mode);
    NTSTATUS map_position_register(KSRTAUDIO_HWREGISTER& result);
    NTSTATUS map_clock_register(KSRTAUDIO_HWREGISTER& result);

    // Neither a register that the client reads by itself, nor one with packets to read instead (R-PNP-02).
    bool survives_rebalance() const;

    NTSTATUS step_state(KSSTATE next) override;
    NTSTATUS apply_format(const KSDATAFORMAT& format) override;
    NTSTATUS position(KSAUDIO_POSITION& position) override;
    void release_stream() override;

private:
    WaveRtPin(WaveRtPort& port, Filter& filter, const PinRequest& request);
    NTSTATUS open(WaveRtPort& port, const PinRequest& request);
    void query_interfaces();

    ComPointer<PortStream> port_stream_;
    ComPointer<IMiniportWaveRTStream> wave_stream_;
    ComPointer<IMiniportWaveRTStreamNotification> notification_;
    ComPointer<IMiniportWaveRTInputStream> input_;
    ComPointer<IMiniportWaveRTOutputStream> output_;
    ComPointer<IMiniportStreamAudioEngineNode> engine_;
    ComPointer<IMiniportStreamAudioEngineNode2> engine2_;
    ClientBuffer buffer_;
    NotificationEvents events_;
    bool position_register_mapped_ = false;
    bool clock_register_mapped_ = false;
};

} // namespace openportcls::portcls
