// What is played meanwhile for `portcls record --in FILE`: into a socket of a card, or, where the way in is a pin (a
// cable), into that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

#include "cli/loopback.h"

namespace openportcls::cli {

struct RecordInputWish {
    std::string file;
    std::string socket;
    std::optional<std::uint32_t> pin; // instead of the socket
    bool compare = false;             // what goes into a pin is compared anyhow
    std::vector<WaveRange> ranges;    // of the pin that records
};

class RecordInput {
public:
    using Take = Loopback::Take;

    // `format`: of what is recorded; through a pin, of what is played, too.
    static Result<std::unique_ptr<RecordInput>> open(Machine& machine, Filter& filter, const RecordInputWish& wish,
                                                     const WaveFormat& format, const StreamOptions& options);

    double seconds() const { return seconds_; } // of the file
    std::optional<std::uint32_t> pin() const;
    bool is_converted() const { return is_converted_; }

    // The recording begins, and will have so many frames.
    Result<void> start(CaptureStream& capture, std::uint64_t frames);
    // Hands on what was recorded: through a pin, from the first frame of the file on.
    Result<void> heard(std::span<const std::byte> frames, const Take& take);
    // Nothing more is recorded.
    Result<void> finish(const Take& take);

    bool is_compared() const { return comparison_.has_value(); }
    const Loopback& comparison() const { return *comparison_; }

private:
    RecordInput() = default;
    Result<void> load(const RecordInputWish& wish, const WaveFormat& format, unsigned heard_channels);
    void fill(std::span<std::byte> period);

    std::vector<std::byte> sound_; // in the recording's format
    std::size_t next_ = 0;
    std::byte silence_{};
    std::size_t frame_bytes_ = 1;
    double seconds_ = 0;
    bool is_converted_ = false;
    std::optional<Loopback> comparison_;
    std::optional<RenderStream> render_; // calls fill()
};

} // namespace openportcls::cli
