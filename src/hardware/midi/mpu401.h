// A Roland MPU-401 in UART mode, as sound cards have it: MIDI bytes out and in over two ports ("MIDI Processing Unit
// MPU-401 Technical Reference Manual", 1985).
#pragma once

#include <array>
#include <cstdint>

#include "hardware/midi/midi_wire.h"
#include "hardware/register_table.h"
#include "hardware/sound_socket.h"
#include "machine/machine.h"

namespace openportcls::hardware {

class Mpu401 final : public MidiPort {
public:
    // The card that it is on.
    class Board {
    public:
        virtual ~Board() = default;
        virtual void NTAPI midi_interrupt(bool is_asserted) = 0;
        // A byte has come, for whoever is on the same cable.
        virtual void midi_received(std::uint8_t byte) = 0;
    };

    // `output_fifo`: bytes that may wait while one is on the wire; the original has none. 16 are 5 ms of it, so that a
    // driver that looks once in a while keeps the wire busy.
    Mpu401(machine::Machine& machine, Board& board, unsigned output_fifo = default_output_fifo)
        : machine_(machine), board_(board), output_fifo_(output_fifo), registers_(table) {}

    std::uint8_t read(std::uint32_t offset) { return static_cast<std::uint8_t>(registers_.read(*this, offset)); }
    void write(std::uint32_t offset, std::uint32_t value) { registers_.write(*this, offset, value); }
    const RegisterFile<Mpu401, 0x2>& registers() const { return registers_; }
    void forget(); // the power is gone
    // Onto the cable; when the byte has left. The DSP shares it.
    Nanoseconds send(std::uint8_t byte);

    void plug(MidiSink* sink) override { sink_ = sink; }
    void receive(std::uint8_t byte) override;

    bool is_uart() const { return is_uart_; }
    // MIDI IN that found no room, MIDI OUT that was written too soon.
    std::uint64_t lost_bytes() const { return lost_; }

    static constexpr unsigned default_output_fifo = 16;
    static constexpr std::uint8_t command_uart = 0x3F; // "Host Commands"
    static constexpr std::uint8_t command_reset = 0xFF;
    static constexpr std::uint8_t acknowledge = 0xFE;
    static constexpr std::uint8_t nothing_to_read = 0x80; // status bit 7, DSR
    static constexpr std::uint8_t not_ready = 0x40;       // status bit 6, DRR

private:
    static constexpr std::uint8_t nothing_received = 0xFF;
    static const std::array<RegisterEntry<Mpu401>, 2> table;

    [[gnu::noinline]] std::uint32_t NTAPI read_data(std::uint32_t);
    std::uint32_t NTAPI read_status(std::uint32_t) {
        return (count_ == 0 ? nothing_to_read : 0U) | (is_full() ? not_ready : 0U) | 0x3F;
    }
    [[gnu::noinline]] void NTAPI data_written(std::uint32_t value);
    [[gnu::noinline]] void NTAPI command_written(std::uint32_t value);
    bool is_full() const { return wire_free_at_ - machine_.now() > output_fifo_ * midi_byte_time; }
    void push(std::uint8_t byte);

    machine::Machine& machine_;
    Board& board_;
    unsigned output_fifo_;
    RegisterFile<Mpu401, 0x2> registers_;
    MidiSink* sink_ = nullptr;
    bool is_uart_ = false;
    Nanoseconds wire_free_at_ = 0; // when the bytes written so far have left
    std::array<std::uint8_t, 64> received_{};
    unsigned first_ = 0;
    unsigned count_ = 0;
    std::uint8_t last_ = nothing_received;
    std::uint64_t lost_ = 0;
};

} // namespace openportcls::hardware
