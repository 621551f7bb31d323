// Samples in memory and as levels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "hardware/sample_word.h"
#include "hardware/sb16/dma_stream.h"

namespace openportcls::hardware::sb16 {

inline constexpr float full_8_bit = 128.0F;

inline float decode(const std::byte* sample, const SampleFormat& format) {
    if (format.is_16_bit) {
        std::uint16_t word;
        std::memcpy(&word, sample, sizeof word);
        const int flip = format.is_signed ? 0 : 0x8000;
        return level_of(static_cast<std::int16_t>(word ^ flip));
    }
    const int flip = format.is_signed ? 0 : 0x80;
    return static_cast<float>(static_cast<std::int8_t>(std::to_integer<int>(*sample) ^ flip)) / full_8_bit;
}

inline void encode(float level, const SampleFormat& format, std::byte* sample) {
    const int value = nearest_step(level, format.is_16_bit ? full_16_bit : full_8_bit);
    if (format.is_16_bit) {
        const auto word = static_cast<std::uint16_t>(value ^ (format.is_signed ? 0 : 0x8000));
        std::memcpy(sample, &word, sizeof word);
    } else {
        *sample = static_cast<std::byte>((value ^ (format.is_signed ? 0 : 0x80)) & 0xFF);
    }
}

inline void decode(std::span<const std::byte> bytes, const SampleFormat& format, std::span<Frame> frames) {
    const unsigned right = format.frame_bytes() - format.frame_bytes() / format.channels();
    for (std::size_t index = 0; index < frames.size(); ++index) {
        const std::byte* const frame = bytes.data() + index * format.frame_bytes();
        frames[index] = {decode(frame, format), decode(frame + right, format)};
    }
}

// Of a mono recording the left side counts.
inline void encode(std::span<const Frame> frames, const SampleFormat& format, std::span<std::byte> bytes) {
    for (std::size_t index = 0; index < frames.size(); ++index) {
        std::byte* const frame = bytes.data() + index * format.frame_bytes();
        encode(frames[index].left, format, frame);
        if (format.is_stereo) {
            encode(frames[index].right, format, frame + format.frame_bytes() / 2);
        }
    }
}

} // namespace openportcls::hardware::sb16
