// alsa-lib writing periods to many PCMs, as the anchor of rows of streams.
#pragma once

#include <vector>

#include "alsa_anchor.h"
#include "row.h"
#include "wavert_streams.h"

namespace openportcls::bench {

// 100 ms an iteration, in periods of `period_frames`.
template<int streams, unsigned period_frames>
void alsa_periods(benchmark::State& state, snd_pcm_t* (*open)(unsigned)) {
    constexpr std::size_t period_bytes = period_frames * 4;
    constexpr unsigned periods = 4800 / period_frames;
    std::vector<snd_pcm_t*> pcms;
    std::vector<std::vector<char>> sources(streams, std::vector<char>(period_bytes, 3));
    for (int i = 0; i < streams; ++i) {
        pcms.push_back(open(period_frames));
    }
    const auto period = [&] {
        for (int i = 0; i < streams; ++i) {
            snd_pcm_writei(pcms[i], sources[i].data(), period_frames);
        }
    };
    for (int i = 0; i < 20; ++i) {
        period();
    }
    for (auto _ : state) {
        for (unsigned i = 0; i < periods; ++i) {
            period();
        }
    }
    for (snd_pcm_t* pcm : pcms) {
        snd_pcm_close(pcm);
    }
}

// CPU time per stream and period.
template<int streams, unsigned period_frames = 480>
Side alsa_side() {
    return cpu_time([](benchmark::State& state) { alsa_periods<streams, period_frames>(state, &open_alsa_copy); },
                    4800.0 / period_frames * streams);
}

} // namespace openportcls::bench
