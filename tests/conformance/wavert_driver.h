// A WaveRT adapter driver that lives in the test program: it keeps a journal of what the port asked of it, and its
// answers can be scripted. Its sample clock is the machine's clock.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <portcls.h>

#include "portcls/helpers/com_object.h"

namespace wavert_test {

namespace portcls = openportcls::portcls;

inline constexpr ULONG sample_rate = 48000;
inline constexpr ULONG frame_bytes = 4;
inline constexpr ULONG byte_rate = sample_rate * frame_bytes;
inline constexpr ULONG ten_milliseconds = byte_rate / 100;
inline constexpr ULONG twenty_milliseconds = byte_rate / 50;

inline constexpr ULONG render_pin = 0;
inline constexpr ULONG capture_pin = 1;
inline constexpr ULONG bridge_pin = 2;
inline constexpr ULONG pin_count = 3;
inline constexpr ULONG engine_node = 0;

// A property of the driver's own on the filter, whose handler sleeps.
inline constexpr GUID slow_property_set = {0x5A5A0001, 0x1111, 0x2222, {1, 2, 3, 4, 5, 6, 7, 8}};
inline constexpr ULONG slow_property_milliseconds = 40;

class TestStream;

// What the driver does when it is asked, and what it was asked. One per test.
struct Script {
    // Interfaces the next stream answers to.
    bool notification = true;
    bool packets = false;
    bool engine = false;
    bool engine2 = false;
    bool drm = false;
    bool power_notify = false;
    // Interfaces of the miniport.
    bool device_engine = false;
    bool modes = false;
    // The adapter takes part in rebalancing.
    bool rebalance = false;
    // Its render pin has a handler for KSPROPERTY_AUDIO_POSITIONEX.
    bool position_handler = false;

    NTSTATUS init_status = STATUS_SUCCESS;
    NTSTATUS new_stream_status = STATUS_SUCCESS;
    bool new_stream_without_object = false;
    NTSTATUS allocate_status = STATUS_SUCCESS;
    NTSTATUS set_format_status = STATUS_SUCCESS;
    NTSTATUS set_content_status = STATUS_SUCCESS;
    NTSTATUS register_event_status = STATUS_SUCCESS;
    int failing_state = -1; // a KSSTATE

    // The buffer: what is added to the requested size, where it begins in the first page, how it is cached.
    LONG size_adjustment = 0;
    ULONG offset = 0;
    bool contiguous = false;
    bool no_mdl = false;
    ULONG claimed_size = 0; // instead of the truth
    MEMORY_CACHING_TYPE cache_type = MmWriteCombined;
    ULONGLONG high_address = 0xFFFFFFFF;

    DEVICE_DESCRIPTION device_description = {};
    NTSTATUS device_description_status = STATUS_SUCCESS;

    // Put on the device interface before it is enabled (R-WRT-32).
    ULONG least_packet_period = 0;

    KSRTAUDIO_HWREGISTER position_register = {};
    KSRTAUDIO_HWREGISTER clock_register = {};

    std::vector<std::string> journal;
    std::vector<GUID> asked_of_miniport; // interfaces the port queried
    std::vector<GUID> asked_of_stream;
    KIRQL power_irql = 0xFF;
    std::set<std::string> called;     // every interface method that the port has called
    std::vector<TestStream*> streams; // living, not referenced
    IPortWaveRT* port = nullptr;      // during the device's life
    IUnknown* miniport = nullptr;
    ULONG miniports_alive = 0;
    ULONG streams_alive = 0;
    DEVICE_OBJECT* functional_device = nullptr;

    void note(std::string line) { journal.push_back(std::move(line)); }
    bool noted(const std::string& line) const {
        return std::find(journal.begin(), journal.end(), line) != journal.end();
    }
    // The journal since it was cleared, one line each.
    std::string text() const {
        std::string all;
        for (const std::string& line : journal) {
            all += line + "\n";
        }
        return all;
    }
    TestStream& stream() const { return *streams.back(); }
};

// The script of the running test.
Script*& script();

NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path);

inline void called(const char* method) {
    script()->called.insert(method);
}

inline std::string number(ULONGLONG value) {
    return std::to_string(value);
}

// Ranges of volume, mute and peak meter for as many channels as there is room for.
void fill_steppings(eChannelTargetType target, PKSPROPERTY_STEPPING_LONG steppings, UINT32 size);

class TestStream final
    : public portcls::ComObject<TestStream, IMiniportWaveRTStreamNotification, IMiniportWaveRTInputStream,
                                IMiniportWaveRTOutputStream, IMiniportStreamAudioEngineNode,
                                IMiniportStreamAudioEngineNode2, IDrmAudioStream, IPowerNotify> {
public:
    TestStream(IPortWaveRTStream* port_stream, ULONG pin, bool capture);
    ~TestStream();
    void* find_interface(const GUID& id);

    // IMiniportWaveRTStreamNotification and its base
    NTSTATUS NTAPI SetFormat(PKSDATAFORMAT format) override;
    NTSTATUS NTAPI SetState(KSSTATE state) override;
    NTSTATUS NTAPI GetPosition(PKSAUDIO_POSITION position) override;
    NTSTATUS NTAPI AllocateAudioBuffer(ULONG size, PMDL* mdl, ULONG* actual, ULONG* offset,
                                       MEMORY_CACHING_TYPE* cache) override;
    void NTAPI FreeAudioBuffer(PMDL mdl, ULONG size) override;
    void NTAPI GetHWLatency(KSRTAUDIO_HWLATENCY* latency) override;
    NTSTATUS NTAPI GetPositionRegister(KSRTAUDIO_HWREGISTER* hardware_register) override;
    NTSTATUS NTAPI GetClockRegister(KSRTAUDIO_HWREGISTER* hardware_register) override;
    NTSTATUS NTAPI AllocateBufferWithNotification(ULONG count, ULONG size, PMDL* mdl, ULONG* actual, ULONG* offset,
                                                  MEMORY_CACHING_TYPE* cache) override;
    void NTAPI FreeBufferWithNotification(PMDL mdl, ULONG size) override;
    NTSTATUS NTAPI RegisterNotificationEvent(PKEVENT event) override;
    NTSTATUS NTAPI UnregisterNotificationEvent(PKEVENT event) override;
    // Packets
    NTSTATUS NTAPI GetReadPacket(ULONG* number, DWORD* flags, ULONG64* time, BOOL* more) override;
    NTSTATUS NTAPI SetWritePacket(ULONG number, DWORD flags, ULONG end_of_stream_length) override;
    NTSTATUS NTAPI GetOutputStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* position) override;
    NTSTATUS NTAPI GetPacketCount(ULONG* count) override;
    // Engine
    NTSTATUS NTAPI GetLfxState(BOOL* enabled) override;
    NTSTATUS NTAPI SetLfxState(BOOL enabled) override;
    NTSTATUS NTAPI GetStreamChannelCount(eChannelTargetType target, UINT32* count) override;
    NTSTATUS NTAPI GetStreamAttributeSteppings(eChannelTargetType target, PKSPROPERTY_STEPPING_LONG steppings,
                                               UINT32 size) override;
    NTSTATUS NTAPI GetStreamChannelVolume(UINT32 channel, LONG* volume) override;
    NTSTATUS NTAPI SetStreamChannelVolume(UINT32 channel, LONG volume, AUDIO_CURVE_TYPE curve,
                                          ULONGLONG duration) override;
    NTSTATUS NTAPI GetStreamChannelMute(UINT32 channel, BOOL* muted) override;
    NTSTATUS NTAPI SetStreamChannelMute(UINT32 channel, BOOL muted) override;
    NTSTATUS NTAPI GetStreamChannelPeakMeter(UINT32 channel, LONG* peak) override;
    NTSTATUS NTAPI GetStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* position) override;
    NTSTATUS NTAPI SetStreamCurrentWritePosition(ULONG position) override;
    NTSTATUS NTAPI GetStreamLinearBufferPosition(ULONGLONG* position) override;
    NTSTATUS NTAPI SetStreamLoopbackProtection(CONSTRICTOR_OPTION option) override;
    NTSTATUS NTAPI SetStreamCurrentWritePositionForLastBuffer(ULONG position) override;
    // Others
    NTSTATUS NTAPI SetContentId(ULONG content_id, PCDRMRIGHTS rights) override;
    void NTAPI PowerChangeNotify(POWER_STATE state) override;

    IPortWaveRTStream& port_stream() { return *port_stream_; }
    ULONGLONG linear_position() const;
    KSSTATE state() const { return state_; }
    const std::vector<PKEVENT>& events() const { return events_; }
    PMDL mdl() const { return mdl_; }
    ULONG buffer_size() const { return size_; }

private:
    NTSTATUS allocate(ULONG count, ULONG size, PMDL* mdl, ULONG* actual, ULONG* offset, MEMORY_CACHING_TYPE* cache);
    ULONG packet_bytes() const { return size_ / std::max(notification_count_, 1u); }
    ULONG completed_packets() const;
    void arm_timer();
    static void NTAPI packet_done(PKDPC dpc, PVOID context, PVOID, PVOID);

    IPortWaveRTStream* port_stream_;
    bool capture_;
    KSSTATE state_ = KSSTATE_STOP;
    ULONGLONG bytes_at_pause_ = 0;
    ULONGLONG running_since_ = 0; // 100 ns
    PMDL mdl_ = nullptr;
    ULONG size_ = 0;
    ULONG notification_count_ = 0;
    std::vector<PKEVENT> events_;
    ULONG next_read_packet_ = 0;
    ULONG last_written_packet_ = 0;
    bool any_packet_written_ = false;
    bool end_of_stream_ = false;
    BOOL effect_ = TRUE;
    LONG volume_[2] = {0, 0};
    BOOL muted_[2] = {FALSE, FALSE};
    LONG peak_ = 1000;
    ULONG write_position_ = 0;
    KTIMER timer_;
    KDPC dpc_;
};

} // namespace wavert_test
