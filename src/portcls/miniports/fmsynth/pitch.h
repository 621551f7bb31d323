// From notes to what the chip calls a frequency.
#pragma once

#include <cstdint>

namespace openportcls::portcls::fmsynth {

// 1/256 of a semitone; 0 is MIDI note 0. Transposed and bent notes are below it, too.
using Pitch = std::int32_t;
inline constexpr Pitch pitch_per_semitone = 256;

struct ChipPitch {
    std::uint16_t f_number; // 10 bits
    std::uint8_t block;
    std::uint8_t octaves; // by how many the pitch is higher: F-numbers end at 6.2 kHz, the operators' multiples do not
    bool operator==(const ChipPitch&) const = default;
};

// The F-number is chosen as large as it fits, for the sake of its resolution: within 0.1 % from note 12 up, within 1 %
// from 2.4 Hz up.
ChipPitch chip_pitch(Pitch pitch);

// Attenuation in 1/16 dB of a MIDI volume, expression or velocity: 40 log10 of the value (General MIDI level 1).
std::uint16_t midi_attenuation(std::uint8_t value);
inline constexpr std::uint16_t silent_attenuation = 0x4000;

} // namespace openportcls::portcls::fmsynth
