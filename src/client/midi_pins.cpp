#include "client/midi_pins.h"

#include <cstring>

#include <fmt/format.h>

#include <dmusprop.h>
#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"

namespace openportcls {

namespace {

const Guid music_type = client::from_windows(KSDATAFORMAT_TYPE_MUSIC);
const Guid midi_subtype = client::from_windows(KSDATAFORMAT_SUBTYPE_MIDI);
const Guid direct_music_subtype = client::from_windows(KSDATAFORMAT_SUBTYPE_DIRECTMUSIC);

// The first music range of a pin, if it has one.
bool read_music_range(std::span<const std::byte> ranges, MidiPinInfo& info) {
    KSMULTIPLE_ITEM list;
    if (ranges.size() < sizeof list) {
        return false;
    }
    std::memcpy(&list, ranges.data(), sizeof list);
    std::size_t at = sizeof list;
    for (ULONG i = 0; i < list.Count && ranges.size() - at >= sizeof(KSDATARANGE); ++i) {
        KSDATARANGE range;
        std::memcpy(&range, ranges.data() + at, sizeof range);
        if (range.FormatSize < sizeof range || range.FormatSize > ranges.size() - at) {
            return false;
        }
        const Guid subtype = client::from_windows(range.SubFormat);
        const bool is_known = subtype == midi_subtype || subtype == direct_music_subtype;
        if (client::from_windows(range.MajorFormat) == music_type && is_known) {
            info.kind = subtype == midi_subtype ? MidiPinKind::legacy : MidiPinKind::direct_music;
            if (range.FormatSize >= sizeof(KSDATARANGE_MUSIC)) {
                KSDATARANGE_MUSIC music;
                std::memcpy(&music, ranges.data() + at, sizeof music);
                info.technology = client::from_windows(music.Technology);
            }
            return true;
        }
        constexpr std::size_t alignment = 8;
        at = std::min((at + range.FormatSize + alignment - 1) / alignment * alignment, ranges.size());
    }
    return false;
}

std::vector<std::byte> music_format(MidiPinKind kind) {
    KSDATAFORMAT format{};
    format.FormatSize = sizeof format;
    format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    format.SubFormat = kind == MidiPinKind::direct_music ? KSDATAFORMAT_SUBTYPE_DIRECTMUSIC : KSDATAFORMAT_SUBTYPE_MIDI;
    format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    const auto* const bytes = reinterpret_cast<const std::byte*>(&format);
    return {bytes, bytes + sizeof format};
}

std::string_view kind_name(MidiPinKind kind) {
    return kind == MidiPinKind::direct_music ? "DirectMusic" : "MIDI";
}

} // namespace

Result<std::vector<MidiPinInfo>> midi_pins(const Filter& filter) {
    auto pins = filter.pins();
    if (!pins) {
        return pins.error();
    }
    std::vector<MidiPinInfo> result;
    for (const PinInfo& pin : *pins) {
        if (!pin.is_streaming()) {
            continue;
        }
        MidiPinInfo info;
        info.id = pin.id;
        info.flow = pin.flow;
        const auto ranges = filter.get_bytes({property::pin_set, KSPROPERTY_PIN_DATARANGES}, Target::pin(pin.id));
        if (!ranges) {
            return ranges.error();
        }
        if (read_music_range(*ranges, info)) {
            result.push_back(info);
        }
    }
    return result;
}

namespace client {

Result<std::pair<Pin, MidiPinInfo>> open_midi_pin(Filter& filter, PinFlow flow, const MidiOptions& options) {
    const auto pins = midi_pins(filter);
    if (!pins) {
        return pins.error();
    }
    for (const MidiPinInfo& info : *pins) {
        const bool is_wanted = options.pin == UINT32_MAX ? options.kind == MidiPinKind::any || options.kind == info.kind
                                                         : options.pin == info.id;
        if (info.flow != flow || !is_wanted) {
            continue;
        }
        PinConnect connect;
        connect.pin = info.id;
        connect.format = music_format(info.kind);
        auto pin = Pin::open(filter, connect);
        if (!pin) {
            return pin.error();
        }
        return std::pair<Pin, MidiPinInfo>(std::move(*pin), info);
    }
    const char* const does = flow == PinFlow::in ? "plays" : "captures";
    return Error{STATUS_NO_MATCH,
                 options.pin == UINT32_MAX
                     ? fmt::format("{}: no pin {} {}", filter.name(), does, kind_name(options.kind))
                     : fmt::format("{}: pin {} is none that {} MIDI", filter.name(), options.pin, does)};
}

} // namespace client

} // namespace openportcls
