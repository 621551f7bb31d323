// The chip's samples at any other rate: a low-pass filter between its DAC and whoever mixes it with something else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hardware/opl3/synthesizer.h"

namespace openportcls::hardware::opl3 {

// Full scale is -1 to 1.
struct FloatFrame {
    float left = 0;
    float right = 0;
};

// A windowed sinc, in 64 phases and straight lines between them. Below the chip's rate its cutoff falls, and it gets
// longer, with the rate that is wanted.
class Resampler {
public:
    // Samples per sample that is wanted. Computes a filter when it is not the one of before; only then it allocates.
    void set_step(double step);
    // How many samples on either side of a position the filter looks at.
    unsigned reach() const { return reach_; }

    // The sound `fraction` (0..1) after the sample at `ring[index % size]`.
    FloatFrame at(std::span<const StereoFrame> ring, std::uint64_t index, double fraction) const;

private:
    static constexpr unsigned phase_count = 64;
    static constexpr unsigned shortest_reach = 12;
    static constexpr double longest_step = 12; // down to 4 kHz

    double step_ = 0;
    unsigned reach_ = 0;
    std::vector<float> filter_; // phase_count + 1 rows of 2 * reach_
};

} // namespace openportcls::hardware::opl3
