// A Roland MPU-401 interface in UART mode, as on sound cards since ("MIDI Processing Unit MPU-401 Technical Reference
// Manual", 1985). Two ports: data at 0, status (read) and command (write) at 1.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "hardware/midi/midi_wire.h"
#include "machine/clock.h"
#include "machine/device.h"
#include "machine/interrupts.h"
#include "machine/machine.h"

namespace openportcls::hardware {

struct Mpu401Options {
    std::uint32_t port = 0x330;
    std::uint32_t output_fifo = 16; // bytes besides the one on the wire; 0: as the original
    std::uint32_t input_fifo = 64;
};

class Mpu401 final : public machine::Device {
public:
    static constexpr std::uint8_t status_no_data = 0x80;   // DSR: nothing to read
    static constexpr std::uint8_t status_not_ready = 0x40; // DRR: do not write
    static constexpr std::uint8_t command_reset = 0xFF;
    static constexpr std::uint8_t command_uart = 0x3F;
    static constexpr std::uint8_t acknowledge = 0xFE;

    // Claims its ports; the line is raised while there is something to read.
    static Result<std::unique_ptr<Mpu401>> create(machine::Machine& machine, machine::InterruptLine& line,
                                                  const Mpu401Options& options = {});
    ~Mpu401() override;

    std::string_view name() const override { return "mpu401"; }
    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, machine::AccessWidth width) override;
    void NTAPI write_port(unsigned range, std::uint32_t offset, machine::AccessWidth width,
                          std::uint64_t value) override;

    // MIDI OUT. nullptr: nothing is plugged in.
    void connect(MidiSink* sink) { sink_ = sink; }
    // MIDI IN: these follow whatever is on the cable already.
    void play_in(std::span<const std::uint8_t> bytes);

    bool is_uart() const { return is_uart_; }
    std::uint64_t lost_bytes() const { return lost_; } // MIDI IN that found no room, MIDI OUT that was written too soon

private:
    Mpu401(machine::Machine& machine, machine::InterruptLine& line, const Mpu401Options& options);
    static void sent(machine::ClockEvent& event);
    static void arrived(machine::ClockEvent& event);
    std::uint8_t status() const;
    std::uint8_t read_data();
    void write_data(std::uint8_t byte);
    void write_command(std::uint8_t command);
    void push_input(std::uint8_t byte);
    void update_line();

    machine::Machine& machine_;
    machine::InterruptLine& line_;
    Mpu401Options options_;
    MidiSink* sink_ = nullptr;
    bool is_uart_ = false;
    bool is_sending_ = false;
    std::uint8_t on_wire_ = 0;
    std::vector<std::uint8_t> output_; // a ring
    std::uint32_t output_first_ = 0;
    std::uint32_t output_count_ = 0;
    std::vector<std::uint8_t> input_; // a ring
    std::uint32_t input_first_ = 0;
    std::uint32_t input_count_ = 0;
    std::uint8_t last_read_ = 0xFF;
    std::deque<std::uint8_t> cable_; // MIDI IN
    std::uint64_t lost_ = 0;
    machine::ClockEvent sent_event_;
    machine::ClockEvent arrived_event_;
};

} // namespace openportcls::hardware
