// A sound of the synthesizer, as the registers of one two-operator voice.
#pragma once

#include <cstdint>

namespace openportcls::portcls::fmsynth {

// Registers 20h, 40h, 60h, 80h and E0h of an operator.
struct OperatorPatch {
    std::uint8_t multiple;
    std::uint8_t level;
    std::uint8_t attack_decay;
    std::uint8_t sustain_release;
    std::uint8_t waveform;
};

struct Patch {
    OperatorPatch modulator;
    OperatorPatch carrier;
    std::uint8_t feedback;        // C0h without the outputs
    std::uint8_t brightness;      // by how much of 0.75 dB a soft note's modulator is weaker, at the most
    std::uint8_t fixed_note;      // what a percussion instrument plays; 0: the note that was asked for
    std::uint8_t exclusive_group; // instruments of a group cut each other off; 0: none
    std::int8_t transpose;        // semitones; a carrier at twice the frequency is played an octave lower

    bool is_parallel() const { return (feedback & 1) != 0; }
};

inline constexpr std::uint8_t first_percussion_note = 27;
inline constexpr std::uint8_t last_percussion_note = 87;

// General MIDI program 0..127.
Patch program_patch(unsigned program);
// The sound of a note on the percussion channel; false when the set has none.
bool percussion_patch(unsigned note, Patch& patch);

} // namespace openportcls::portcls::fmsynth
