// One of the two DMA streams of the card: bytes over an 8-bit channel, words over a 16-bit one or that of the bytes, in
// blocks that each end with an interrupt. It moves in whole blocks when one is over, and what is due when someone looks
// in between.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/isa/dma_controller.h"
#include "hardware/sample_clock.h"
#include "hardware/sample_word.h"
#include "machine/machine.h"

namespace openportcls::hardware::sb16 {

struct SampleFormat {
    bool is_16_bit = false;
    bool is_stereo = false;
    bool is_signed = false;

    unsigned channels() const { return is_stereo ? 2 : 1; }
    unsigned frame_shift() const { return (is_stereo ? 1 : 0) + (is_16_bit ? 1 : 0); }
    unsigned frame_bytes() const { return 1U << frame_shift(); }
};

class DmaStream {
public:
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual bool is_heard() const = 0; // otherwise nothing is played
        virtual Gain voice_gain() const = 0;
        // The voice, times its gain. The frames may be used for the mix.
        virtual void play(const SampleTime& when, std::span<Frame> frames) = 0;
        virtual void record(const SampleTime& when, std::span<Frame> frames) = 0;
        virtual void block_is_over(bool is_16_bit) = 0;
    };

    struct Plan {
        SampleFormat format;
        bool is_input = false;
        bool is_silence = false; // output that needs no DMA: a pause of one block (command 80h)
        bool repeats = false;    // auto-init
        std::uint32_t block_units = 0;
        SampleRate rate;
    };

    static constexpr unsigned no_channel = UINT32_MAX;
    static constexpr std::size_t chunk_frames = longest_block;

    DmaStream(machine::Machine& machine, DmaController& dma, Owner& owner);
    DmaStream(const DmaStream&) = delete;
    DmaStream& operator=(const DmaStream&) = delete;

    void set_channel(unsigned channel) { channel_ = channel; }
    unsigned channel() const { return channel_; }
    void set_drift(std::int32_t parts_per_million) { clock_.set_drift(parts_per_million); }

    // At once; a transfer of one block follows the block that an auto-init transfer is at.
    void start(const Plan& plan);
    void stop();
    void pause();
    void resume();
    // The block under way is the last.
    void end_after_block();
    // It is not, after all.
    void repeat_after_block();

    // Moves what is due by now. Asked before every access to the card, which seldom finds that a frame has passed.
    void catch_up() {
        if (machine_.now() >= next_frame_at_) [[unlikely]] {
            move_before_access();
        }
    }
    // A channel may answer now that did not.
    void dma_changed();

    bool is_active() const { return state_ != State::idle; }
    // Frames leave it.
    bool is_playing() const { return state_ == State::running && !plan_.is_input; }
    const Plan& plan() const { return plan_; }

private:
    enum class State : std::uint8_t { idle, running, paused, starved };

    static void block_due(machine::ClockEvent& event);
    void run_clock(Nanoseconds since);
    void schedule();
    void begin(const Plan& plan, Nanoseconds since);
    void move_due();
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS void move_before_access() { move_due(); }
    void leave_running(State state);
    bool is_worth_converting() const { return plan_.is_input || owner_.is_heard(); }
    std::uint32_t pass_over(std::uint32_t frames);
    // Frames moved of `count`, no more than a chunk.
    [[gnu::noinline]] std::uint32_t move(std::uint32_t count);
    std::uint32_t play(std::uint32_t count, const SampleTime& when);
    std::uint32_t record(std::uint32_t count, const SampleTime& when);
    // False: the transfer is over, or another one has begun.
    bool finish_block();
    std::uint32_t block_frames() const;

    machine::Machine& machine_;
    DmaController& dma_;
    Owner& owner_;
    unsigned channel_ = no_channel;
    Plan plan_;
    Plan next_;             // follows the block …
    bool has_next_ = false; // … if there is one
    bool is_ending_ = false;
    State state_ = State::idle;
    SampleClock clock_;
    Nanoseconds next_frame_at_ = machine::never; // not before
    std::uint64_t moved_ = 0;                    // frames since the clock was started
    std::uint32_t left_ = 0;                     // frames of this block
    machine::ClockEvent event_;
    alignas(16) std::array<Frame, chunk_frames> frames_{};
    std::array<std::byte, chunk_frames * 4> bytes_{};
};

} // namespace openportcls::hardware::sb16
