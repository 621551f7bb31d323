// One minute of General MIDI, made for the tests.
#pragma once

#include <cstddef>
#include <vector>

namespace music {

// A standard MIDI file of format 1; the same bytes every time. It ends after exactly 60 seconds.
std::vector<std::byte> general_midi_piece();

} // namespace music
