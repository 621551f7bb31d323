#include "client/wave_format.h"

#include <cstring>

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

std::vector<std::byte> make_data_format(const WaveFormat& format) {
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
    return bytes;
}

std::vector<std::byte> make_pin_connect(ULONG pin, const WaveFormat& format, StreamOptions::Mode mode) {
    KSPIN_CONNECT connect{};
    connect.Interface.Set = KSINTERFACESETID_Standard;
    connect.Interface.Id = KSINTERFACE_STANDARD_STREAMING;
    connect.Medium.Set = KSMEDIUMSETID_Standard;
    connect.Medium.Id = KSMEDIUM_STANDARD_DEVIO;
    connect.PinId = pin;
    connect.Priority.PriorityClass = KSPRIORITY_NORMAL;
    connect.Priority.PrioritySubClass = 1;
    std::vector<std::byte> bytes;
    append(bytes, connect);
    std::vector<std::byte> data = make_data_format(format);
    if (mode != StreamOptions::Mode::none) {
        reinterpret_cast<KSDATAFORMAT*>(data.data())->Flags = KSDATAFORMAT_ATTRIBUTES;
        data.resize((data.size() + 7) / 8 * 8);
        KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE attribute{};
        attribute.AttributeHeader.Size = sizeof attribute;
        attribute.AttributeHeader.Attribute = KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE;
        attribute.SignalProcessingMode =
            mode == StreamOptions::Mode::raw ? AUDIO_SIGNALPROCESSINGMODE_RAW : AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
        append(data, KSMULTIPLE_ITEM{sizeof(KSMULTIPLE_ITEM) + sizeof attribute, 1});
        append(data, attribute);
    }
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

} // namespace openportcls::client
