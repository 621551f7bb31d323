// An adapter driver in the test program with one MIDI or DirectMusic subdevice, and a journal of what its miniport saw.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"

namespace conformance {

namespace portcls = openportcls::portcls;

using MidiBytes = std::vector<BYTE>;

inline const MidiBytes note_on = {0x90, 60, 100};
inline const MidiBytes note_off = {0x80, 60, 0};

// Pins of the filter, the legacy ones first (R-DMUS-21). The MIDI miniport has the first two only.
inline constexpr ULONG midi_render = 0;
inline constexpr ULONG midi_capture = 1;
inline constexpr ULONG dmus_render = 2;
inline constexpr ULONG dmus_capture = 3;
inline constexpr ULONG dmus_wave = 4;

// A Write of the miniport's stream, or one event of a PutMessage.
struct Played {
    LONGLONG at = 0; // master time, 100 ns
    MidiBytes bytes;
    KIRQL irql = PASSIVE_LEVEL;
    LONGLONG due = 0; // events only, as the other fields
    USHORT group = 0;
    USHORT flags = 0;
    ULONG call = 0; // which PutMessage it came with
};

class MidiStreamUnderTest;
class MxfUnderTest;

struct MidiScript {
    // ---- before the device starts ----
    bool is_dmus = false;
    const GUID* class_id = &CLSID_PortDMus;
    const GUID* system_miniport = nullptr; // instead of the test's own
    const GUID* technology = nullptr;      // told to it before Init
    std::function<void(DEVICE_OBJECT*, IResourceList*)> before_init;
    bool init_gives_group = true;
    bool registers_group = false;
    NTSTATUS init_status = STATUS_SUCCESS;
    IUnknown* adapter = nullptr;
    std::function<void(IUnknown* port)> in_init;

    // ---- streams ----
    bool stream_gives_group = true;
    bool shares_group = false; // the miniport's
    ULONGLONG prefetch = 0;
    bool has_synth_sink = true;
    bool watches_system_miniport = false; // an IMiniportDMus
    ULONG synth_rate = 0;                 // of its conversions between samples and time; 0: it has none
    std::function<NTSTATUS(const BYTE* bytes, ULONG count, ULONG* written)> write; // default: takes all
    std::deque<MidiBytes> to_read;                                                 // one a Read
    NTSTATUS read_status = STATUS_SUCCESS;
    std::function<void(MxfUnderTest& stream, DMUS_KERNEL_EVENT* event)> put; // default: back to the allocator
    int failing_state = -1;

    // ---- what happened ----
    NTSTATUS port_init_status = STATUS_UNSUCCESSFUL;
    std::vector<Played> played;
    std::vector<std::string> journal;
    std::vector<KIRQL> service_irqls;
    ULONG put_calls = 0;
    ULONG polls = 0; // PutMessage(NULL)
    ULONG reads = 0;
    BOOLEAN capture_seen = FALSE;
    ULONG pin_seen = 0;
    DMUS_STREAM_TYPE type_seen = DMUS_STREAM_MIDI_INVALID;
    std::vector<MidiStreamUnderTest*> midi_streams;
    std::vector<MxfUnderTest*> mxfs;
    // Of a system miniport that is watched: the streams it has made, and their allocators, without references.
    std::vector<std::pair<IMXF*, IAllocatorMXF*>> watched;
    IPort* port = nullptr; // with a reference
    IUnknown* port_seen = nullptr;
    IUnknown* adapter_seen = nullptr;
    IResourceList* resources_seen = nullptr;
    IServiceGroup* group = nullptr; // the miniport's
    std::vector<std::pair<LONGLONG, BOOL>> syncs;
    std::vector<std::pair<DWORD, LONGLONG>> renders;
    std::vector<GUID> interfaces_asked; // of streams
    MidiBytes downloaded;               // DLS
    HANDLE unloaded = nullptr;
    PCPROPERTY_REQUEST* pending_unload = nullptr;

    ULONG count_of(const std::string& line) const;
};

MidiScript*& midi_script();
NTSTATUS NTAPI midi_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path);

class MidiStreamUnderTest final : public portcls::ComObject<MidiStreamUnderTest, IMiniportMidiStream> {
public:
    explicit MidiStreamUnderTest(bool capture) : capture_(capture) {}
    ~MidiStreamUnderTest();
    void* find_interface(const GUID& id) { return id == IID_IMiniportMidiStream ? this : nullptr; }
    NTSTATUS NTAPI SetFormat(PKSDATAFORMAT format) override;
    NTSTATUS NTAPI SetState(KSSTATE state) override;
    NTSTATUS NTAPI Read(PVOID buffer, ULONG length, PULONG read) override;
    NTSTATUS NTAPI Write(PVOID buffer, ULONG count, PULONG written) override;

    portcls::ComPointer<IServiceGroup> group;

private:
    bool capture_;
};

class MxfUnderTest final : public portcls::ComObject<MxfUnderTest, ISynthSinkDMus> {
public:
    MxfUnderTest(IAllocatorMXF* pool, IMasterClock* master, DMUS_STREAM_TYPE stream_type);
    ~MxfUnderTest();
    void* find_interface(const GUID& id);
    NTSTATUS NTAPI SetState(KSSTATE state) override;
    NTSTATUS NTAPI PutMessage(PDMUS_KERNEL_EVENT event) override;
    NTSTATUS NTAPI ConnectOutput(PMXF sink) override;
    NTSTATUS NTAPI DisconnectOutput(PMXF sink) override;
    void NTAPI Render(PBYTE buffer, DWORD length, LONGLONG position) override;
    NTSTATUS NTAPI SyncToMaster(REFERENCE_TIME time, BOOL start) override;
    NTSTATUS NTAPI SampleToRefTime(LONGLONG sample, REFERENCE_TIME* time) override;
    NTSTATUS NTAPI RefTimeToSample(REFERENCE_TIME time, LONGLONG* sample) override;

    // Puts bytes into the graph as captured at `time`. nullptr: the pool is exhausted.
    DMUS_KERNEL_EVENT* make(const MidiBytes& bytes, LONGLONG time, USHORT flags);
    IMXF* output() const { return sink.get() != nullptr ? sink.get() : static_cast<IMXF*>(allocator.get()); }

    LONGLONG sample_zero = 0; // on the master clock
    portcls::ComPointer<IAllocatorMXF> allocator;
    portcls::ComPointer<IMasterClock> clock;
    portcls::ComPointer<IMXF> sink;
    portcls::ComPointer<IServiceGroup> group;
    DMUS_STREAM_TYPE type;
};

} // namespace conformance
