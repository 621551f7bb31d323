// The operators' frequency multiples, which reach higher than F-numbers do.
#pragma once

#include <cstdint>

#include "portcls/miniports/fmsynth/patch.h"
#include "portcls/miniports/fmsynth/pitch.h"

namespace openportcls::portcls::fmsynth {

// Register 20h of both operators, flags included.
struct Multiples {
    std::uint8_t modulator = 0;
    std::uint8_t carrier = 0;
    bool is_modulator_heard = true;
    bool operator==(const Multiples&) const = default;
};

// The patch's own up to 3.1 kHz. Above 6.2 kHz both are doubled for each octave that F-numbers lack. A modulator for
// which there is no such multiple, or whose overtones half the chip's sample rate would fold back to where they are out
// of tune, falls silent; of two operators that are both heard, the higher one stays octaves lower, as an organ's stops
// do. What the sample rate does not carry, and noise, is played octaves lower as a whole. Drums keep theirs.
Multiples multiples_for(const Patch& patch, const ChipPitch& pitch);

} // namespace openportcls::portcls::fmsynth
