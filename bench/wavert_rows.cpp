// WaveRT through the cable driver: sample clock, timer, DPC, driver, event, client thread, the client's copy.
#include <cstring>
#include <memory>
#include <vector>

#include "alsa_anchor.h"
#include "cable_machine.h"
#include "ratio_table.h"

namespace openportcls::bench {

namespace {

constexpr unsigned period_frames = 480; // 10 ms
constexpr std::size_t period_bytes = period_frames * 4;
constexpr std::size_t periods_of_source = 10;

template<int streams>
void wavert(benchmark::State& state) {
    CableMachine cable;
    Filter filter = cable.wave();
    struct Source {
        std::vector<std::byte> data = std::vector<std::byte>(period_bytes * periods_of_source, std::byte{3});
        std::size_t next = 0;
    };
    std::vector<std::unique_ptr<Source>> sources;
    std::vector<RenderStream> open;
    for (int i = 0; i < streams; ++i) {
        sources.push_back(std::make_unique<Source>());
        open.push_back(must(RenderStream::open(filter, WaveFormat{})));
        Source* source = sources.back().get();
        must(open.back().on_period([source](std::span<std::byte> period) {
            std::memcpy(period.data(), source->data.data() + source->next * period_bytes, period_bytes);
            source->next = (source->next + 1) % periods_of_source;
            return true;
        }));
    }
    must(cable.machine.run_for(std::chrono::milliseconds(200)));
    constexpr int periods_per_call = 10;
    for (auto _ : state) {
        must(cable.machine.run_for(std::chrono::milliseconds(10 * periods_per_call)));
    }
    for (RenderStream& stream : open) {
        if (stream.glitches() != 0) {
            state.SkipWithError("a stream glitched");
        }
    }
}

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
    constexpr int periods_per_call = 10;
    for (auto _ : state) {
        for (int i = 0; i < periods_per_call; ++i) {
            period();
        }
    }
    for (snd_pcm_t* pcm : pcms) {
        snd_pcm_close(pcm);
    }
}

} // namespace

void register_wavert_rows() {
    add_row({"WaveRT, 10 ms periods, 1 stream (per period)", "alsa copy", 1.2, 0.9, &wavert<1>, &alsa_copy<1>, 10});
    add_row({"WaveRT, 10 ms periods, 256 streams (per period)", "alsa copy", 1.5, 1.0, &wavert<256>, &alsa_copy<256>,
             2560});
}

} // namespace openportcls::bench
