// A machine with a board and no kernel: tests play the driver with port accesses of their own.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/motherboard.h"

namespace openportcls::hardware {

// Keeps what an output gives.
class Listener final : public SoundSink {
public:
    void hear(const SampleTime& when, std::span<const Frame> block) override {
        rate = when.rate;
        last = when;
        ++blocks;
        frames.insert(frames.end(), block.begin(), block.end());
    }
    std::vector<Frame> frames;
    SampleRate rate;
    SampleTime last;
    int blocks = 0;
};

class BoardTest : public ::testing::Test {
protected:
    explicit BoardTest(const machine::MachineConfig& config = {})
        : machine(config), board(machine.add_subsystem<Motherboard>(
                               [this](unsigned line, machine::TriggerMode mode) -> machine::InterruptLine& {
                                   return machine.interrupt_line(0x40 + line, machine::irql::device_lowest, mode);
                               })) {}

    Result<Card*> plug(std::string_view text) {
        auto order = parse_card(text);
        if (!order) {
            return order.error();
        }
        return board.plug(*order);
    }

    // An access takes its time, as on the bus; events that become due meanwhile wait for wait().
    void out(std::uint32_t port, std::uint32_t value, machine::AccessWidth width = machine::AccessWidth::byte) {
        machine.clock().spend(access_time);
        const auto* claim = machine.ports().find(port);
        ASSERT_NE(claim, nullptr) << "nothing at port " << std::hex << port;
        claim->device->write_port(claim->range, static_cast<std::uint32_t>(port - claim->begin), width, value);
    }
    std::uint32_t in(std::uint32_t port, machine::AccessWidth width) {
        machine.clock().spend(access_time);
        const auto* claim = machine.ports().find(port);
        return claim == nullptr ? UINT32_MAX
                                : static_cast<std::uint32_t>(claim->device->read_port(
                                      claim->range, static_cast<std::uint32_t>(port - claim->begin), width));
    }
    std::uint8_t in(std::uint32_t port) { return static_cast<std::uint8_t>(in(port, machine::AccessWidth::byte)); }
    void wait(Nanoseconds duration) {
        ASSERT_TRUE(machine.enter([&] { machine.run_for(duration); }));
    }

    machine::PhysicalAddress allocate(std::uint64_t bytes) {
        machine::PageConstraints constraints;
        constraints.highest = 0xFF'FFFF;
        constraints.boundary = 0x10000;
        return machine.memory().allocate(bytes, constraints);
    }
    template<class T>
    T* at(machine::PhysicalAddress address) {
        return static_cast<T*>(machine.memory().to_virtual(address, sizeof(T)));
    }

    // Programs a channel as a HAL does. Bits of `mode` besides the channel: 0x58 = single, auto-init, to the device.
    void program(unsigned channel, machine::PhysicalAddress address, std::uint32_t bytes, std::uint8_t mode) {
        constexpr std::uint8_t pages[] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};
        const bool words = channel >= 4;
        const std::uint32_t base = words ? 0xC0 : 0x00;
        const std::uint32_t step = words ? 2 : 1;
        const unsigned own = channel % 4;
        const auto offset = static_cast<std::uint32_t>(words ? address >> 1 : address) & 0xFFFF;
        const std::uint32_t count = (words ? bytes / 2 : bytes) - 1;
        out(base + 0xA * step, 4 | own);
        out(base + 0xC * step, 0);
        out(base + 0xB * step, mode | own);
        out(base + own * 2 * step, offset & 0xFF);
        out(base + own * 2 * step, offset >> 8);
        out(pages[channel], static_cast<std::uint32_t>(address >> 16) & 0xFF);
        out(base + (own * 2 + 1) * step, count & 0xFF);
        out(base + (own * 2 + 1) * step, count >> 8);
        out(base + 0xA * step, own);
    }
    std::uint32_t count_of(unsigned channel) {
        const std::uint32_t base = channel >= 4 ? 0xC0 : 0x00;
        const std::uint32_t step = channel >= 4 ? 2 : 1;
        const std::uint32_t port = base + (channel % 4 * 2 + 1) * step;
        out(base + 0xC * step, 0);
        const std::uint32_t low = in(port);
        return low | static_cast<std::uint32_t>(in(port)) << 8;
    }

    static constexpr std::uint8_t play_repeating = 0x58;
    static constexpr std::uint8_t play_once = 0x48;
    static constexpr std::uint8_t record_repeating = 0x54;
    static constexpr Nanoseconds access_time = 1'000;
    static constexpr Nanoseconds millisecond = 1'000'000;

    machine::Machine machine;
    Motherboard& board;
};

} // namespace openportcls::hardware
