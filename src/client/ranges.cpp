#include "client/ranges.h"

#include <algorithm>
#include <cstring>

#include <ks.h>
#include <ksmedia.h>

#include "base/unicode.h"

namespace openportcls::client {

std::vector<WaveRange> parse_ranges(std::span<const std::byte> bytes) {
    std::vector<WaveRange> ranges;
    if (bytes.size() < sizeof(KSMULTIPLE_ITEM)) {
        return ranges;
    }
    KSMULTIPLE_ITEM header;
    std::memcpy(&header, bytes.data(), sizeof header);
    std::size_t offset = sizeof header;
    for (ULONG i = 0; i < header.Count && offset + sizeof(KSDATARANGE) <= bytes.size(); ++i) {
        KSDATARANGE range;
        std::memcpy(&range, bytes.data() + offset, sizeof range);
        if (range.FormatSize >= sizeof(KSDATARANGE_AUDIO) && offset + sizeof(KSDATARANGE_AUDIO) <= bytes.size() &&
            IsEqualGUID(range.MajorFormat, KSDATAFORMAT_TYPE_AUDIO)) {
            KSDATARANGE_AUDIO audio;
            std::memcpy(&audio, bytes.data() + offset, sizeof audio);
            WaveRange wave;
            wave.minimum_rate = audio.MinimumSampleFrequency;
            wave.maximum_rate = audio.MaximumSampleFrequency;
            wave.maximum_channels = static_cast<std::uint16_t>(std::min<ULONG>(audio.MaximumChannels, UINT16_MAX));
            wave.minimum_bits = static_cast<std::uint16_t>(audio.MinimumBitsPerSample);
            wave.maximum_bits = static_cast<std::uint16_t>(audio.MaximumBitsPerSample);
            const bool any = IsEqualGUID(range.SubFormat, GUID_NULL);
            wave.is_pcm = any || IsEqualGUID(range.SubFormat, KSDATAFORMAT_SUBTYPE_PCM);
            wave.is_float = any || IsEqualGUID(range.SubFormat, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT);
            ranges.push_back(wave);
        }
        // An attribute list stands behind the range it belongs to and counts as an item of its own (KSDATARANGE page).
        offset += (std::max<std::size_t>(range.FormatSize, sizeof(KSMULTIPLE_ITEM)) + 7) / 8 * 8;
        if ((range.Flags & KSDATARANGE_ATTRIBUTES) != 0 && offset + sizeof(KSMULTIPLE_ITEM) <= bytes.size()) {
            KSMULTIPLE_ITEM attributes;
            std::memcpy(&attributes, bytes.data() + offset, sizeof attributes);
            offset += (std::max<std::size_t>(attributes.Size, sizeof attributes) + 7) / 8 * 8;
            ++i;
        }
    }
    return ranges;
}

std::string text_of(std::span<const std::byte> bytes) {
    std::u16string text(bytes.size() / 2, u'\0');
    std::memcpy(text.data(), bytes.data(), text.size() * 2);
    text.resize(std::min(text.find(u'\0'), text.size()));
    return utf16_to_utf8(text);
}

} // namespace openportcls::client
