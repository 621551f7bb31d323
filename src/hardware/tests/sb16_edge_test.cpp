// The Sound Blaster 16 at the edges: what a reset sets, what is too slow, too late or too much.
#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {
namespace {

class Sb16Edges : public Sb16Test {
protected:
    Sb16Edges() : memory(allocate(0x1000)) {
        reset();
        full_volume();
    }
    machine::PhysicalAddress memory;
};

// A block of 800h samples, at 8000 Hz by time constant.
TEST_F(Sb16Edges, AResetSetsBlockSizeAndRate) {
    command({0x41, 0x3E, 0x80});
    command({0x48, 79, 0});
    reset();
    program(1, memory, 0x1000, play_repeating);
    command({0x1C});
    wait(255 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    wait(2 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
}

// "Set Time Constant": it is for the samples of both channels together; a rate is for each.
TEST_F(Sb16Edges, ATimeConstantIsForAllChannelsTogether) {
    command({0x41, 0x3E, 0x80});
    reset();
    program(1, memory, 0x1000, play_repeating);
    command({0xC6, 0x20, 159, 0});
    wait(19 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    wait(2 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(listener.rate.per_second(), 4000);
    reset();
    command({0x41, 0x1F, 0x40});
    command({0xC6, 0x20, 159, 0});
    wait(11 * millisecond);
    EXPECT_EQ(listener.rate.per_second(), 8000);
}

TEST_F(Sb16Edges, RatesEndWhereTheChipDoes) {
    program(1, memory, 0x1000, play_repeating);
    for (const auto& [asked, played] : {std::pair{4000, 5000}, {60000, 48000}}) {
        command({0x41, static_cast<std::uint8_t>(asked >> 8), static_cast<std::uint8_t>(asked)});
        command({0xC6, 0x00, 79, 0});
        wait(20 * millisecond);
        EXPECT_EQ(listener.rate.per_second(), played);
    }
}

// Nobody looks while the block ends: what follows it has begun at its end all the same.
TEST_F(Sb16Edges, WhatFollowsABlockIsNotLateWhenNobodyLooks) {
    program(1, memory, 0x1000, play_repeating);
    command({0x41, 0x1F, 0x40});
    command({0xC6, 0x00, 79, 0});
    command({0xC0, 0x00, 79, 0});
    machine.clock().spend(25 * millisecond);
    in(0x22C);
    EXPECT_EQ(listener.frames.size(), 160U);
}

// The lowest bit of a word channel's page counts for nothing.
TEST_F(Sb16Edges, APageOfWordsIsEven) {
    while ((memory >> 16 & 1) != 0) {
        memory = allocate(0x10000);
    }
    at<std::int16_t>(memory)[0] = 1234;
    program(5, memory, 0x1000, play_repeating);
    out(0x8B, static_cast<std::uint32_t>(memory >> 16) | 1);
    command({0xB6, 0x10, 79, 0});
    wait(11 * millisecond);
    ASSERT_FALSE(listener.frames.empty());
    EXPECT_EQ(listener.frames[0].left * 32768, 1234);
}

// "In UART mode all commands but a reset are ignored."
TEST_F(Sb16Edges, TheMpuIgnoresCommandsInUartMode) {
    out(0x331, 0x3F);
    EXPECT_EQ(in(0x330), 0xFE);
    for (const std::uint8_t ignored : {0x3F, 0x10, 0xFE}) {
        out(0x331, ignored);
        EXPECT_EQ(in(0x331) & 0x80, 0x80) << "no answer";
    }
    card->midi()->receive(0x90);
    EXPECT_EQ(in(0x331) & 0x80, 0);
    EXPECT_EQ(in(0x330), 0x90);
}

TEST_F(Sb16Edges, TheMpuInterruptsUntilAllIsRead) {
    out(0x331, 0x3F);
    in(0x330);
    for (unsigned byte = 0; byte < 70; ++byte) {
        card->midi()->receive(static_cast<std::uint8_t>(byte));
    }
    for (unsigned byte = 0; byte < 64; ++byte) {
        EXPECT_EQ(mixer(0x82), 4) << byte;
        EXPECT_EQ(in(0x330), byte);
    }
    EXPECT_EQ(mixer(0x82), 0) << "what found no room is lost";
    EXPECT_EQ(in(0x331) & 0x80, 0x80);
}

} // namespace
} // namespace openportcls::hardware::sb16
