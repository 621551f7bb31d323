// A 16-bit sample and the level it stands for.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace openportcls::hardware {

inline constexpr float full_16_bit = 32768.0F;

inline float level_of(std::int16_t word) {
    return static_cast<float>(word) / full_16_bit;
}

// The converter rounds to the nearest of its steps and stops at its ends; `full` is the level 1.
inline int nearest_step(float level, float full) {
    return static_cast<int>(std::lrint(std::clamp(level * full, -full, full - 1.0F)));
}

inline std::int16_t word_of(float level) {
    return static_cast<std::int16_t>(nearest_step(level, full_16_bit));
}

} // namespace openportcls::hardware
