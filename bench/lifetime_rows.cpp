// Opening and closing: streams, and whole machines.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "alsa_anchor.h"
#include "cable_machine.h"
#include "host_load.h"
#include "open_close.h"
#include "row.h"

extern char** environ;

namespace openportcls::bench {

namespace {

constexpr unsigned period_frames = 480;

void open_stream_close_once(benchmark::State& state) {
    CableMachine cable;
    open_stream_close(state, cable);
}

void machine_lifetime(benchmark::State& state) {
    for (auto _ : state) {
        const double before = own_cpu_seconds();
        {
            CableMachine cable;
        }
        state.SetIterationTime(own_cpu_seconds() - before);
    }
}

void spawn_true(benchmark::State& state) {
    for (auto _ : state) {
        const double before = own_cpu_seconds();
        pid_t child;
        char name[] = "true";
        char* arguments[] = {name, nullptr};
        if (posix_spawn(&child, "/bin/true", nullptr, nullptr, arguments, environ) == 0) {
            waitpid(child, nullptr, 0);
        }
        state.SetIterationTime(own_cpu_seconds() - before);
    }
}

} // namespace

void open_stream_close(benchmark::State& state, CableMachine& cable) {
    Filter filter = cable.wave();
    const std::vector<std::byte> tenth_of_a_second(4800 * 4, std::byte{1});
    StreamOptions options;
    options.packets = PacketMode::never; // the row is that of an event-driven client
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

void add_lifetime_rows() {
    add_row({"open, stream 100 ms, close", "alsa copy doing the same", 1.0, 0.33, cpu_time(&open_stream_close_once),
             cpu_time(&alsa_open_stream_close)});
    add_row({"machine created, driver started, stopped, destroyed", "vfork + exec of true, child included", 4, 2,
             told_time(&machine_lifetime, 1, 0.1), told_time(&spawn_true, 1, 0.1)});
}

} // namespace openportcls::bench
