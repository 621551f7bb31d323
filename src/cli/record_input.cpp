#include "cli/record_input.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "cli/sockets.h"
#include "endpoints/conversion.h"
#include "endpoints/endpoint.h"

namespace openportcls::cli {

namespace {

// How a card could be made to record what a file of another rate has.
std::string way_out(std::uint32_t rate, const WaveFormat& recorded, const std::vector<WaveRange>& ranges) {
    const bool is_offered = std::ranges::any_of(
        ranges, [&](const WaveRange& range) { return rate >= range.minimum_rate && rate <= range.maximum_rate; });
    return is_offered
               ? fmt::format("record with --rate {}", rate)
               : fmt::format("the driver does not record at {} Hz, so it takes a file of {} Hz", rate, recorded.rate);
}

// What a card with fewer channels hears of a sound: the first ones, as they are.
class FirstChannels final : public endpoints::Source {
public:
    FirstChannels(std::unique_ptr<Source> whole, std::uint16_t channels)
        : Source(whole->name(), with_channels(whole->format(), channels)), whole_(std::move(whole)) {}

    std::string_view reduction() const override { return whole_->reduction(); }
    Result<std::size_t> read(std::span<std::byte> frames) override {
        const std::size_t wide = whole_->format().bytes_per_frame();
        const std::size_t narrow = format().bytes_per_frame();
        bytes_.resize(frames.size() / narrow * wide);
        const auto got = whole_->read(bytes_);
        if (!got) {
            return got.error();
        }
        const std::size_t count = *got / wide;
        for (std::size_t index = 0; index < count; ++index) {
            std::memcpy(frames.data() + index * narrow, bytes_.data() + index * wide, narrow);
        }
        return count * narrow;
    }

private:
    static WaveFormat with_channels(WaveFormat format, std::uint16_t channels) {
        format.channels = channels;
        format.channel_mask = 0;
        return format;
    }

    std::unique_ptr<Source> whole_;
    std::vector<std::byte> bytes_;
};

std::unique_ptr<endpoints::Source> first_channels(std::unique_ptr<endpoints::Source> source, unsigned channels) {
    if (source->format().channels <= channels) {
        return source;
    }
    return std::make_unique<FirstChannels>(std::move(source), static_cast<std::uint16_t>(channels));
}

} // namespace

Result<std::unique_ptr<RecordInput>> RecordInput::open(Machine& machine, Filter& filter, const RecordInputWish& wish,
                                                       const WaveFormat& format, const StreamOptions& options) {
    std::unique_ptr<RecordInput> input(new RecordInput);
    input->frame_bytes_ = format.bytes_per_frame();
    input->silence_ = format.bits == 8 ? std::byte{0x80} : std::byte{};
    if (!wish.pin) {
        const auto fed = feed_file(machine, wish.socket, wish.file);
        if (!fed) {
            return fed.error();
        }
        input->seconds_ = *fed;
    }
    if (wish.pin || wish.compare) {
        const unsigned heard_channels =
            wish.pin ? UINT16_MAX : std::min<unsigned>(channels_of(machine, wish.socket), format.channels);
        if (auto loaded = input->load(wish, format, heard_channels); !loaded) {
            return loaded.error();
        }
        input->comparison_.emplace(format);
    }
    if (wish.pin) {
        StreamOptions into = options;
        into.pin = *wish.pin;
        into.packets = PacketMode::never; // as a player's: what is recorded must not depend on it
        auto render = RenderStream::open(filter, format, into);
        if (!render) {
            return render.error();
        }
        input->render_.emplace(std::move(*render));
    }
    return input;
}

std::optional<std::uint32_t> RecordInput::pin() const {
    return render_ ? std::optional(render_->pin()) : std::nullopt;
}

Result<void> RecordInput::load(const RecordInputWish& wish, const WaveFormat& format, unsigned heard_channels) {
    auto source = endpoints::open_source(wish.file, format);
    if (!source) {
        return source.error();
    }
    if (const std::uint32_t rate = (*source)->format().rate; !wish.pin && rate != format.rate) {
        return Error{
            status_data_error,
            fmt::format("--verify: {} has {} Hz, the recording {}: what a card samples of it is not the same; {}",
                        wish.file, rate, format.rate, way_out(rate, format, wish.ranges))};
    }
    is_converted_ = (*source)->format() != format || !(*source)->reduction().empty();
    source = first_channels(std::move(*source), heard_channels);
    if ((*source)->format() != format) {
        auto converted = endpoints::convert_source(std::move(*source), format);
        if (!converted) {
            return converted.error();
        }
        source = std::move(converted);
    }
    constexpr std::size_t frames_per_read = 65536;
    const std::size_t bytes_per_read = frames_per_read * frame_bytes_;
    for (bool ended = false; !ended;) {
        const std::size_t before = sound_.size();
        sound_.resize(before + bytes_per_read);
        const auto got = (*source)->read(std::span(sound_).subspan(before));
        if (!got) {
            return got.error();
        }
        sound_.resize(before + *got);
        ended = *got < bytes_per_read;
    }
    const std::size_t frames = sound_.size() / frame_bytes_;
    seconds_ = static_cast<double>(frames) / format.rate;
    return {};
}

// The recording runs before the first frame is played into it.
Result<void> RecordInput::start(CaptureStream& capture, std::uint64_t frames) {
    if (comparison_) {
        sound_.resize(frames * frame_bytes_, silence_);
        comparison_->played(sound_);
    }
    if (!render_) {
        return {};
    }
    if (auto started = capture.start(); !started) {
        return started;
    }
    return render_->on_period([this](std::span<std::byte> period) {
        fill(period);
        return true;
    });
}

void RecordInput::fill(std::span<std::byte> period) {
    const std::size_t bytes = std::min(period.size(), sound_.size() - next_);
    std::copy_n(sound_.begin() + static_cast<std::ptrdiff_t>(next_), bytes, period.begin());
    std::fill(period.begin() + static_cast<std::ptrdiff_t>(bytes), period.end(), silence_);
    next_ += bytes;
}

Result<void> RecordInput::heard(std::span<const std::byte> frames, const Take& take) {
    if (render_) {
        return comparison_->heard(frames, take);
    }
    if (comparison_) {
        if (auto compared = comparison_->heard(frames, [](auto) { return Result<void>(); }); !compared) {
            return compared;
        }
    }
    return take(frames);
}

Result<void> RecordInput::finish(const Take& take) {
    if (!comparison_) {
        return {};
    }
    return comparison_->finish(render_ ? take : [](std::span<const std::byte>) { return Result<void>(); });
}

} // namespace openportcls::cli
