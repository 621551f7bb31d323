// The nodes that become controls, and the properties that say how many channels they have.
#include <algorithm>
#include <cstring>
#include <limits>

#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"
#include "client/mixer_graph.h"

namespace openportcls {

std::string_view mixer_control_name(MixerControlType type) {
    static constexpr std::string_view names[] = {"VOLUME", "MUTE",      "ONOFF", "LOUDNESS", "BASS",
                                                 "TREBLE", "PEAKMETER", "MUX",   "FADER"};
    return names[static_cast<std::size_t>(type)];
}

namespace client {

namespace {

constexpr std::uint32_t master_channel = UINT32_MAX;
constexpr LONG silence = std::numeric_limits<LONG>::min(); // minus infinity decibels

struct Translation {
    Guid node_type;
    std::uint32_t property;
    MixerControlType control;
};

// A tone node becomes as many controls as it answers properties; the middle frequencies have no control.
const Translation translations[] = {
    {from_windows(KSNODETYPE_VOLUME), KSPROPERTY_AUDIO_VOLUMELEVEL, MixerControlType::volume},
    {from_windows(KSNODETYPE_MUTE), KSPROPERTY_AUDIO_MUTE, MixerControlType::mute},
    {from_windows(KSNODETYPE_AGC), KSPROPERTY_AUDIO_AGC, MixerControlType::on_off},
    {from_windows(KSNODETYPE_LOUDNESS), KSPROPERTY_AUDIO_LOUDNESS, MixerControlType::loudness},
    {from_windows(KSNODETYPE_TONE), KSPROPERTY_AUDIO_BASS, MixerControlType::bass},
    {from_windows(KSNODETYPE_TONE), KSPROPERTY_AUDIO_TREBLE, MixerControlType::treble},
    {from_windows(KSNODETYPE_TONE), KSPROPERTY_AUDIO_BASS_BOOST, MixerControlType::on_off},
    {from_windows(KSNODETYPE_PEAKMETER), KSPROPERTY_AUDIO_PEAKMETER, MixerControlType::peak_meter},
    {from_windows(KSNODETYPE_PEAKMETER), KSPROPERTY_AUDIO_PEAKMETER2, MixerControlType::peak_meter},
    {from_windows(KSNODETYPE_STEREO_WIDE), KSPROPERTY_AUDIO_WIDENESS, MixerControlType::fader},
    {from_windows(KSNODETYPE_CHORUS), KSPROPERTY_AUDIO_CHORUS_LEVEL, MixerControlType::fader},
    {from_windows(KSNODETYPE_REVERB), KSPROPERTY_AUDIO_REVERB_LEVEL, MixerControlType::fader},
};

bool answers(const Filter& filter, const Key& key, std::uint32_t node, std::uint32_t channel) {
    return static_cast<bool>(filter.get<std::int32_t>(key, Target::channel(node, channel)));
}

// KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_xxx: how many channels a driver states, for Windows XP and later.
bool stated_channels(const Filter& filter, const Key& key, MixerControl& control) {
    const auto support = filter.support(key, Target::channel(control.node, 0));
    constexpr std::size_t head = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER);
    if (!support || support->description.size() < head) {
        return false;
    }
    KSPROPERTY_MEMBERSHEADER members;
    std::memcpy(&members, support->description.data() + sizeof(KSPROPERTY_DESCRIPTION), sizeof members);
    if ((members.Flags & KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL) == 0 || members.MembersCount == 0) {
        return false;
    }
    control.channels = members.MembersCount;
    control.is_uniform = (members.Flags & KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_UNIFORM) != 0;
    return true;
}

// The left channel, the right one; the master channel when neither answers. False: no control.
bool find_channels(const Filter& filter, const Key& key, MixerControl& control) {
    if (answers(filter, key, control.node, 0)) {
        if (!stated_channels(filter, key, control)) {
            control.channels = answers(filter, key, control.node, 1) ? 2 : 1;
        }
        return true;
    }
    if (answers(filter, key, control.node, 1)) {
        control.channels = 2;
        return true;
    }
    control.channels = 1;
    control.is_master_only = answers(filter, key, control.node, master_channel);
    return control.is_master_only;
}

std::vector<KSAUDIO_MIX_CAPS> supermix_capabilities(const Filter& filter, std::uint32_t node, ULONG& outputs) {
    const auto value = filter.get_bytes({property::audio_set, KSPROPERTY_AUDIO_MIX_LEVEL_CAPS}, Target::node(node));
    constexpr std::size_t head = FIELD_OFFSET(KSAUDIO_MIXCAP_TABLE, Capabilities);
    if (!value || value->size() < head) {
        return {};
    }
    ULONG sizes[2];
    std::memcpy(sizes, value->data(), sizeof sizes);
    outputs = sizes[1];
    const std::uint64_t count = static_cast<std::uint64_t>(sizes[0]) * sizes[1];
    if ((value->size() - head) / sizeof(KSAUDIO_MIX_CAPS) < count) {
        return {};
    }
    std::vector<KSAUDIO_MIX_CAPS> capabilities(count);
    if (count != 0) {
        std::memcpy(capabilities.data(), value->data() + head, count * sizeof(KSAUDIO_MIX_CAPS));
    }
    return capabilities;
}

// A mute when every path can be muted or is silent for ever; a volume when every path has a range.
std::vector<MixerControl> supermix_controls(const Filter& filter, const MixerControl& blank) {
    ULONG outputs = 0;
    const auto capabilities = supermix_capabilities(filter, blank.node, outputs);
    const auto all = [&](auto&& is_so) {
        return !capabilities.empty() && std::all_of(capabilities.begin(), capabilities.end(), is_so);
    };
    std::vector<MixerControl> controls;
    const auto add = [&](MixerControlType type) {
        controls.push_back(blank);
        controls.back().type = type;
        controls.back().channels = outputs;
    };
    if (all([](const KSAUDIO_MIX_CAPS& each) {
            return each.Mute || (each.Minimum == silence && each.Maximum == silence);
        })) {
        add(MixerControlType::mute);
    }
    if (all([](const KSAUDIO_MIX_CAPS& each) { return each.Minimum != each.Maximum; })) {
        add(MixerControlType::volume);
    }
    return controls;
}

} // namespace

std::vector<MixerControl> mixer_controls(const Filter& filter, const NodeInfo& node) {
    MixerControl blank;
    blank.filter = filter.name();
    blank.node = node.id;
    blank.name = node.name;
    blank.tells_changes = filter.supports_event(event::control_change, Target::node(node.id)); // R-WDMA-07
    if (node.type == from_windows(KSNODETYPE_SUPERMIX)) {
        return supermix_controls(filter, blank);
    }
    std::vector<MixerControl> controls;
    if (node.type == from_windows(KSNODETYPE_MUX)) { // asked once, not for each channel
        if (filter.mux(node.id)) {
            controls.push_back(blank);
            controls.back().type = MixerControlType::mux;
        }
        return controls;
    }
    for (const Translation& each : translations) {
        const bool is_there = !controls.empty() && controls.back().type == each.control; // by its older property
        MixerControl control = blank;
        control.type = each.control;
        if (each.node_type == node.type && !is_there &&
            find_channels(filter, {property::audio_set, each.property}, control)) {
            controls.push_back(std::move(control));
        }
    }
    return controls;
}

} // namespace client

} // namespace openportcls
