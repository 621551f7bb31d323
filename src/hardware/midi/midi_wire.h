// The MIDI cable: 31,250 baud, ten bits a byte (MIDI 1.0, "Hardware").
#pragma once

#include <cstdint>

#include "machine/types.h"

namespace openportcls::hardware {

inline constexpr machine::Nanoseconds midi_byte_time = 320'000;

// The other end of a MIDI OUT: hears each byte at the time its last bit has passed.
class MidiSink {
public:
    virtual void receive(std::uint8_t byte, machine::Nanoseconds time) = 0;

protected:
    ~MidiSink() = default;
};

} // namespace openportcls::hardware
