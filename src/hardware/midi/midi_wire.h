// The MIDI cable: 31,250 baud, ten bits a byte (MIDI 1.0, "Hardware").
#pragma once

#include <cstdint>

#include "machine/types.h"

namespace openportcls::hardware {

inline constexpr machine::Nanoseconds midi_byte_time = 320'000;

// The other end of a MIDI OUT: is told of each byte, in order, and of the time at which its last bit has passed. That
// may be later than now: a card says what it is going to send as soon as it knows.
class MidiSink {
public:
    virtual ~MidiSink() = default;
    virtual void receive(std::uint8_t byte, machine::Nanoseconds time) = 0;
};

} // namespace openportcls::hardware
