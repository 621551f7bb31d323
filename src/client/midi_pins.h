// Finding and opening MIDI pins.
#pragma once

#include <utility>

#include <openportcls/midi.hpp>
#include <openportcls/pin.hpp>

namespace openportcls::client {

Result<std::pair<Pin, MidiPinInfo>> open_midi_pin(Filter& filter, PinFlow flow, const MidiOptions& options);

} // namespace openportcls::client
