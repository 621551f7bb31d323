// The board loses its power and gets it back: everything is as when it was switched on.
#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {
namespace {

class BoardPower : public Sb16Test {
protected:
    void power_cycle() {
        board.set_power(false);
        board.set_power(true);
    }
    std::vector<std::uint8_t> mixer_registers() {
        std::vector<std::uint8_t> values;
        for (unsigned index = 0; index < 0x100; ++index) {
            values.push_back(mixer(static_cast<std::uint8_t>(index)));
        }
        return values;
    }
    void play_blocks() {
        const auto memory = allocate(0x1000);
        std::memset(at<std::uint8_t>(memory), 0xC0, 0x1000);
        program(1, memory, 0x400, play_repeating);
        command({0x41, 0x1F, 0x40});
        command({0xC6, 0x00, 79, 0});
    }
    void start_fm_note() {
        const auto write = [this](std::uint8_t index, std::uint8_t value) {
            out(0x388, index);
            out(0x389, value);
        };
        write(0x20, 0x21);
        write(0x60, 0xF0);
        write(0x80, 0x0F);
        write(0x23, 0x21);
        write(0x40, 0x3F);
        write(0x43, 0x00);
        write(0x63, 0xF0);
        write(0x83, 0x0F);
        write(0xA0, 0x98);
        write(0xB0, 0x31);
    }
};

TEST_F(BoardPower, TheMixerForgetsWhatWasWritten) {
    const auto at_first = mixer_registers();
    for (unsigned index = 0x30; index < 0x48; ++index) {
        set_mixer(static_cast<std::uint8_t>(index), 0x58);
    }
    set_mixer(0xFF, 0x12);
    set_mixer(0x80, 0x04);
    set_mixer(0x81, 0x48);
    ASSERT_NE(mixer_registers(), at_first);
    out(0x224, 0x30);
    power_cycle();
    EXPECT_EQ(in(0x224), 0);
    EXPECT_EQ(mixer_registers(), at_first);
    full_volume();
    reset();
    play_blocks();
    wait(11 * millisecond);
    EXPECT_EQ(handler.bytes, 1) << "on the line and the channel that the card is set to";
    ASSERT_FALSE(listener.frames.empty());
    EXPECT_EQ(listener.frames[0].left, 0.5F);
    set_mixer(0x30, 0x00);
    power_cycle();
    full_volume();
    command({0x10, 0xC0});
    EXPECT_EQ(listener.frames.back().left, 0.5F) << "gains are those of the registers";
    power_cycle();
    command({0x10, 0xC0});
    EXPECT_LT(listener.frames.back().left, 0.5F);
}

TEST_F(BoardPower, TheDspForgetsItsTransferAndItsState) {
    reset();
    command({0xD1});
    command({0xE4, 0x3C});
    command({0xE1}); // whose answers nobody fetches
    play_blocks();
    wait(5 * millisecond);
    power_cycle();
    const std::size_t heard = listener.frames.size();
    EXPECT_NEAR(heard, 40, 1) << "until its power went";
    wait(100 * millisecond);
    EXPECT_EQ(listener.frames.size(), heard);
    EXPECT_EQ(handler.bytes, 0);
    EXPECT_EQ(in(0x22E) & 0x80, 0) << "nothing to read";
    command({0xD8});
    EXPECT_EQ(answer(), 0x00);
    command({0xE8});
    EXPECT_EQ(answer(), 0x00);
    command({0xE1});
    EXPECT_EQ(answer(), 4);
}

// Half a command, a mode, a reset that was begun: the next byte is a command.
TEST_F(BoardPower, TheDspIsInTheMiddleOfNothing) {
    reset();
    command({0x41, 0x1F});
    power_cycle();
    command({0xE0, 0x55});
    EXPECT_EQ(answer(), 0xAA);
    command({0x34});
    power_cycle();
    command({0xE0, 0x55});
    EXPECT_EQ(answer(), 0xAA);
    out(0x226, 1);
    power_cycle();
    command({0xE0, 0x0F});
    EXPECT_EQ(answer(), 0xF0);
}

TEST_F(BoardPower, InterruptsThatWaitAreGone) {
    set_mixer(0x80, 0x04); // where nobody serves them
    command({0xF2});
    command({0xF3});
    out(0x331, 0xFF);
    ASSERT_TRUE(machine.interrupt_line(0x47).is_asserted());
    board.set_power(false);
    EXPECT_FALSE(machine.interrupt_line(0x47).is_asserted());
    board.set_power(true);
    EXPECT_EQ(mixer(0x82), 0);
    wait(millisecond);
    EXPECT_EQ(handler.bytes + handler.words + handler.midi, 0);
}

TEST_F(BoardPower, TheMpuIsNotInUartMode) {
    out(0x331, 0x3F);
    EXPECT_EQ(in(0x330), 0xFE);
    power_cycle();
    card->midi()->receive(0x90);
    EXPECT_EQ(in(0x331), 0xBF) << "which it would be in UART mode";
    out(0x331, 0xFF);
    EXPECT_EQ(in(0x330), 0xFE) << "acknowledged, as it is not in UART mode";
}

TEST_F(BoardPower, TheSynthesizerIsSilentAndItsTimersStand) {
    reset();
    full_volume();
    start_fm_note();
    out(0x388, 0x02);
    out(0x389, 0xFF);
    out(0x388, 0x04);
    out(0x389, 0x01);
    wait(20 * millisecond);
    EXPECT_EQ(in(0x388) & 0xC0, 0xC0);
    ASSERT_FALSE(listener.frames.empty());
    board.set_power(false);
    const std::size_t heard = listener.frames.size();
    wait(20 * millisecond);
    EXPECT_EQ(listener.frames.size(), heard);
    board.set_power(true);
    EXPECT_EQ(in(0x388) & 0xC0, 0);
    wait(20 * millisecond);
    EXPECT_EQ(in(0x388) & 0xC0, 0);
    EXPECT_EQ(listener.frames.size(), heard) << "no note has been played";
    full_volume();
    start_fm_note();
    wait(20 * millisecond);
    EXPECT_GT(listener.frames.size(), heard);
    EXPECT_NE(listener.frames.back().left, 0);
}

// What is plugged into an input passes through the mixer while it has power.
TEST_F(BoardPower, AnInputIsHeardAgain) {
    Recording line(48000, std::vector<Frame>(48000, Frame{0.25F, 0.25F}));
    card->inputs()[0].plugged = &line;
    board.sockets_changed();
    wait(20 * millisecond);
    board.set_power(false);
    const std::size_t heard = listener.frames.size();
    EXPECT_GE(heard, 480U);
    wait(20 * millisecond);
    board.sockets_changed();
    wait(20 * millisecond);
    EXPECT_EQ(listener.frames.size(), heard);
    board.set_power(true);
    wait(20 * millisecond);
    EXPECT_GT(listener.frames.size(), heard);
}

TEST_F(BoardPower, WithoutItNothingAnswers) {
    board.set_power(false);
    for (const std::uint32_t port : {0x224U, 0x22CU, 0x331U, 0x388U, 0x08U, 0xD0U, 0x83U}) {
        EXPECT_EQ(machine.ports().find(port), nullptr) << port;
    }
    board.set_power(false); // no change
    board.set_power(true);
    board.set_power(true);
    EXPECT_EQ(in(0x331), 0xBF);
    EXPECT_EQ(in(0x388), 0x00);
    EXPECT_EQ(in(0x83), 0x00);
}

TEST_F(BoardPower, TheSynthesizersPortsStayWithTheFirstCard) {
    auto second = plug("sb16:io=240,mpu=300,irq=7,dma=3,dma16=6");
    ASSERT_TRUE(second);
    const auto ports_of = [](const Card& one) { return one.resources().size(); };
    const std::size_t first_ports = ports_of(*card);
    board.set_power(false);
    EXPECT_EQ(ports_of(*card), first_ports) << "it has them still";
    board.set_power(true);
    EXPECT_EQ(machine.ports().find(0x388)->device, static_cast<machine::Device*>(card));
    EXPECT_EQ(ports_of(*card), first_ports);
    EXPECT_EQ(ports_of(**second), first_ports - 1);
}

TEST_F(BoardPower, TheDmaControllersForgetTheirChannels) {
    const auto memory = allocate(0x1000);
    program(1, memory, 0x400, play_repeating);
    program(5, memory, 0x800, play_repeating);
    out(0x0A, 0x00); // channel 0 is open, too
    out(0x08, 0x04);
    out(0xD0, 0x04);
    out(0x09, 0x06); // a request of channel 2
    power_cycle();
    const DmaController& dma = **board.isa_dma();
    for (unsigned channel = 0; channel < DmaController::channel_count; ++channel) {
        EXPECT_FALSE(dma.answers(channel)) << channel;
        EXPECT_EQ(count_of(channel), 0U) << channel;
    }
    EXPECT_EQ(in(0x83), 0);
    EXPECT_EQ(in(0x8B), 0);
    EXPECT_EQ(in(0x08), 0);
    out(0x0A, 1);
    EXPECT_TRUE(dma.answers(1)) << "nor is the controller disabled";
    EXPECT_FALSE(dma.chip(0).moves_to_device(1));
}

} // namespace
} // namespace openportcls::hardware::sb16
