// A 16-bit sample and the level it stands for; blocks of them, through a volume.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "hardware/sound_socket.h"

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

// Factors for the two sides of a source.
struct Gain {
    float left = 0;
    float right = 0;
    Frame of(const Frame& frame) const { return {frame.left * left, frame.right * right}; }
    bool is_nothing() const { return left == 0 && right == 0; }
    bool changes_nothing() const { return left == 1 && right == 1; }
    Gain divided_by(float full) const { return {left / full, right / full}; } // exact when `full` is a power of two
};

// What the wide registers of every processor of this kind hold: two frames.
namespace wide {
using Words = std::int16_t __attribute__((vector_size(8)));
using MoreWords = std::int16_t __attribute__((vector_size(16)));
using Levels = float __attribute__((vector_size(16)));
inline constexpr std::size_t frames = 2;

inline void put(Levels levels, Frame* place) {
    std::memcpy(place, &levels, sizeof levels);
}
} // namespace wide

// Signed stereo words as frames, times `gain`. `flip` turns bits of the words over before.
inline void play_words(const std::byte* words, std::int16_t flip, const Gain& gain, std::span<Frame> frames) {
    const Gain step = gain.divided_by(full_16_bit);
    const wide::Levels factors = {step.left, step.right, step.left, step.right};
    std::size_t index = 0;
    for (; index + 2 * wide::frames <= frames.size(); index += 2 * wide::frames) {
        wide::MoreWords block;
        std::memcpy(&block, words + index * 2 * sizeof flip, sizeof block);
        block ^= flip;
        const wide::Words first = __builtin_shufflevector(block, block, 0, 1, 2, 3);
        const wide::Words second = __builtin_shufflevector(block, block, 4, 5, 6, 7);
        wide::put(__builtin_convertvector(first, wide::Levels) * factors, &frames[index]);
        wide::put(__builtin_convertvector(second, wide::Levels) * factors, &frames[index + wide::frames]);
    }
    for (; index < frames.size(); ++index) {
        std::int16_t sides[2];
        std::memcpy(sides, words + index * sizeof sides, sizeof sides);
        frames[index] = step.of({static_cast<float>(static_cast<std::int16_t>(sides[0] ^ flip)),
                                 static_cast<float>(static_cast<std::int16_t>(sides[1] ^ flip))});
    }
}

// `to` has as many frames as `from`, and may be the same.
inline void apply(const Gain& gain, std::span<const Frame> from, std::span<Frame> to) {
    const wide::Levels factors = {gain.left, gain.right, gain.left, gain.right};
    std::size_t index = 0;
    for (; index + wide::frames <= from.size(); index += wide::frames) {
        wide::Levels levels;
        std::memcpy(&levels, &from[index], sizeof levels);
        wide::put(levels * factors, &to[index]);
    }
    for (; index < from.size(); ++index) {
        to[index] = gain.of(from[index]);
    }
}

} // namespace openportcls::hardware
