// Opening and closing: streams, and whole machines.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "alsa_anchor.h"
#include "cable_machine.h"
#include "ratio_table.h"

extern char** environ;

namespace openportcls::bench {

namespace {

constexpr unsigned period_frames = 480;

void open_stream_close(benchmark::State& state) {
    CableMachine cable;
    Filter filter = cable.wave();
    const std::vector<std::byte> tenth_of_a_second(4800 * 4, std::byte{1});
    StreamOptions options;
    options.pin = 0;
    for (auto _ : state) {
        RenderStream stream = must(RenderStream::open(filter, WaveFormat{}, options));
        must(stream.write(tenth_of_a_second));
        must(stream.drain());
    }
}

void alsa_open_stream_close(benchmark::State& state) {
    const std::vector<char> data(period_frames * 4, 1);
    for (auto _ : state) {
        snd_pcm_t* pcm = open_alsa_copy(period_frames);
        for (int i = 0; i < 10; ++i) {
            snd_pcm_writei(pcm, data.data(), period_frames);
        }
        snd_pcm_drop(pcm);
        snd_pcm_close(pcm);
    }
}

// User and system time of this process and of the children it has waited for.
double cpu_seconds() {
    double sum = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage;
        getrusage(who, &usage);
        for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
            sum += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
        }
    }
    return sum;
}

void machine_lifetime(benchmark::State& state) {
    for (auto _ : state) {
        const double before = cpu_seconds();
        {
            CableMachine cable;
        }
        state.SetIterationTime(cpu_seconds() - before);
    }
}

void spawn_true(benchmark::State& state) {
    for (auto _ : state) {
        const double before = cpu_seconds();
        pid_t child;
        char name[] = "true";
        char* arguments[] = {name, nullptr};
        if (posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, environ) == 0) {
            waitpid(child, nullptr, 0);
        }
        state.SetIterationTime(cpu_seconds() - before);
    }
}

} // namespace

void register_lifetime_rows() {
    add_row({"open, stream 100 ms, close", "alsa copy doing the same", 1.0, 0.33, &open_stream_close,
             &alsa_open_stream_close});
    add_row({"machine created, driver started, stopped, destroyed", "vfork + exec of true, child included", 4, 2,
             &machine_lifetime, &spawn_true, 1, 0.2, true});
}

} // namespace openportcls::bench
