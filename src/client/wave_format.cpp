#include "client/wave_format.h"

#include <algorithm>
#include <cstring>

#include <ntstatus.h>

#include "client/guid_bytes.h"

namespace openportcls::client {

namespace {

ULONG usual_channel_mask(unsigned channels) {
    switch (channels) {
    case 1:
        return KSAUDIO_SPEAKER_MONO;
    case 2:
        return KSAUDIO_SPEAKER_STEREO;
    case 3:
        return KSAUDIO_SPEAKER_STEREO | SPEAKER_FRONT_CENTER;
    case 4:
        return KSAUDIO_SPEAKER_QUAD;
    case 5:
        return KSAUDIO_SPEAKER_QUAD | SPEAKER_FRONT_CENTER;
    case 6:
        return KSAUDIO_SPEAKER_5POINT1;
    case 8:
        return KSAUDIO_SPEAKER_7POINT1_SURROUND;
    default:
        return 0;
    }
}

template<class T>
void append(std::vector<std::byte>& bytes, const T& value) {
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof value);
}

} // namespace

std::vector<std::byte> make_data_format(const WaveFormat& format, ProcessingMode mode) {
    const GUID subtype = format.is_float ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT : KSDATAFORMAT_SUBTYPE_PCM;
    KSDATAFORMAT data{};
    data.SampleSize = format.bytes_per_frame();
    data.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    data.SubFormat = subtype;
    data.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    WAVEFORMATEXTENSIBLE wave{};
    wave.Format.wFormatTag = format.is_float ? WAVE_FORMAT_IEEE_FLOAT : WAVE_FORMAT_PCM;
    wave.Format.nChannels = format.channels;
    wave.Format.nSamplesPerSec = format.rate;
    wave.Format.wBitsPerSample = format.bits;
    wave.Format.nBlockAlign = static_cast<WORD>(format.bytes_per_frame());
    wave.Format.nAvgBytesPerSec = format.bytes_per_second();
    std::vector<std::byte> bytes;
    if (format.extensible) {
        wave.Format.wFormatTag = WAVE_FORMAT_EXTENSIBLE;
        wave.Format.cbSize = sizeof(WAVEFORMATEXTENSIBLE) - sizeof(WAVEFORMATEX);
        wave.Samples.wValidBitsPerSample = format.valid_bits != 0 ? format.valid_bits : format.bits;
        wave.dwChannelMask = format.channel_mask != 0 ? format.channel_mask : usual_channel_mask(format.channels);
        wave.SubFormat = subtype;
        data.FormatSize = sizeof data + sizeof wave;
        append(bytes, data);
        append(bytes, wave);
    } else {
        data.FormatSize = sizeof(KSDATAFORMAT_WAVEFORMATEX);
        append(bytes, data);
        append(bytes, wave.Format);
        bytes.resize(sizeof(KSDATAFORMAT_WAVEFORMATEX));
    }
    if (mode != ProcessingMode::none) {
        reinterpret_cast<KSDATAFORMAT*>(bytes.data())->Flags = KSDATAFORMAT_ATTRIBUTES;
        bytes.resize((bytes.size() + 7) / 8 * 8);
        const KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE attribute = mode_attribute(mode);
        append(bytes, KSMULTIPLE_ITEM{sizeof(KSMULTIPLE_ITEM) + sizeof attribute, 1});
        append(bytes, attribute);
    }
    return bytes;
}

std::optional<WaveFormat> parse_data_format(std::span<const std::byte> bytes) {
    KSDATAFORMAT data;
    WAVEFORMATEXTENSIBLE wave{};
    if (bytes.size() < sizeof data + sizeof wave.Format) {
        return std::nullopt;
    }
    std::memcpy(&data, bytes.data(), sizeof data);
    std::memcpy(&wave, bytes.data() + sizeof data, std::min(bytes.size() - sizeof data, sizeof wave));
    if (!IsEqualGUID(data.Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)) {
        return std::nullopt;
    }
    WaveFormat format;
    format.rate = wave.Format.nSamplesPerSec;
    format.channels = wave.Format.nChannels;
    format.bits = wave.Format.wBitsPerSample;
    format.extensible = wave.Format.wFormatTag == WAVE_FORMAT_EXTENSIBLE;
    format.is_float = IsEqualGUID(data.SubFormat, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT);
    if (format.extensible && bytes.size() >= sizeof data + sizeof wave) {
        format.valid_bits =
            wave.Samples.wValidBitsPerSample != format.bits ? wave.Samples.wValidBitsPerSample : std::uint16_t{0};
        format.channel_mask = wave.dwChannelMask;
    }
    return format;
}

Error no_processing_mode() {
    return {STATUS_INVALID_PARAMETER, "there is no such signal-processing mode"};
}

KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE mode_attribute(ProcessingMode mode) {
    KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE attribute{};
    attribute.AttributeHeader.Size = sizeof attribute;
    attribute.AttributeHeader.Attribute = KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE;
    attribute.SignalProcessingMode =
        mode == ProcessingMode::raw ? AUDIO_SIGNALPROCESSINGMODE_RAW : AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
    return attribute;
}

std::vector<std::byte> make_pin_connect(const PinConnect& given) {
    KSPIN_CONNECT connect{};
    connect.Interface.Set = to_windows(given.interface_set);
    connect.Interface.Id = given.interface_id;
    connect.Medium.Set = to_windows(given.medium_set);
    connect.Medium.Id = given.medium_id;
    connect.PinId = given.pin;
    connect.Priority.PriorityClass = given.priority_class;
    connect.Priority.PrioritySubClass = given.priority_sub_class;
    std::vector<std::byte> bytes;
    append(bytes, connect);
    bytes.insert(bytes.end(), given.format.begin(), given.format.end());
    return bytes;
}

std::u16string pin_object_name(std::span<const std::byte> connect) {
    std::u16string name = u"{146F1A80-4791-11D0-A5D6-28DB04C10000}\\";
    const std::size_t characters = name.size();
    name.resize(characters + (connect.size() + 1) / 2);
    std::memcpy(name.data() + characters, connect.data(), connect.size());
    return name;
}

} // namespace openportcls::client
