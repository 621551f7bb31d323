// The DirectMusic port's sequencer: records of a stream request, events in the order of their times, a timer for the
// next one, the UART miniport, the bytes at the card's MIDI OUT.
#include <cstring>
#include <deque>

#include <dmusbuff.h>
#include <ks.h>

#include "cable_machine.h"
#include "client/midi_pins.h"
#include "event_times.h"
#include "fluid_sequencer.h"

namespace openportcls::bench {

namespace {

using std::chrono::microseconds;

constexpr std::size_t bytes_of_event = 3;

// Note-ons for a DirectMusic pin.
class Music {
public:
    explicit Music(CableMachine& card) : card_(card), filter_(must(card.machine.open_first("Uart"))) {
        must(card.machine.listen_midi({}, [this](std::chrono::nanoseconds, std::byte) { ++heard_; }));
        MidiOptions options;
        options.kind = MidiPinKind::direct_music;
        pin_.emplace(must(client::open_midi_pin(filter_, PinFlow::in, options)).first);
        must(pin_->set_state(PinState::run));
        begin_ = card.machine.now();
    }

    void add(std::int64_t time_microseconds) {
        constexpr std::int64_t units = 10; // of 100 ns
        constexpr unsigned char note[] = {0x90, 60, 100};
        static_assert(sizeof note == bytes_of_event);
        const DMUS_EVENTHEADER record = {sizeof note, 1, time_microseconds * units, DMUS_EVENT_STRUCTURED};
        const std::size_t at = buffer_.size();
        buffer_.resize(at + DMUS_EVENT_SIZE(sizeof note));
        std::memcpy(&buffer_[at], &record, sizeof record);
        std::memcpy(&buffer_[at] + sizeof record, note, sizeof note);
        ++added_;
    }
    // What was added goes to the sequencer, which has taken it all when this returns.
    void send() {
        StreamBlock block{buffer_};
        block.options = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
        must(must(pin_->submit_write({&block, 1})).wait());
        buffer_.clear();
    }
    std::int64_t now() const { return std::chrono::duration_cast<microseconds>(card_.machine.now() - begin_).count(); }

    std::uint64_t added() const { return added_; }
    std::uint64_t heard() const { return heard_ / bytes_of_event; }

private:
    CableMachine& card_;
    Filter filter_;
    std::optional<Pin> pin_;
    std::chrono::nanoseconds begin_{};
    std::vector<std::byte> buffer_;
    std::uint64_t added_ = 0;
    std::uint64_t heard_ = 0;
};

template<unsigned pending>
void sequence(benchmark::State& state) {
    MachineOptions options;
    options.hardware = {"sb16"};
    CableMachine card(options, "sb16");
    Music music(card);
    EventTimes times(pending);
    for (unsigned i = 0; i < pending; ++i) {
        music.add(times.initial());
    }
    music.send();
    for (auto _ : state) {
        const std::int64_t now = music.now();
        for (int i = 0; i < events_per_iteration; ++i) {
            music.add(times.next(now));
        }
        music.send();
        must(card.machine.run_for(microseconds(iteration_microseconds)));
    }
    // All of them come, and in time: in the end the cable has nothing left but what was just due.
    must(card.machine.run_for(microseconds(2 * gap_microseconds * pending) + std::chrono::milliseconds(100)));
    if (music.heard() != music.added()) {
        state.SkipWithError("events were lost or late");
    }
}

// CPU time per event.
template<unsigned pending>
Side sequencer_side() {
    return cpu_time(&sequence<pending>, events_per_iteration);
}

} // namespace

void add_sequencer_rows() {
    add_row({"DMus sequencer, 1,024 pending, to UART bytes", "FluidSynth's sequencer", 1.0, 0.67,
             sequencer_side<1024>(), fluid_sequencer_side<1024>()});
    add_row({"DMus sequencer, 1,024 pending", "ours with 16 pending", 1.5, 1.2, sequencer_side<1024>(),
             sequencer_side<16>()});
    add_row({"DMus sequencer, 100,000 pending", "ours with 16 pending", 4, 2.5, sequencer_side<100'000>(),
             sequencer_side<16>()});
}

} // namespace openportcls::bench
