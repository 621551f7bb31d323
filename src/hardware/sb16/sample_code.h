// Samples in memory and as levels.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "hardware/sample_word.h"
#include "hardware/sb16/dma_stream.h"

namespace openportcls::hardware::sb16 {

inline constexpr float full_8_bit = 128.0F;

// Unsigned samples are signed ones with the highest bit turned over: `flip` is that bit, or 0.
template<class Word>
float decode(const std::byte* sample, int flip) {
    Word word;
    std::memcpy(&word, sample, sizeof word);
    return static_cast<float>(static_cast<std::make_signed_t<Word>>(word ^ flip));
}

// A loop for each format; stereo of 16 bits, which most is, has one in wide registers.
template<class Word, unsigned channels>
void decode(const std::byte* bytes, bool is_signed, const Gain& gain, std::span<Frame> frames) {
    const int flip = is_signed ? 0 : 1 << (8 * sizeof(Word) - 1);
    if constexpr (sizeof(Word) == 2 && channels == 2) {
        play_words(bytes, static_cast<std::int16_t>(flip), gain, frames);
        return;
    }
    const Gain step = gain.divided_by(sizeof(Word) == 1 ? full_8_bit : full_16_bit);
    for (std::size_t index = 0; index < frames.size(); ++index) {
        const std::byte* const frame = bytes + index * channels * sizeof(Word);
        frames[index] = step.of({decode<Word>(frame, flip), decode<Word>(frame + (channels - 1) * sizeof(Word), flip)});
    }
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

inline void decode(const std::byte* bytes, const SampleFormat& format, const Gain& gain, std::span<Frame> frames) {
    const auto of = [&]<class Word>(Word) {
        format.is_stereo ? decode<Word, 2>(bytes, format.is_signed, gain, frames)
                         : decode<Word, 1>(bytes, format.is_signed, gain, frames);
    };
    format.is_16_bit ? of(std::uint16_t{}) : of(std::uint8_t{});
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
