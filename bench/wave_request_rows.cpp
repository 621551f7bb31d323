// WaveCyclic and WavePci through stream requests: timer, DPC, the driver's service, port, completed request, client
// thread, the client's copy, the next request.
#include "alsa_side.h"
#include "portcls/port.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/wavepci/pin.h"

#include "client/state.h"

namespace openportcls::bench {

namespace {

using std::chrono::milliseconds;

// Its DMA buffers are as long as the anchor's.
CableMachine cyclic_card() {
    return CableMachine({}, OPENPORTCLS_BENCH_CYCLIC, OPENPORTCLS_BENCH_CYCLIC_INF, {"BufferBytes=9600"});
}
CableMachine wavepci_card() {
    return CableMachine({}, OPENPORTCLS_BENCH_WAVEPCI, OPENPORTCLS_BENCH_WAVEPCI_INF);
}

template<CableMachine (*card)(), int streams, int period_milliseconds, Client client>
void requests(benchmark::State& state) {
    CableMachine machine = card();
    stream_periods(state, machine, streams, milliseconds(period_milliseconds), client);
}

// CPU time per stream and period.
template<CableMachine (*card)(), int streams, int period_milliseconds = 10, Client client = Client::copies>
Side requests_side() {
    return cpu_time(&requests<card, streams, period_milliseconds, client>, 100.0 / period_milliseconds * streams);
}
// Where the card takes the client's sound from the client's own memory, nobody copies it.
template<int streams>
Side mapped_side() {
    return requests_side<wavepci_card, streams, 10, Client::works_in_place>();
}

// ---- a mapping -----------------------------------------------------------------------------------------------------

// Of a looped buffer, through the interface that the miniport has. The card stands still meanwhile: what it has taken
// is given back in its name.
void mapping(benchmark::State& state) {
    CableMachine card = wavepci_card();
    Filter filter = card.wave();
    PinConnect connect;
    connect.interface_id = KSINTERFACE_STANDARD_LOOPED_STREAMING;
    connect.format = data_format(WaveFormat{});
    Pin pin = must(Pin::open(filter, connect));
    std::vector<std::byte> loop(64 * 1024);
    must(pin.set_state(PinState::acquire));
    const StreamBlock block{loop};
    const StreamRequest request = must(pin.submit_write({&block, 1}));
    filter.object()->machine->machine->enter([&] {
        portcls::Port* const port = portcls::PortClsSystem::current().ports().front();
        auto& stream = static_cast<portcls::WavePciPin*>(port->pins().front())->port_stream();
        constexpr ULONG_PTR more_than_it_has = 100;
        for (ULONG_PTR taken = 1; taken < more_than_it_has; ++taken) {
            stream.ReleaseMapping(reinterpret_cast<PVOID>(taken));
        }
        ULONG_PTR tag = 1;
        for (auto _ : state) {
            PHYSICAL_ADDRESS physical;
            PVOID memory;
            ULONG bytes;
            ULONG flags;
            stream.GetMapping(reinterpret_cast<PVOID>(tag), &physical, &memory, &bytes, &flags);
            benchmark::DoNotOptimize(physical);
            if (stream.ReleaseMapping(reinterpret_cast<PVOID>(tag)) != STATUS_SUCCESS) {
                state.SkipWithError("no mapping");
                break;
            }
            ++tag;
        }
    });
}

void alsa_null(benchmark::State& state) {
    constexpr unsigned period_frames = 480;
    std::vector<char> period(period_frames * 4, 3);
    snd_pcm_t* const pcm = open_alsa_null(period_frames);
    for (auto _ : state) {
        snd_pcm_writei(pcm, period.data(), period_frames);
    }
    snd_pcm_close(pcm);
}

} // namespace

void add_wave_request_rows() {
    add_row(
        {"WaveCyclic, 1 stream, per period", "alsa copy", 1.5, 1.0, requests_side<cyclic_card, 1>(), alsa_side<1>()});
    add_row({"WaveCyclic, 256 streams, per stream and period", "alsa copy", 1.8, 1.0, requests_side<cyclic_card, 256>(),
             alsa_side<256>()});
    add_row({"WaveCyclic, 256 streams, periods of 1 ms", "alsa copy", 1.5, 1.0, requests_side<cyclic_card, 256, 1>(),
             alsa_side<256, 48>()});
    add_row({"WavePci, a get and a release of a mapping", "alsa null", 2, 1, cpu_time(&mapping), cpu_time(&alsa_null)});
    add_row({"WavePci, 1 stream, per period", "alsa copy", 1.2, 0.8, mapped_side<1>(), alsa_side<1>()});
    add_row(
        {"WavePci, 256 streams, per stream and period", "alsa copy", 1.2, 0.8, mapped_side<256>(), alsa_side<256>()});
}

} // namespace openportcls::bench
