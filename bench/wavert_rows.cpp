// WaveRT through the cable driver: sample clock, timer, DPC, driver, event, client thread, the client's copy.
#include <vector>

#include "alsa_anchor.h"
#include "child.h"
#include "wavert_streams.h"

namespace openportcls::bench {

namespace {

constexpr unsigned period_frames = 480; // 10 ms
constexpr std::size_t period_bytes = period_frames * 4;
constexpr std::size_t periods_of_source = 10;

template<int streams>
void alsa_copy(benchmark::State& state) {
    std::vector<snd_pcm_t*> pcms;
    std::vector<std::vector<char>> sources(streams, std::vector<char>(period_bytes * periods_of_source, 3));
    for (int i = 0; i < streams; ++i) {
        pcms.push_back(open_alsa_copy(period_frames));
    }
    unsigned next = 0;
    const auto period = [&] {
        for (int i = 0; i < streams; ++i) {
            snd_pcm_writei(pcms[i], &sources[i][next * period_bytes], period_frames);
        }
        next = (next + 1) % periods_of_source;
    };
    for (int i = 0; i < 20; ++i) {
        period();
    }
    for (auto _ : state) {
        for (int i = 0; i < periods_per_iteration; ++i) {
            period();
        }
    }
    for (snd_pcm_t* pcm : pcms) {
        snd_pcm_close(pcm);
    }
}

template<int streams>
Side alsa_side() {
    return cpu_time(&alsa_copy<streams>, double{periods_per_iteration} * streams);
}

} // namespace

void add_wavert_rows() {
    add_row({"WaveRT, 1 stream, per period", "alsa copy", 1.2, 0.9, wavert_side<1>(), alsa_side<1>()});
    add_row(
        {"WaveRT, 256 streams, per stream and period", "alsa copy", 1.5, 1.0, wavert_side<256>(), alsa_side<256>()});
    add_row({"WaveRT, 1,000 streams, per stream and period", "ours with 1 stream", 5, 4, wavert_side<1000>(),
             wavert_side<1>()});
    add_row({"allocations, locks, system calls per period",
             "",
             0,
             0,
             ask_program({OPENPORTCLS_BENCH_HOST_COSTS}, {}),
             {},
             Unit::count,
             1});
}

} // namespace openportcls::bench
