#include <openportcls/stream.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <ks.h>

#include "client/bridge_pin.h"
#include "client/guid_bytes.h"
#include "client/stream_base.h"
#include "client/wave_format.h"

namespace openportcls {

using client::StreamBase;

namespace {

// A pin of the other direction would take the format, and nothing would be heard.
Result<void> check_direction(Filter& filter, PinFlow flow, std::uint32_t pin) {
    if (client::is_bridge_pin(filter, pin)) {
        return client::bridge_pin_error(filter, pin);
    }
    const auto value = filter.get<std::uint32_t>({property::pin_set, KSPROPERTY_PIN_DATAFLOW}, Target::pin(pin));
    constexpr std::uint32_t flow_in = KSPIN_DATAFLOW_IN;
    if (!value || (*value == flow_in) == (flow == PinFlow::in)) {
        return {}; // what else is wrong with it, opening says
    }
    return Error{STATUS_INVALID_PARAMETER,
                 fmt::format("{} pin {}: {}", filter.name(), pin,
                             flow == PinFlow::in ? "records, it does not play" : "plays, it does not record")};
}

// A driver without modes would open the pin and leave the attribute alone. What it does without them is the default.
Result<void> check_mode(const Filter& filter, std::uint32_t pin, ProcessingMode mode) {
    if (mode == ProcessingMode::none || !client::is_processing_mode(mode)) {
        return {}; // what is no mode at all, opening refuses
    }
    const Guid wanted = client::from_windows(client::mode_attribute(mode).SignalProcessingMode);
    const auto known = filter.processing_modes(pin);
    if (known ? std::ranges::find(*known, wanted) != known->end() : mode == ProcessingMode::default_mode) {
        return {};
    }
    return Error{STATUS_NOT_SUPPORTED, fmt::format("{} pin {} has no signal-processing mode \"{}\"", filter.name(), pin,
                                                   mode == ProcessingMode::raw ? "raw" : "default")};
}

Result<std::unique_ptr<StreamBase>> open_stream(Filter& filter, PinFlow flow, const WaveFormat& format,
                                                const StreamOptions& options) {
    std::uint32_t pin = options.pin;
    if (pin == UINT32_MAX) {
        auto found = filter.find_pin(flow, &format);
        if (!found) {
            return found.error();
        }
        pin = found->id;
    } else if (auto right = check_direction(filter, flow, pin); !right) {
        return right.error();
    }
    if (auto possible = check_mode(filter, pin, options.mode); !possible) {
        return possible.error();
    }
    return StreamBase::open(filter.object(), flow, format, options, pin);
}

Error no_memory(const Stream& stream, std::string_view attempted) {
    return stream.object()->error(STATUS_INVALID_PARAMETER,
                                  fmt::format("{}: there are no frames at address 0", attempted));
}

} // namespace

Stream::Stream(std::unique_ptr<StreamBase> stream) : KsObject(stream->object()), stream_(std::move(stream)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

const WaveFormat& Stream::format() const {
    return stream_->format();
}
std::uint32_t Stream::pin() const {
    return stream_->pin();
}
std::uint32_t Stream::period_frames() const {
    return stream_->period_frames();
}
std::uint32_t Stream::buffer_frames() const {
    return stream_->buffer_frames();
}
bool Stream::uses_events() const {
    return stream_->uses_events();
}
Result<void> Stream::start() {
    return stream_->start();
}
Result<void> Stream::pause() {
    return stream_->pause();
}
Result<void> Stream::stop() {
    return stream_->stop();
}
Result<StreamPosition> Stream::position() const {
    return stream_->position();
}
std::uint64_t Stream::glitches() const {
    return stream_->glitches();
}
std::uint64_t Stream::frames() const {
    return stream_->frames();
}
std::span<std::byte> Stream::buffer() {
    return stream_->buffer();
}

Result<RenderStream> RenderStream::open(Filter& filter, const WaveFormat& format, const StreamOptions& options) {
    auto stream = open_stream(filter, PinFlow::in, format, options);
    if (!stream) {
        return stream.error();
    }
    return RenderStream(std::move(*stream));
}

Result<void> RenderStream::write(std::span<const std::byte> frames) {
    if (frames.data() == nullptr && !frames.empty()) {
        return no_memory(*this, "writing");
    }
    return stream_->write(frames);
}
Result<void> RenderStream::drain() {
    return stream_->drain();
}
Result<void> RenderStream::on_period(FillPeriod fill) {
    return stream_->on_period(std::move(fill));
}

Result<CaptureStream> CaptureStream::open(Filter& filter, const WaveFormat& format, const StreamOptions& options) {
    auto stream = open_stream(filter, PinFlow::out, format, options);
    if (!stream) {
        return stream.error();
    }
    return CaptureStream(std::move(*stream));
}

Result<void> CaptureStream::read(std::span<std::byte> frames) {
    if (frames.data() == nullptr && !frames.empty()) {
        return no_memory(*this, "reading");
    }
    return stream_->read(frames);
}
Result<std::size_t> CaptureStream::read_available(std::span<std::byte> frames) {
    if (frames.data() == nullptr && !frames.empty()) {
        return no_memory(*this, "reading");
    }
    return stream_->read_available(frames);
}
Result<void> CaptureStream::on_period(TakePeriod take) {
    if (!take) {
        return stream_->on_period({});
    }
    return stream_->on_period([take = std::move(take)](std::span<std::byte> period) { return take(period); });
}

} // namespace openportcls
