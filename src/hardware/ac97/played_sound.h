// What a converter has played a moment ago, for another one that records it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/sound_socket.h"

namespace openportcls::hardware::ac97 {

class PlayedSound {
public:
    // The lowest rate's block at the highest rate, and as much again as a clock may be behind.
    static constexpr std::size_t capacity = 8 * longest_block;

    void add(const SampleTime& when, std::span<const Frame> frames);
    // Nothing plays any more.
    void forget() { begin_ = end_ = 0; }
    // Adds what sounded at these moments. From the row's origin on by number, so that equal rates never skip or repeat
    // a frame; where the newest frame has not been played yet, the one before it holds.
    void mix_into(const SampleTime& when, std::span<Frame> sum) const;

private:
    Nanoseconds origin_ = 0;
    SampleRate rate_;
    std::uint64_t begin_ = 0; // number of the oldest frame that is kept
    std::uint64_t end_ = 0;   // and of the one behind the newest
    std::array<Frame, capacity> frames_{};
};

} // namespace openportcls::hardware::ac97
