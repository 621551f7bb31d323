// What gives a card's output a rate while none of its converters does: analog sound passes a mixer all the time, and so
// does what a synthesizer plays.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/sample_clock.h"
#include "hardware/sound_socket.h"
#include "machine/machine.h"

namespace openportcls::hardware {

class OutputClock {
public:
    class Board {
    public:
        virtual ~Board() = default;
        // Somebody listens, no converter plays, and there is something to be heard.
        virtual bool needs_output_clock() const = 0;
        // What the output is without a converter's sound.
        virtual void play_without_voice(const SampleTime& when, std::span<Frame> frames) = 0;
    };

    OutputClock(machine::Machine& machine, Board& board)
        : machine_(machine), board_(board), event_(&OutputClock::block_due, this) {}
    OutputClock(const OutputClock&) = delete;
    OutputClock& operator=(const OutputClock&) = delete;

    // The board's answer may be another one by now.
    void NTAPI update();
    // The output up to now.
    void catch_up();
    bool is_running() const { return is_running_; }

    static constexpr SampleRate rate{48000, 1};

private:
    static constexpr std::size_t chunk_frames = longest_block;
    static constexpr std::uint64_t block_frames = rate.numerator / 100;

    static void block_due(machine::ClockEvent& event);
    void schedule();

    machine::Machine& machine_;
    Board& board_;
    bool is_running_ = false;
    SampleClock clock_;
    std::uint64_t moved_ = 0; // frames since the clock was started
    machine::ClockEvent event_;
    std::array<Frame, chunk_frames> frames_{};
};

} // namespace openportcls::hardware
