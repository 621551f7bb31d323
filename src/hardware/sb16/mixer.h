// The CT1745 mixer: what is written to its registers, and what that does to samples.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/register_table.h"
#include "hardware/sample_word.h"

namespace openportcls::hardware::sb16 {

class Mixer {
public:
    // Who answers for the registers that are not about sound (80h to 82h), and wants to know of changes.
    class Board {
    public:
        virtual ~Board() = default;
        // Gains are about to change: what sounded so far has to be heard first.
        virtual void before_mixer_change() = 0;
        virtual std::uint32_t NTAPI interrupt_status() = 0;
        virtual void resources_written() = 0;
    };

    // What "Interrupt Setup" and "DMA Setup" are when the card is switched on.
    struct Setup {
        std::uint8_t interrupt = 0;
        std::uint8_t dma = 0;
    };
    Mixer(Board& board, const Setup& setup);

    // The power is gone; the board has been told of the change.
    void forget(const Setup& setup);

    void select(std::uint8_t index) { index_ = index; }
    std::uint8_t selected() const { return index_; }
    std::uint8_t read() { return static_cast<std::uint8_t>(registers_.read(*this, index_)); }
    [[gnu::noinline]] void NTAPI write(std::uint8_t value);

    std::uint8_t interrupt_setup() const { return static_cast<std::uint8_t>(registers_.value(0x80)); }
    std::uint8_t dma_setup() const { return static_cast<std::uint8_t>(registers_.value(0x81)); }
    const RegisterFile<Mixer, 0x100>& registers() const { return registers_; }

    // ---- output: what each source contributes, master volume and output gain included ----
    const Gain& voice_out() const { return voice_out_; }
    const Gain& midi_out() const { return midi_out_; }
    const Gain& line_out() const { return line_out_; }
    const Gain& cd_out() const { return cd_out_; }
    const Gain& microphone_out() const { return microphone_out_; }

    // ---- input: which channels of a source go into which side of the converter ----
    struct InputGains {
        // [converter side][source channel]
        std::array<std::array<float, 2>, 2> line{};
        std::array<std::array<float, 2>, 2> cd{};
        std::array<std::array<float, 2>, 2> midi{};
        std::array<float, 2> microphone{};
    };
    const InputGains& input() const { return input_; }

private:
    std::uint32_t stored(std::uint32_t offset) const { return registers_.value(offset); }
    void NTAPI reset_written(std::uint32_t);
    // The registers of the Sound Blaster Pro's mixer are other views of the same volumes.
    template<std::uint32_t left>
    std::uint32_t NTAPI read_nibbles(std::uint32_t) {
        return (stored(left) & 0xF0) | stored(left + 1) >> 4;
    }
    template<std::uint32_t left>
    void NTAPI nibbles_written(std::uint32_t value) {
        registers_.set(left, (value & 0xF0) | 0x08);
        registers_.set(left + 1, (value << 4 & 0xF0) | 0x08);
    }
    std::uint32_t NTAPI read_microphone(std::uint32_t) { return stored(0x3A) >> 5; }
    void NTAPI microphone_written(std::uint32_t value) { registers_.set(0x3A, (value & 7) << 5 | 0x18); }
    std::uint32_t NTAPI read_interrupt_status(std::uint32_t) { return board_.interrupt_status(); }
    void NTAPI resources_written(std::uint32_t) { board_.resources_written(); }

    void compute_gains();
    Gain volumes(std::uint32_t left) const;

    static const std::array<RegisterEntry<Mixer>, 35> table;

    Board& board_;
    RegisterFile<Mixer, 0x100> registers_;
    std::uint8_t index_ = 0;
    Gain voice_out_;
    Gain midi_out_;
    Gain line_out_;
    Gain cd_out_;
    Gain microphone_out_;
    InputGains input_;
};

} // namespace openportcls::hardware::sb16
