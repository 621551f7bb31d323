// Event-driven streams, by WaveRT or by stream requests. Their clients copy each period from a source of their own, as
// most applications do, or have their sound in the periods already.
#pragma once

#include <chrono>
#include <vector>

#include "cable_machine.h"
#include "row.h"

namespace openportcls::bench {

constexpr unsigned bytes_per_millisecond = 48 * 4; // 48 kHz, 16 bit, stereo

enum class Client : std::uint8_t { copies, works_in_place };

class WaveRtStreams {
public:
    explicit WaveRtStreams(Filter& filter, std::chrono::milliseconds period = std::chrono::milliseconds(10),
                           Client client = Client::copies)
        : filter_(filter), period_(period), client_(client) {}
    WaveRtStreams(const WaveRtStreams&) = delete;
    WaveRtStreams& operator=(const WaveRtStreams&) = delete;

    // Opens and starts one more.
    void add();
    bool glitched() const;
    // Bytes of the cyclic buffers, which are whole pages, and of the sources.
    std::size_t memory_of_its_own();

private:
    Filter& filter_;
    std::chrono::milliseconds period_;
    Client client_;
    std::vector<std::vector<std::byte>> sources_; // a period each, as the anchors have
    std::vector<RenderStream> streams_;
};

// Virtual time passes, 100 ms an iteration: `streams` times 100 ms of periods of work.
void stream_periods(benchmark::State& state, CableMachine& cable, int streams,
                    std::chrono::milliseconds period = std::chrono::milliseconds(10), Client client = Client::copies);

constexpr int periods_per_iteration = 10;

template<int streams>
void wavert(benchmark::State& state) {
    CableMachine cable;
    stream_periods(state, cable, streams);
}

// CPU time per stream and period.
template<int streams>
Side wavert_side() {
    return cpu_time(&wavert<streams>, double{periods_per_iteration} * streams);
}

} // namespace openportcls::bench
