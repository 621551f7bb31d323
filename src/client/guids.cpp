#include <cstring>

#include <fmt/format.h>

#include <openportcls/filter.hpp>

#include "client/guid_bytes.h"

#include <ks.h>
#include <ksmedia.h>

namespace openportcls {

namespace {

struct Name {
    GUID guid;
    const char* name;
};

#define OPC_NAMED(symbol) {symbol, #symbol}
const Name names[] = {
    OPC_NAMED(KSCATEGORY_AUDIO),
    OPC_NAMED(KSCATEGORY_RENDER),
    OPC_NAMED(KSCATEGORY_CAPTURE),
    OPC_NAMED(KSCATEGORY_TOPOLOGY),
    OPC_NAMED(KSCATEGORY_REALTIME),
    OPC_NAMED(KSCATEGORY_SYNTHESIZER),
    OPC_NAMED(PINNAME_CAPTURE),
    OPC_NAMED(KSNODETYPE_SPEAKER),
    OPC_NAMED(KSNODETYPE_HEADPHONES),
    OPC_NAMED(KSNODETYPE_DESKTOP_SPEAKER),
    OPC_NAMED(KSNODETYPE_MICROPHONE),
    OPC_NAMED(KSNODETYPE_MICROPHONE_ARRAY),
    OPC_NAMED(KSNODETYPE_LINE_CONNECTOR),
    OPC_NAMED(KSNODETYPE_ANALOG_CONNECTOR),
    OPC_NAMED(KSNODETYPE_DIGITAL_AUDIO_INTERFACE),
    OPC_NAMED(KSNODETYPE_SPDIF_INTERFACE),
    OPC_NAMED(KSNODETYPE_CD_PLAYER),
    OPC_NAMED(KSNODETYPE_SYNTHESIZER),
    OPC_NAMED(KSNODETYPE_PHONE_LINE),
    OPC_NAMED(KSNODETYPE_DAC),
    OPC_NAMED(KSNODETYPE_ADC),
    OPC_NAMED(KSNODETYPE_SRC),
    OPC_NAMED(KSNODETYPE_SUPERMIX),
    OPC_NAMED(KSNODETYPE_MUX),
    OPC_NAMED(KSNODETYPE_DEMUX),
    OPC_NAMED(KSNODETYPE_SUM),
    OPC_NAMED(KSNODETYPE_MUTE),
    OPC_NAMED(KSNODETYPE_VOLUME),
    OPC_NAMED(KSNODETYPE_TONE),
    OPC_NAMED(KSNODETYPE_EQUALIZER),
    OPC_NAMED(KSNODETYPE_AGC),
    OPC_NAMED(KSNODETYPE_NOISE_SUPPRESS),
    OPC_NAMED(KSNODETYPE_DELAY),
    OPC_NAMED(KSNODETYPE_LOUDNESS),
    OPC_NAMED(KSNODETYPE_REVERB),
    OPC_NAMED(KSNODETYPE_CHORUS),
    OPC_NAMED(KSNODETYPE_PEAKMETER),
    OPC_NAMED(KSNODETYPE_AUDIO_ENGINE),
    OPC_NAMED(KSNODETYPE_3D_EFFECTS),
    OPC_NAMED(KSNODETYPE_STEREO_WIDE),
    OPC_NAMED(KSNODETYPE_PROLOGIC_DECODER),
};
#undef OPC_NAMED

} // namespace

std::string to_string(const Guid& guid) {
    return fmt::format("{{{:08x}-{:04x}-{:04x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}}}", guid.data1,
                       guid.data2, guid.data3, guid.data4[0], guid.data4[1], guid.data4[2], guid.data4[3],
                       guid.data4[4], guid.data4[5], guid.data4[6], guid.data4[7]);
}

std::string guid_name(const Guid& guid) {
    for (const Name& entry : names) {
        if (client::from_windows(entry.guid) == guid) {
            return entry.name;
        }
    }
    return to_string(guid);
}

std::optional<Guid> parse_guid(std::string_view text) {
    if (text.size() == 38 && text.front() == '{' && text.back() == '}') {
        text = text.substr(1, 36);
    }
    if (text.size() != 36) {
        return std::nullopt;
    }
    std::array<std::uint8_t, 16> bytes{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i++] != '-') {
                return std::nullopt;
            }
            continue;
        }
        unsigned value = 0;
        for (const char digit : text.substr(i, 2)) {
            const auto lower = static_cast<char>(digit | 0x20);
            if (digit >= '0' && digit <= '9') {
                value = value * 16 + static_cast<unsigned>(digit - '0');
            } else if (lower >= 'a' && lower <= 'f') {
                value = value * 16 + static_cast<unsigned>(lower - 'a' + 10);
            } else {
                return std::nullopt;
            }
        }
        bytes[count++] = static_cast<std::uint8_t>(value);
        i += 2;
    }
    Guid guid;
    guid.data1 = static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
                 static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
    guid.data2 = static_cast<std::uint16_t>(bytes[4] << 8 | bytes[5]);
    guid.data3 = static_cast<std::uint16_t>(bytes[6] << 8 | bytes[7]);
    std::memcpy(guid.data4.data(), bytes.data() + 8, 8);
    return guid;
}

} // namespace openportcls
