// The FM synthesizer of the card: an OPL3, and its place in the mixer.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/opl3/device.h"
#include "hardware/sample_clock.h"
#include "hardware/sb16/mixer.h"
#include "hardware/sound_socket.h"
#include "machine/machine.h"

namespace openportcls::hardware::sb16 {

// From the first note on that somebody can hear, the card's output never stands still: while no voice of the DSP gives
// it a rate, this does.
class FmSound {
public:
    class Board {
    public:
        virtual ~Board() = default;
        virtual bool is_heard() const = 0;  // something is plugged into the output
        virtual bool has_voice() const = 0; // the DSP plays
        // What the output is without a voice.
        virtual void play_without_voice(const SampleTime& when, std::span<Frame> frames) = 0;
    };

    FmSound(machine::Machine& machine, Board& board);
    FmSound(const FmSound&) = delete;
    FmSound& operator=(const FmSound&) = delete;

    [[gnu::noinline]] std::uint8_t NTAPI read(std::uint32_t port); // 0 to 3
    [[gnu::noinline]] void NTAPI write(std::uint32_t port, std::uint8_t value);

    // Adds its sound at these moments. `sides`: what of its left and right goes to each side.
    void add(const std::array<std::array<float, 2>, 2>& sides, const SampleTime& when, std::span<Frame> sum);

    // The output up to now.
    void catch_up();
    // A voice has begun or ended.
    void voices_changed() {
        if (has_sounded_ || is_running_) {
            choose_clock();
        }
    }

    static constexpr SampleRate own_rate{48000, 1};

private:
    [[gnu::noinline]] void NTAPI choose_clock();
    static constexpr std::size_t chunk_frames = longest_block;
    static constexpr std::uint64_t block_frames = own_rate.numerator / 100;

    static void block_due(machine::ClockEvent& event);
    void schedule();

    machine::Machine& machine_;
    Board& board_;
    opl3::Opl3Device chip_;
    bool has_sounded_ = false;
    bool is_running_ = false;
    SampleClock clock_;
    std::uint64_t moved_ = 0; // frames since the clock was started
    machine::ClockEvent event_;
    std::array<Frame, chunk_frames> frames_{};
    std::array<opl3::FloatFrame, chunk_frames> sound_{};
};

} // namespace openportcls::hardware::sb16
