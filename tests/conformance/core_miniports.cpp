// The miniports and the stream of the core test driver.
#include <cstring>

#include <fmt/format.h>

#include "core_descriptors.h"
#include "core_driver.h"

namespace conformance {

namespace {

using portcls::ComObject;

constexpr std::string_view state_names[] = {"stop", "acquire", "pause", "run"};

// ---- miniports --------------------------------------------------------------------------------------------------

template<class Main>
class MiniportBase : public ComObject<MiniportBase<Main>, Main, IPinCount, IPinName, IPowerNotify, IMiniportPnpNotify,
                                      IMiniportAudioSignalProcessing> {
public:
    explicit MiniportBase(bool wave) : wave_(wave) {
        script()->miniports_alive++;
        filter_ = wave ? wave_filter() : topology_filter();
        if (script()->adjust) {
            script()->adjust(filter_, wave);
        }
    }
    virtual ~MiniportBase() {
        if (script() != nullptr) {
            script()->miniports_alive--;
        }
    }

    void* find_interface(const GUID& id) {
        const Script& s = *script();
        if (IsEqualGUID(id, IID_IMiniport)) {
            return static_cast<Main*>(this);
        }
        if (IsEqualGUID(id, wave_ ? IID_IMiniportWaveRT : IID_IMiniportTopology)) {
            return wave_ && s.topology_only_interface ? nullptr : static_cast<Main*>(this);
        }
        if (IsEqualGUID(id, IID_IPinCount) && s.pin_counter) {
            return static_cast<IPinCount*>(this);
        }
        if (IsEqualGUID(id, IID_IPinName) && s.pin_namer) {
            return static_cast<IPinName*>(this);
        }
        if (IsEqualGUID(id, IID_IPowerNotify) && s.power_notify) {
            return static_cast<IPowerNotify*>(this);
        }
        if (IsEqualGUID(id, IID_IMiniportPnpNotify) && s.pnp_notify) {
            return static_cast<IMiniportPnpNotify*>(this);
        }
        if (IsEqualGUID(id, IID_IMiniportAudioSignalProcessing) && s.modes) {
            return static_cast<IMiniportAudioSignalProcessing*>(this);
        }
        return nullptr;
    }

    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        script()->note("description");
        *description = &filter_;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG pin, PKSDATARANGE client, PKSDATARANGE own, ULONG room, PVOID format,
                                         PULONG bytes) override {
        script()->note("intersection");
        return script()->intersection ? script()->intersection(pin, client, own, room, format, bytes)
                                      : STATUS_NOT_IMPLEMENTED;
    }
    void NTAPI PinCount(ULONG pin, PULONG necessary, PULONG filter_current, PULONG filter_possible,
                        PULONG global_current, PULONG global_possible) override {
        script()->note("pin_count");
        if (script()->count) {
            script()->count(pin, necessary, filter_current, filter_possible, global_current, global_possible);
        }
    }
    NTSTATUS NTAPI GetPinName(PIRP irp, PKSP_PIN pin, PVOID data) override {
        const std::u16string name = u"pin " + std::u16string(1, static_cast<char16_t>(u'0' + pin->PinId));
        const ULONG bytes = static_cast<ULONG>((name.size() + 1) * sizeof(WCHAR));
        const ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
        irp->IoStatus.Information = bytes;
        if (room == 0) {
            return STATUS_BUFFER_OVERFLOW;
        }
        if (room < bytes) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        std::memcpy(data, name.c_str(), bytes);
        return STATUS_SUCCESS;
    }
    void NTAPI PowerChangeNotify(POWER_STATE state) override {
        script()->note(fmt::format("miniport:D{}", state.DeviceState - PowerDeviceD0));
        if (script()->power_notified) {
            script()->power_notified();
        }
    }
    void NTAPI PnpStop() override {
        script()->note("miniport:pnp_stop");
        if (script()->pnp_stopped) {
            script()->pnp_stopped();
        }
    }
    NTSTATUS NTAPI GetModes(ULONG pin, GUID* modes, ULONG* count) override {
        if (pin > wave_bridge_pin) {
            return STATUS_INVALID_PARAMETER;
        }
        if (modes == nullptr) {
            *count = 2;
            return STATUS_SUCCESS;
        }
        if (*count < 2) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        modes[0] = AUDIO_SIGNALPROCESSINGMODE_RAW;
        modes[1] = AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
        *count = 2;
        return STATUS_SUCCESS;
    }

protected:
    NTSTATUS initialise(IUnknown* adapter, IResourceList* resources) {
        script()->note("init");
        script()->adapter_seen = adapter;
        script()->resources_seen = resources;
        return script()->init_status;
    }

private:
    bool wave_;
    PCFILTER_DESCRIPTOR filter_;
};

class TopologyMiniport final : public MiniportBase<IMiniportTopology> {
public:
    TopologyMiniport() : MiniportBase(false) {}
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTTOPOLOGY port) override {
        script()->topology_port_seen = port;
        return initialise(adapter, resources);
    }
};

class WaveMiniport final : public MiniportBase<IMiniportWaveRT> {
public:
    WaveMiniport() : MiniportBase(true) {}
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTWAVERT port) override {
        script()->wave_port_seen = port;
        return initialise(adapter, resources);
    }
    NTSTATUS NTAPI NewStream(PMINIPORTWAVERTSTREAM* stream, PPORTWAVERTSTREAM, ULONG pin, BOOLEAN capture,
                             PKSDATAFORMAT format) override {
        script()->note(fmt::format("new_stream:{}", pin));
        const char* const bytes = reinterpret_cast<const char*>(format);
        script()->format_seen.assign(bytes, bytes + format->FormatSize);
        if (!NT_SUCCESS(script()->new_stream_status)) {
            return script()->new_stream_status;
        }
        *stream = (new TestWaveStream(capture != FALSE))->main_interface();
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI GetDeviceDescription(PDEVICE_DESCRIPTION description) override {
        *description = {};
        description->Version = DEVICE_DESCRIPTION_VERSION;
        description->Master = TRUE;
        description->ScatterGather = TRUE;
        description->Dma32BitAddresses = TRUE;
        description->InterfaceType = PCIBus;
        description->MaximumLength = 0xFFFFFFFF;
        return STATUS_SUCCESS;
    }
};

} // namespace

IMiniport* new_topology_miniport() {
    return new TopologyMiniport;
}
IMiniport* new_wave_miniport() {
    return new WaveMiniport;
}

// ---- streams ----------------------------------------------------------------------------------------------------

TestWaveStream::TestWaveStream(bool capture) : capture_(capture) {
    script()->streams_alive++;
    script()->streams.push_back(this);
}
TestWaveStream::~TestWaveStream() {
    if (script() != nullptr) {
        script()->streams_alive--;
        std::erase(script()->streams, this);
        script()->note("stream:released");
    }
}

void* TestWaveStream::find_interface(const GUID& id) {
    if (IsEqualGUID(id, IID_IMiniportWaveRTStream)) {
        return static_cast<IMiniportWaveRTStream*>(this);
    }
    if (IsEqualGUID(id, IID_IPowerNotify) && script()->stream_power_notify) {
        return static_cast<IPowerNotify*>(this);
    }
    if (IsEqualGUID(id, IID_IDrmAudioStream) && script()->drm_stream) {
        return static_cast<IDrmAudioStream*>(this);
    }
    return nullptr;
}

NTSTATUS TestWaveStream::SetFormat(PKSDATAFORMAT) {
    script()->note("set_format");
    return script()->set_format_status;
}
NTSTATUS TestWaveStream::SetState(KSSTATE state) {
    if (state == script()->failing_state) {
        script()->note(fmt::format("fail:{}", state_names[state]));
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    script()->note(std::string(state_names[state]));
    return STATUS_SUCCESS;
}
NTSTATUS TestWaveStream::GetPosition(PKSAUDIO_POSITION position) {
    *position = {100, 200};
    return STATUS_SUCCESS;
}
NTSTATUS TestWaveStream::AllocateAudioBuffer(ULONG, PMDL*, ULONG*, ULONG*, MEMORY_CACHING_TYPE*) {
    return STATUS_INSUFFICIENT_RESOURCES;
}
void TestWaveStream::FreeAudioBuffer(PMDL, ULONG) {}
void TestWaveStream::GetHWLatency(KSRTAUDIO_HWLATENCY* latency) {
    *latency = {};
}
NTSTATUS TestWaveStream::GetPositionRegister(KSRTAUDIO_HWREGISTER*) {
    return STATUS_NOT_SUPPORTED;
}
NTSTATUS TestWaveStream::GetClockRegister(KSRTAUDIO_HWREGISTER*) {
    return STATUS_NOT_SUPPORTED;
}
void TestWaveStream::PowerChangeNotify(POWER_STATE state) {
    script()->note(fmt::format("stream:D{}", state.DeviceState - PowerDeviceD0));
}
NTSTATUS TestWaveStream::SetContentId(ULONG content_id, PCDRMRIGHTS rights) {
    script()->content_rights = *rights;
    script()->note(fmt::format("content:{}", content_id));
    return script()->content_status;
}

} // namespace conformance
