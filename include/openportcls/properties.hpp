// Names of properties and events, and what a request is aimed at.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <openportcls/guid.hpp>

namespace openportcls {

// A member of a property or event set: KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE.
struct Key {
    Guid set;
    std::uint32_t id = 0;
    bool operator==(const Key&) const = default;
};

// Flags of a property request; numerically KSPROPERTY_TYPE_xxx.
enum PropertyFlags : std::uint32_t {
    property_get = 1,
    property_set = 2,
    property_set_support = 0x100,
    property_basic_support = 0x200,
    property_topology = 0x10000000,
};

// Whom a request addresses: the object it is sent to, or one of its pins, nodes, or channels of a node.
class Target {
public:
    Target() = default;
    static Target pin(std::uint32_t id) { return Target(0, {id}, 2); }
    static Target node(std::uint32_t id) { return Target(property_topology, {id}, 2); }
    static Target channel(std::uint32_t node, std::uint32_t channel) {
        return Target(property_topology, {node, 0, channel}, 4);
    }

    std::uint32_t flags() const { return flags_; }
    // What follows KSPROPERTY in the request: KSP_PIN, KSP_NODE or KSNODEPROPERTY_AUDIO_CHANNEL without their heads.
    std::span<const std::byte> descriptor() const { return std::as_bytes(std::span(words_.data(), count_)); }

private:
    Target(std::uint32_t flags, std::array<std::uint32_t, 4> words, std::size_t count)
        : flags_(flags), words_(words), count_(count) {}
    std::uint32_t flags_ = 0;
    std::array<std::uint32_t, 4> words_{};
    std::size_t count_ = 0;
};

// One KSPROPERTY_STEPPING_LONG, or a plain range with step 0, as the driver states it.
struct PropertyRange {
    std::int32_t minimum = 0;
    std::int32_t maximum = 0;
    std::uint32_t step = 0;
};

// The answer to KSPROPERTY_TYPE_BASICSUPPORT.
struct PropertySupport {
    bool can_get = false;
    bool can_set = false;
    std::uint32_t value_type = 0;       // VARTYPE of the value (3 = LONG, 11 = BOOL …); 0 = not stated
    std::vector<PropertyRange> ranges;  // of LONG values; one per channel where the driver says so
    std::vector<std::byte> description; // KSPROPERTY_DESCRIPTION and what follows it; empty when there is none
};

// The ones that applications need most; any other is one Key away.
namespace property {
inline constexpr Guid audio_set{0x45ffaaa0, 0x6e1b, 0x11d0, {0xbc, 0xf2, 0x44, 0x45, 0x53, 0x54, 0x00, 0x00}};
inline constexpr Guid pin_set{0x8c134960, 0x51ad, 0x11cf, {0x87, 0x8a, 0x94, 0xf8, 0x01, 0xc1, 0x00, 0x00}};
inline constexpr Guid topology_set{0x720d4ac0, 0x7533, 0x11d0, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}};
inline constexpr Guid connection_set{0x1d58c920, 0xac9b, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}};
inline constexpr Guid jack_set{0x4509f757, 0x2d46, 0x4637, {0x8e, 0x62, 0xce, 0x7d, 0xb9, 0x44, 0xf5, 0x7b}};
inline constexpr Guid realtime_audio_set{0xa855a48c, 0x2f78, 0x4729, {0x90, 0x51, 0x19, 0x68, 0x74, 0x6b, 0x9e, 0xef}};
inline constexpr Guid audio_module_set{0xc034fdb0, 0xff75, 0x47c8, {0xaa, 0x3c, 0xee, 0x46, 0x71, 0x6b, 0x50, 0xc6}};

inline constexpr Key audio_latency{audio_set, 1};        // KSTIME: time stamp and frequency
inline constexpr Key audio_channel_config{audio_set, 3}; // KSAUDIO_CHANNEL_CONFIG: speaker mask
inline constexpr Key audio_volume_level{audio_set, 4};   // LONG, 1/65536 dB; Target::channel
inline constexpr Key audio_position{audio_set, 5};       // KSAUDIO_POSITION; on streams
inline constexpr Key audio_mux_source{audio_set, 12};    // ULONG; Target::node
inline constexpr Key audio_bass{audio_set, 14};          // LONG, 1/65536 dB
inline constexpr Key audio_middle{audio_set, 15};
inline constexpr Key audio_treble{audio_set, 16};
inline constexpr Key audio_automatic_gain{audio_set, 21}; // BOOL
inline constexpr Key audio_loudness{audio_set, 23};       // BOOL
inline constexpr Key audio_mute{audio_set, 13};           // BOOL
inline constexpr Key audio_peak_meter{audio_set, 55};     // LONG since the last question; Target::channel
inline constexpr Key connection_state{connection_set, 0};
inline constexpr Key connection_data_format{connection_set, 2};
inline constexpr Key jack_description{jack_set, 1}; // KSMULTIPLE_ITEM of KSJACK_DESCRIPTION; Target::pin
// audio_module.hpp asks for them.
inline constexpr Key audio_module_descriptors{audio_module_set, 1}; // KSMULTIPLE_ITEM of KSAUDIOMODULE_DESCRIPTOR
inline constexpr Key audio_module_command{audio_module_set, 2};
inline constexpr Key audio_module_notification_device{audio_module_set, 3}; // GUID
} // namespace property

namespace event {
inline constexpr Key control_change{{0xe85e9698, 0xfa2f, 0x11d1, {0x95, 0xbd, 0x00, 0xc0, 0x4f, 0xb9, 0x25, 0xd3}},
                                    0}; // Target::node
} // namespace event

} // namespace openportcls
