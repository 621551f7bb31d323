// Finding a format that a pin takes.
#include <openportcls/filter.hpp>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <ks.h>
#include <ksmedia.h>

#include "client/state.h"
#include "client/wave_format.h"

namespace openportcls {

namespace {

constexpr std::size_t pin_descriptor_bytes = sizeof(KSP_PIN) - sizeof(KSPROPERTY);

template<class T>
void append(std::vector<std::byte>& bytes, const T& value) {
    const auto part = std::as_bytes(std::span(&value, 1));
    bytes.insert(bytes.end(), part.begin(), part.end());
}

KSDATARANGE_AUDIO range_of(const WaveRange& range) {
    KSDATARANGE_AUDIO audio{};
    audio.DataRange.FormatSize = sizeof audio;
    audio.DataRange.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    audio.DataRange.SubFormat = range.is_float && range.is_pcm ? GUID_NULL
                                : range.is_float               ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT
                                                               : KSDATAFORMAT_SUBTYPE_PCM;
    audio.DataRange.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    audio.MaximumChannels = range.maximum_channels;
    audio.MinimumBitsPerSample = range.minimum_bits;
    audio.MaximumBitsPerSample = range.maximum_bits;
    audio.MinimumSampleFrequency = range.minimum_rate;
    audio.MaximumSampleFrequency = range.maximum_rate;
    return audio;
}

Result<WaveFormat> format_of(const client::ObjectState& object, std::span<const std::byte> bytes) {
    auto format = client::parse_data_format(bytes);
    if (!format) {
        return object.error(STATUS_NO_MATCH, "the driver answered with a format that is no wave format");
    }
    return *format;
}

} // namespace

Result<WaveFormat> Filter::intersect(std::uint32_t pin, const WaveRange& range) const {
    const KSDATARANGE_AUDIO audio = range_of(range);
    const Target target = Target::pin(pin);
    const auto head = target.descriptor();
    std::vector<std::byte> descriptor(head.begin(), head.end());
    append(descriptor, KSMULTIPLE_ITEM{sizeof(KSMULTIPLE_ITEM) + sizeof audio, 1});
    append(descriptor, audio);
    auto bytes = property_value(property::pin_set, KSPROPERTY_PIN_DATAINTERSECTION, descriptor);
    return bytes ? format_of(*object_, *bytes) : Result<WaveFormat>(bytes.error());
}

Result<void> Filter::propose(std::uint32_t pin, const WaveFormat& format, ProcessingMode mode) const {
    if (!client::is_processing_mode(mode)) {
        return client::no_processing_mode();
    }
    std::vector<std::byte> value = client::make_data_format(format, mode);
    auto done = property(property::pin_set, KSPROPERTY_PIN_PROPOSEDATAFORMAT, property_set,
                         Target::pin(pin).descriptor(), value);
    return done ? Result<void>() : Result<void>(done.error());
}

Result<WaveFormat> Filter::preferred_format(std::uint32_t pin, ProcessingMode mode) const {
    if (!client::is_processing_mode(mode)) {
        return client::no_processing_mode();
    }
    const Target target = Target::pin(pin);
    const auto head = target.descriptor();
    std::vector<std::byte> descriptor(head.begin(), head.end());
    if (mode != ProcessingMode::none) {
        // The mode comes as the attribute that a stream of it would be opened with.
        const KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE attribute = client::mode_attribute(mode);
        append(descriptor, KSMULTIPLE_ITEM{sizeof(KSMULTIPLE_ITEM) + sizeof attribute, 1});
        append(descriptor, attribute);
    }
    auto bytes = property_value(property::pin_set, KSPROPERTY_PIN_PROPOSEDATAFORMAT2, descriptor);
    return bytes ? format_of(*object_, *bytes) : Result<WaveFormat>(bytes.error());
}

Result<std::vector<Guid>> Filter::processing_modes(std::uint32_t pin) const {
    static_assert(pin_descriptor_bytes == 8);
    Guid set;
    std::memcpy(&set, &KSPROPSETID_AudioSignalProcessing, sizeof set);
    return get_items<Guid>({set, KSPROPERTY_AUDIOSIGNALPROCESSING_MODES}, Target::pin(pin));
}

} // namespace openportcls
