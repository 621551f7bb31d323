// Lays what a driver's capture pin heard over what its render pin played.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <openportcls/format.hpp>
#include <openportcls/result.hpp>

namespace openportcls::cli {

// The capture starts first, so silence leads; how much is found from the first sound. Frames come out aligned: as many
// as were played, the first being the first.
class Loopback {
public:
    using Take = std::function<Result<void>(std::span<const std::byte>)>;

    explicit Loopback(const WaveFormat& format);

    void played(std::span<const std::byte> frames);
    Result<void> heard(std::span<const std::byte> frames, const Take& take);
    // Nothing more will be heard: what is missing was silence.
    Result<void> finish(const Take& take);

    bool is_complete() const { return is_aligned_ && frames_out_ == frames_in_; }
    std::uint64_t frames_out() const { return frames_out_; }
    std::uint64_t different_frames() const { return different_frames_; }
    std::optional<std::uint64_t> first_difference() const { return first_difference_; }
    bool heard_anything() const { return heard_anything_; }

private:
    bool is_silent(const std::byte* frame) const;
    Result<void> align(const Take& take);
    std::uint64_t refined_lead(std::uint64_t guess) const;
    double likeness(std::uint64_t lead, std::uint64_t first_heard, std::size_t frames) const;
    Result<void> give(std::span<const std::byte> frames, const Take& take);
    Result<void> give_silence(std::uint64_t frames, const Take& take);

    WaveFormat format_;
    std::size_t frame_bytes_;
    std::vector<std::byte> silent_frame_;
    std::vector<std::byte> waiting_; // played, not yet heard
    std::size_t waiting_from_ = 0;   // bytes of it that are done
    std::uint64_t frames_in_ = 0;
    std::optional<std::uint64_t> first_sound_in_;
    std::vector<std::byte> held_;     // heard from the first sound on, until aligned
    std::uint64_t silence_heard_ = 0; // frames before held_
    bool heard_anything_ = false;
    bool is_aligned_ = false;
    std::uint64_t frames_out_ = 0;
    std::uint64_t different_frames_ = 0;
    std::optional<std::uint64_t> first_difference_;
};

} // namespace openportcls::cli
