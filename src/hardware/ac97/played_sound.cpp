#include "hardware/ac97/played_sound.h"

#include <algorithm>

namespace openportcls::hardware::ac97 {

void PlayedSound::add(const SampleTime& when, std::span<const Frame> frames) {
    if (when.origin != origin_ || !(when.rate == rate_) || when.first != end_) {
        origin_ = when.origin;
        rate_ = when.rate;
        begin_ = end_ = when.first;
    }
    for (const Frame& frame : frames) {
        frames_[end_++ % capacity] = frame;
    }
    begin_ = std::max(begin_, end_ - std::min<std::uint64_t>(end_, capacity));
}

void PlayedSound::mix_into(const SampleTime& when, std::span<Frame> sum) const {
    if (begin_ == end_ || when.rate.numerator == 0) {
        return;
    }
    const auto second = static_cast<__int128>(machine::nanoseconds_per_second);
    const __int128 shift = static_cast<__int128>(when.origin - origin_) * rate_.numerator;
    const __int128 divisor = second * rate_.denominator;
    const auto base = static_cast<std::int64_t>(shift >= 0 ? shift / divisor : -((-shift + divisor - 1) / divisor));
    const unsigned __int128 ours = static_cast<unsigned __int128>(rate_.numerator) * when.rate.denominator;
    const unsigned __int128 theirs = static_cast<unsigned __int128>(when.rate.numerator) * rate_.denominator;
    for (std::size_t index = 0; index < sum.size(); ++index) {
        const std::int64_t number = base + static_cast<std::int64_t>((when.first + index) * ours / theirs);
        if (number < static_cast<std::int64_t>(begin_)) {
            continue;
        }
        const Frame& frame = frames_[std::min<std::uint64_t>(static_cast<std::uint64_t>(number), end_ - 1) % capacity];
        sum[index].left += frame.left;
        sum[index].right += frame.right;
    }
}

} // namespace openportcls::hardware::ac97
