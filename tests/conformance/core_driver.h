// An adapter driver in the test program: two subdevices (a topology filter and a WaveRT filter) whose descriptors and
// answers a test can change before the device is started, and a journal of what PortCls asked.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <portcls.h>

#include "portcls/helpers/com_object.h"

namespace conformance {

namespace portcls = openportcls::portcls;

// Pins of the wave filter.
inline constexpr ULONG render_pin = 0;
inline constexpr ULONG capture_pin = 1;
inline constexpr ULONG wave_bridge_pin = 2;
// Pins of the topology filter.
inline constexpr ULONG topology_in_pin = 0;
inline constexpr ULONG topology_out_pin = 1;
// Nodes of the topology filter.
inline constexpr ULONG volume_node = 0;
inline constexpr ULONG mute_node = 1;
// Nodes of the wave filter.
inline constexpr ULONG wave_node = 0;

inline const GUID audio_category = KSCATEGORY_AUDIO; // of its streaming pins

// A property set of the driver's own, on filter, pin and node (R-PROP-32).
inline constexpr GUID custom_set = {0x7c6f8a10, 0x1f2e, 0x4d3c, {0x8b, 0x5a, 0x69, 0x78, 0x87, 0x96, 0xa5, 0xb4}};
inline constexpr GUID custom_event_set = {0x7c6f8a11, 0x1f2e, 0x4d3c, {0x8b, 0x5a, 0x69, 0x78, 0x87, 0x96, 0xa5, 0xb4}};
inline constexpr ULONG custom_value = 0;   // get, set
inline constexpr ULONG custom_basic = 1;   // get, basic support by the driver
inline constexpr ULONG custom_pending = 2; // get, completed later
inline constexpr ULONG custom_early = 3;   // get, completed before the handler returns
inline constexpr ULONG custom_locked = 4;  // get, looks whether it is alone
inline constexpr ULONG custom_greedy = 5;  // get, claims more bytes than there is room for
inline constexpr ULONG custom_get_only = 6;

// An item with data of the driver's own behind it (R-DESC-02, R-DESC-19).
struct WideItem {
    PCPROPERTY_ITEM item;
    ULONG_PTR private_data;
};
struct WidePin {
    PCPIN_DESCRIPTOR pin;
    ULONG_PTR private_data;
};

struct Call {
    std::string name;
    PCPROPERTY_REQUEST request; // as it came in
    ULONG_PTR private_data;
};

class TestWaveStream;

// Each with one reference, the caller's.
IUnknown* new_adapter();
IMiniport* new_topology_miniport();
IMiniport* new_wave_miniport();

struct Script {
    // ---- entry points ----
    ULONG max_objects = 4;
    ULONG extension_bytes = 0;
    NTSTATUS start_status = STATUS_SUCCESS;
    std::function<NTSTATUS(DEVICE_OBJECT*, IRP*, IResourceList*)> start; // instead of registering both subdevices
    std::function<void(DEVICE_OBJECT*)> in_start;                        // before the subdevices
    bool register_wave = true;
    bool connect = true;

    // ---- miniports ----
    NTSTATUS init_status = STATUS_SUCCESS;
    bool power_notify = false;
    bool pin_counter = false;
    bool pin_namer = false;
    bool pnp_notify = false;
    bool modes = false;
    bool topology_only_interface = false; // the wave miniport does not answer for IMiniportWaveRT
    bool no_unknown_adapter = false;
    std::function<NTSTATUS(ULONG pin, KSDATARANGE* client, KSDATARANGE* own, ULONG room, void* format, ULONG* bytes)>
        intersection; // default: STATUS_NOT_IMPLEMENTED
    std::function<void(ULONG pin, ULONG*, ULONG*, ULONG*, ULONG*, ULONG*)> count;
    std::function<void(PCFILTER_DESCRIPTOR& filter, bool wave)> adjust;
    int power_version = 1; // of IAdapterPowerManagement
    NTSTATUS query_power_status = STATUS_SUCCESS;
    std::function<void(const std::string& what)> power_asked; // in the adapter's power methods, with the journal's line
    PC_REBALANCE_TYPE rebalance = PcRebalanceRemoveSubdevices;
    std::function<void(const std::string& what)> pnp_asked; // in IAdapterPnpManagement: type, query_stop …
    bool register_power = false;
    bool register_in_add_device = false; // both (R-ENTRY-08, R-PWR-01)
    bool register_pnp = false;
    NTSTATUS property_status = STATUS_SUCCESS;
    bool event_handler_adds = true;
    bool event_handler_fires = false;            // what it has just added
    std::function<void(ULONG verb)> event_asked; // at the end of the event handler
    std::function<void()> power_notified;        // in the miniports' IPowerNotify
    std::function<void()> pnp_stopped;           // in their IMiniportPnpNotify
    NTSTATUS event_status = STATUS_SUCCESS;

    // ---- streams ----
    NTSTATUS new_stream_status = STATUS_SUCCESS;
    NTSTATUS set_format_status = STATUS_SUCCESS;
    int failing_state = -1; // a KSSTATE
    bool stream_power_notify = false;
    bool drm_stream = false;
    NTSTATUS content_status = STATUS_SUCCESS;

    // ---- what happened ----
    std::vector<std::string> journal;
    std::vector<Call> calls;
    ULONG bytes_written_past = 0;  // by the handler of a GET, behind the value
    std::vector<char> format_seen; // by the last NewStream
    PCPROPERTY_REQUEST* pending_request = nullptr;
    PCPROPERTY_REQUEST* last_request = nullptr; // of any property of the set, over or not
    NTSTATUS early_status = STATUS_PENDING;     // what the handler of custom_early returns
    ULONG event_node = 0;                       // likewise
    KIRQL event_irql = PASSIVE_LEVEL;           // of the last call of the event handler
    DRMRIGHTS content_rights = {};              // of the last SetContentId
    ULONG stored_value = 0;
    ULONG handlers_inside = 0;
    ULONG most_handlers_inside = 0;
    ULONG miniports_alive = 0;
    ULONG streams_alive = 0;
    std::vector<TestWaveStream*> streams;
    DEVICE_OBJECT* functional_device = nullptr;
    DEVICE_OBJECT* physical_device = nullptr;
    IPort* topology_port = nullptr; // referenced until the device is removed
    IPort* wave_port = nullptr;
    IUnknown* adapter = nullptr;
    IUnknown* adapter_seen = nullptr;
    IResourceList* resources_seen = nullptr;
    IPortTopology* topology_port_seen = nullptr; // by the last Init
    IPortWaveRT* wave_port_seen = nullptr;
    IMiniport* topology_miniport = nullptr;
    IMiniport* wave_miniport = nullptr;

    void note(std::string line) { journal.push_back(std::move(line)); }
    ULONG count_of(const std::string& line) const {
        return static_cast<ULONG>(std::count(journal.begin(), journal.end(), line));
    }
    std::string text() const {
        std::string all;
        for (const std::string& line : journal) {
            all += all.empty() ? line : " " + line;
        }
        return all;
    }
    void clear() {
        journal.clear();
        calls.clear();
    }
};

// Of the running test.
Script*& script();

NTSTATUS NTAPI core_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path);
NTSTATUS NTAPI core_add_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device);

class TestWaveStream final
    : public portcls::ComObject<TestWaveStream, IMiniportWaveRTStream, IPowerNotify, IDrmAudioStream> {
public:
    explicit TestWaveStream(bool capture);
    ~TestWaveStream();
    void* find_interface(const GUID& id);

    NTSTATUS NTAPI SetFormat(PKSDATAFORMAT format) override;
    NTSTATUS NTAPI SetState(KSSTATE state) override;
    NTSTATUS NTAPI GetPosition(PKSAUDIO_POSITION position) override;
    NTSTATUS NTAPI AllocateAudioBuffer(ULONG, PMDL*, ULONG*, ULONG*, MEMORY_CACHING_TYPE*) override;
    void NTAPI FreeAudioBuffer(PMDL, ULONG) override;
    void NTAPI GetHWLatency(KSRTAUDIO_HWLATENCY* latency) override;
    NTSTATUS NTAPI GetPositionRegister(KSRTAUDIO_HWREGISTER*) override;
    NTSTATUS NTAPI GetClockRegister(KSRTAUDIO_HWREGISTER*) override;
    void NTAPI PowerChangeNotify(POWER_STATE state) override;
    NTSTATUS NTAPI SetContentId(ULONG content_id, PCDRMRIGHTS rights) override;

    IMiniportWaveRTStream* main_interface() { return this; }
    bool capture() const { return capture_; }

private:
    bool capture_;
};

} // namespace conformance
