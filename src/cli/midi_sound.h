// What a MIDI file sounds like: at the output of a card with a synthesizer, or of one that its MIDI plug leads to.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

#include "cli/midi_comparison.h"

namespace openportcls::cli {

class MidiSound {
public:
    virtual ~MidiSound() = default;
    // Appends the frames up to this time of the machine, from `begin` on.
    virtual Result<void> hear_until(std::chrono::nanoseconds time, std::vector<std::byte>& frames) = 0;
    virtual std::string where() const = 0;
    // What has passed through the MIDI plug; empty where none is listened to. Times are the machine's.
    virtual std::span<const CableByte> bytes() const { return {}; }
    virtual bool hears_plug() const { return false; }
};

// 16 bit, stereo. Both listen until they go.
Result<std::unique_ptr<MidiSound>> listen_to_card(Machine& machine, std::chrono::nanoseconds begin, std::uint32_t rate);
Result<std::unique_ptr<MidiSound>> listen_to_plug(Machine& machine, std::chrono::nanoseconds begin, std::uint32_t rate,
                                                  const std::filesystem::path& sound_font);

} // namespace openportcls::cli
