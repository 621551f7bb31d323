#include <vector>

#include <gmock/gmock.h>

#include "hardware/midi/mpu401.h"

namespace openportcls::hardware {

using testing::ElementsAre;

class Mpu401Test : public ::testing::Test, public MidiSink, public Mpu401::Board {
protected:
    void receive(std::uint8_t byte, machine::Nanoseconds time) override {
        heard_.push_back(byte);
        times_.push_back(time);
    }
    void NTAPI midi_interrupt(bool is_asserted) override { is_asserted_ = is_asserted; }
    void midi_received(std::uint8_t byte) override { passed_on_.push_back(byte); }

    // An original has no FIFO for output.
    Mpu401& chip(unsigned output_fifo = Mpu401::default_output_fifo) {
        chip_ = std::make_unique<Mpu401>(machine_, *this, output_fifo);
        chip_->plug(this);
        return *chip_;
    }
    unsigned status() { return chip_->read(1) & 0xC0U; }
    std::uint8_t read() { return chip_->read(0); }
    void command(std::uint8_t value) { chip_->write(1, value); }
    void write(std::uint8_t value) { chip_->write(0, value); }
    void to_uart_mode() {
        command(Mpu401::command_uart);
        ASSERT_EQ(read(), Mpu401::acknowledge);
    }
    void run_for(machine::Nanoseconds time) {
        machine_.enter([&] { machine_.run_for(time); });
    }

    machine::Machine machine_;
    std::unique_ptr<Mpu401> chip_;
    bool is_asserted_ = false;
    std::vector<std::uint8_t> heard_;
    std::vector<machine::Nanoseconds> times_;
    std::vector<std::uint8_t> passed_on_;
};

TEST_F(Mpu401Test, ResetIsAcknowledgedOutsideUartModeOnly) {
    chip();
    EXPECT_EQ(status(), Mpu401::nothing_to_read);
    command(Mpu401::command_reset);
    EXPECT_EQ(status(), 0U);
    EXPECT_TRUE(is_asserted_);
    EXPECT_EQ(read(), Mpu401::acknowledge);
    EXPECT_FALSE(is_asserted_);
    to_uart_mode();
    EXPECT_TRUE(chip_->is_uart());
    command(Mpu401::command_uart);
    EXPECT_EQ(status(), Mpu401::nothing_to_read) << "a reset is the only command there";
    command(Mpu401::command_reset);
    EXPECT_FALSE(chip_->is_uart());
    EXPECT_EQ(status(), Mpu401::nothing_to_read) << "no acknowledgement";
}

TEST_F(Mpu401Test, BytesLeaveAtTheCablesSpeed) {
    chip(2);
    to_uart_mode();
    write(0x90);
    write(60);
    EXPECT_EQ(status() & Mpu401::not_ready, 0U);
    write(100);
    EXPECT_EQ(status() & Mpu401::not_ready, Mpu401::not_ready);
    write(99); // too soon
    EXPECT_EQ(chip_->lost_bytes(), 1U);
    run_for(midi_byte_time);
    EXPECT_EQ(status() & Mpu401::not_ready, 0U);
    run_for(5 * midi_byte_time);
    EXPECT_THAT(heard_, ElementsAre(0x90, 60, 100));
    EXPECT_EQ(times_[1] - times_[0], midi_byte_time);
    EXPECT_EQ(times_[2] - times_[1], midi_byte_time);
}

TEST_F(Mpu401Test, WithoutAFifoEachByteIsWaitedFor) {
    chip(0);
    to_uart_mode();
    write(0x90);
    EXPECT_EQ(status() & Mpu401::not_ready, Mpu401::not_ready);
    run_for(midi_byte_time - 1);
    EXPECT_EQ(status() & Mpu401::not_ready, Mpu401::not_ready);
    run_for(1);
    EXPECT_EQ(status() & Mpu401::not_ready, 0U);
}

TEST_F(Mpu401Test, OutsideUartModeNothingIsSent) {
    chip();
    write(0x90);
    run_for(midi_byte_time * 2);
    EXPECT_TRUE(heard_.empty());
    EXPECT_EQ(chip_->lost_bytes(), 0U) << "data of a command";
    chip_->receive(0xF8);
    EXPECT_EQ(status(), Mpu401::nothing_to_read);
    EXPECT_THAT(passed_on_, ElementsAre(0xF8)) << "the DSP hears the cable, too";
}

TEST_F(Mpu401Test, WhatComesInIsReadInOrder) {
    chip();
    to_uart_mode();
    for (unsigned byte = 0; byte < 65; ++byte) {
        chip_->receive(static_cast<std::uint8_t>(byte));
        EXPECT_TRUE(is_asserted_);
    }
    EXPECT_EQ(chip_->lost_bytes(), 1U) << "the last found no room";
    for (unsigned byte = 0; byte < 64; ++byte) {
        EXPECT_TRUE(is_asserted_);
        EXPECT_EQ(status() & Mpu401::nothing_to_read, 0U);
        EXPECT_EQ(read(), byte);
    }
    EXPECT_FALSE(is_asserted_);
    EXPECT_EQ(read(), 63) << "the register keeps its last byte";
}

TEST_F(Mpu401Test, WithoutPowerItForgets) {
    chip();
    to_uart_mode();
    chip_->receive(0xF8);
    write(0x90);
    chip_->forget();
    EXPECT_FALSE(is_asserted_);
    EXPECT_FALSE(chip_->is_uart());
    EXPECT_EQ(status(), Mpu401::nothing_to_read);
}

} // namespace openportcls::hardware
