// Which Windows PortCls is being: what exists and what does not ("OS support matrix" of the behaviour tables).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <portcls.h>

namespace openportcls::portcls {

enum class WindowsVersion : std::uint8_t {
    windows_2000,
    xp,
    xp_sp2,
    vista,
    windows_7,
    windows_8,
    windows_8_1,
    windows_10,
    windows_10_1511,
    windows_10_1703,
    windows_11,
};

// "xp", "vista", "7", "8", "8.1", "10", "11". The newest release of a name is meant: "xp" has XP SP2's interfaces.
std::optional<WindowsVersion> parse_windows_version(std::string_view text);
std::string_view windows_version_name(WindowsVersion version);

// Optional parts of PortCls.
enum class Feature : std::uint8_t {
    of_every_release,
    content_functions, // Pc…Content…, IDrmPort(2), IDrmAudioStream
    port_cls_version,
    pin_count,
    prefetch_offset, // IPreFetchOffset
    unregistering,   // IUnregisterSubdevice, IUnregisterPhysicalConnection
    subdevice_ex,
    wave_rt,
    propose_data_format, // KSPROPERTY_PIN_PROPOSEDATAFORMAT
    adapter_power_management_2,
    port_cls_power, // also PcUnregisterAdapterPowerManagement
    wmi_registration,
    pin_name,
    notification_support_query,
    adapter_power_management_3,
    immediate_idle, // ImmediateIdle of PowerSettings
    runtime_power,
    etw_helper,
    audio_engine_node,
    physical_device_object, // PcGetPhysicalDeviceObject
    signal_processing_modes,
    audio_engine_node_2,
    packet_streams, // IMiniportWaveRTInputStream, …OutputStream
    stream_resources,
    power_framework_settings,
    pnp_management,
    stream_resources_2,
    notifications,
    music_technology,   // IMusicTechnology
    fm_synth_miniports, // CLSID_MiniportDriverFmSynth(WithVol) of PcNewMiniport
    count,
};

WindowsVersion first_version_with(Feature feature);
// Where it ended; nothing: it stayed.
std::optional<WindowsVersion> first_version_without(Feature feature);
bool has_feature(WindowsVersion version, Feature feature);

// IPortClsVersion::GetVersion (R-VER-01, R-VER-02).
LONG port_cls_version_number(WindowsVersion version);

} // namespace openportcls::portcls
