// A card with an MPU-401 and nothing else, and its cables.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "hardware/midi/midi_cable.h"
#include "hardware/midi/mpu401.h"
#include "machine/device.h"
#include "machine/interrupts.h"
#include "machine/machine.h"

namespace conformance {

namespace hardware = openportcls::hardware;
namespace machine = openportcls::machine;

class Mpu401Card final : public machine::Device, private hardware::Mpu401::Board {
public:
    // `heard`: where its MIDI OUT leads to. The port has to be free.
    Mpu401Card(machine::Machine& machine, machine::InterruptLine& line, std::uint32_t port, unsigned output_fifo,
               hardware::MidiPort& heard)
        : machine_(machine), line_(line), port_(port), chip_(machine, *this, output_fifo), out_(machine, heard),
          in_(machine, chip_) {
        const auto claimed = machine_.ports().claim(port_, 2, *this, 0);
        EXPECT_TRUE(claimed) << claimed.error().message;
        chip_.plug(&out_);
    }
    Mpu401Card(const Mpu401Card&) = delete;
    Mpu401Card& operator=(const Mpu401Card&) = delete;
    ~Mpu401Card() override {
        machine_.ports().release(port_);
        line_.lower();
    }

    std::string_view name() const override { return "mpu401"; }
    std::uint64_t NTAPI read_port(unsigned, std::uint32_t offset, machine::AccessWidth) override {
        return chip_.read(offset);
    }
    void NTAPI write_port(unsigned, std::uint32_t offset, machine::AccessWidth, std::uint64_t value) override {
        chip_.write(offset, static_cast<std::uint8_t>(value));
    }
    hardware::Mpu401& chip() { return chip_; }

    // Somebody plays: these follow each other on the cable.
    void play_in(std::span<const std::uint8_t> bytes) {
        machine::Nanoseconds time = machine_.now();
        for (const std::uint8_t byte : bytes) {
            time += hardware::midi_byte_time;
            in_.receive(byte, time);
        }
    }

private:
    void NTAPI midi_interrupt(bool is_asserted) override {
        if (is_asserted) {
            line_.raise();
        } else {
            line_.lower();
        }
    }
    void midi_received(std::uint8_t) override {}

    machine::Machine& machine_;
    machine::InterruptLine& line_;
    std::uint32_t port_;
    hardware::Mpu401 chip_;
    hardware::MidiCable out_;
    hardware::MidiCable in_;
};

} // namespace conformance
