// The chip's read-only tables, computed from the functions they hold.
#pragma once

#include <array>
#include <cstdint>

namespace openportcls::hardware::opl3 {

// Attenuation of a quarter of a sine in 1/256 octave (one octave is 6.02 dB), and the way back from attenuation to a
// linear value: 1024 to 2047 for 255/256 to 0 of an octave.
struct WaveTables {
    std::array<std::uint16_t, 256> sine_attenuation;
    std::array<std::uint16_t, 256> linear;

    WaveTables();
};
const WaveTables& wave_tables();

inline constexpr unsigned waveform_count = 8;

// A waveform's value at `position` (1024 to a period) after `attenuation` (in 1/256 octave): -4084 to 4084.
int wave_value(const WaveTables& tables, unsigned waveform, unsigned position, unsigned attenuation);

// Key scale level of 3 dB per octave in steps of 0.1875 dB (data sheet, table of KSL attenuation).
unsigned key_scale_attenuation(unsigned f_number, unsigned block);

// Twice the multiple of the channel's frequency that MULT stands for (data sheet, table of MULTI).
unsigned doubled_multiple(unsigned code);

} // namespace openportcls::hardware::opl3
