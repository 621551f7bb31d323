// The MPU-401 of the card, in UART mode: MIDI bytes out and in over two ports.
#pragma once

#include <array>
#include <cstdint>

#include "hardware/midi/midi_wire.h"
#include "hardware/register_table.h"
#include "hardware/sound_socket.h"
#include "machine/machine.h"

namespace openportcls::hardware::sb16 {

class Mpu401 final : public MidiPort {
public:
    class Board {
    public:
        virtual ~Board() = default;
        virtual void NTAPI midi_interrupt(bool is_asserted) = 0;
        // A byte has come, for whoever is on the same cable.
        virtual void midi_received(std::uint8_t byte) = 0;
    };

    Mpu401(machine::Machine& machine, Board& board) : machine_(machine), board_(board), registers_(table) {}

    std::uint8_t read(std::uint32_t offset) { return static_cast<std::uint8_t>(registers_.read(*this, offset)); }
    void write(std::uint32_t offset, std::uint32_t value) { registers_.write(*this, offset, value); }
    const RegisterFile<Mpu401, 0x2>& registers() const { return registers_; }
    void forget(); // the power is gone
    // Onto the cable; when the byte has left. The DSP shares it.
    Nanoseconds send(std::uint8_t byte);

    void plug(MidiSink* sink) override { sink_ = sink; }
    void receive(std::uint8_t byte) override;

    // Bytes that may wait while one is on the wire, as in hardware/midi: 5 ms of it, so that a driver that looks once
    // in a while keeps the wire busy.
    static constexpr unsigned output_fifo = 16;

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
    bool is_full() const { return wire_free_at_ - machine_.now() > output_fifo * midi_byte_time; }
    void push(std::uint8_t byte);

    machine::Machine& machine_;
    Board& board_;
    RegisterFile<Mpu401, 0x2> registers_;
    MidiSink* sink_ = nullptr;
    bool is_uart_ = false;
    Nanoseconds wire_free_at_ = 0; // when the bytes written so far have left
    std::array<std::uint8_t, 64> received_{};
    unsigned first_ = 0;
    unsigned count_ = 0;
    std::uint8_t last_ = nothing_received;
};

} // namespace openportcls::hardware::sb16
