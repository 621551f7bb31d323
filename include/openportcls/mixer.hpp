// The mixer lines of a driver's devices: what the WDMAud system driver makes of a topology for the multimedia mixer
// API, and what legacy applications (SndVol32 …) show of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <openportcls/machine.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

inline constexpr std::size_t no_mixer_line = SIZE_MAX;

// MIXERCONTROL_CONTROLTYPE_xxx, those that a WDM driver can have.
enum class MixerControlType : std::uint8_t {
    volume,
    mute,
    on_off, // automatic gain, bass boost
    loudness,
    bass,
    treble,
    peak_meter,
    mux,
    fader, // stereo width, chorus, reverb
};
std::string_view mixer_control_name(MixerControlType type); // "VOLUME", "ONOFF"

struct MixerControl {
    MixerControlType type = MixerControlType::volume;
    std::string filter; // whose node it is
    std::uint32_t node = 0;
    std::string name;            // of the node; all its controls share it
    std::uint32_t channels = 0;  // none of a mux
    bool is_master_only = false; // one value, of channel -1
    bool is_uniform = false;     // one value for all channels
    bool tells_changes = false;  // KSEVENT_CONTROL_CHANGE on its node
    // Of a mux: the source line of each of its inputs, in the order of their numbers from 1 on; an index of
    // Mixer::sources, or no_mixer_line for one that nothing leads to.
    std::vector<std::size_t> inputs;
};

struct MixerLine {
    std::string name;
    std::string component; // MIXERLINE_COMPONENTTYPE_xxx: "DST_SPEAKERS", "SRC_LINE"
    std::string target;    // MIXERLINE_TARGETTYPE_xxx: "WAVEOUT", "UNDEFINED"
    std::string filter;
    std::uint32_t pin = UINT32_MAX;          // UINT32_MAX: a virtual line, from a SUM or MUX node to a mux
    std::size_t destination = no_mixer_line; // of a source line: an index of Mixer::destinations
    std::vector<MixerControl> controls;

    // MIXERLINE::cChannels: the most that one of its controls has, and 1 without any.
    std::uint32_t channels() const;
};

struct Mixer {
    std::string device; // instance path
    std::vector<MixerLine> destinations;
    std::vector<MixerLine> sources;
};

// One for each device that has a filter with pins, made of all its filters and the physical connections between them.
Result<std::vector<Mixer>> read_mixers(Machine& machine);

} // namespace openportcls
