#include "portcls/miniports/fmsynth/stream.h"

namespace openportcls::portcls::fmsynth {

namespace {

constexpr std::uint8_t exclusive_start = 0xF0;
constexpr std::uint8_t exclusive_end = 0xF7;
constexpr std::uint8_t system_reset = 0xFF;
constexpr std::uint32_t longest_exclusive = 16; // data bytes; nothing that the player knows is longer

} // namespace

FmSynthStream::FmSynthStream(FmSynthMiniport& miniport) : miniport_(ComPointer<FmSynthMiniport>::share(&miniport)) {
    miniport_->with_player([](Player& player) { player.reset(); });
}

FmSynthStream::~FmSynthStream() {
    miniport_->with_player([](Player& player) { player.silence(); });
    miniport_->stream_closed();
}

bool FmSynthStream::plays(const KSDATAFORMAT& format) {
    return IsEqualGUID(format.MajorFormat, KSDATAFORMAT_TYPE_MUSIC) &&
           IsEqualGUID(format.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI);
}

NTSTATUS FmSynthStream::create(FmSynthMiniport& miniport, IMiniportMidiStream** result) {
    *result = new FmSynthStream(miniport);
    return *result == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

void* FmSynthStream::find_interface(const GUID& id) {
    return IsEqualGUID(id, IID_IMiniportMidiStream) ? static_cast<IMiniportMidiStream*>(this) : nullptr;
}

// R-MIDI-07.
NTSTATUS NTAPI FmSynthStream::SetFormat(PKSDATAFORMAT format) {
    return format != nullptr && plays(*format) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// A stream that stands still is silent, or its notes would go on for as long as it does.
NTSTATUS NTAPI FmSynthStream::SetState(KSSTATE state) {
    if (state_ == KSSTATE_RUN && state != KSSTATE_RUN) {
        miniport_->with_player([](Player& player) { player.silence(); });
    } else if (state == KSSTATE_STOP && state_ != KSSTATE_STOP) {
        miniport_->with_player([](Player& player) { player.reset(); });
    }
    state_ = state;
    return STATUS_SUCCESS;
}

// R-MIDI-06.
NTSTATUS NTAPI FmSynthStream::Read(PVOID, ULONG, PULONG bytes_read) {
    if (bytes_read != nullptr) {
        *bytes_read = 0;
    }
    return STATUS_INVALID_DEVICE_REQUEST;
}

// R-MIDI-05, R-MIDI-09: the chip is never too busy; the longest wait is for the registers of one note.
NTSTATUS NTAPI FmSynthStream::Write(PVOID buffer, ULONG bytes, PULONG bytes_written) {
    if (bytes_written == nullptr || (buffer == nullptr && bytes != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto* const data = static_cast<const std::uint8_t*>(buffer);
    miniport_->with_player([&](Player& player) {
        for (ULONG i = 0; i < bytes; ++i) {
            parser_.put(data[i], 0, [&](const MidiParser::Part& part) { play(player, part); });
        }
    });
    *bytes_written = bytes;
    return STATUS_SUCCESS;
}

// Of system messages the synthesizer knows the reset, which ends running status as well, and whole exclusive ones.
void FmSynthStream::play(Player& player, const MidiParser::Part& part) {
    const std::uint8_t status = part.bytes[0];
    if (status == system_reset) {
        parser_.reset();
        player.reset();
    } else if (status == exclusive_start) {
        if (part.bytes[part.count - 1] == exclusive_end && part.count - 2 <= longest_exclusive) {
            player.exclusive(part.bytes + 1, part.count - 2);
        }
    } else if (status >= 0x80 && status < exclusive_start) {
        player.channel_message(status, part.bytes[1], part.count > 2 ? part.bytes[2] : std::uint8_t{0});
    }
}

} // namespace openportcls::portcls::fmsynth
