// One stream of the test driver: its position follows the machine's clock, its timer signals the packets.
#include "wavert_driver.h"

namespace wavert_test {

// ---- life ------------------------------------------------------------------------------------------------

TestStream::TestStream(IPortWaveRTStream* port_stream, ULONG, bool capture)
    : port_stream_(port_stream), capture_(capture) {
    port_stream_->AddRef();
    script()->streams.push_back(this);
    ++script()->streams_alive;
    KeInitializeTimer(&timer_);
    KeInitializeDpc(&dpc_, packet_done, this);
}

TestStream::~TestStream() {
    KeCancelTimer(&timer_);
    KeFlushQueuedDpcs(); // the last one may still be at work on another processor
    std::erase(script()->streams, this);
    --script()->streams_alive;
    script()->note("~Stream");
    port_stream_->Release();
}

void* TestStream::find_interface(const GUID& id) {
    script()->asked_of_stream.push_back(id);
    const Script& options = *script();
    if (id == IID_IMiniportWaveRTStream) {
        return static_cast<IMiniportWaveRTStreamNotification*>(this);
    }
    if (id == IID_IMiniportWaveRTStreamNotification && options.notification) {
        return static_cast<IMiniportWaveRTStreamNotification*>(this);
    }
    if (id == IID_IMiniportWaveRTInputStream && options.packets && capture_) {
        return static_cast<IMiniportWaveRTInputStream*>(this);
    }
    if (id == IID_IMiniportWaveRTOutputStream && options.packets && !capture_) {
        return static_cast<IMiniportWaveRTOutputStream*>(this);
    }
    if (id == IID_IMiniportStreamAudioEngineNode && options.engine) {
        return static_cast<IMiniportStreamAudioEngineNode*>(this);
    }
    if (id == IID_IMiniportStreamAudioEngineNode2 && options.engine2) {
        return static_cast<IMiniportStreamAudioEngineNode2*>(this);
    }
    if (id == IID_IDrmAudioStream && options.drm) {
        return static_cast<IDrmAudioStream*>(this);
    }
    if (id == IID_IPowerNotify && options.power_notify) {
        return static_cast<IPowerNotify*>(this);
    }
    return nullptr;
}

NTSTATUS NTAPI TestStream::SetFormat(PKSDATAFORMAT format) {
    called(__func__);
    script()->note("SetFormat " +
                   number(reinterpret_cast<KSDATAFORMAT_WAVEFORMATEX*>(format)->WaveFormatEx.nSamplesPerSec));
    return state_ == KSSTATE_RUN ? STATUS_INVALID_PARAMETER : script()->set_format_status;
}

NTSTATUS NTAPI TestStream::SetState(KSSTATE state) {
    called(__func__);
    static const char* const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
    script()->note(std::string("SetState ") + names[state]);
    if (state == script()->failing_state) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    if (state_ == KSSTATE_RUN && state != KSSTATE_RUN) {
        bytes_at_pause_ = linear_position();
        KeCancelTimer(&timer_);
    }
    if (state == KSSTATE_STOP) {
        bytes_at_pause_ = 0;
        next_read_packet_ = 0;
        any_packet_written_ = end_of_stream_ = false;
    }
    if (state == KSSTATE_RUN && state_ != KSSTATE_RUN) {
        running_since_ = KeQueryInterruptTimePrecise(nullptr);
        state_ = state;
        arm_timer();
    }
    state_ = state;
    return STATUS_SUCCESS;
}

ULONGLONG TestStream::linear_position() const {
    if (state_ != KSSTATE_RUN) {
        return bytes_at_pause_;
    }
    const ULONGLONG elapsed = KeQueryInterruptTimePrecise(nullptr) - running_since_;
    return bytes_at_pause_ + elapsed * sample_rate / 10'000'000 * frame_bytes;
}

NTSTATUS NTAPI TestStream::GetPosition(PKSAUDIO_POSITION position) {
    called(__func__);
    const ULONGLONG linear = linear_position();
    position->PlayOffset = size_ == 0 ? 0 : linear % size_;
    position->WriteOffset = size_ == 0 ? 0 : (linear + 10 * byte_rate / 1000) % size_;
    return STATUS_SUCCESS;
}

NTSTATUS TestStream::allocate(ULONG count, ULONG size, PMDL* mdl, ULONG* actual, ULONG* offset,
                              MEMORY_CACHING_TYPE* cache) {
    const Script& options = *script();
    if (!NT_SUCCESS(options.allocate_status) || options.no_mdl) {
        return options.allocate_status;
    }
    const ULONG rounded = size + static_cast<ULONG>(options.size_adjustment);
    PHYSICAL_ADDRESS low = {};
    PHYSICAL_ADDRESS high;
    high.QuadPart = static_cast<LONGLONG>(options.high_address);
    mdl_ = options.contiguous ? port_stream_->AllocateContiguousPagesForMdl(low, high, rounded + options.offset)
                              : port_stream_->AllocatePagesForMdl(high, rounded + options.offset);
    if (mdl_ == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    size_ = options.claimed_size != 0 ? options.claimed_size : rounded;
    notification_count_ = count;
    *mdl = mdl_;
    *actual = size_;
    *offset = options.offset;
    *cache = options.cache_type;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::AllocateAudioBuffer(ULONG size, PMDL* mdl, ULONG* actual, ULONG* offset,
                                               MEMORY_CACHING_TYPE* cache) {
    called(__func__);
    script()->note("AllocateAudioBuffer " + number(size));
    return allocate(0, size, mdl, actual, offset, cache);
}

void NTAPI TestStream::FreeAudioBuffer(PMDL mdl, ULONG size) {
    called(__func__);
    script()->note("FreeAudioBuffer " + number(size));
    port_stream_->FreePagesFromMdl(mdl);
    mdl_ = nullptr;
    size_ = 0;
}

NTSTATUS NTAPI TestStream::AllocateBufferWithNotification(ULONG count, ULONG size, PMDL* mdl, ULONG* actual,
                                                          ULONG* offset, MEMORY_CACHING_TYPE* cache) {
    called(__func__);
    script()->note("AllocateBufferWithNotification " + number(count) + " " + number(size));
    return allocate(count, size, mdl, actual, offset, cache);
}

void NTAPI TestStream::FreeBufferWithNotification(PMDL mdl, ULONG size) {
    called(__func__);
    script()->note("FreeBufferWithNotification " + number(size));
    port_stream_->FreePagesFromMdl(mdl);
    mdl_ = nullptr;
    size_ = 0;
    notification_count_ = 0;
}

void NTAPI TestStream::GetHWLatency(KSRTAUDIO_HWLATENCY* latency) {
    called(__func__);
    *latency = {64, 100, 2500};
}

NTSTATUS NTAPI TestStream::GetPositionRegister(KSRTAUDIO_HWREGISTER* hardware_register) {
    called(__func__);
    script()->note("GetPositionRegister");
    *hardware_register = script()->position_register;
    return hardware_register->Width != 0 ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI TestStream::GetClockRegister(KSRTAUDIO_HWREGISTER* hardware_register) {
    called(__func__);
    script()->note("GetClockRegister");
    *hardware_register = script()->clock_register;
    return hardware_register->Width != 0 ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI TestStream::RegisterNotificationEvent(PKEVENT event) {
    called(__func__);
    script()->note("RegisterNotificationEvent");
    if (!NT_SUCCESS(script()->register_event_status)) {
        return script()->register_event_status;
    }
    if (std::find(events_.begin(), events_.end(), event) != events_.end()) {
        return STATUS_UNSUCCESSFUL;
    }
    events_.push_back(event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::UnregisterNotificationEvent(PKEVENT event) {
    called(__func__);
    script()->note("UnregisterNotificationEvent");
    return std::erase(events_, event) != 0 ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

// ---- packets ---------------------------------------------------------------------------------------------------

ULONG TestStream::completed_packets() const {
    return packet_bytes() == 0 ? 0 : static_cast<ULONG>(linear_position() / packet_bytes());
}

// At the end of the packet in progress.
void TestStream::arm_timer() {
    if (notification_count_ == 0 || packet_bytes() == 0) {
        return;
    }
    const ULONGLONG target = (linear_position() / packet_bytes() + 1) * packet_bytes();
    const ULONGLONG frames = (target - linear_position() + frame_bytes - 1) / frame_bytes;
    LARGE_INTEGER due;
    due.QuadPart = -static_cast<LONGLONG>((frames * 10'000'000 + sample_rate - 1) / sample_rate);
    KeSetTimer(&timer_, due, &dpc_);
}

void NTAPI TestStream::packet_done(PKDPC, PVOID context, PVOID, PVOID) {
    auto* stream = static_cast<TestStream*>(context);
    if (stream->state_ != KSSTATE_RUN) {
        return;
    }
    for (PKEVENT event : stream->events_) {
        KeSetEvent(event, 0, FALSE);
    }
    stream->arm_timer();
}

NTSTATUS NTAPI TestStream::GetReadPacket(ULONG* number_of_packet, DWORD* flags, ULONG64* time, BOOL* more) {
    called(__func__);
    const ULONG completed = completed_packets();
    if (completed == 0 || next_read_packet_ >= completed) {
        return STATUS_DEVICE_NOT_READY;
    }
    const ULONG oldest = completed > notification_count_ ? completed - notification_count_ : 0;
    const ULONG packet = std::max(next_read_packet_, oldest);
    *number_of_packet = packet;
    EXPECT_EQ(*flags, 0u) << "R-WRT-25";
    LARGE_INTEGER frequency;
    KeQueryPerformanceCounter(&frequency);
    const ULONGLONG frames = ULONGLONG{packet} * packet_bytes() / frame_bytes;
    *time =
        (running_since_ + frames * 10'000'000 / sample_rate) * static_cast<ULONGLONG>(frequency.QuadPart) / 10'000'000;
    *more = packet + 1 < completed;
    next_read_packet_ = packet + 1;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetWritePacket(ULONG packet, DWORD flags, ULONG end_of_stream_length) {
    called(__func__);
    script()->note("SetWritePacket " + number(packet) + " " + number(flags) + " " + number(end_of_stream_length));
    if ((flags & ~KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (end_of_stream_) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    const ULONG current = completed_packets();
    if (state_ == KSSTATE_RUN && packet <= current && linear_position() != 0) {
        return STATUS_DATA_LATE_ERROR;
    }
    if (packet > current + notification_count_) {
        return STATUS_DATA_OVERRUN;
    }
    end_of_stream_ = (flags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0;
    last_written_packet_ = packet;
    any_packet_written_ = true;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetOutputStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* position) {
    called(__func__);
    constexpr ULONGLONG codec_delay_in_frames = 12;
    const ULONGLONG frames = linear_position() / frame_bytes;
    position->u64PositionInBlocks = frames > codec_delay_in_frames ? frames - codec_delay_in_frames : 0;
    position->u64QPCPosition = static_cast<UINT64>(KeQueryPerformanceCounter(nullptr).QuadPart);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetPacketCount(ULONG* count) {
    called(__func__);
    *count = completed_packets();
    return STATUS_SUCCESS;
}

// ---- engine ----------------------------------------------------------------------------------------------------

NTSTATUS NTAPI TestStream::GetLfxState(BOOL* enabled) {
    called(__func__);
    *enabled = effect_;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetLfxState(BOOL enabled) {
    called(__func__);
    effect_ = enabled;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamChannelCount(eChannelTargetType, UINT32* count) {
    called(__func__);
    *count = 2;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamAttributeSteppings(eChannelTargetType target, PKSPROPERTY_STEPPING_LONG steppings,
                                                       UINT32 size) {
    called(__func__);
    fill_steppings(target, steppings, size);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamChannelVolume(UINT32 channel, LONG* volume) {
    called(__func__);
    *volume = volume_[channel];
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetStreamChannelVolume(UINT32 channel, LONG volume, AUDIO_CURVE_TYPE curve,
                                                  ULONGLONG duration) {
    called(__func__);
    script()->note("SetStreamChannelVolume " + number(channel) + " curve " + number(curve) + " " + number(duration));
    for (UINT32 i = 0; i < 2; ++i) {
        if (channel == i || channel == 0xFFFFFFFF) {
            volume_[i] = volume;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamChannelMute(UINT32 channel, BOOL* muted) {
    called(__func__);
    *muted = muted_[channel];
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetStreamChannelMute(UINT32 channel, BOOL muted) {
    called(__func__);
    muted_[channel] = muted;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamChannelPeakMeter(UINT32, LONG* peak) {
    called(__func__);
    *peak = std::exchange(peak_, 0);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* position) {
    called(__func__);
    return GetOutputStreamPresentationPosition(position);
}

NTSTATUS NTAPI TestStream::SetStreamCurrentWritePosition(ULONG position) {
    called(__func__);
    script()->note("SetStreamCurrentWritePosition " + number(position));
    if (position == write_position_) {
        IPortClsEtwHelper* helper = nullptr;
        if (NT_SUCCESS(script()->port->QueryInterface(IID_IPortClsEtwHelper, reinterpret_cast<PVOID*>(&helper)))) {
            helper->MiniportWriteEtwEvent(eMINIPORT_GLITCH_REPORT, position, 2, 0, 0);
            helper->Release();
        }
    }
    write_position_ = position;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::GetStreamLinearBufferPosition(ULONGLONG* position) {
    called(__func__);
    *position = linear_position();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetStreamLoopbackProtection(CONSTRICTOR_OPTION option) {
    called(__func__);
    script()->note("SetStreamLoopbackProtection " + number(option));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetStreamCurrentWritePositionForLastBuffer(ULONG position) {
    called(__func__);
    script()->note("LastBuffer " + number(position));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI TestStream::SetContentId(ULONG content_id, PCDRMRIGHTS rights) {
    called(__func__);
    script()->note("SetContentId " + number(content_id) + (rights->CopyProtect ? " protected" : ""));
    return script()->set_content_status;
}

void NTAPI TestStream::PowerChangeNotify(POWER_STATE state) {
    called(__func__);
    script()->power_irql = KeGetCurrentIrql();
    script()->note("PowerChangeNotify " + number(state.DeviceState));
}

} // namespace wavert_test
