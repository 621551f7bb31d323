#include "wavert_streams.h"

#include "alsa_anchor.h"

#include <algorithm>
#include <cstring>

namespace openportcls::bench {

using std::chrono::microseconds;

namespace {

// No more is queued than the anchor's buffer holds.
microseconds most_queued(std::chrono::milliseconds period) {
    constexpr unsigned frames_per_millisecond = 48;
    const auto period_frames = static_cast<unsigned>(period.count()) * frames_per_millisecond;
    return std::chrono::milliseconds(buffer_frames(period_frames) / frames_per_millisecond) - period;
}

} // namespace

void WaveRtStreams::add() {
    StreamOptions options;
    options.packets = PacketMode::never; // the row is that of an event-driven client
    options.period = period_;
    options.queued = std::min(options.queued, most_queued(period_));
    streams_.push_back(must(RenderStream::open(filter_, WaveFormat{}, options)));
    if (client_ == Client::works_in_place) {
        must(streams_.back().on_period([](std::span<std::byte>) { return true; }));
        return;
    }
    const std::size_t period_bytes = std::size_t{streams_.back().period_frames()} * WaveFormat{}.bytes_per_frame();
    const std::byte* const source = sources_.emplace_back(period_bytes, std::byte{3}).data();
    must(streams_.back().on_period([source, period_bytes](std::span<std::byte> period) {
        std::memcpy(period.data(), source, period_bytes);
        return true;
    }));
}

bool WaveRtStreams::glitched() const {
    for (const RenderStream& stream : streams_) {
        if (stream.glitches() != 0) {
            return true;
        }
    }
    return false;
}

std::size_t WaveRtStreams::memory_of_its_own() {
    constexpr std::size_t page = 4096;
    std::size_t sum = 0;
    for (RenderStream& stream : streams_) {
        sum += (stream.buffer().size() + page - 1) / page * page;
    }
    for (const auto& source : sources_) {
        sum += source.size();
    }
    return sum;
}

void stream_periods(benchmark::State& state, CableMachine& cable, int count, std::chrono::milliseconds period,
                    Client client) {
    Filter filter = cable.wave();
    WaveRtStreams streams(filter, period, client);
    for (int i = 0; i < count; ++i) {
        streams.add();
    }
    must(cable.machine.run_for(std::chrono::milliseconds(200)));
    for (auto _ : state) {
        must(cable.machine.run_for(std::chrono::milliseconds(10 * periods_per_iteration)));
    }
    if (streams.glitched()) {
        state.SkipWithError("a stream glitched");
    }
}

} // namespace openportcls::bench
