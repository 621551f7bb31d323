#include "client/live_stream.h"

#include <algorithm>

#include "client/state.h"

namespace openportcls {

namespace client {

namespace {

std::size_t ring_bytes(const WaveFormat& format, const LiveOptions& options) {
    const auto wanted = static_cast<std::int64_t>(format.rate) * options.ring.count() / 1'000'000;
    return static_cast<std::size_t>(std::max<std::int64_t>(wanted, 1)) * format.bytes_per_frame();
}

Result<void> check_ring(const WaveFormat& format, const LiveOptions& options) {
    if (format.bytes_per_frame() == 0) {
        return Error{STATUS_INVALID_PARAMETER, to_string(format) + " is no format to stream"};
    }
    constexpr double most_bytes = 1 << 28;
    const double wanted = static_cast<double>(options.ring.count()) / 1e6 * format.rate * format.bytes_per_frame();
    if (wanted < 0 || wanted > most_bytes) {
        return Error{STATUS_INVALID_PARAMETER, "a ring holds some sound, and 256 MiB of it at most"};
    }
    return {};
}

Result<Filter> open_filter(Machine& machine, std::string_view name) {
    return name.find('\\') != std::string_view::npos ? machine.open(name) : machine.open_first(name);
}

} // namespace

LiveStream::LiveStream(std::shared_ptr<MachineThreadState> thread, PinFlow flow, const WaveFormat& wanted,
                       const LiveOptions& options)
    : ring(ring_bytes(wanted, options), wanted.bytes_per_frame()), format(wanted), thread_(std::move(thread)),
      flow_(flow) {}

LiveStream::~LiveStream() {
    thread_->call([this](Machine&) {
        render_.reset();
        capture_.reset();
    });
}

Result<void> LiveStream::open(std::string_view name, const StreamOptions& options) {
    Result<void> result;
    thread_->call([&](Machine& machine) {
        auto filter = open_filter(machine, name);
        if (!filter) {
            result = filter.error();
            return;
        }
        const auto keep = [&](auto& place, auto opened) {
            if (!opened) {
                result = opened.error();
                return;
            }
            place.emplace(std::move(*opened));
            period_frames = place->period_frames();
            buffer_frames = place->buffer_frames();
        };
        if (flow_ == PinFlow::in) {
            keep(render_, RenderStream::open(*filter, format, options));
        } else {
            keep(capture_, CaptureStream::open(*filter, format, options));
        }
    });
    return result;
}

Result<void> LiveStream::start() {
    Result<void> result;
    thread_->call([&](Machine&) {
        if (runs_) {
            return; // after drain(), say
        }
        counts_glitches_ = flow_ == PinFlow::out;
        result = render_ ? render_->on_period([this](std::span<std::byte> period) { return fill(period); })
                         : capture_->on_period([this](std::span<const std::byte> period) { return take(period); });
        runs_ = static_cast<bool>(result);
    });
    return result;
}

Result<void> LiveStream::stop() {
    Result<void> result;
    thread_->call([&](Machine&) {
        result = render_ ? render_->stop() : capture_->stop();
        runs_ = false;
    });
    return result;
}

std::optional<Error> LiveStream::failure() const {
    std::optional<Error> error;
    thread_->call([&](Machine& machine) {
        if (auto report = machine.crash_report()) {
            error = Error{STATUS_UNSUCCESSFUL, "the driver crashed\n" + *report};
            return;
        }
        auto position = render_ ? render_->position() : capture_->position();
        if (!position) {
            error = position.error();
        }
    });
    return error;
}

// ---- once a period, inside the machine ------------------------------------------------------------------------------

bool LiveStream::fill(std::span<std::byte> period) {
    const std::size_t filled = ring.read(period);
    if (filled < period.size()) {
        const std::byte silence = format.bits == 8 ? std::byte{0x80} : std::byte{0};
        std::fill(period.begin() + static_cast<std::ptrdiff_t>(filled), period.end(), silence);
        if (counts_glitches_.load(std::memory_order_relaxed) && !drains_.load(std::memory_order_relaxed)) {
            glitches.fetch_add(1, std::memory_order_relaxed);
        }
    } else {
        counts_glitches_.store(true, std::memory_order_relaxed);
    }
    end_period(period.size());
    return true;
}

bool LiveStream::take(std::span<const std::byte> period) {
    if (ring.write(period) < period.size()) {
        glitches.fetch_add(1, std::memory_order_relaxed);
    }
    end_period(period.size());
    return true;
}

void LiveStream::end_period(std::size_t bytes) {
    frames.fetch_add(bytes / format.bytes_per_frame(), std::memory_order_release);
    period_ended_.ring();
}

// What has been written is played when the ring is empty and one buffer more has gone by.
Result<void> LiveStream::drain(std::chrono::milliseconds timeout) {
    drains_ = true;
    auto done = wait([this] { return ring.available() == 0; }, timeout);
    if (done) {
        const std::uint64_t played = frames.load(std::memory_order_acquire) + buffer_frames;
        done = wait([&] { return frames.load(std::memory_order_acquire) >= played; }, timeout);
    }
    counts_glitches_ = false; // what comes next starts anew
    drains_ = false;
    return done;
}

Error LiveStream::timed_out() {
    return status_error(STATUS_TIMEOUT, "waiting for the stream");
}

} // namespace client

LiveStreamBase::LiveStreamBase(LiveStreamBase&&) noexcept = default;
LiveStreamBase& LiveStreamBase::operator=(LiveStreamBase&&) noexcept = default;
LiveStreamBase::~LiveStreamBase() = default;

const WaveFormat& LiveStreamBase::format() const {
    return stream_->format;
}
std::uint32_t LiveStreamBase::period_frames() const {
    return stream_->period_frames;
}
Result<void> LiveStreamBase::start() {
    return stream_->start();
}
Result<void> LiveStreamBase::stop() {
    return stream_->stop();
}
std::uint64_t LiveStreamBase::glitches() const noexcept {
    return stream_->glitches.load(std::memory_order_relaxed);
}
std::uint64_t LiveStreamBase::frames() const noexcept {
    return stream_->frames.load(std::memory_order_relaxed);
}
std::optional<Error> LiveStreamBase::failure() const {
    return stream_->failure();
}

Result<LiveRender> LiveRender::open(const MachineThread& machine, std::string_view filter, const WaveFormat& format,
                                    const LiveOptions& options) {
    if (auto possible = client::check_ring(format, options); !possible) {
        return possible.error();
    }
    auto stream = std::make_shared<client::LiveStream>(machine.state_, PinFlow::in, format, options);
    auto opened = stream->open(filter, options.stream);
    return opened ? Result<LiveRender>(LiveRender(std::move(stream))) : Result<LiveRender>(opened.error());
}

std::size_t LiveRender::write(std::span<const std::byte> frames) noexcept {
    return stream_->ring.write(frames);
}
std::size_t LiveRender::room() const noexcept {
    return stream_->ring.room();
}
Result<void> LiveRender::wait_for_room(std::size_t bytes, std::chrono::milliseconds timeout) {
    const std::size_t wanted = std::min(bytes, stream_->ring.capacity());
    return stream_->wait([&] { return stream_->ring.room() >= wanted; }, timeout);
}
Result<void> LiveRender::drain(std::chrono::milliseconds timeout) {
    return stream_->drain(timeout);
}

Result<LiveCapture> LiveCapture::open(const MachineThread& machine, std::string_view filter, const WaveFormat& format,
                                      const LiveOptions& options) {
    if (auto possible = client::check_ring(format, options); !possible) {
        return possible.error();
    }
    auto stream = std::make_shared<client::LiveStream>(machine.state_, PinFlow::out, format, options);
    auto opened = stream->open(filter, options.stream);
    return opened ? Result<LiveCapture>(LiveCapture(std::move(stream))) : Result<LiveCapture>(opened.error());
}

std::size_t LiveCapture::read(std::span<std::byte> frames) noexcept {
    return stream_->ring.read(frames);
}
std::size_t LiveCapture::available() const noexcept {
    return stream_->ring.available();
}
Result<void> LiveCapture::wait_for_data(std::size_t bytes, std::chrono::milliseconds timeout) {
    const std::size_t wanted = std::min(bytes, stream_->ring.capacity());
    return stream_->wait([&] { return stream_->ring.available() >= wanted; }, timeout);
}

} // namespace openportcls
