// Standard MIDI files (MIDI Manufacturers Association, RP-001): what they play, when.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include <openportcls/midi.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

struct MidiFile {
    std::uint16_t format = 0; // 0: one track, 1: tracks that play together
    std::uint16_t tracks = 0;
    std::vector<MidiMessage> messages; // of all tracks by time, with their status bytes
    std::chrono::nanoseconds length{}; // to the end of the longest track
};

// Formats 0 and 1, with a tempo map. Errors name the offset of what is wrong in the file.
Result<MidiFile> read_midi_file(const std::filesystem::path& path);
// The same of bytes; `name` is what errors call them.
Result<MidiFile> parse_midi_file(std::span<const std::byte> bytes, std::string_view name);

} // namespace openportcls
