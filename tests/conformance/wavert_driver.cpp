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

PCPIN_DESCRIPTOR pins[pin_count] = {
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

// Script::position_handler: the driver answers KSPROPERTY_AUDIO_POSITIONEX itself.
NTSTATUS NTAPI answer_position(PCPROPERTY_REQUEST* request) {
    if (request->ValueSize < sizeof(KSAUDIO_POSITIONEX)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *static_cast<KSAUDIO_POSITIONEX*>(request->Value) = {};
    request->ValueSize = sizeof(KSAUDIO_POSITIONEX);
    return STATUS_SUCCESS;
}

const PCPROPERTY_ITEM position_items[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITIONEX, PCPROPERTY_ITEM_FLAG_GET, answer_position}};
const PCAUTOMATION_TABLE position_automation = {
    sizeof(PCPROPERTY_ITEM), 1, position_items, sizeof(PCMETHOD_ITEM), 0, nullptr, sizeof(PCEVENT_ITEM), 0, nullptr, 0};

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

class TestMiniport final : public portcls::ComObject<TestMiniport, IMiniportWaveRT, IMiniportAudioEngineNode,
                                                     IMiniportAudioSignalProcessing, IMiniportPnpNotify> {
public:
    TestMiniport() { ++script()->miniports_alive; }
    ~TestMiniport() { --script()->miniports_alive; }

    void* find_interface(const GUID& id) {
        script()->asked_of_miniport.push_back(id);
        if (id == IID_IMiniportWaveRT || id == IID_IMiniport) {
            return static_cast<IMiniportWaveRT*>(this);
        }
        if (id == IID_IMiniportAudioEngineNode && script()->device_engine) {
            return static_cast<IMiniportAudioEngineNode*>(this);
        }
        if (id == IID_IMiniportPnpNotify && script()->rebalance) {
            return static_cast<IMiniportPnpNotify*>(this);
        }
        if (id == IID_IMiniportAudioSignalProcessing && script()->modes) {
            return static_cast<IMiniportAudioSignalProcessing*>(this);
        }
        return nullptr;
    }

    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        called(__func__);
        pins[render_pin].AutomationTable = current_script->position_handler ? &position_automation : nullptr;
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

    void NTAPI PnpStop() override { script()->note("miniport PnpStop"); }

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

class TestAdapter final : public portcls::ComObject<TestAdapter, IAdapterPnpManagement> {
public:
    void* find_interface(const GUID& id) {
        return id == IID_IAdapterPnpManagement ? static_cast<IAdapterPnpManagement*>(this) : nullptr;
    }
    PC_REBALANCE_TYPE NTAPI GetSupportedRebalanceType() override { return PcRebalanceRemoveSubdevices; }
    void NTAPI PnpQueryStop() override { script()->note("PnpQueryStop"); }
    void NTAPI PnpCancelStop() override { script()->note("PnpCancelStop"); }
    void NTAPI PnpStop() override { script()->note("adapter PnpStop"); }
};

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

NTSTATUS NTAPI start_wavert_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    script()->functional_device = device;
    if (script()->rebalance) {
        auto* adapter = new TestAdapter;
        const NTSTATUS registered = PcRegisterAdapterPnpManagement(adapter, device);
        adapter->Release();
        if (!NT_SUCCESS(registered)) {
            return registered;
        }
    }
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

NTSTATUS NTAPI add_wavert_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    return PcAddAdapterDevice(driver, physical_device, start_wavert_device, 4, 0);
}

} // namespace

void fill_steppings(eChannelTargetType target, PKSPROPERTY_STEPPING_LONG steppings, UINT32 size) {
    for (UINT32 i = 0; i < size / sizeof(*steppings); ++i) {
        steppings[i] = {};
        steppings[i].SteppingDelta = target == eVolumeAttribute ? 0x8000 : 1;
        steppings[i].Bounds.SignedMinimum = target == eVolumeAttribute ? -96 * 0x10000 : 0;
        steppings[i].Bounds.SignedMaximum = target == eMuteAttribute ? 1 : 0;
    }
}

Script*& script() {
    return current_script;
}

NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, add_wavert_device);
}

} // namespace wavert_test
