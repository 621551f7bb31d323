// Streams through cards, the models of the cards included: controller, bus master or DMA channel, converter, codec. The
// anchor is the same stream through the cable driver, which has no card; what is heard of it comes out of its capture
// pin.
#include "wavert_streams.h"

namespace openportcls::bench {

namespace {

CableMachine card(const char* model, std::vector<std::string> parameters = {}) {
    MachineOptions options;
    options.hardware = {model};
    return CableMachine(options, model, {}, parameters);
}
CableMachine sb16() {
    return card("sb16");
}
CableMachine ac97() {
    return card("ac97");
}
CableMachine ac97_wavert() {
    return card("ac97", {"UseWaveRT=1"});
}

template<CableMachine (*make)()>
void play(benchmark::State& state) {
    CableMachine machine = make();
    stream_periods(state, machine, 1);
}

// Somebody takes what leaves the card.
template<CableMachine (*make)()>
void play_to_listener(benchmark::State& state) {
    CableMachine machine = make();
    float level = 0;
    must(machine.machine.listen("line out",
                                [&level](double, std::span<const SoundFrame> frames) { level = frames.back().left; }));
    stream_periods(state, machine, 1);
    benchmark::DoNotOptimize(level);
}

// The capture pin is where a cable is heard.
void play_to_recorder(benchmark::State& state) {
    CableMachine cable;
    Filter filter = cable.wave();
    StreamOptions options;
    options.packets = PacketMode::never;
    CaptureStream heard = must(CaptureStream::open(filter, WaveFormat{}, options));
    int level = 0;
    must(heard.on_period([&level](std::span<const std::byte> period) {
        level = std::to_integer<int>(period.back());
        return true;
    }));
    stream_periods(state, cable, 1);
    benchmark::DoNotOptimize(level);
}

// CPU time per period.
template<void (*function)(benchmark::State&)>
Side per_period() {
    return cpu_time(function, periods_per_iteration);
}

constexpr double must_hold = 3;
constexpr double goal = 2;

} // namespace

void add_card_rows() {
    const char* const anchor = "ours through cable";
    add_row({"SB16 playback, per period", anchor, must_hold, goal, per_period<play<sb16>>(), wavert_side<1>()});
    add_row(
        {"AC'97 playback, WavePci, per period", anchor, must_hold, goal, per_period<play<ac97>>(), wavert_side<1>()});
    add_row({"AC'97 playback, WaveRT, per period", anchor, must_hold, goal, per_period<play<ac97_wavert>>(),
             wavert_side<1>()});
    const char* const heard_anchor = "ours through cable and back";
    add_row({"SB16 playback that is heard, per period", heard_anchor, must_hold, goal,
             per_period<play_to_listener<sb16>>(), per_period<play_to_recorder>()});
    add_row({"AC'97 playback that is heard, per period", heard_anchor, must_hold, goal,
             per_period<play_to_listener<ac97>>(), per_period<play_to_recorder>()});
}

} // namespace openportcls::bench
