// The MPU-401 of the card, in UART mode: MIDI bytes out and in over two ports.
#pragma once

#include <array>
#include <cstdint>

#include "hardware/midi/midi_wire.h"
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

    Mpu401(machine::Machine& machine, Board& board) : machine_(machine), board_(board) {}

    [[gnu::noinline]] std::uint8_t NTAPI read_data();
    std::uint8_t read_status() const {
        const bool is_full = wire_free_at_ - machine_.now() > output_fifo * midi_byte_time;
        return static_cast<std::uint8_t>((count_ == 0 ? nothing_to_read : 0) | (is_full ? not_ready : 0) | 0x3F);
    }
    [[gnu::noinline]] void NTAPI write_data(std::uint8_t value);
    [[gnu::noinline]] void NTAPI write_command(std::uint8_t value);
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
    void push(std::uint8_t byte);

    machine::Machine& machine_;
    Board& board_;
    MidiSink* sink_ = nullptr;
    bool is_uart_ = false;
    Nanoseconds wire_free_at_ = 0; // when the bytes written so far have left
    std::array<std::uint8_t, 64> received_{};
    unsigned first_ = 0;
    unsigned count_ = 0;
    std::uint8_t last_ = 0xFF;
};

} // namespace openportcls::hardware::sb16
