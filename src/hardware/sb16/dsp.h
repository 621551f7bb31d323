// The digital sound processor, version 4: commands in, answers out, samples through its two DMA streams.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "hardware/sb16/dma_stream.h"

namespace openportcls::hardware::sb16 {

class Dsp final : private DmaStream::Owner {
public:
    class Board {
    public:
        virtual ~Board() = default;
        virtual bool is_heard() const = 0;
        virtual Gain voice_gain() const = 0;
        virtual void play(const SampleTime& when, std::span<Frame> frames) = 0; // the voice, times its gain
        virtual void record(const SampleTime& when, std::span<Frame> frames) = 0;
        virtual void interrupt(bool is_16_bit) = 0;
        // Onto the MIDI cable; the time at which there is room for another byte.
        virtual Nanoseconds send_midi(std::uint8_t byte) = 0;
        virtual void log(std::string_view text) = 0;
    };

    Dsp(machine::Machine& machine, DmaController& dma, Board& board);

    // ---- ports (offsets 6, A, C and E of the card) ----
    [[gnu::noinline]] void NTAPI write_reset(std::uint8_t value);
    [[gnu::noinline]] std::uint8_t NTAPI read_data();
    [[gnu::noinline]] void NTAPI write_command(std::uint8_t value);
    void forget(); // the power is gone
    bool is_busy() const { return machine_.now() < busy_until_; }
    bool has_data() const { return answer_count_ != 0 && machine_.now() >= ready_at_; }

    DmaStream& bytes() { return bytes_; }
    DmaStream& words() { return words_; }
    bool is_playing() const { return bytes_.is_playing() || words_.is_playing(); }
    void catch_up() {
        bytes_.catch_up();
        words_.catch_up();
    }
    [[gnu::noinline]] void NTAPI dma_changed();
    // From the MIDI cable.
    void receive_midi(std::uint8_t byte);
    bool speaker_is_on() const { return speaker_; }

    static constexpr std::uint8_t major_version = 4;
    static constexpr std::uint8_t minor_version = 13;

private:
    struct Command {
        std::uint8_t first; // codes first to last mean the same
        std::uint8_t last;
        std::uint8_t parameters;
        void (Dsp::*run)();
        std::string_view section;
    };
    static const std::array<Command, 40> commands;
    static const Command* find(std::uint8_t code);

    bool is_heard() const override { return board_.is_heard(); }
    Gain voice_gain() const override { return board_.voice_gain(); }
    void play(const SampleTime& when, std::span<Frame> frames) override { board_.play(when, frames); }
    void record(const SampleTime& when, std::span<Frame> frames) override { board_.record(when, frames); }
    void block_is_over(bool is_16_bit) override { board_.interrupt(is_16_bit); }

    static constexpr std::uint8_t nothing_answered = 0xFF;

    void reset();
    void answer(std::uint8_t value);
    // A byte that is no command, as long as a MIDI mode lasts.
    void write_midi(std::uint8_t value);
    std::uint32_t word_parameter(unsigned at) const { return parameters_[at] | parameters_[at + 1U] << 8U; }
    SampleRate rate_for(bool is_input, unsigned channels) const;
    void start_bytes(bool is_input, bool repeats, std::uint32_t units);
    void begin(DmaStream& stream, DmaStream::Plan plan);

    // Commands, by their names in the guide.
    void direct_output();
    void direct_input();
    void output_single() { start_bytes(false, false, word_parameter(0) + 1); }
    void output_auto() { start_bytes(false, true, block_units_); }
    void output_single_block() { start_bytes(false, false, block_units_); }
    void input_single() { start_bytes(true, false, word_parameter(0) + 1); }
    void input_auto() { start_bytes(true, true, block_units_); }
    void input_single_block() { start_bytes(true, false, block_units_); }
    void program_transfer(); // Bxh and Cxh
    void set_time_constant();
    void set_output_rate();
    void set_input_rate();
    void set_block_size() { block_units_ = word_parameter(0) + 1; }
    void pause_silence();
    void pause_bytes() { bytes_.pause(); }
    void continue_bytes() { bytes_.resume(); }
    void continue_auto_bytes() {
        bytes_.repeat_after_block();
        bytes_.resume();
    }
    void pause_words() { words_.pause(); }
    void continue_words() { words_.resume(); }
    void continue_auto_words() {
        words_.repeat_after_block();
        words_.resume();
    }
    void exit_auto_bytes() { bytes_.end_after_block(); }
    void exit_auto_words() { words_.end_after_block(); }
    void speaker_on() { speaker_ = true; }
    void speaker_off() { speaker_ = false; }
    void answer_speaker() { answer(speaker_ ? 0xFF : 0x00); }
    void identify() { answer(static_cast<std::uint8_t>(~parameters_[0])); }
    void answer_version();
    void answer_copyright();
    void write_test() { test_ = parameters_[0]; }
    void read_test() { answer(test_); }
    void force_interrupt_bytes() { board_.interrupt(false); }
    void force_interrupt_words() { board_.interrupt(true); }
    void answer_zero() { answer(0); }
    void start_midi(); // 30h to 37h
    void send_midi() { busy_until_ = std::max(busy_until_, board_.send_midi(parameters_[0])); }
    void refuse_compressed();

    machine::Machine& machine_;
    Board& board_;
    DmaStream bytes_;
    DmaStream words_;

    bool reset_line_ = false;
    Nanoseconds reset_since_ = 0;
    Nanoseconds ready_at_ = 0;   // when the answer to a reset is there
    Nanoseconds busy_until_ = 0; // with the last byte written

    std::uint8_t code_ = 0;
    const Command* command_ = nullptr; // waits for parameters
    std::array<std::uint8_t, 3> parameters_{};
    unsigned parameter_count_ = 0;

    std::array<std::uint8_t, 64> answers_{};
    unsigned answer_first_ = 0;
    unsigned answer_count_ = 0;
    std::uint8_t last_answer_ = nothing_answered;

    // The MIDI mode: the bits of the command that began it; 0: none.
    enum Midi : std::uint8_t { midi_interrupts = 0x01, midi_time_stamps = 0x02, midi_uart = 0x04 };
    std::uint8_t midi_ = 0;
    Nanoseconds midi_since_ = 0;

    SampleRate output_rate_;
    SampleRate input_rate_;
    bool rate_counts_samples_ = true; // a time constant is for all channels together
    std::uint32_t block_units_ = 1;
    std::uint8_t test_ = 0;
    bool speaker_ = false;
};

} // namespace openportcls::hardware::sb16
