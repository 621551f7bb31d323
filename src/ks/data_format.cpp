#include "ks/data_format.h"

#include <algorithm>
#include <cstring>

namespace openportcls::ks {

namespace {

constexpr ULONG round_up_8(ULONG bytes) {
    return (bytes + 7) & ~7u;
}

// Without the padding that the C structure has at its end.
constexpr ULONG audio_range_bytes = sizeof(KSDATARANGE) + 5 * sizeof(ULONG);
constexpr ULONG wave_offset = sizeof(KSDATAFORMAT);
constexpr ULONG dsound_wave_offset = offsetof(KSDATAFORMAT_DSOUND, BufferDesc.WaveFormatEx);
constexpr WORD extensible_extra_bytes = sizeof(WAVEFORMATEXTENSIBLE) - sizeof(WAVEFORMATEX);

bool is_null(const GUID& guid) {
    return IsEqualGUID(guid, GUID_NULL);
}

ULONG wave_position(const KSDATAFORMAT& format) {
    if (IsEqualGUID(format.Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)) {
        return wave_offset;
    }
    if (IsEqualGUID(format.Specifier, KSDATAFORMAT_SPECIFIER_DSOUND)) {
        return dsound_wave_offset;
    }
    return 0;
}

NTSTATUS check_wave(const WAVEFORMATEX& wave, ULONG room) {
    if (wave.cbSize > room - sizeof(WAVEFORMATEX)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (wave.wFormatTag == WAVE_FORMAT_PCM || wave.wFormatTag == WAVE_FORMAT_EXTENSIBLE) {
        if (wave.nChannels == 0 || wave.nSamplesPerSec == 0 || wave.nBlockAlign == 0) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    if (wave.wFormatTag == WAVE_FORMAT_EXTENSIBLE) {
        if (wave.cbSize < extensible_extra_bytes) {
            return STATUS_INVALID_PARAMETER;
        }
        const auto& extensible = reinterpret_cast<const WAVEFORMATEXTENSIBLE&>(wave);
        if (extensible.Samples.wValidBitsPerSample > wave.wBitsPerSample &&
            IsEqualGUID(extensible.SubFormat, KSDATAFORMAT_SUBTYPE_PCM)) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    return STATUS_SUCCESS;
}

const KSDATARANGE_AUDIO* audio_range(const KSDATARANGE& range) {
    return range.FormatSize >= audio_range_bytes && IsEqualGUID(range.MajorFormat, KSDATAFORMAT_TYPE_AUDIO)
               ? reinterpret_cast<const KSDATARANGE_AUDIO*>(&range)
               : nullptr;
}

} // namespace

bool guid_matches(const GUID& a, const GUID& b) {
    return IsEqualGUID(a, b) || is_null(a) || is_null(b);
}

bool range_matches(const KSDATARANGE& a, const KSDATARANGE& b) {
    return guid_matches(a.MajorFormat, b.MajorFormat) && guid_matches(a.SubFormat, b.SubFormat) &&
           guid_matches(a.Specifier, b.Specifier);
}

const KSATTRIBUTE* AttributeList::find(const GUID& attribute) const {
    for (const KSATTRIBUTE* item : items_) {
        if (IsEqualGUID(item->Attribute, attribute)) {
            return item;
        }
    }
    return nullptr;
}

NTSTATUS AttributeList::parse(void* list, ULONG bytes, AttributeList& result, ULONG* used) {
    result.items_.clear();
    if (bytes < sizeof(KSMULTIPLE_ITEM)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const auto& header = *static_cast<const KSMULTIPLE_ITEM*>(list);
    if (header.Size < sizeof(KSMULTIPLE_ITEM) || header.Size > bytes) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    ULONG position = sizeof(KSMULTIPLE_ITEM);
    for (ULONG i = 0; i < header.Count; ++i) {
        position = round_up_8(position);
        if (position > header.Size || header.Size - position < sizeof(KSATTRIBUTE)) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        auto* const attribute = reinterpret_cast<KSATTRIBUTE*>(static_cast<char*>(list) + position);
        if (attribute->Size < sizeof(KSATTRIBUTE) || attribute->Size > header.Size - position) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        result.items_.push_back(attribute);
        position += attribute->Size;
    }
    if (used != nullptr) {
        *used = header.Size;
    }
    return STATUS_SUCCESS;
}

bool attributes_match(const AttributeList& format, const KSATTRIBUTE_LIST* range, bool required_by_range) {
    const auto in_range = [&](const GUID& attribute) {
        if (range == nullptr) {
            return false;
        }
        for (ULONG i = 0; i < range->Count; ++i) {
            if (IsEqualGUID(range->Attributes[i]->Attribute, attribute)) {
                return true;
            }
        }
        return false;
    };
    for (const KSATTRIBUTE* attribute : format.items()) {
        if ((attribute->Flags & KSATTRIBUTE_REQUIRED) != 0 && !in_range(attribute->Attribute)) {
            return false;
        }
    }
    if (range != nullptr && required_by_range) {
        for (ULONG i = 0; i < range->Count; ++i) {
            if ((range->Attributes[i]->Flags & KSATTRIBUTE_REQUIRED) != 0 &&
                format.find(range->Attributes[i]->Attribute) == nullptr) {
                return false;
            }
        }
    }
    return true;
}

NTSTATUS check_format(void* data, ULONG bytes, AttributeList* attributes) {
    if (bytes < sizeof(KSDATAFORMAT)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const auto& format = *static_cast<const KSDATAFORMAT*>(data);
    if (format.FormatSize < sizeof(KSDATAFORMAT) || format.FormatSize > bytes) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (const ULONG position = wave_position(format); position != 0) {
        if (format.FormatSize < position + sizeof(WAVEFORMATEX)) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        const auto& wave = *reinterpret_cast<const WAVEFORMATEX*>(static_cast<const char*>(data) + position);
        const NTSTATUS status = check_wave(wave, format.FormatSize - position);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    if ((format.Flags & KSDATAFORMAT_ATTRIBUTES) != 0) {
        const ULONG position = round_up_8(format.FormatSize);
        AttributeList ignored;
        return position > bytes ? STATUS_INVALID_BUFFER_SIZE
                                : AttributeList::parse(static_cast<char*>(data) + position, bytes - position,
                                                       attributes != nullptr ? *attributes : ignored, nullptr);
    }
    return STATUS_SUCCESS;
}

WAVEFORMATEX* wave_format(KSDATAFORMAT& format) {
    const ULONG position = wave_position(format);
    return position == 0 ? nullptr : reinterpret_cast<WAVEFORMATEX*>(reinterpret_cast<char*>(&format) + position);
}

bool format_in_range(const KSDATAFORMAT& format, const KSDATARANGE& range) {
    if (!range_matches(format, range)) {
        return false;
    }
    const KSDATARANGE_AUDIO* const audio = audio_range(range);
    const WAVEFORMATEX* const wave = wave_format(format);
    if (audio == nullptr || wave == nullptr) {
        return true;
    }
    return wave->nChannels <= audio->MaximumChannels && wave->nSamplesPerSec >= audio->MinimumSampleFrequency &&
           wave->nSamplesPerSec <= audio->MaximumSampleFrequency &&
           wave->wBitsPerSample >= audio->MinimumBitsPerSample && wave->wBitsPerSample <= audio->MaximumBitsPerSample;
}

NTSTATUS RangeList::parse(void* list, ULONG bytes, RangeList& result) {
    result.items_.clear();
    if (bytes < sizeof(KSMULTIPLE_ITEM)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const auto& header = *static_cast<const KSMULTIPLE_ITEM*>(list);
    if (header.Size < sizeof(KSMULTIPLE_ITEM) || header.Size > bytes) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    ULONG position = sizeof(KSMULTIPLE_ITEM);
    for (ULONG i = 0; i < header.Count; ++i) {
        position = round_up_8(position);
        if (position > header.Size || header.Size - position < sizeof(KSDATARANGE)) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        auto* const range = reinterpret_cast<KSDATARANGE*>(static_cast<char*>(list) + position);
        if (range->FormatSize < sizeof(KSDATARANGE) || range->FormatSize > header.Size - position) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        result.items_.push_back(range);
        position += range->FormatSize;
        if ((range->Flags & KSDATARANGE_ATTRIBUTES) != 0) {
            // The attribute list counts as an item of its own.
            position = round_up_8(position);
            if (++i >= header.Count || position > header.Size) {
                return STATUS_INVALID_PARAMETER;
            }
            AttributeList attributes;
            ULONG used = 0;
            const NTSTATUS status =
                AttributeList::parse(static_cast<char*>(list) + position, header.Size - position, attributes, &used);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            position += used;
        }
    }
    return STATUS_SUCCESS;
}

ULONG listed_range_bytes(const KSDATARANGE& range, const KSATTRIBUTE_LIST* attributes) {
    ULONG bytes = round_up_8(range.FormatSize);
    if (attributes != nullptr) {
        bytes += sizeof(KSMULTIPLE_ITEM);
        for (ULONG i = 0; i < attributes->Count; ++i) {
            bytes += round_up_8(attributes->Attributes[i]->Size);
        }
    }
    return bytes;
}

NTSTATUS intersect_pcm(const KSDATARANGE& client, const KSDATARANGE& own, ULONG room, void* format,
                       ULONG* format_bytes) {
    *format_bytes = 0;
    const KSDATARANGE_AUDIO* const a = audio_range(client);
    const KSDATARANGE_AUDIO* const b = audio_range(own);
    if (a == nullptr || b == nullptr || !range_matches(client, own)) {
        return STATUS_NO_MATCH;
    }
    // A wildcard on both sides still means PCM in a WAVEFORMATEX here (R-FMT-04).
    const GUID& subformat = is_null(client.SubFormat) ? own.SubFormat : client.SubFormat;
    const GUID& specifier = is_null(client.Specifier) ? own.Specifier : client.Specifier;
    const bool direct_sound = IsEqualGUID(specifier, KSDATAFORMAT_SPECIFIER_DSOUND);
    if (!guid_matches(subformat, KSDATAFORMAT_SUBTYPE_PCM) ||
        !(direct_sound || guid_matches(specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX))) {
        return STATUS_NO_MATCH;
    }
    // R-FMT-05: the upper end of each overlap; R-FMT-06: the lower end of the channels is 1.
    const ULONG channels = std::min(std::min(a->MaximumChannels, b->MaximumChannels), 2u);
    const ULONG bits = std::min(a->MaximumBitsPerSample, b->MaximumBitsPerSample);
    const ULONG rate = std::min(a->MaximumSampleFrequency, b->MaximumSampleFrequency);
    if (channels == 0 || bits == 0 || rate == 0 || bits < std::max(a->MinimumBitsPerSample, b->MinimumBitsPerSample) ||
        rate < std::max(a->MinimumSampleFrequency, b->MinimumSampleFrequency)) {
        return STATUS_NO_MATCH;
    }
    const ULONG bytes = direct_sound ? sizeof(KSDATAFORMAT_DSOUND) : sizeof(KSDATAFORMAT_WAVEFORMATEX);
    *format_bytes = bytes;
    if (room == 0) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (room < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memset(format, 0, bytes);
    auto& result = *static_cast<KSDATAFORMAT*>(format);
    const ULONG block_align = channels * ((bits + 7) / 8);
    result.FormatSize = bytes;
    result.SampleSize = block_align;
    result.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    result.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
    result.Specifier = direct_sound ? KSDATAFORMAT_SPECIFIER_DSOUND : KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    WAVEFORMATEX& wave = *wave_format(result);
    wave.wFormatTag = WAVE_FORMAT_PCM;
    wave.nChannels = static_cast<WORD>(channels);
    wave.nSamplesPerSec = rate;
    wave.wBitsPerSample = static_cast<WORD>(bits);
    wave.nBlockAlign = static_cast<WORD>(block_align);
    wave.nAvgBytesPerSec = rate * block_align;
    return STATUS_SUCCESS;
}

} // namespace openportcls::ks
