// Volume, mute, mux and meters of a filter's nodes.
#include <openportcls/filter.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <ks.h>
#include <ksmedia.h>

namespace openportcls {

namespace {

// The public header states numbers, so that applications need no Windows headers.
static_assert(property::audio_volume_level.id == KSPROPERTY_AUDIO_VOLUMELEVEL);
static_assert(property::audio_channel_config.id == KSPROPERTY_AUDIO_CHANNEL_CONFIG);
static_assert(property::audio_latency.id == KSPROPERTY_AUDIO_LATENCY);
static_assert(property::audio_position.id == KSPROPERTY_AUDIO_POSITION);
static_assert(property::audio_mux_source.id == KSPROPERTY_AUDIO_MUX_SOURCE);
static_assert(property::audio_mute.id == KSPROPERTY_AUDIO_MUTE);
static_assert(property::audio_bass.id == KSPROPERTY_AUDIO_BASS);
static_assert(property::audio_middle.id == KSPROPERTY_AUDIO_MID);
static_assert(property::audio_treble.id == KSPROPERTY_AUDIO_TREBLE);
static_assert(property::audio_automatic_gain.id == KSPROPERTY_AUDIO_AGC);
static_assert(property::audio_loudness.id == KSPROPERTY_AUDIO_LOUDNESS);
static_assert(property::audio_peak_meter.id == KSPROPERTY_AUDIO_PEAKMETER2);
static_assert(property::connection_data_format.id == KSPROPERTY_CONNECTION_DATAFORMAT);
static_assert(property::jack_description.id == KSPROPERTY_JACK_DESCRIPTION);
static_assert(property_basic_support == KSPROPERTY_TYPE_BASICSUPPORT);
static_assert(property_set_support == KSPROPERTY_TYPE_SETSUPPORT);
static_assert(property_topology == KSPROPERTY_TYPE_TOPOLOGY);

constexpr double level_per_decibel = 65536.0;

} // namespace

Result<double> Filter::volume(std::uint32_t node, std::uint32_t channel) const {
    const auto level = get<LONG>(property::audio_volume_level, Target::channel(node, channel));
    return level ? Result<double>(*level / level_per_decibel) : Result<double>(level.error());
}

Result<void> Filter::set_volume(std::uint32_t node, std::uint32_t channel, double decibels) {
    if (std::isnan(decibels)) {
        return Error{STATUS_INVALID_PARAMETER, "a volume is a number of decibels, or minus infinity"};
    }
    const double level = std::clamp(decibels * level_per_decibel, -2147483648.0, 2147483647.0);
    return set(property::audio_volume_level, static_cast<LONG>(level), Target::channel(node, channel));
}

Result<std::vector<Filter::Range>> Filter::volume_ranges(std::uint32_t node) const {
    const auto known = support(property::audio_volume_level, Target::channel(node, 0));
    if (!known) {
        return known.error();
    }
    std::vector<Range> ranges;
    for (const PropertyRange& range : known->ranges) {
        ranges.push_back(
            {range.minimum / level_per_decibel, range.maximum / level_per_decibel, range.step / level_per_decibel});
    }
    return ranges;
}

Result<bool> Filter::mute(std::uint32_t node, std::uint32_t channel) const {
    const auto value = get<BOOL>(property::audio_mute, Target::channel(node, channel));
    return value ? Result<bool>(*value != 0) : Result<bool>(value.error());
}

Result<void> Filter::set_mute(std::uint32_t node, std::uint32_t channel, bool mute) {
    return set(property::audio_mute, BOOL{mute ? 1 : 0}, Target::channel(node, channel));
}

Result<std::uint32_t> Filter::mux(std::uint32_t node) const {
    return get<std::uint32_t>(property::audio_mux_source, Target::channel(node, 0));
}

Result<void> Filter::set_mux(std::uint32_t node, std::uint32_t input) {
    return set(property::audio_mux_source, input, Target::channel(node, 0));
}

Result<double> Filter::peak(std::uint32_t node, std::uint32_t channel) const {
    const auto value = get<LONG>(property::audio_peak_meter, Target::channel(node, channel));
    return value ? Result<double>(*value / 2147483647.0) : Result<double>(value.error());
}

} // namespace openportcls
