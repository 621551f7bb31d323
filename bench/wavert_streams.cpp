#include "wavert_streams.h"

#include <algorithm>
#include <cstring>

namespace openportcls::bench {

using std::chrono::microseconds;

namespace {

constexpr std::size_t periods_of_source = 10;
constexpr int periods_of_buffer = 10; // of the anchor's: no more than that is queued

} // namespace

void WaveRtStreams::add() {
    StreamOptions options;
    options.packets = PacketMode::never; // the row is that of an event-driven client
    options.period = period_;
    options.queued = std::min(options.queued, microseconds(period_ * (periods_of_buffer - 1)));
    streams_.push_back(must(RenderStream::open(filter_, WaveFormat{}, options)));
    if (client_ == Client::works_in_place) {
        must(streams_.back().on_period([](std::span<std::byte>) { return true; }));
        return;
    }
    const std::size_t period_bytes = std::size_t{streams_.back().period_frames()} * WaveFormat{}.bytes_per_frame();
    sources_.push_back(std::make_unique<Source>());
    Source* const source = sources_.back().get();
    source->data.assign(period_bytes * periods_of_source, std::byte{3});
    must(streams_.back().on_period([source, period_bytes](std::span<std::byte> period) {
        std::memcpy(period.data(), source->data.data() + source->next * period_bytes, period_bytes);
        source->next = (source->next + 1) % periods_of_source;
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
        sum += source->data.size();
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
