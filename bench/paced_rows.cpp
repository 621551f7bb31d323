// Real time: what a machine in step with the host's clock costs and how late it wakes, against the barest loops.
#include <algorithm>
#include <cstring>
#include <ctime>
#include <queue>
#include <vector>

#include <sys/prctl.h>
#include <sys/resource.h>

#include "alsa_anchor.h"
#include "audio_server.h"
#include "client/state.h"
#include "wavert_streams.h"

namespace openportcls::bench {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr int many_streams = 256;
constexpr int late_streams = 8;
constexpr milliseconds round_length{500};
constexpr double round_seconds = 0.5;

// Phases spread over the period in an order that has nothing to do with the order of the streams.
constexpr nanoseconds phase(int stream) {
    return nanoseconds(10'000'000LL * (stream * 7919 % many_streams) / many_streams);
}

// ---- ours ----------------------------------------------------------------------------------------------------------

struct PacedCable {
    static MachineOptions options() {
        MachineOptions options;
        options.paced = true;
        return options;
    }
    CableMachine cable{options()};
    Filter filter = cable.wave();

    void run(nanoseconds duration) { must(cable.machine.run_for(duration)); }
};

template<int streams, int period_milliseconds>
void paced(benchmark::State& state) {
    PacedCable machine;
    WaveRtStreams open(machine.filter, milliseconds(period_milliseconds));
    for (int i = 0; i < streams; ++i) {
        open.add();
    }
    machine.run(milliseconds(50));
    for (auto _ : state) {
        machine.run(round_length);
    }
}

// Starts each stream at its phase.
void add_staggered(PacedCable& machine, WaveRtStreams& open) {
    std::vector<nanoseconds> phases;
    for (int i = 0; i < many_streams; ++i) {
        phases.push_back(phase(i));
    }
    std::sort(phases.begin(), phases.end());
    nanoseconds now{0};
    for (const nanoseconds next : phases) {
        machine.run(next - now);
        open.add();
        now = next;
    }
    machine.run(milliseconds(50));
}

void paced_staggered(benchmark::State& state) {
    PacedCable machine;
    WaveRtStreams open(machine.filter);
    add_staggered(machine, open);
    for (auto _ : state) {
        machine.run(round_length);
    }
}

Result<double> wakes_a_second() {
    PacedCable machine;
    WaveRtStreams open(machine.filter);
    add_staggered(machine, open);
    const auto sleeps = [] {
        rusage usage;
        getrusage(RUSAGE_THREAD, &usage);
        return usage.ru_nvcsw;
    };
    const long before = sleeps();
    machine.run(round_length);
    return static_cast<double>(sleeps() - before) / round_seconds;
}

double percentile(std::vector<double> values, double fraction) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1) + 0.5)];
}

// Of the clients' callbacks, behind the time at which their period was over.
double our_lateness(double fraction) {
    PacedCable machine;
    const auto& clock = machine.cable.machine.state()->machine->clock();
    std::vector<double> late;
    late.reserve(10'000);
    std::vector<RenderStream> open;
    StreamOptions options;
    options.packets = PacketMode::never; // event-driven clients, as in the other rows
    for (int i = 0; i < late_streams; ++i) {
        open.push_back(must(RenderStream::open(machine.filter, WaveFormat{}, options)));
        must(open.back().on_period([&](std::span<std::byte> period) {
            late.push_back(static_cast<double>(clock.lateness()) * 1e-9);
            std::memset(period.data(), 3, period.size());
            return true;
        }));
    }
    machine.run(milliseconds(50));
    late.clear();
    machine.run(2 * round_length);
    return percentile(std::move(late), fraction);
}

// ---- anchors -------------------------------------------------------------------------------------------------------

constexpr std::int64_t second = 1'000'000'000;

std::int64_t host_now() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * second + now.tv_nsec;
}

void sleep_until(std::int64_t due) {
    const timespec until{due / second, due % second};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

// Timers as exact as the host can: the default slack makes every wake-up 50 us late.
class FineTimers {
public:
    FineTimers() : before_(prctl(PR_GET_TIMERSLACK)) { prctl(PR_SET_TIMERSLACK, 1UL); }
    FineTimers(const FineTimers&) = delete;
    FineTimers& operator=(const FineTimers&) = delete;
    ~FineTimers() { prctl(PR_SET_TIMERSLACK, static_cast<unsigned long>(before_)); }

private:
    int before_;
};

template<int period_milliseconds>
void bare_loop(benchmark::State& state) {
    const FineTimers fine;
    std::vector<char> source(std::size_t{bytes_per_millisecond} * period_milliseconds, 3);
    std::vector<char> buffer(source.size());
    std::int64_t next = host_now();
    for (auto _ : state) {
        for (int i = 0; i < round_length.count() / period_milliseconds; ++i) {
            next += period_milliseconds * 1'000'000L;
            sleep_until(next);
            std::memcpy(buffer.data(), source.data(), buffer.size());
            benchmark::ClobberMemory();
        }
    }
}

void alsa_copy_loop(benchmark::State& state) {
    const FineTimers fine;
    constexpr unsigned period_frames = 480;
    std::vector<snd_pcm_t*> pcms;
    std::vector<std::vector<char>> sources(many_streams, std::vector<char>(std::size_t{period_frames} * 4, 3));
    for (int i = 0; i < many_streams; ++i) {
        pcms.push_back(open_alsa_copy(period_frames));
    }
    std::int64_t next = host_now();
    for (auto _ : state) {
        for (int period = 0; period < round_length.count() / 10; ++period) {
            next += 10'000'000;
            sleep_until(next);
            for (int i = 0; i < many_streams; ++i) {
                snd_pcm_writei(pcms[i], sources[i].data(), period_frames);
            }
        }
    }
    for (snd_pcm_t* pcm : pcms) {
        snd_pcm_close(pcm);
    }
}

// One heap of due times, wake-ups rounded up to a grid of 1 ms, everything due served at once.
void bare_coalescing_loop(benchmark::State& state) {
    const FineTimers fine;
    constexpr std::size_t period_bytes = std::size_t{bytes_per_millisecond} * 10;
    std::vector<std::vector<char>> sources(many_streams, std::vector<char>(period_bytes, 3));
    std::vector<std::vector<char>> buffers(many_streams, std::vector<char>(2 * period_bytes, 3));
    using Due = std::pair<std::int64_t, int>;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;
    const std::int64_t start = host_now() + 10'000'000;
    for (int i = 0; i < many_streams; ++i) {
        queue.emplace(start + phase(i).count(), i);
    }
    std::size_t rounds = 0;
    for (auto _ : state) {
        const std::int64_t end = queue.top().first + nanoseconds(round_length).count();
        while (queue.top().first < end) {
            constexpr std::int64_t grid = 1'000'000;
            sleep_until((queue.top().first + grid - 1) / grid * grid);
            const std::int64_t now = host_now();
            while (queue.top().first <= now) {
                const auto [due, stream] = queue.top();
                queue.pop();
                std::memcpy(buffers[stream].data() + (rounds & 1) * period_bytes, sources[stream].data(), period_bytes);
                queue.emplace(due + 10'000'000, stream);
            }
            ++rounds;
        }
    }
}

double sleep_lateness(double fraction) {
    const FineTimers fine;
    std::vector<double> late;
    std::int64_t next = host_now();
    for (int i = 0; i < 2 * round_length.count() / 10; ++i) {
        next += 10'000'000;
        sleep_until(next);
        late.push_back(static_cast<double>(host_now() - next) * 1e-9);
    }
    return percentile(std::move(late), fraction);
}

// ---- rows ----------------------------------------------------------------------------------------------------------

void add_cpu_row(const char* name, const char* anchor_name, double must, double goal, Side ours, Side anchor) {
    add_row({name, anchor_name, must, goal, std::move(ours), std::move(anchor), Unit::seconds, real_time_rounds});
}

// CPU seconds a second.
Side cpu_share(void (*function)(benchmark::State&)) {
    return cpu_time_of_one(function, round_seconds);
}

void add_lateness_row(const char* name, double must, double goal, double fraction) {
    add_row({name, "clock_nanosleep, timer slack 1", must, goal,
             [fraction]() -> Result<double> { return our_lateness(fraction); },
             [fraction]() -> Result<double> { return sleep_lateness(fraction); }, Unit::seconds, real_time_rounds});
}

} // namespace

void add_paced_rows() {
    constexpr const char* bare = "bare sleep and memcpy loop";
    add_cpu_row("paced, 1 stream of 10 ms, CPU a second", bare, 1.5, 1.15, cpu_share(&paced<1, 10>),
                cpu_share(&bare_loop<10>));
    add_cpu_row("paced, 1 stream of 1 ms, CPU a second", bare, 1.5, 1.15, cpu_share(&paced<1, 1>),
                cpu_share(&bare_loop<1>));
    add_cpu_row("paced against JACK, 1 stream of 10 ms", "JACK dummy driver", 0.9, 0.7, cpu_share(&paced<1, 10>),
                jack(false, 1));
    add_cpu_row("paced against PipeWire, 1 stream of 10 ms", "PipeWire null sink", 0.4, 0.3, cpu_share(&paced<1, 10>),
                pipewire(false, 1));
    add_cpu_row("paced, 256 streams in phase, CPU a second", "alsa copy loop", 1.5, 1.0,
                cpu_share(&paced<many_streams, 10>), cpu_share(&alsa_copy_loop));
    add_cpu_row("paced, 256 streams staggered, CPU a second", "bare loop, wake-ups on a 1 ms grid", 2, 1.3,
                cpu_share(&paced_staggered), cpu_share(&bare_coalescing_loop));
    add_row({"paced, 256 streams staggered, wake-ups a second", "", 1100, 1100, &wakes_a_second, {}, Unit::count, 3});
    add_lateness_row("paced, 8 streams, wake-up lateness p50", 1.3, 1.1, 0.5);
    add_lateness_row("paced, 8 streams, wake-up lateness p99", 2.5, 1.5, 0.99);
}

} // namespace openportcls::bench
