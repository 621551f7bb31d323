#include "midi_driver.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace conformance {

using portcls::ComObject;
using portcls::ComPointer;

MidiScript*& midi_script() {
    static MidiScript* current = nullptr;
    return current;
}

ULONG MidiScript::count_of(const std::string& line) const {
    return static_cast<ULONG>(std::count(journal.begin(), journal.end(), line));
}

namespace {

void note(std::string line) {
    midi_script()->journal.push_back(std::move(line));
}

KSDATARANGE_MUSIC music_range(const GUID& subformat) {
    KSDATARANGE_MUSIC range{};
    range.DataRange.FormatSize = sizeof range;
    range.DataRange.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    range.DataRange.SubFormat = subformat;
    range.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    range.Technology = KSMUSIC_TECHNOLOGY_PORT;
    range.ChannelMask = 0xFFFF;
    return range;
}

const GUID midi_subformat = KSDATAFORMAT_SUBTYPE_MIDI;
const GUID dmus_subformat = KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
const GUID midi_pin_category = KSCATEGORY_AUDIO;
KSDATARANGE_MUSIC midi_range = music_range(midi_subformat);
KSDATARANGE_MUSIC dmus_range = music_range(dmus_subformat);
KSDATARANGE_AUDIO wave_range = {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
                                  KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                                2,
                                16,
                                16,
                                48000,
                                48000};
PKSDATARANGE midi_ranges[] = {reinterpret_cast<PKSDATARANGE>(&midi_range)};
PKSDATARANGE dmus_ranges[] = {reinterpret_cast<PKSDATARANGE>(&dmus_range)};
PKSDATARANGE wave_ranges[] = {reinterpret_cast<PKSDATARANGE>(&wave_range)};

PCPIN_DESCRIPTOR pin(PKSDATARANGE* ranges, KSPIN_DATAFLOW flow) {
    return {1,
            1,
            0,
            nullptr,
            {0, nullptr, 0, nullptr, 1, ranges, flow, KSPIN_COMMUNICATION_SINK, &midi_pin_category, nullptr, {0}}};
}

const PCPIN_DESCRIPTOR midi_pins[] = {
    pin(midi_ranges, KSPIN_DATAFLOW_IN),  pin(midi_ranges, KSPIN_DATAFLOW_OUT), pin(dmus_ranges, KSPIN_DATAFLOW_IN),
    pin(dmus_ranges, KSPIN_DATAFLOW_OUT), pin(wave_ranges, KSPIN_DATAFLOW_OUT),
};
PCFILTER_DESCRIPTOR midi_filter = {
    0, nullptr, sizeof(PCPIN_DESCRIPTOR), 2, midi_pins, sizeof(PCNODE_DESCRIPTOR), 0, nullptr, 0, nullptr, 0, nullptr};

// The synthesizer node behind the DirectMusic pin (R-DMUS-17).
NTSTATUS NTAPI download_dls(PPCPROPERTY_REQUEST request) {
    if (request->InstanceSize < sizeof(SYNTH_BUFFER) || request->ValueSize < sizeof(SYNTHDOWNLOAD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    SYNTH_BUFFER buffer;
    std::memcpy(&buffer, request->Instance, sizeof buffer);
    const auto* const bytes = static_cast<const BYTE*>(buffer.BufferAddress);
    midi_script()->downloaded.assign(bytes, bytes + buffer.BufferSize);
    const SYNTHDOWNLOAD answer = {reinterpret_cast<HANDLE>(ULONG_PTR{0x5D}), FALSE};
    std::memcpy(request->Value, &answer, sizeof answer);
    request->ValueSize = sizeof answer;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI unload_dls(PPCPROPERTY_REQUEST request) {
    std::memcpy(&midi_script()->unloaded, request->Value, sizeof(HANDLE));
    midi_script()->pending_unload = request;
    return STATUS_PENDING;
}

const GUID dls_set = KSPROPSETID_Synth_Dls;
const GUID synth_node_type = KSNODETYPE_SYNTHESIZER;
const PCPROPERTY_ITEM dls_items[] = {
    {&dls_set, KSPROPERTY_SYNTH_DLS_DOWNLOAD, PCPROPERTY_ITEM_FLAG_GET, download_dls},
    {&dls_set, KSPROPERTY_SYNTH_DLS_UNLOAD, PCPROPERTY_ITEM_FLAG_SET, unload_dls},
};
const PCAUTOMATION_TABLE synth_automation = {
    sizeof(PCPROPERTY_ITEM), RTL_NUMBER_OF(dls_items), dls_items, 0, 0, nullptr, 0, 0, nullptr, 0};
const PCNODE_DESCRIPTOR synth_nodes[] = {{0, &synth_automation, &synth_node_type, nullptr}};

PCFILTER_DESCRIPTOR dmus_filter = {
    0, nullptr, sizeof(PCPIN_DESCRIPTOR), 5, midi_pins, sizeof(PCNODE_DESCRIPTOR), 1, synth_nodes, 0, nullptr,
    0, nullptr};

// What both Inits do.
template<class PortInterface>
NTSTATUS initialise(PortInterface* port, IUnknown* adapter, IResourceList* resources, IServiceGroup** group) {
    MidiScript& s = *midi_script();
    s.port_seen = static_cast<IUnknown*>(port);
    s.adapter_seen = adapter;
    s.resources_seen = resources;
    if (!NT_SUCCESS(s.init_status)) {
        return s.init_status;
    }
    IServiceGroup* made = nullptr;
    PcNewServiceGroup(&made, nullptr);
    s.group = made;
    if (s.registers_group) {
        port->RegisterServiceGroup(made);
    }
    if (s.in_init) {
        s.in_init(static_cast<IUnknown*>(port));
    }
    if (s.init_gives_group) {
        made->AddRef();
        *group = made;
    }
    return STATUS_SUCCESS;
}

IServiceGroup* stream_group() {
    MidiScript& s = *midi_script();
    if (!s.stream_gives_group) {
        return nullptr;
    }
    if (s.shares_group) {
        s.group->AddRef();
        return s.group;
    }
    IServiceGroup* group = nullptr;
    PcNewServiceGroup(&group, nullptr);
    return group;
}

class MidiMiniport final : public ComObject<MidiMiniport, IMiniportMidi> {
public:
    void* find_interface(const GUID& id) { return id == IID_IMiniportMidi || id == IID_IMiniport ? this : nullptr; }
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &midi_filter;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTMIDI port, PSERVICEGROUP* group) override {
        return initialise(port, adapter, resources, group);
    }
    void NTAPI Service() override { midi_script()->service_irqls.push_back(KeGetCurrentIrql()); }
    NTSTATUS NTAPI NewStream(PMINIPORTMIDISTREAM* stream, PUNKNOWN, POOL_TYPE, ULONG pin_id, BOOLEAN capture,
                             PKSDATAFORMAT, PSERVICEGROUP* group) override {
        MidiScript& s = *midi_script();
        s.pin_seen = pin_id;
        s.capture_seen = capture;
        auto* made = new MidiStreamUnderTest(capture != FALSE);
        *group = stream_group();
        made->group = ComPointer<IServiceGroup>::share(*group);
        s.midi_streams.push_back(made);
        *stream = made;
        return STATUS_SUCCESS;
    }
};

class DmusMiniport final : public ComObject<DmusMiniport, IMiniportDMus> {
public:
    void* find_interface(const GUID& id) { return id == IID_IMiniportDMus || id == IID_IMiniport ? this : nullptr; }
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &dmus_filter;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTDMUS port, PSERVICEGROUP* group) override {
        return initialise(port, adapter, resources, group);
    }
    void NTAPI Service() override { midi_script()->service_irqls.push_back(KeGetCurrentIrql()); }
    NTSTATUS NTAPI NewStream(PMXF* stream, PUNKNOWN, POOL_TYPE, ULONG pin_id, DMUS_STREAM_TYPE type, PKSDATAFORMAT,
                             PSERVICEGROUP* group, PAllocatorMXF allocator, PMASTERCLOCK clock,
                             PULONGLONG prefetch) override {
        MidiScript& s = *midi_script();
        s.pin_seen = pin_id;
        s.type_seen = type;
        auto* made = new MxfUnderTest(allocator, clock, type);
        *group = stream_group();
        made->group = ComPointer<IServiceGroup>::share(*group);
        *prefetch = s.prefetch;
        s.mxfs.push_back(made);
        *stream = made;
        return STATUS_SUCCESS;
    }
};

// Passes everything on, and notes the streams.
class WatchedMiniport final : public ComObject<WatchedMiniport, IMiniportDMus> {
public:
    explicit WatchedMiniport(IMiniport* miniport)
        : miniport_(ComPointer<IMiniportDMus>::query(miniport, IID_IMiniportDMus)) {}
    void* find_interface(const GUID& id) { return id == IID_IMiniportDMus || id == IID_IMiniport ? this : nullptr; }
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        return miniport_->GetDescription(description);
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG pin, PKSDATARANGE range, PKSDATARANGE matching, ULONG bytes,
                                         PVOID format, PULONG needed) override {
        return miniport_->DataRangeIntersection(pin, range, matching, bytes, format, needed);
    }
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTDMUS port, PSERVICEGROUP* group) override {
        return miniport_->Init(adapter, resources, port, group);
    }
    void NTAPI Service() override { miniport_->Service(); }
    NTSTATUS NTAPI NewStream(PMXF* stream, PUNKNOWN outer, POOL_TYPE pool, ULONG pin_id, DMUS_STREAM_TYPE type,
                             PKSDATAFORMAT format, PSERVICEGROUP* group, PAllocatorMXF allocator, PMASTERCLOCK clock,
                             PULONGLONG prefetch) override {
        const NTSTATUS status =
            miniport_->NewStream(stream, outer, pool, pin_id, type, format, group, allocator, clock, prefetch);
        if (NT_SUCCESS(status)) {
            midi_script()->watched.emplace_back(*stream, allocator);
        }
        return status;
    }

private:
    ComPointer<IMiniportDMus> miniport_;
};

NTSTATUS new_miniport(IUnknown** result) {
    const MidiScript& s = *midi_script();
    if (s.system_miniport == nullptr) {
        *result = s.is_dmus ? static_cast<IUnknown*>(new DmusMiniport) : static_cast<IUnknown*>(new MidiMiniport);
        return STATUS_SUCCESS;
    }
    IMiniport* miniport = nullptr;
    const NTSTATUS status = PcNewMiniport(&miniport, *s.system_miniport);
    *result = miniport;
    if (NT_SUCCESS(status) && s.watches_system_miniport) {
        *result = new WatchedMiniport(miniport);
        miniport->Release();
    }
    if (NT_SUCCESS(status) && s.technology != nullptr) { // R-INIT-15
        const auto technology = ComPointer<IMusicTechnology>::query(miniport, IID_IMusicTechnology);
        if (technology) {
            technology->SetTechnology(s.technology);
        }
    }
    return status;
}

NTSTATUS NTAPI start_midi_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    MidiScript& s = *midi_script();
    IPort* port = nullptr;
    NTSTATUS status = PcNewPort(&port, *s.class_id);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    IUnknown* miniport = nullptr;
    status = new_miniport(&miniport);
    if (!NT_SUCCESS(status)) {
        port->Release();
        return status;
    }
    if (s.before_init) {
        s.before_init(device, resources);
    }
    status = port->Init(device, irp, miniport, s.adapter, resources);
    s.port_init_status = status;
    if (NT_SUCCESS(status)) {
        status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"Midi"), port);
    }
    miniport->Release();
    if (NT_SUCCESS(status)) {
        s.port = port;
    } else {
        port->Release();
    }
    return status;
}

NTSTATUS NTAPI add_midi_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    return PcAddAdapterDevice(driver, physical_device, start_midi_device, 1, 0);
}

} // namespace

NTSTATUS NTAPI midi_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, add_midi_device);
}

// ---- IMiniportMidiStream --------------------------------------------------------------------------------------------

MidiStreamUnderTest::~MidiStreamUnderTest() {
    std::erase(midi_script()->midi_streams, this);
}

NTSTATUS NTAPI MidiStreamUnderTest::SetFormat(PKSDATAFORMAT) {
    note("format");
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MidiStreamUnderTest::SetState(KSSTATE state) {
    note(fmt::format("state:{}", static_cast<int>(state)));
    return state == midi_script()->failing_state ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

NTSTATUS NTAPI MidiStreamUnderTest::Read(PVOID buffer, ULONG length, PULONG read) {
    MidiScript& s = *midi_script();
    ++s.reads;
    *read = 0;
    s.service_irqls.push_back(KeGetCurrentIrql());
    if (!capture_) {
        return STATUS_INVALID_DEVICE_REQUEST; // R-MIDI-06
    }
    if (s.to_read.empty() || !NT_SUCCESS(s.read_status)) {
        return s.read_status;
    }
    const MidiBytes bytes = s.to_read.front();
    s.to_read.pop_front();
    *read = std::min(length, static_cast<ULONG>(bytes.size()));
    std::copy_n(bytes.begin(), *read, static_cast<BYTE*>(buffer));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MidiStreamUnderTest::Write(PVOID buffer, ULONG count, PULONG written) {
    MidiScript& s = *midi_script();
    *written = 0;
    if (capture_) {
        return STATUS_INVALID_DEVICE_REQUEST; // R-MIDI-06
    }
    const auto* const bytes = static_cast<const BYTE*>(buffer);
    *written = count;
    const NTSTATUS status = s.write ? s.write(bytes, count, written) : STATUS_SUCCESS;
    if (NT_SUCCESS(status) && *written != 0) {
        Played entry;
        entry.at = static_cast<LONGLONG>(KeQueryInterruptTime());
        entry.bytes.assign(bytes, bytes + *written);
        entry.irql = KeGetCurrentIrql();
        s.played.push_back(std::move(entry));
    }
    return status;
}

// ---- IMXF -----------------------------------------------------------------------------------------------------------

MxfUnderTest::MxfUnderTest(IAllocatorMXF* pool, IMasterClock* master, DMUS_STREAM_TYPE stream_type)
    : allocator(ComPointer<IAllocatorMXF>::share(pool)), clock(ComPointer<IMasterClock>::share(master)),
      type(stream_type) {}

MxfUnderTest::~MxfUnderTest() {
    std::erase(midi_script()->mxfs, this);
}

void* MxfUnderTest::find_interface(const GUID& id) {
    midi_script()->interfaces_asked.push_back(id);
    if (id == IID_ISynthSinkDMus) {
        return midi_script()->has_synth_sink ? this : nullptr;
    }
    return id == IID_IMXF ? this : nullptr;
}

NTSTATUS NTAPI MxfUnderTest::SetState(KSSTATE state) {
    note(fmt::format("state:{}", static_cast<int>(state)));
    return state == midi_script()->failing_state ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
}

NTSTATUS NTAPI MxfUnderTest::PutMessage(PDMUS_KERNEL_EVENT event) {
    MidiScript& s = *midi_script();
    if (event == nullptr) {
        ++s.polls;
        s.service_irqls.push_back(KeGetCurrentIrql());
    }
    if (s.put) {
        s.put(*this, event);
        return STATUS_SUCCESS;
    }
    ++s.put_calls;
    for (const DMUS_KERNEL_EVENT* each = event; each != nullptr; each = each->pNextEvt) {
        Played entry;
        clock->GetTime(&entry.at);
        const BYTE* const bytes = SHORT_EVT(each) ? each->uData.abData : each->uData.pbData;
        entry.bytes.assign(bytes, bytes + each->cbEvent);
        entry.irql = KeGetCurrentIrql();
        entry.due = each->ullPresTime100ns;
        entry.group = each->usChannelGroup;
        entry.flags = each->usFlags;
        entry.call = s.put_calls;
        s.played.push_back(std::move(entry));
    }
    return event == nullptr ? STATUS_SUCCESS : output()->PutMessage(event);
}

NTSTATUS NTAPI MxfUnderTest::ConnectOutput(PMXF new_sink) {
    note("connect");
    sink = ComPointer<IMXF>::share(new_sink);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MxfUnderTest::DisconnectOutput(PMXF) {
    note("disconnect");
    sink.reset();
    return STATUS_SUCCESS;
}

void NTAPI MxfUnderTest::Render(PBYTE buffer, DWORD length, LONGLONG position) {
    midi_script()->renders.emplace_back(length, position);
    for (DWORD i = 0; i < length; ++i) {
        buffer[i] = static_cast<BYTE>(position + i);
    }
}

NTSTATUS NTAPI MxfUnderTest::SyncToMaster(REFERENCE_TIME time, BOOL start) {
    midi_script()->syncs.emplace_back(time, start);
    sample_zero = start != FALSE ? time : sample_zero; // "must be reset to zero"
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MxfUnderTest::SampleToRefTime(LONGLONG sample, REFERENCE_TIME* time) {
    const ULONG rate = midi_script()->synth_rate;
    *time = rate == 0 ? -1 : sample_zero + sample * 10'000'000 / rate;
    return rate == 0 ? STATUS_NOT_IMPLEMENTED : STATUS_SUCCESS;
}

NTSTATUS NTAPI MxfUnderTest::RefTimeToSample(REFERENCE_TIME time, LONGLONG* sample) {
    const ULONG rate = midi_script()->synth_rate;
    *sample = rate == 0 ? -1 : (time - sample_zero) * rate / 10'000'000;
    return rate == 0 ? STATUS_NOT_IMPLEMENTED : STATUS_SUCCESS;
}

DMUS_KERNEL_EVENT* MxfUnderTest::make(const MidiBytes& bytes, LONGLONG time, USHORT flags) {
    DMUS_KERNEL_EVENT* event = nullptr;
    if (!NT_SUCCESS(allocator->GetMessage(&event))) {
        return nullptr;
    }
    BYTE* place = event->uData.abData;
    if (bytes.size() > sizeof event->uData) {
        allocator->GetBuffer(&place);
        event->uData.pbData = place;
    }
    std::copy(bytes.begin(), bytes.end(), place);
    event->cbEvent = static_cast<USHORT>(bytes.size());
    event->usChannelGroup = 1;
    event->usFlags = flags;
    event->ullPresTime100ns = time;
    return event;
}

} // namespace conformance
