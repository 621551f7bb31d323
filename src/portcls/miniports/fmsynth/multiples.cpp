#include "portcls/miniports/fmsynth/multiples.h"

#include <algorithm>
#include <array>
#include <optional>

namespace openportcls::portcls::fmsynth {

namespace {

// Data sheets: MULT 0 is one half; there are no 11, 13 and 14.
constexpr std::array<std::uint8_t, 16> doubled_factors = {1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 20, 24, 24, 30, 30};
constexpr std::uint8_t operator_flags = 0xF0; // of register 20h
// F-number << block steps of 2^20 are one turn a sample at MULT 1; half a turn, for doubled factors:
constexpr unsigned half_a_turn = 1U << 20;
// From 3.1 kHz on, the upper half of the last block, half the sample rate may be near.
constexpr unsigned top_block = 7;
constexpr unsigned first_high_f_number = 0x200;

unsigned doubled_factor(std::uint8_t multiple) {
    return doubled_factors[multiple & 0x0F];
}

// The multiple with this factor and the flags of another.
std::optional<std::uint8_t> with_factor(std::uint8_t multiple, unsigned doubled) {
    const auto* found = std::find(doubled_factors.begin(), doubled_factors.end(), doubled);
    if (found == doubled_factors.end()) {
        return std::nullopt;
    }
    return static_cast<std::uint8_t>((multiple & operator_flags) | (found - doubled_factors.begin()));
}

std::optional<std::uint8_t> raised(std::uint8_t multiple, unsigned octaves) {
    return with_factor(multiple, doubled_factor(multiple) << octaves);
}

bool is_below_half_the_rate(const ChipPitch& pitch, unsigned doubled) {
    return (static_cast<std::uint64_t>(pitch.f_number) << pitch.block) * doubled < half_a_turn;
}

// A rectified sine, or the pulses of one, swings twice as fast.
bool is_twice_as_fast(const OperatorPatch& patch) {
    const unsigned waveform = patch.waveform & 0x07;
    return waveform >= 2 && waveform <= 5;
}

unsigned partial_of(const OperatorPatch& patch, std::uint8_t multiple) {
    return doubled_factor(multiple) * (is_twice_as_fast(patch) ? 2 : 1);
}

// The overtones that matter: as far as the second one that the modulator makes.
unsigned highest_overtone(const Patch& patch, const Multiples& multiples) {
    return partial_of(patch.carrier, multiples.carrier) + 2 * partial_of(patch.modulator, multiples.modulator);
}

struct Raised {
    std::uint8_t multiple;
    unsigned octaves;
};

// As many octaves up as there is a multiple for and the sample rate carries.
Raised raised_at_most(std::uint8_t multiple, unsigned octaves, const ChipPitch& pitch) {
    for (; octaves > 0; --octaves) {
        const auto higher = raised(multiple, octaves);
        if (higher && is_below_half_the_rate(pitch, doubled_factor(*higher))) {
            return {*higher, octaves};
        }
    }
    return {multiple, 0};
}

} // namespace

Multiples multiples_for(const Patch& patch, const ChipPitch& pitch) {
    Multiples result{patch.modulator.multiple, patch.carrier.multiple, true};
    if (pitch.block < top_block || pitch.f_number < first_high_f_number || patch.fixed_note != 0) {
        return result;
    }
    if (patch.is_parallel()) {
        const bool is_modulator_lower = doubled_factor(result.modulator) <= doubled_factor(result.carrier);
        std::uint8_t& lower = is_modulator_lower ? result.modulator : result.carrier;
        std::uint8_t& higher = is_modulator_lower ? result.carrier : result.modulator;
        const Raised base = raised_at_most(lower, pitch.octaves, pitch);
        lower = base.multiple;
        higher = raised_at_most(higher, base.octaves, pitch).multiple;
        return result;
    }
    if (!raised(result.carrier, 1)) { // noise: there is no pitch to be kept
        return result;
    }
    const Raised carrier = raised_at_most(result.carrier, pitch.octaves, pitch);
    result.carrier = carrier.multiple;
    const auto modulator = raised(result.modulator, carrier.octaves);
    result.modulator = modulator.value_or(result.modulator);
    result.is_modulator_heard = modulator && is_below_half_the_rate(pitch, highest_overtone(patch, result));
    if (!result.is_modulator_heard && is_twice_as_fast(patch.carrier) && patch.transpose == 0) {
        // It was the modulator that made the note's own frequency.
        result.carrier = with_factor(result.carrier, doubled_factor(result.carrier) / 2).value_or(result.carrier);
    }
    return result;
}

} // namespace openportcls::portcls::fmsynth
