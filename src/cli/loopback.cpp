#include "cli/loopback.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "endpoints/sample_code.h"

namespace openportcls::cli {

namespace {

// How much of the sound is compared to find the lead, and how many quiet frames a volume control may have swallowed.
constexpr std::size_t window_frames = 2048;
constexpr std::uint64_t swallowed_frames = 256;

} // namespace

Loopback::Loopback(const WaveFormat& format)
    : format_(format), frame_bytes_(format.bytes_per_frame()),
      silent_frame_(frame_bytes_, format.bits == 8 ? std::byte{0x80} : std::byte{0}) {}

bool Loopback::is_silent(const std::byte* frame) const {
    return std::memcmp(frame, silent_frame_.data(), frame_bytes_) == 0;
}

void Loopback::played(std::span<const std::byte> frames) {
    for (std::size_t at = 0; !first_sound_in_ && at < frames.size(); at += frame_bytes_) {
        if (!is_silent(frames.data() + at)) {
            first_sound_in_ = frames_in_ + at / frame_bytes_;
        }
    }
    frames_in_ += frames.size() / frame_bytes_;
    constexpr std::size_t worth_moving = std::size_t{1} << 20;
    if (waiting_from_ > worth_moving && waiting_from_ > waiting_.size() / 2) {
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_from_));
        waiting_from_ = 0;
    }
    waiting_.insert(waiting_.end(), frames.begin(), frames.end());
}

Result<void> Loopback::heard(std::span<const std::byte> frames, const Take& take) {
    if (is_aligned_) {
        return give(frames, take);
    }
    std::size_t at = 0;
    if (!heard_anything_) {
        while (at < frames.size() && is_silent(frames.data() + at)) {
            at += frame_bytes_;
            ++silence_heard_;
        }
        heard_anything_ = at < frames.size();
    }
    held_.insert(held_.end(), frames.begin() + static_cast<std::ptrdiff_t>(at), frames.end());
    return held_.size() >= window_frames * frame_bytes_ ? align(take) : Result<void>();
}

// How much alike played and heard sound are for this lead, from the frame that was heard first; -1 to 1.
double Loopback::likeness(std::uint64_t lead, std::uint64_t first_heard, std::size_t frames) const {
    double product = 0;
    double played_power = 0;
    double heard_power = 0;
    for (std::size_t index = 0; index < frames; ++index) {
        const std::uint64_t at_heard = first_heard + index;
        const std::uint64_t at_played = (at_heard - lead) * frame_bytes_;
        if (at_heard < lead || at_played + frame_bytes_ > waiting_.size()) {
            continue;
        }
        double played = 0;
        double heard = 0;
        for (std::size_t sample = 0; sample < frame_bytes_; sample += format_.bits / 8U) {
            played += endpoints::decode_sample(waiting_.data() + at_played + sample, format_);
            if (at_heard >= silence_heard_) {
                heard += endpoints::decode_sample(held_.data() + (at_heard - silence_heard_) * frame_bytes_ + sample,
                                                  format_);
            }
        }
        product += played * heard;
        played_power += played * played;
        heard_power += heard * heard;
    }
    return played_power > 0 && heard_power > 0 ? product / std::sqrt(played_power * heard_power) : -1.0;
}

// With the volume down the first frames of a sound may have become silence: then the lead is less than it seems.
std::uint64_t Loopback::refined_lead(std::uint64_t guess) const {
    const std::size_t frames = held_.size() / frame_bytes_;
    const std::size_t from = (silence_heard_ - guess) * frame_bytes_;
    if (from + held_.size() <= waiting_.size() &&
        std::memcmp(waiting_.data() + from, held_.data(), held_.size()) == 0) {
        return guess;
    }
    std::uint64_t best = guess;
    double best_likeness = likeness(guess, silence_heard_, frames);
    for (std::uint64_t less = 1; less <= std::min(guess, swallowed_frames); ++less) {
        const double candidate = likeness(guess - less, silence_heard_, frames);
        if (candidate > best_likeness) {
            best = guess - less;
            best_likeness = candidate;
        }
    }
    return best;
}

Result<void> Loopback::align(const Take& take) {
    const std::uint64_t guess =
        first_sound_in_ && silence_heard_ >= *first_sound_in_ ? silence_heard_ - *first_sound_in_ : 0;
    const std::uint64_t lead = heard_anything_ && first_sound_in_ ? refined_lead(guess) : guess;
    is_aligned_ = true;
    if (silence_heard_ > lead) {
        if (auto given = give_silence(silence_heard_ - lead, take); !given) {
            return given;
        }
    }
    const std::vector<std::byte> held = std::move(held_);
    held_.clear();
    return give(held, take);
}

Result<void> Loopback::finish(const Take& take) {
    if (!is_aligned_) {
        if (heard_anything_) {
            if (auto aligned = align(take); !aligned) {
                return aligned;
            }
        }
        is_aligned_ = true;
    }
    return give_silence(frames_in_ - frames_out_, take);
}

Result<void> Loopback::give_silence(std::uint64_t frames, const Take& take) {
    std::vector<std::byte> silence;
    constexpr std::uint64_t piece_frames = 4096;
    while (frames > 0) {
        const std::uint64_t count = std::min(frames, piece_frames);
        silence.resize(count * frame_bytes_);
        for (std::uint64_t index = 0; index < count; ++index) {
            std::memcpy(silence.data() + index * frame_bytes_, silent_frame_.data(), frame_bytes_);
        }
        if (auto given = give(silence, take); !given) {
            return given;
        }
        frames -= count;
    }
    return {};
}

Result<void> Loopback::give(std::span<const std::byte> frames, const Take& take) {
    const std::uint64_t wanted = (frames_in_ - frames_out_) * frame_bytes_;
    frames = frames.first(std::min<std::uint64_t>(frames.size(), wanted));
    const std::byte* played = waiting_.data() + waiting_from_;
    if (std::memcmp(played, frames.data(), frames.size()) != 0) {
        for (std::size_t at = 0; at < frames.size(); at += frame_bytes_) {
            if (std::memcmp(played + at, frames.data() + at, frame_bytes_) != 0) {
                ++different_frames_;
                if (!first_difference_) {
                    first_difference_ = frames_out_ + at / frame_bytes_;
                }
            }
        }
    }
    waiting_from_ += frames.size();
    frames_out_ += frames.size() / frame_bytes_;
    return frames.empty() ? Result<void>() : take(frames);
}

} // namespace openportcls::cli
