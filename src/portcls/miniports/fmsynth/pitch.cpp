#include "portcls/miniports/fmsynth/pitch.h"

#include <array>
#include <cmath>

namespace openportcls::portcls::fmsynth {

namespace {

constexpr unsigned semitones = 12;
constexpr unsigned notes_per_octave_pitch = semitones * pitch_per_semitone;
constexpr unsigned largest_f_number = 0x3FF;
constexpr int top_block = 7;
constexpr int octaves_below_zero = 6; // of note 0: 0.13 Hz, an F-number of 3
constexpr unsigned fraction_bits = 16;

// Computed once, when the miniport is opened: no floating point at DISPATCH_LEVEL.
struct Tables {
    // F-numbers of notes 60 to 72 in block 4, with 16 bits of fraction.
    std::array<std::uint32_t, semitones + 1> f_numbers;
    std::array<std::uint16_t, 128> attenuations;

    Tables() {
        const double sample_rate = 315e6 / 22 / 288;
        for (unsigned i = 0; i <= semitones; ++i) {
            const double hertz = 440 * std::exp2((60.0 + i - 69) / semitones);
            f_numbers[i] =
                static_cast<std::uint32_t>(std::lround(hertz * std::exp2(20 - 4 + fraction_bits) / sample_rate));
        }
        attenuations[0] = silent_attenuation;
        for (unsigned i = 1; i < attenuations.size(); ++i) {
            attenuations[i] = static_cast<std::uint16_t>(std::lround(-40 * std::log10(i / 127.0) * 16));
        }
    }
};

const Tables& tables() {
    static const Tables result;
    return result;
}

} // namespace

ChipPitch chip_pitch(Pitch pitch) {
    constexpr Pitch lowest = -octaves_below_zero * static_cast<Pitch>(notes_per_octave_pitch);
    const auto from_lowest = static_cast<unsigned>((pitch < lowest ? lowest : pitch) - lowest);
    const unsigned in_octave = from_lowest % notes_per_octave_pitch;
    const unsigned semitone = in_octave / pitch_per_semitone;
    const unsigned between = in_octave % pitch_per_semitone;
    const auto& f_numbers = tables().f_numbers;
    // A straight line between semitones is off by 0.04 % at the most.
    const std::uint64_t here = f_numbers[semitone];
    const std::uint64_t step = f_numbers[semitone + 1] - here;
    std::uint64_t f_number = here + step * between / pitch_per_semitone;
    int block = static_cast<int>(from_lowest / notes_per_octave_pitch) - octaves_below_zero - 1;
    const std::uint64_t limit = static_cast<std::uint64_t>(largest_f_number) << fraction_bits;
    if (f_number * 2 < limit) {
        f_number *= 2;
        --block;
    }
    for (; block < 0; ++block) {
        f_number /= 2;
    }
    const std::uint64_t rounded = (f_number + (1U << (fraction_bits - 1))) >> fraction_bits;
    const int octaves = block > top_block ? block - top_block : 0;
    return {static_cast<std::uint16_t>(rounded), static_cast<std::uint8_t>(block - octaves),
            static_cast<std::uint8_t>(octaves)};
}

std::uint16_t midi_attenuation(std::uint8_t value) {
    return tables().attenuations[value & 0x7F];
}

} // namespace openportcls::portcls::fmsynth
