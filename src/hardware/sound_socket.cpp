#include "hardware/sound_socket.h"

#include <algorithm>

namespace openportcls::hardware {

void InputSocket::read(const SampleTime& when, std::span<Frame> frames) const {
    if (plugged != nullptr) {
        plugged->give(when, frames);
        if (channels == 1) {
            std::ranges::for_each(frames, [](Frame& frame) { frame.right = frame.left; });
        }
    } else {
        std::ranges::fill(frames, Frame{});
    }
}

// The nearest frame of the recording for the row's origin; from there on by number, so that equal rates never skip or
// repeat a frame.
void Recording::give(const SampleTime& when, std::span<Frame> frames) {
    const SampleRate rate = when.rate.numerator != 0 ? when.rate : SampleRate{1, 1}; // one level: at the origin
    const auto second = static_cast<std::uint64_t>(machine::nanoseconds_per_second);
    if (!is_started_) {
        is_started_ = true;
        const auto before = static_cast<unsigned __int128>(when.first) * second * rate.denominator;
        start_ = when.origin + static_cast<Nanoseconds>(before / rate.numerator);
    }
    const auto shift = static_cast<__int128>(when.origin - start_) * rate_;
    const auto half = static_cast<__int128>(second / 2);
    const auto rounded = (shift >= 0 ? shift + half : shift - half) / static_cast<__int128>(second);
    const auto base = static_cast<std::int64_t>(rounded);
    for (std::size_t index = 0; index < frames.size(); ++index) {
        const auto number = static_cast<unsigned __int128>(when.first + index) * rate_ * rate.denominator;
        const std::int64_t at = base + static_cast<std::int64_t>(number / rate.numerator);
        const bool is_there = at >= 0 && static_cast<std::uint64_t>(at) < frames_.size();
        frames[index] = is_there ? frames_[static_cast<std::size_t>(at)] : Frame{};
    }
}

} // namespace openportcls::hardware
