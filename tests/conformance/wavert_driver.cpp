#include "wavert_driver.h"

#include <cstring>

namespace wavert_test {

namespace {

// ---- the filter ------------------------------------------------------------------------------------------------

KSDATARANGE_AUDIO pcm_range = {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
                                 KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                               2,
                               16,
                               16,
                               44100,
                               sample_rate};
PKSDATARANGE stream_ranges[] = {reinterpret_cast<PKSDATARANGE>(&pcm_range)};
KSDATARANGE analog_range = {
    {sizeof(KSDATARANGE), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_ANALOG, KSDATAFORMAT_SPECIFIER_NONE}};
PKSDATARANGE bridge_ranges[] = {&analog_range};

const GUID render_category = KSCATEGORY_AUDIO;
const GUID speaker_category = KSNODETYPE_SPEAKER;
const GUID engine_type = KSNODETYPE_AUDIO_ENGINE;
const GUID filter_categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_REALTIME};

constexpr ULONG instances = 4;

const PCPIN_DESCRIPTOR pins[pin_count] = {
    {instances,
     instances,
     0,
     nullptr,
     {0,
      nullptr,
      0,
      nullptr,
      1,
      stream_ranges,
      KSPIN_DATAFLOW_IN,
      KSPIN_COMMUNICATION_SINK,
      &render_category,
      nullptr,
      {0}}},
    {instances,
     instances,
     0,
     nullptr,
     {0,
      nullptr,
      0,
      nullptr,
      1,
      stream_ranges,
      KSPIN_DATAFLOW_OUT,
      KSPIN_COMMUNICATION_SINK,
      &render_category,
      nullptr,
      {0}}},
    {0,
     0,
     0,
     nullptr,
     {0,
      nullptr,
      0,
      nullptr,
      1,
      bridge_ranges,
      KSPIN_DATAFLOW_OUT,
      KSPIN_COMMUNICATION_NONE,
      &speaker_category,
      nullptr,
      {0}}},
};

NTSTATUS NTAPI slow_property(PCPROPERTY_REQUEST* request) {
    LARGE_INTEGER interval;
    interval.QuadPart = -LONGLONG{slow_property_milliseconds} * 10'000;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    request->ValueSize = 0;
    return STATUS_SUCCESS;
}

const PCPROPERTY_ITEM filter_items[] = {{&slow_property_set, 0, PCPROPERTY_ITEM_FLAG_GET, slow_property}};
const PCAUTOMATION_TABLE filter_automation = {
    sizeof(PCPROPERTY_ITEM), 1, filter_items, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof(PCEVENT_ITEM), 0, nullptr, 0};

const PCNODE_DESCRIPTOR nodes[] = {{0, nullptr, &engine_type, nullptr}};

const PCCONNECTION_DESCRIPTOR connections[] = {
    {PCFILTER_NODE, render_pin, engine_node, 1},
    {engine_node, 0, PCFILTER_NODE, bridge_pin},
};

PCFILTER_DESCRIPTOR filter_descriptor = {0,
                                         &filter_automation,
                                         sizeof(PCPIN_DESCRIPTOR),
                                         pin_count,
                                         pins,
                                         sizeof(PCNODE_DESCRIPTOR),
                                         1,
                                         nodes,
                                         2,
                                         connections,
                                         3,
                                         filter_categories};

Script* current_script = nullptr;

void called(const char* method) {
    current_script->called.insert(method);
}

std::string number(ULONGLONG value) {
    return std::to_string(value);
}

// ---- the miniport ----------------------------------------------------------------------------------------------

struct EngineFormat {
    KSDATAFORMAT_WAVEFORMATEX format;
};

EngineFormat pcm_format(ULONG rate) {
    EngineFormat result = {};
    auto& format = result.format;
    format.DataFormat.FormatSize = sizeof(KSDATAFORMAT_WAVEFORMATEX);
    format.DataFormat.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
    format.DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    format.WaveFormatEx.wFormatTag = WAVE_FORMAT_PCM;
    format.WaveFormatEx.nChannels = 2;
    format.WaveFormatEx.nSamplesPerSec = rate;
    format.WaveFormatEx.wBitsPerSample = 16;
    format.WaveFormatEx.nBlockAlign = frame_bytes;
    format.WaveFormatEx.nAvgBytesPerSec = rate * frame_bytes;
    return result;
}

void fill_steppings(eChannelTargetType target, PKSPROPERTY_STEPPING_LONG steppings, UINT32 size) {
    for (UINT32 i = 0; i < size / sizeof(*steppings); ++i) {
        steppings[i] = {};
        steppings[i].SteppingDelta = target == eVolumeAttribute ? 0x8000 : 1;
        steppings[i].Bounds.SignedMinimum = target == eVolumeAttribute ? -96 * 0x10000 : 0;
        steppings[i].Bounds.SignedMaximum = target == eMuteAttribute ? 1 : 0;
    }
}

class TestMiniport final : public portcls::ComObject<TestMiniport, IMiniportWaveRT, IMiniportAudioEngineNode,
                                                     IMiniportAudioSignalProcessing> {
public:
    TestMiniport() { ++script()->miniports_alive; }
    ~TestMiniport() { --script()->miniports_alive; }

    void* find_interface(const GUID& id) {
        if (id == IID_IMiniportWaveRT || id == IID_IMiniport) {
            return static_cast<IMiniportWaveRT*>(this);
        }
        if (id == IID_IMiniportAudioEngineNode && script()->device_engine) {
            return static_cast<IMiniportAudioEngineNode*>(this);
        }
        if (id == IID_IMiniportAudioSignalProcessing && script()->modes) {
            return static_cast<IMiniportAudioSignalProcessing*>(this);
        }
        return nullptr;
    }

    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        called(__func__);
        *description = &filter_descriptor;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        called(__func__);
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI Init(PUNKNOWN, PRESOURCELIST, PPORTWAVERT port) override {
        called(__func__);
        script()->note("Init");
        script()->port = port;
        return script()->init_status;
    }
    NTSTATUS NTAPI NewStream(PMINIPORTWAVERTSTREAM* stream, PPORTWAVERTSTREAM port_stream, ULONG pin,
                             BOOLEAN is_capture, PKSDATAFORMAT format) override {
        called(__func__);
        script()->note("NewStream pin " + number(pin) + (is_capture ? " capture " : " render ") +
                       number(reinterpret_cast<KSDATAFORMAT_WAVEFORMATEX*>(format)->WaveFormatEx.nSamplesPerSec));
        *stream = nullptr;
        if (!NT_SUCCESS(script()->new_stream_status) || script()->new_stream_without_object) {
            return script()->new_stream_status;
        }
        *stream = static_cast<IMiniportWaveRTStreamNotification*>(new TestStream(port_stream, pin, is_capture));
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceDescription(PDEVICE_DESCRIPTION description) override {
        called(__func__);
        *description = script()->device_description;
        return script()->device_description_status;
    }

    NTSTATUS NTAPI GetAudioEngineDescriptor(ULONG node, KSAUDIOENGINE_DESCRIPTOR* descriptor) override {
        called(__func__);
        script()->note("GetAudioEngineDescriptor node " + number(node));
        *descriptor = {render_pin, capture_pin, bridge_pin};
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetGfxState(ULONG, BOOL* enabled) override {
        called(__func__);
        *enabled = effect_;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI SetGfxState(ULONG, BOOL enabled) override {
        called(__func__);
        effect_ = enabled;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetEngineFormatSize(ULONG, eEngineFormatType type, ULONG* size) override {
        called(__func__);
        script()->note("GetEngineFormatSize " + number(type));
        *size =
            type == eSupportedDeviceFormats ? sizeof(KSMULTIPLE_ITEM) + 2 * sizeof(EngineFormat) : sizeof(EngineFormat);
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetMixFormat(ULONG, KSDATAFORMAT_WAVEFORMATEX* format, ULONG size) override {
        called(__func__);
        script()->note("GetMixFormat " + number(size));
        *format = pcm_format(48000).format;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceFormat(ULONG, KSDATAFORMAT_WAVEFORMATEX* format, ULONG) override {
        called(__func__);
        *format = pcm_format(device_rate_).format;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI SetDeviceFormat(ULONG, KSDATAFORMAT_WAVEFORMATEX* format, ULONG) override {
        called(__func__);
        device_rate_ = format->WaveFormatEx.nSamplesPerSec;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetSupportedDeviceFormats(ULONG, KSMULTIPLE_ITEM* formats, ULONG size) override {
        called(__func__);
        formats->Size = size;
        formats->Count = 2;
        auto* list = reinterpret_cast<EngineFormat*>(formats + 1);
        list[0] = pcm_format(48000);
        list[1] = pcm_format(44100);
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceChannelCount(ULONG, eChannelTargetType, UINT32* count) override {
        called(__func__);
        *count = 2;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceAttributeSteppings(ULONG, eChannelTargetType target, PKSPROPERTY_STEPPING_LONG steppings,
                                               UINT32 size) override {
        called(__func__);
        fill_steppings(target, steppings, size);
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceChannelVolume(ULONG, UINT32 channel, LONG* volume) override {
        called(__func__);
        *volume = volume_[channel];
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI SetDeviceChannelVolume(ULONG, UINT32 channel, LONG volume) override {
        called(__func__);
        volume_[channel] = volume;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceChannelMute(ULONG, UINT32 channel, BOOL* muted) override {
        called(__func__);
        *muted = muted_[channel];
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI SetDeviceChannelMute(ULONG, UINT32 channel, BOOL muted) override {
        called(__func__);
        muted_[channel] = muted;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceChannelPeakMeter(ULONG, UINT32, LONG* peak) override {
        called(__func__);
        *peak = 77;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetBufferSizeRange(ULONG, KSDATAFORMAT_WAVEFORMATEX* format,
                                      KSAUDIOENGINE_BUFFER_SIZE_RANGE* range) override {
        called(__func__);
        *range = {format->WaveFormatEx.nAvgBytesPerSec / 100, format->WaveFormatEx.nAvgBytesPerSec};
        return STATUS_SUCCESS;
    }

    NTSTATUS NTAPI GetModes(ULONG pin, GUID* modes, ULONG* count) override {
        called(__func__);
        const ULONG have = pin == bridge_pin ? 0 : 2;
        if (modes != nullptr) {
            if (*count < have) {
                return STATUS_BUFFER_TOO_SMALL;
            }
            if (have != 0) {
                modes[0] = AUDIO_SIGNALPROCESSINGMODE_RAW;
                modes[1] = AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
            }
        }
        *count = have;
        return STATUS_SUCCESS;
    }

private:
    BOOL effect_ = TRUE;
    ULONG device_rate_ = 48000;
    LONG volume_[2] = {0, 0};
    BOOL muted_[2] = {FALSE, FALSE};
};

// ---- the adapter -----------------------------------------------------------------------------------------------

// R-SUB-10: the same interface, registered early, takes properties before PcRegisterSubdevice enables it.
NTSTATUS publish_packet_constraints(DEVICE_OBJECT* device) {
    DEVICE_OBJECT* physical_device = nullptr;
    NTSTATUS status = PcGetPhysicalDeviceObject(device, &physical_device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    UNICODE_STRING reference;
    RtlInitUnicodeString(&reference, u"Wave");
    const GUID category = KSCATEGORY_AUDIO;
    UNICODE_STRING link = {};
    status = IoRegisterDeviceInterface(physical_device, &category, &reference, &link);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KSAUDIO_PACKETSIZE_CONSTRAINTS2 constraints = {};
    constraints.MinPacketPeriodInHns = script()->least_packet_period;
    status = IoSetDeviceInterfacePropertyData(&link, &DEVPKEY_KsAudio_PacketSize_Constraints2, LOCALE_NEUTRAL, 0,
                                              DEVPROP_TYPE_BINARY, sizeof(constraints), &constraints);
    RtlFreeUnicodeString(&link);
    return status;
}

NTSTATUS NTAPI start_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    script()->functional_device = device;
    IPort* port = nullptr;
    NTSTATUS status = PcNewPort(&port, CLSID_PortWaveRT);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto* miniport = new TestMiniport;
    auto* unknown = static_cast<IUnknown*>(static_cast<IMiniportWaveRT*>(miniport));
    script()->miniport = unknown;
    status = port->Init(device, irp, unknown, nullptr, resources);
    if (NT_SUCCESS(status) && script()->least_packet_period != 0) {
        status = publish_packet_constraints(device);
    }
    if (NT_SUCCESS(status)) {
        status = PcRegisterSubdevice(device, const_cast<WCHAR*>(u"Wave"), port);
    }
    unknown->Release();
    port->Release();
    return status;
}

NTSTATUS NTAPI add_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    return PcAddAdapterDevice(driver, physical_device, start_device, 4, 0);
}

} // namespace

Script*& script() {
    return current_script;
}

NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, add_device);
}

// ---- the stream ------------------------------------------------------------------------------------------------

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
    std::erase(script()->streams, this);
    --script()->streams_alive;
    script()->note("~Stream");
    port_stream_->Release();
}

void* TestStream::find_interface(const GUID& id) {
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
    *flags = 0;
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
    script()->note("PowerChangeNotify " + number(state.DeviceState));
}

} // namespace wavert_test
