#include "portcls/personality.h"

#include <array>

namespace openportcls::portcls {

namespace {

using enum WindowsVersion;

// In the order of Feature.
constexpr std::array<WindowsVersion, static_cast<std::size_t>(Feature::count)> first_version = {
    windows_2000,    // of_every_release
    xp,              // content_functions
    xp,              // port_cls_version
    xp,              // pin_count
    xp,              // prefetch_offset
    xp_sp2,          // unregistering
    vista,           // subdevice_ex: its IID is declared from Vista on
    vista,           // wave_rt
    vista,           // propose_data_format
    windows_7,       // adapter_power_management_2
    windows_7,       // port_cls_power
    windows_7,       // wmi_registration
    windows_7,       // pin_name
    windows_7,       // notification_support_query
    windows_8,       // adapter_power_management_3
    windows_8,       // immediate_idle (immediate-idle-timeout-opt-in)
    windows_8,       // runtime_power (X-04: the methods' pages say 7, the conceptual page 8)
    windows_8,       // etw_helper
    windows_8,       // audio_engine_node
    windows_8,       // physical_device_object
    windows_8_1,     // signal_processing_modes
    windows_8_1,     // audio_engine_node_2
    windows_10,      // packet_streams
    windows_10,      // stream_resources
    windows_10,      // power_framework_settings
    windows_10_1511, // pnp_management
    windows_10_1511, // stream_resources_2
    windows_10_1703, // notifications
    xp,              // music_technology
    windows_2000,    // fm_synth_miniports
};

struct Name {
    std::string_view text;
    WindowsVersion version;
};
constexpr Name release_names[] = {
    {"2000", windows_2000},       {"xp", xp_sp2},          {"vista", vista},   {"7", windows_7}, {"8", windows_8},
    {"8.1", windows_8_1},         {"10", windows_10_1703}, {"11", windows_11}, {"xp-rtm", xp},   {"10-rtm", windows_10},
    {"10-1511", windows_10_1511},
};

} // namespace

std::optional<WindowsVersion> parse_windows_version(std::string_view text) {
    for (const Name& name : release_names) {
        if (name.text == text) {
            return name.version;
        }
    }
    return std::nullopt;
}

std::string_view windows_version_name(WindowsVersion version) {
    for (const Name& name : release_names) {
        if (name.version == version) {
            return name.text;
        }
    }
    return {};
}

WindowsVersion first_version_with(Feature feature) {
    return first_version[static_cast<std::size_t>(feature)];
}

// "FmSynth miniport" and "FmSynthWithVol miniport" of the tables: pre-Vista only. nf-portcls-pcnewminiport leaves them
// to 32-bit Windows from Server 2003 SP1 on, and a machine here is a 64-bit one. XP keeps them all the same: what runs
// on it are the drivers of 32-bit XP.
std::optional<WindowsVersion> first_version_without(Feature feature) {
    return feature == Feature::fm_synth_miniports ? std::optional(vista) : std::nullopt;
}

bool has_feature(WindowsVersion version, Feature feature) {
    const auto end = first_version_without(feature);
    return version >= first_version_with(feature) && (!end || version < *end);
}

LONG port_cls_version_number(WindowsVersion version) {
    switch (version) {
    case windows_2000:
        return kVersionWin2K;
    case xp:
        return kVersionWinXP;
    case xp_sp2:
        return kVersionWinXPSP1;
    default:
        return kVersionWindowsLonghorn;
    }
}

} // namespace openportcls::portcls
