// Real time: the CPU a paced stream costs against the barest loop that sleeps and copies.
#include <cstring>
#include <ctime>
#include <vector>

#include "cable_machine.h"
#include "ratio_table.h"

namespace openportcls::bench {

namespace {

template<int period_milliseconds>
void paced_stream(benchmark::State& state) {
    MachineOptions options;
    options.paced = true;
    CableMachine cable(options);
    Filter filter = cable.wave();
    StreamOptions stream_options;
    stream_options.period = std::chrono::milliseconds(period_milliseconds);
    RenderStream stream = must(RenderStream::open(filter, WaveFormat{}, stream_options));
    const std::vector<std::byte> source(static_cast<std::size_t>(48 * 4 * period_milliseconds), std::byte{3});
    must(stream.on_period([&source](std::span<std::byte> period) {
        std::memcpy(period.data(), source.data(), period.size());
        return true;
    }));
    for (auto _ : state) {
        must(cable.machine.run_for(std::chrono::milliseconds(200)));
    }
}

template<int period_milliseconds>
void bare_loop(benchmark::State& state) {
    std::vector<char> source(static_cast<std::size_t>(48 * 4 * period_milliseconds), 3);
    std::vector<char> buffer(source.size());
    timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (auto _ : state) {
        for (int i = 0; i < 200 / period_milliseconds; ++i) {
            next.tv_nsec += period_milliseconds * 1'000'000L;
            if (next.tv_nsec >= 1'000'000'000) {
                next.tv_nsec -= 1'000'000'000;
                ++next.tv_sec;
            }
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
            std::memcpy(buffer.data(), source.data(), buffer.size());
            benchmark::ClobberMemory();
        }
    }
}

} // namespace

void register_paced_rows() {
    add_row({"paced, 1 stream, 10 ms: CPU", "bare sleep and memcpy loop", 1.5, 1.15, &paced_stream<10>, &bare_loop<10>,
             20, 0.001});
    add_row({"paced, 1 stream, 1 ms: CPU", "bare sleep and memcpy loop", 1.5, 1.15, &paced_stream<1>, &bare_loop<1>,
             200, 0.002});
}

} // namespace openportcls::bench
