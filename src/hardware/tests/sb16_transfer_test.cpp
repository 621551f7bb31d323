// Transfers of the Sound Blaster 16 one after the other, and which channel and interrupt they use.
#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {
namespace {

class Sb16Transfers : public Sb16Test {
protected:
    Sb16Transfers() {
        reset();
        full_volume();
        memory = allocate(0x1000);
        command({0x41, 0x1F, 0x40}); // 8000 Hz
    }
    // Blocks of 10 ms.
    void repeat_bytes() {
        program(1, memory, 0x400, play_repeating);
        command({0xC6, 0x00, 79, 0});
    }
    void repeat_words() {
        program(5, memory, 0x800, play_repeating);
        command({0xB6, 0x10, 79, 0});
    }

    machine::PhysicalAddress memory = 0;
};

// ---- the end of auto-init -------------------------------------------------------------------------------------------

// Guide, the two ways of ending auto-init: the first is a single-cycle command.
TEST_F(Sb16Transfers, ASingleCycleCommandFollowsTheBlockUnderWay) {
    repeat_bytes();
    wait(5 * millisecond);
    command({0xC0, 0x00, 79, 0});
    wait(6 * millisecond);
    EXPECT_EQ(handler.bytes, 1) << "the block under way";
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 2) << "and one more";
    EXPECT_EQ(listener.frames.size(), 160U);
    EXPECT_EQ(count_of(1) + 1, 0x400U - 160);
}

// It has a rate of its own, from the moment on at which the block was over.
TEST_F(Sb16Transfers, WhatFollowsTheBlockHasItsOwnRateAndLength) {
    repeat_bytes();
    wait(5 * millisecond);
    command({0x41, 0x3E, 0x80}); // 16000 Hz
    command({0xC0, 0x00, 159, 0});
    wait(4 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    EXPECT_EQ(listener.rate.per_second(), 8000);
    wait(10 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
    wait(2 * millisecond);
    EXPECT_EQ(handler.bytes, 2);
    EXPECT_EQ(listener.rate.per_second(), 16000);
    EXPECT_EQ(listener.frames.size(), 240U);
}

// Nobody looks for longer than what follows lasts: both are over, in their order.
TEST_F(Sb16Transfers, WhatFollowsIsOverInTimeWithoutAListener) {
    card->outputs()[0].plugged = nullptr;
    repeat_bytes();
    wait(5 * millisecond);
    command({0xC0, 0x00, 79, 0});
    wait(100 * millisecond);
    EXPECT_EQ(handler.bytes, 2);
    EXPECT_EQ(count_of(1) + 1, 0x400U - 160);
}

TEST_F(Sb16Transfers, AResetForgetsWhatWouldFollow) {
    repeat_bytes();
    wait(5 * millisecond);
    command({0xC0, 0x00, 79, 0});
    reset();
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    repeat_bytes();
    command({0xDA});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
}

// What is paused has no block under way: the new transfer takes its place.
TEST_F(Sb16Transfers, ASingleCycleCommandReplacesWhatIsPaused) {
    repeat_bytes();
    wait(5 * millisecond);
    command({0xD0});
    const std::size_t before = listener.frames.size();
    command({0xC0, 0x00, 79, 0});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(listener.frames.size() - before, 80U);
}

// 45h, 47h: before the block is over its end is no longer that of the transfer.
TEST_F(Sb16Transfers, EndingIsTakenBack) {
    repeat_bytes();
    wait(5 * millisecond);
    command({0xDA});
    command({0x45});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 5);
    command({0xDA});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 6);
    command({0x45});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 6) << "it was over";
}

TEST_F(Sb16Transfers, EndingIsTakenBackOfTheWordsAlone) {
    repeat_words();
    wait(5 * millisecond);
    command({0xD9});
    command({0x45});
    wait(50 * millisecond);
    EXPECT_EQ(handler.words, 1) << "45h is of the bytes";
    repeat_words();
    wait(5 * millisecond);
    command({0xD9});
    command({0x47});
    wait(50 * millisecond);
    EXPECT_EQ(handler.words, 6);
}

TEST_F(Sb16Transfers, ASingleCycleTransferDoesNotBecomeAutoInit) {
    program(1, memory, 0x400, play_repeating);
    command({0xC0, 0x00, 79, 0});
    wait(5 * millisecond);
    command({0xDA});
    command({0x45});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
}

// Each of the commands D9h and DAh is of one of the two transfers, whichever plays and whichever records.
TEST_F(Sb16Transfers, EachEndingIsOfItsOwnTransfer) {
    const auto recorded = allocate(0x1000);
    program(1, recorded, 0x400, record_repeating);
    command({0x42, 0x1F, 0x40});
    command({0xCE, 0x00, 79, 0});
    repeat_words();
    wait(5 * millisecond);
    command({0xD9});
    wait(50 * millisecond);
    EXPECT_EQ(handler.words, 1);
    EXPECT_EQ(handler.bytes, 5);
    command({0xDA});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 6);
}

// ---- pauses ---------------------------------------------------------------------------------------------------------

// A transfer whose requests nobody answers is paused like any other: it does not run when they are answered again.
TEST_F(Sb16Transfers, WhatWaitsForItsChannelCanBePaused) {
    repeat_bytes();
    out(0x0A, 5); // masked
    wait(5 * millisecond);
    command({0xD0});
    const std::uint32_t count = count_of(1);
    out(0x0A, 1);
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    EXPECT_EQ(count_of(1), count);
    command({0xD4});
    wait(11 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
}

// ---- interrupts -----------------------------------------------------------------------------------------------------

TEST_F(Sb16Transfers, EachInterruptIsAcknowledgedByItself) {
    machine.enter([&] { machine.interrupt_line(0x45).disconnect(handler); });
    command({0xF2});
    command({0xF3});
    out(0x331, 0xFF); // of which the MPU-401 has an answer
    EXPECT_EQ(mixer(0x82), 7);
    in(0x22E);
    EXPECT_EQ(mixer(0x82), 6);
    command({0xF2});
    in(0x22F);
    EXPECT_EQ(mixer(0x82), 5);
    in(0x22E);
    EXPECT_EQ(mixer(0x82), 4);
    in(0x330);
    EXPECT_EQ(mixer(0x82), 0);
    machine.enter([&] { machine.interrupt_line(0x45).connect(handler); });
}

// ---- channels -------------------------------------------------------------------------------------------------------

// "DMA Setup": without a 16-bit channel the words go over the 8-bit one, in bytes.
TEST_F(Sb16Transfers, WordsOverTheByteChannel) {
    set_mixer(0x81, 0x02);
    for (int index = 0; index < 0x800; ++index) {
        at<std::int16_t>(memory)[index] = static_cast<std::int16_t>(index * 3);
    }
    program(1, memory, 0x1000, play_repeating);
    command({0xB6, 0x10, 79, 0});
    wait(25 * millisecond);
    EXPECT_EQ(handler.words, 2);
    EXPECT_EQ(handler.bytes, 0);
    ASSERT_GE(listener.frames.size(), 160U);
    for (std::size_t index = 0; index < listener.frames.size(); ++index) {
        ASSERT_EQ(listener.frames[index].left * 32768, static_cast<float>(index * 3)) << index;
    }
}

TEST_F(Sb16Transfers, WordsAreRecordedOverTheByteChannel) {
    Recording line(8000, std::vector<Frame>(8000, Frame{0.25F, -0.5F}));
    card->inputs()[0].plugged = &line;
    set_mixer(0x3D, 0x10);
    set_mixer(0x3E, 0x08);
    set_mixer(0x81, 0x02);
    program(1, memory, 0x1000, record_repeating);
    command({0x42, 0x1F, 0x40});
    command({0xBE, 0x30, 159, 0});
    wait(11 * millisecond);
    EXPECT_EQ(handler.words, 1);
    EXPECT_EQ(at<std::int16_t>(memory)[0], 0x2000);
    EXPECT_EQ(at<std::int16_t>(memory)[159], -0x4000);
}

// The mode byte, bit 4: samples are signed or not, whatever their width.
TEST_F(Sb16Transfers, RecordsInEachFormat) {
    Recording line(8000, std::vector<Frame>(80000, Frame{0.25F, -0.5F}));
    card->inputs()[0].plugged = &line;
    set_mixer(0x3D, 0x10);
    set_mixer(0x3E, 0x08);
    command({0x42, 0x1F, 0x40});
    const auto record = [&](unsigned channel, std::uint8_t single_cycle, std::uint8_t mode) {
        std::memset(at<std::byte>(memory), 0, 0x1000);
        program(channel, memory, 0x1000, record_repeating);
        command({single_cycle, mode, 159, 0});
        wait(11 * millisecond);
    };
    record(1, 0xC8, 0x20);
    EXPECT_EQ(at<std::uint8_t>(memory)[0], 0x80 + 0x20);
    EXPECT_EQ(at<std::uint8_t>(memory)[159], 0x80 - 0x40);
    record(1, 0xC8, 0x30);
    EXPECT_EQ(at<std::int8_t>(memory)[0], 0x20);
    EXPECT_EQ(at<std::int8_t>(memory)[159], -0x40);
    record(5, 0xB8, 0x20);
    EXPECT_EQ(at<std::uint16_t>(memory)[0], 0x8000 + 0x2000);
    EXPECT_EQ(at<std::uint16_t>(memory)[159], 0x8000 - 0x4000);
    record(5, 0xB8, 0x30);
    EXPECT_EQ(at<std::int16_t>(memory)[0], 0x2000);
    EXPECT_EQ(at<std::int16_t>(memory)[159], -0x4000);
}

// One channel has one transfer, in whichever direction.
TEST_F(Sb16Transfers, ASecondTransferTakesTheChannelBothUse) {
    set_mixer(0x81, 0x02);
    repeat_bytes();
    wait(5 * millisecond);
    command({0x42, 0x1F, 0x40});
    command({0xBE, 0x10, 79, 0});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    EXPECT_EQ(handler.words, 0) << "the channel is programmed for the other direction";
}

TEST_F(Sb16Transfers, ACardMayBeSetToOneChannel) {
    auto second = plug("sb16:io=240,mpu=300,irq=7,dma=3,dma16=3");
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(static_cast<Sb16*>(*second)->mixer().dma_setup(), 0x08);
    unsigned channels = 0;
    for (const CardResource& resource : (*second)->resources()) {
        channels += resource.kind == CardResource::Kind::dma ? 1 : 0;
    }
    EXPECT_EQ(channels, 1U);
    EXPECT_FALSE(plug("sb16:io=260,mpu=300,irq=10,dma=0,dma16=1")) << "two channels for bytes";
}

} // namespace
} // namespace openportcls::hardware::sb16
