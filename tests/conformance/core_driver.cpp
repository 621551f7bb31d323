#include "core_driver.h"

#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace conformance {

namespace {

using portcls::ComObject;
using portcls::ComPointer;

constexpr std::string_view state_names[] = {"stop", "acquire", "pause", "run"};

// ---- handlers ---------------------------------------------------------------------------------------------------

template<class Value>
NTSTATUS return_value(PCPROPERTY_REQUEST* request, Value value) {
    if (request->ValueSize == 0) {
        request->ValueSize = sizeof(Value);
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request->ValueSize < sizeof(Value)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(request->Value, &value, sizeof value);
    request->ValueSize = sizeof(Value);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI custom_handler(PCPROPERTY_REQUEST* request) {
    Script& s = *script();
    const ULONG id = request->PropertyItem->Id;
    s.calls.push_back({"custom", *request, reinterpret_cast<const WideItem*>(request->PropertyItem)->private_data});
    s.handlers_inside++;
    s.most_handlers_inside = std::max(s.most_handlers_inside, s.handlers_inside);
    struct Leave {
        ~Leave() { script()->handlers_inside--; }
    } leave;
    if (s.property_status != STATUS_SUCCESS) {
        return s.property_status;
    }
    if (request->Verb == KSPROPERTY_TYPE_BASICSUPPORT) {
        return return_value<ULONG>(request, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT);
    }
    switch (id) {
    case custom_pending:
        s.pending_request = request;
        return STATUS_PENDING;
    case custom_early:
        std::memset(request->Value, 0x42, request->ValueSize);
        PcCompletePendingPropertyRequest(request, STATUS_SUCCESS);
        return STATUS_PENDING;
    case custom_locked: {
        LARGE_INTEGER wait;
        wait.QuadPart = -20'000;
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        return return_value<ULONG>(request, 1);
    }
    case custom_greedy:
        request->ValueSize = 4096;
        return STATUS_SUCCESS;
    default:
        break;
    }
    if (request->Verb == KSPROPERTY_TYPE_SET) {
        if (request->ValueSize < sizeof(ULONG)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        std::memcpy(&s.stored_value, request->Value, sizeof(ULONG));
        return STATUS_SUCCESS;
    }
    return return_value(request, s.stored_value);
}

NTSTATUS NTAPI custom_event_handler(PCEVENT_REQUEST* request) {
    Script& s = *script();
    s.note(fmt::format("event:{}", request->Verb == PCEVENT_VERB_ADD      ? "add"
                                   : request->Verb == PCEVENT_VERB_REMOVE ? "remove"
                                                                          : "support"));
    if (request->Verb == PCEVENT_VERB_ADD && s.event_handler_adds) {
        IPort* const port = request->MajorTarget == s.wave_miniport ? s.wave_port : s.topology_port;
        auto events = ComPointer<IPortEvents>::query(port, IID_IPortEvents);
        events->AddEventToEventList(request->EventEntry);
    }
    return request->Verb == PCEVENT_VERB_ADD ? s.event_status : STATUS_SUCCESS;
}

// ---- descriptors ------------------------------------------------------------------------------------------------

constexpr ULONG get = PCPROPERTY_ITEM_FLAG_GET;
constexpr ULONG set = PCPROPERTY_ITEM_FLAG_SET;
constexpr ULONG basic = PCPROPERTY_ITEM_FLAG_BASICSUPPORT;

const GUID pin_set = KSPROPSETID_Pin;
const GUID control_change_set = KSEVENTSETID_AudioControlChange;

const WideItem custom_items[] = {
    {{&custom_set, custom_value, get | set, custom_handler}, 0x1111},
    {{&custom_set, custom_basic, get | basic, custom_handler}, 0x2222},
    {{&custom_set, custom_pending, get, custom_handler}, 0x3333},
    {{&custom_set, custom_early, get, custom_handler}, 0x4444},
    {{&custom_set, custom_locked, get, custom_handler}, 0x5555},
    {{&custom_set, custom_greedy, get, custom_handler}, 0x6666},
    {{&custom_set, custom_get_only, get, custom_handler}, 0x7777},
    // The port answers this one itself, whatever a driver says.
    {{&pin_set, KSPROPERTY_PIN_CTYPES, get, custom_handler}, 0x8888},
};
const PCEVENT_ITEM custom_events[] = {
    {&custom_event_set, 0, PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_ONESHOT | PCEVENT_ITEM_FLAG_BASICSUPPORT,
     custom_event_handler},
    {&custom_event_set, 1, PCEVENT_ITEM_FLAG_ENABLE, custom_event_handler},
    {&control_change_set, KSEVENT_CONTROL_CHANGE, PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_BASICSUPPORT,
     custom_event_handler},
};
const PCMETHOD_ITEM custom_methods[] = {{&custom_set, 0, PCMETHOD_ITEM_FLAG_READ, nullptr}};
const PCAUTOMATION_TABLE custom_automation = {sizeof(WideItem),
                                              RTL_NUMBER_OF(custom_items),
                                              &custom_items[0].item,
                                              sizeof(PCMETHOD_ITEM),
                                              RTL_NUMBER_OF(custom_methods),
                                              custom_methods,
                                              sizeof(PCEVENT_ITEM),
                                              RTL_NUMBER_OF(custom_events),
                                              custom_events,
                                              0};

KSDATARANGE_AUDIO pcm_ranges[] = {
    {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
       KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
     2,
     8,
     24,
     8000,
     96000},
    {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
       KSDATAFORMAT_SPECIFIER_DSOUND}},
     2,
     8,
     16,
     8000,
     48000},
};
KSATTRIBUTE mode_attribute = {sizeof(KSATTRIBUTE), 0, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE};
PKSATTRIBUTE mode_attributes[] = {&mode_attribute};
KSATTRIBUTE_LIST mode_attribute_list = {1, mode_attributes};
KSDATARANGE_AUDIO capture_range = {{{sizeof(KSDATARANGE_AUDIO), KSDATARANGE_ATTRIBUTES, 0, 0, KSDATAFORMAT_TYPE_AUDIO,
                                     KSDATAFORMAT_SUBTYPE_PCM, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                                   1,
                                   16,
                                   16,
                                   16000,
                                   48000};
KSDATARANGE analog_range = {
    {sizeof(KSDATARANGE), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_ANALOG, KSDATAFORMAT_SPECIFIER_NONE}};
PKSDATARANGE render_ranges[] = {&pcm_ranges[0].DataRange, &pcm_ranges[1].DataRange};
PKSDATARANGE capture_ranges[] = {&capture_range.DataRange, reinterpret_cast<PKSDATARANGE>(&mode_attribute_list)};
PKSDATARANGE bridge_ranges[] = {&analog_range};

const GUID audio_category = KSCATEGORY_AUDIO;
const GUID speaker_category = KSNODETYPE_SPEAKER;
const GUID volume_type = KSNODETYPE_VOLUME;
const GUID mute_type = KSNODETYPE_MUTE;
const GUID master_name = KSAUDFNAME_MASTER_VOLUME;
const GUID wave_categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE};
const GUID topology_categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_TOPOLOGY};

const KSPIN_DESCRIPTOR bridge(KSPIN_DATAFLOW flow) {
    KSPIN_DESCRIPTOR pin{};
    pin.DataRangesCount = 1;
    pin.DataRanges = bridge_ranges;
    pin.DataFlow = flow;
    pin.Communication = KSPIN_COMMUNICATION_NONE;
    pin.Category = &speaker_category;
    return pin;
}
const KSPIN_DESCRIPTOR streaming(KSPIN_DATAFLOW flow, PKSDATARANGE* ranges, ULONG count) {
    KSPIN_DESCRIPTOR pin{};
    pin.DataRangesCount = count;
    pin.DataRanges = ranges;
    pin.DataFlow = flow;
    pin.Communication = KSPIN_COMMUNICATION_SINK;
    pin.Category = &audio_category;
    return pin;
}

// Wider than PCPIN_DESCRIPTOR: whoever steps by sizeof finds nonsense (R-DESC-02).
const WidePin wave_pins[] = {
    {{3, 2, 1, &custom_automation, streaming(KSPIN_DATAFLOW_IN, render_ranges, RTL_NUMBER_OF(render_ranges))}, 1},
    {{1, 1, 0, nullptr, streaming(KSPIN_DATAFLOW_OUT, capture_ranges, RTL_NUMBER_OF(capture_ranges))}, 2},
    {{0, 0, 0, nullptr, bridge(KSPIN_DATAFLOW_OUT)}, 3},
};
const PCPIN_DESCRIPTOR topology_pins[] = {
    {0, 0, 0, nullptr, bridge(KSPIN_DATAFLOW_IN)},
    {0, 0, 0, nullptr, bridge(KSPIN_DATAFLOW_OUT)},
};
const PCNODE_DESCRIPTOR wave_nodes[] = {{0, &custom_automation, &volume_type, nullptr}};
const PCNODE_DESCRIPTOR topology_nodes[] = {
    {0, &custom_automation, &volume_type, &master_name},
    {0, nullptr, &mute_type, nullptr},
};
const PCCONNECTION_DESCRIPTOR wave_connections[] = {
    {PCFILTER_NODE, render_pin, wave_node, 1},
    {wave_node, 0, PCFILTER_NODE, wave_bridge_pin},
};
const PCCONNECTION_DESCRIPTOR topology_connections[] = {
    {PCFILTER_NODE, topology_in_pin, volume_node, 1},
    {volume_node, 0, mute_node, 1},
    {mute_node, 0, PCFILTER_NODE, topology_out_pin},
};

PCFILTER_DESCRIPTOR wave_filter() {
    return {0,
            &custom_automation,
            sizeof(WidePin),
            RTL_NUMBER_OF(wave_pins),
            &wave_pins[0].pin,
            sizeof(PCNODE_DESCRIPTOR),
            RTL_NUMBER_OF(wave_nodes),
            wave_nodes,
            RTL_NUMBER_OF(wave_connections),
            wave_connections,
            RTL_NUMBER_OF(wave_categories),
            wave_categories};
}

PCFILTER_DESCRIPTOR topology_filter() {
    return {0,
            &custom_automation,
            sizeof(PCPIN_DESCRIPTOR),
            RTL_NUMBER_OF(topology_pins),
            topology_pins,
            sizeof(PCNODE_DESCRIPTOR),
            RTL_NUMBER_OF(topology_nodes),
            topology_nodes,
            RTL_NUMBER_OF(topology_connections),
            topology_connections,
            RTL_NUMBER_OF(topology_categories),
            topology_categories};
}

} // namespace

Script*& script() {
    static Script* current = nullptr;
    return current;
}

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
    }
    void NTAPI PnpStop() override { script()->note("miniport:pnp_stop"); }
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
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTTOPOLOGY) override {
        return initialise(adapter, resources);
    }
};

class WaveMiniport final : public MiniportBase<IMiniportWaveRT> {
public:
    WaveMiniport() : MiniportBase(true) {}
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTWAVERT) override {
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
NTSTATUS TestWaveStream::SetContentId(ULONG content_id, PCDRMRIGHTS) {
    script()->note(fmt::format("content:{}", content_id));
    return script()->content_status;
}

// ---- adapter ----------------------------------------------------------------------------------------------------

class Adapter final : public ComObject<Adapter, IAdapterPowerManagement3, IAdapterPnpManagement> {
public:
    void* find_interface(const GUID& id) {
        const int version = script()->power_version;
        if ((IsEqualGUID(id, IID_IAdapterPowerManagement) && version >= 1) ||
            (IsEqualGUID(id, IID_IAdapterPowerManagement2) && version >= 2) ||
            (IsEqualGUID(id, IID_IAdapterPowerManagement3) && version >= 3)) {
            return static_cast<IAdapterPowerManagement3*>(this);
        }
        return IsEqualGUID(id, IID_IAdapterPnpManagement) ? static_cast<IAdapterPnpManagement*>(this) : nullptr;
    }

    void NTAPI PowerChangeState(POWER_STATE state) override {
        script()->note(fmt::format("adapter1:D{}", state.DeviceState - PowerDeviceD0));
    }
    NTSTATUS NTAPI QueryPowerChangeState(POWER_STATE state) override {
        script()->note(fmt::format("query:D{}", state.DeviceState - PowerDeviceD0));
        return script()->query_power_status;
    }
    NTSTATUS NTAPI QueryDeviceCapabilities(PDEVICE_CAPABILITIES capabilities) override {
        script()->note("capabilities");
        capabilities->DeviceState[PowerSystemSleeping1] = PowerDeviceD3; // deeper
        capabilities->DeviceState[PowerSystemHibernate] = PowerDeviceD0; // not allowed
        return STATUS_SUCCESS;
    }
    void NTAPI PowerChangeState2(DEVICE_POWER_STATE device, SYSTEM_POWER_STATE) override {
        script()->note(fmt::format("adapter2:D{}", device - PowerDeviceD0));
    }
    void NTAPI PowerChangeState3(DEVICE_POWER_STATE device, SYSTEM_POWER_STATE, PC_EXIT_LATENCY latency) override {
        script()->note(fmt::format("adapter3:D{}:{}", device - PowerDeviceD0, static_cast<int>(latency)));
    }
    NTSTATUS NTAPI D3ExitLatencyChanged(PC_EXIT_LATENCY latency) override {
        script()->note(fmt::format("latency:{}", static_cast<int>(latency)));
        return STATUS_SUCCESS;
    }

    PC_REBALANCE_TYPE NTAPI GetSupportedRebalanceType() override { return script()->rebalance; }
    void NTAPI PnpQueryStop() override { script()->note("query_stop"); }
    void NTAPI PnpCancelStop() override { script()->note("cancel_stop"); }
    void NTAPI PnpStop() override { script()->note("adapter:pnp_stop"); }
};

namespace {

template<class Miniport>
NTSTATUS install(DEVICE_OBJECT* device, IRP* irp, REFCLSID port_class, IResourceList* resources, const WCHAR* name,
                 IPort*& port_out, IMiniport*& miniport_out) {
    Script& s = *script();
    IPort* port = nullptr;
    NTSTATUS status = PcNewPort(&port, port_class);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto* const miniport = new Miniport;
    miniport_out = miniport;
    // R-SUB-01: Init, register, release both on every path.
    status = port->Init(device, irp, static_cast<IMiniport*>(miniport), s.no_unknown_adapter ? nullptr : s.adapter,
                        resources);
    if (NT_SUCCESS(status)) {
        status = PcRegisterSubdevice(device, const_cast<PWSTR>(name), port);
    }
    if (NT_SUCCESS(status)) {
        port_out = port; // for the test; the driver itself would release it here
    } else {
        port->Release();
    }
    miniport->Release();
    return status;
}

NTSTATUS NTAPI start_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    Script& s = *script();
    s.note("start");
    s.functional_device = device;
    if (!NT_SUCCESS(s.start_status)) {
        return s.start_status;
    }
    if (s.start) {
        return s.start(device, irp, resources);
    }
    if (s.register_power) {
        PcRegisterAdapterPowerManagement(s.adapter, device);
    }
    if (s.register_pnp) {
        PcRegisterAdapterPnpManagement(s.adapter, device);
    }
    NTSTATUS status = install<TopologyMiniport>(device, irp, CLSID_PortTopology, resources, OPC_L("Topology"),
                                                s.topology_port, s.topology_miniport);
    if (NT_SUCCESS(status) && s.register_wave) {
        status = install<WaveMiniport>(device, irp, CLSID_PortWaveRT, resources, OPC_L("Wave"), s.wave_port,
                                       s.wave_miniport);
        if (NT_SUCCESS(status) && s.connect) {
            status =
                PcRegisterPhysicalConnection(device, s.wave_port, wave_bridge_pin, s.topology_port, topology_in_pin);
        }
    }
    return status;
}

} // namespace

NTSTATUS NTAPI core_add_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    Script& s = *script();
    s.physical_device = physical_device;
    return PcAddAdapterDevice(driver, physical_device, start_device, s.max_objects, s.extension_bytes);
}

IUnknown* new_adapter() {
    return static_cast<IAdapterPowerManagement3*>(new Adapter);
}
IMiniport* new_topology_miniport() {
    return new TopologyMiniport;
}
IMiniport* new_wave_miniport() {
    return new WaveMiniport;
}

NTSTATUS NTAPI core_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, core_add_device);
}

} // namespace conformance
