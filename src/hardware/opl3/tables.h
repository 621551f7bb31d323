// The chip's read-only tables, computed from the functions they hold.
#pragma once

#include <array>
#include <cstdint>

namespace openportcls::hardware::opl3 {

inline constexpr unsigned waveform_count = 8;
inline constexpr unsigned period_steps = 1024;

// The eight waveforms as attenuation in 1/256 octave (one octave is 6.02 dB) with a sign, and the way back from
// attenuation to a linear value: 2047 to 1024 for 0 to 255/256 of an octave.
struct WaveTables {
    static constexpr std::uint16_t negative = 0x8000;
    static constexpr unsigned silent = 0x1FFF; // attenuates anything to zero

    std::array<std::array<std::uint16_t, period_steps>, waveform_count> waves;
    std::array<std::uint16_t, 256> linear;

    WaveTables();
};
const WaveTables& wave_tables();

// A waveform's value at `position` after `attenuation` (in 1/256 octave): -4084 to 4084.
inline int wave_value(const WaveTables& tables, unsigned waveform, unsigned position, unsigned attenuation) {
    const unsigned point = tables.waves[waveform][position % period_steps];
    const unsigned total = (point & ~static_cast<unsigned>(WaveTables::negative)) + attenuation;
    if (total >= WaveTables::silent) {
        return 0;
    }
    const int value = tables.linear[total & 0xFF] * 2 >> (total >> 8);
    return (point & WaveTables::negative) != 0 ? -value : value;
}

// Key scale level of 3 dB per octave in steps of 0.1875 dB (data sheet, table of KSL attenuation).
unsigned key_scale_attenuation(unsigned f_number, unsigned block);

// Twice the multiple of the channel's frequency that MULT stands for (data sheet, table of MULTI).
unsigned doubled_multiple(unsigned code);

} // namespace openportcls::hardware::opl3
