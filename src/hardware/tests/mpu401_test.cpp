#include <vector>

#include <gmock/gmock.h>

#include "hardware/midi/mpu401.h"

namespace openportcls::hardware {

using machine::AccessWidth;
using testing::ElementsAre;

class Mpu401Test : public ::testing::Test, public MidiSink {
protected:
    void create(const Mpu401Options& options = {}) {
        auto made = Mpu401::create(machine_, line_, options);
        ASSERT_TRUE(made) << made.error().message;
        mpu_ = std::move(*made);
        mpu_->connect(this);
    }
    void receive(std::uint8_t byte, machine::Nanoseconds time) override {
        heard_.push_back(byte);
        times_.push_back(time);
    }
    std::uint8_t status() { return static_cast<std::uint8_t>(mpu_->read_port(0, 1, AccessWidth::byte)); }
    std::uint8_t read() { return static_cast<std::uint8_t>(mpu_->read_port(0, 0, AccessWidth::byte)); }
    void command(std::uint8_t value) { mpu_->write_port(0, 1, AccessWidth::byte, value); }
    void write(std::uint8_t value) { mpu_->write_port(0, 0, AccessWidth::byte, value); }
    void to_uart_mode() {
        command(Mpu401::command_uart);
        ASSERT_EQ(read(), Mpu401::acknowledge);
    }
    void run_for(machine::Nanoseconds time) {
        machine_.enter([&] { machine_.run_for(time); });
    }

    machine::Machine machine_;
    machine::InterruptLine& line_ = machine_.interrupt_line(0x59);
    std::unique_ptr<Mpu401> mpu_;
    std::vector<std::uint8_t> heard_;
    std::vector<machine::Nanoseconds> times_;
};

TEST_F(Mpu401Test, ResetIsAcknowledgedOutsideUartModeOnly) {
    create();
    EXPECT_EQ(status(), Mpu401::status_no_data);
    command(Mpu401::command_reset);
    EXPECT_EQ(status(), 0);
    EXPECT_TRUE(line_.is_asserted());
    EXPECT_EQ(read(), Mpu401::acknowledge);
    EXPECT_FALSE(line_.is_asserted());
    to_uart_mode();
    EXPECT_TRUE(mpu_->is_uart());
    command(Mpu401::command_reset);
    EXPECT_FALSE(mpu_->is_uart());
    EXPECT_EQ(status(), Mpu401::status_no_data) << "no acknowledgement";
}

TEST_F(Mpu401Test, BytesLeaveAtTheCablesSpeed) {
    create({.output_fifo = 2});
    to_uart_mode();
    write(0x90);
    write(60);
    EXPECT_EQ(status() & Mpu401::status_not_ready, 0);
    write(100);
    EXPECT_EQ(status() & Mpu401::status_not_ready, Mpu401::status_not_ready);
    write(99); // too soon
    EXPECT_EQ(mpu_->lost_bytes(), 1U);
    run_for(midi_byte_time);
    EXPECT_EQ(status() & Mpu401::status_not_ready, 0);
    run_for(5 * midi_byte_time);
    EXPECT_THAT(heard_, ElementsAre(0x90, 60, 100));
    EXPECT_EQ(times_[1] - times_[0], midi_byte_time);
    EXPECT_EQ(times_[2] - times_[1], midi_byte_time);
}

TEST_F(Mpu401Test, OutsideUartModeNothingIsSent) {
    create();
    write(0x90);
    run_for(midi_byte_time * 2);
    EXPECT_TRUE(heard_.empty());
}

TEST_F(Mpu401Test, WhatComesInRaisesTheLineUntilItIsRead) {
    create({.input_fifo = 2});
    to_uart_mode();
    const std::uint8_t bytes[] = {0xF8, 0xFA, 0xFC};
    mpu_->play_in(bytes);
    EXPECT_FALSE(line_.is_asserted());
    run_for(midi_byte_time);
    EXPECT_TRUE(line_.is_asserted());
    run_for(5 * midi_byte_time);
    EXPECT_EQ(read(), 0xF8);
    EXPECT_TRUE(line_.is_asserted());
    EXPECT_EQ(read(), 0xFA);
    EXPECT_FALSE(line_.is_asserted());
    EXPECT_EQ(mpu_->lost_bytes(), 1U) << "the third found no room";
    EXPECT_EQ(read(), 0xFA) << "the register keeps its last byte";
}

TEST_F(Mpu401Test, TwoCannotHaveOnePort) {
    create();
    EXPECT_FALSE(Mpu401::create(machine_, line_));
    mpu_.reset();
    EXPECT_TRUE(Mpu401::create(machine_, line_));
}

} // namespace openportcls::hardware
