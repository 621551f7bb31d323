// The bus masters of the AC'97 controller, register by register.
#include "hardware/tests/ac97_fixture.h"

namespace openportcls::hardware::ac97 {
namespace {

TEST_F(Ac97Test, TheControllerIsFoundOnTheBus) {
    EXPECT_EQ(card->pci()->read_config(0, Width::dword), 0x24158086U);
    EXPECT_EQ(card->pci()->read_config(0x0A, Width::word), 0x0401U);
    EXPECT_EQ(card->pci()->read_config(0x3D, Width::byte), 2U);
    EXPECT_EQ(board.pci().find(31, 5), card->pci());
    EXPECT_EQ(master(0x38), 0xFFU) << "nothing is there";
}

TEST_F(Ac97Test, RegistersAfterReset) {
    for (const Engine engine : {pcm_in, pcm_out, microphone_in}) {
        EXPECT_EQ(master(engine + 0x0, Width::dword), 0U);
        EXPECT_EQ(master(engine + 0x4, Width::dword), 0x00010000U) << "halted";
        EXPECT_EQ(master(engine + 0x8, Width::dword), 0U);
        set_master(engine + 0x0, UINT32_MAX, Width::dword);
        EXPECT_EQ(master(engine + 0x0, Width::dword), 0xFFFFFFF8U);
        set_master(engine + 0x4, 0xFFFFFFFF, Width::dword);
        EXPECT_EQ(master(engine + 0x4), 0U) << "CIV is the hardware's";
        EXPECT_EQ(master(engine + 0x5), 0x1FU);
        set_master(engine + 0xB, 0x02);
        EXPECT_EQ(master(engine + 0x0, Width::dword), 0U);
        EXPECT_EQ(master(engine + 0x5), 0U);
    }
}

TEST_F(Ac97Test, TheCodecIsReadyAWhileAfterItsReset) {
    EXPECT_EQ(master(0x30, Width::dword) & 0x100, 0U);
    EXPECT_EQ(mixer(0x7C), 0xFFFF) << "in reset";
    EXPECT_EQ(master(0x30, Width::dword) & 0x8000, 0x8000U) << "the read timed out";
    set_master(0x30, 0x8000, Width::dword);
    EXPECT_EQ(master(0x30, Width::dword) & 0x8000, 0U);
    set_master(0x2C, 2, Width::dword);
    EXPECT_EQ(master(0x30, Width::dword) & 0x100, 0U) << "not yet";
    wait(millisecond);
    EXPECT_EQ(master(0x30, Width::dword) & 0x100, 0x100U);
    EXPECT_EQ(mixer(0x7C), 0x4F50);
}

TEST_F(Ac97Test, TheSemaphoreIsTakenByReadingAndGivenBackByAnAccess) {
    wake();
    EXPECT_EQ(master(0x34) & 1, 0U);
    EXPECT_EQ(master(0x34) & 1, 1U);
    mixer(0x02);
    EXPECT_EQ(master(0x34) & 1, 0U);
    set_mixer(0x02, 0);
    EXPECT_EQ(master(0x34) & 1, 0U);
}

TEST_F(Ac97Test, PlaysAListBitForBitAndHaltsAtTheLastIndex) {
    wake();
    describe(0, samples(960, 0), 960, interrupt);
    describe(1, samples(480, 1000), 480, 0);
    describe(2, samples(480, 2000), 480, interrupt);
    start(pcm_out, 2);
    EXPECT_EQ(master(pcm_out + 0x4), 0U);
    EXPECT_EQ(master(pcm_out + 0xA), 1U) << "the next is known";
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0U) << "running";
    wait(5 * millisecond);
    EXPECT_NEAR(master(pcm_out + 0x8, Width::word), 480, 6);
    EXPECT_EQ(handler.interrupts, 0);
    wait(6 * millisecond);
    EXPECT_EQ(handler.interrupts, 1);
    EXPECT_EQ(handler.seen, 0x08U);
    EXPECT_EQ(master(pcm_out + 0x4), 1U);
    wait(8 * millisecond);
    EXPECT_EQ(handler.interrupts, 1) << "the second has no IOC";
    // "x_CIV", "x_PICB": what lies there is read together.
    const std::uint32_t from_index = master(pcm_out + 0x4, Width::dword);
    EXPECT_EQ(from_index, 0x0000'0202U) << "CIV, LVI, and running";
    const std::uint32_t from_position = master(pcm_out + 0x8, Width::dword);
    EXPECT_EQ(from_position,
              master(pcm_out + 0x8, Width::word) | master(pcm_out + 0xA) << 16 | master(pcm_out + 0xB) << 24);
    EXPECT_NE(from_position & 0xFFFF, 0U);
    wait(3 * millisecond);
    EXPECT_EQ(handler.interrupts, 2);
    EXPECT_EQ(handler.seen, 0x0FU) << "halted, at the last, that completed, and with IOC";
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x03U) << "acknowledged";
    EXPECT_EQ(master(pcm_out + 0x4), 2U);
    EXPECT_EQ(master(pcm_out + 0x8, Width::word), 0U);
    EXPECT_EQ(listener.rate.per_second(), 48000);
    const auto words = heard_words();
    ASSERT_GE(words.size(), 1920U);
    for (int index = 0; index < 960; ++index) {
        ASSERT_EQ(words[static_cast<std::size_t>(index)], index);
    }
    for (int index = 0; index < 480; ++index) {
        ASSERT_EQ(words[static_cast<std::size_t>(960 + index)], 1000 + index);
        ASSERT_EQ(words[static_cast<std::size_t>(1440 + index)], 2000 + index);
    }
    for (std::size_t index = 1920; index < words.size(); ++index) {
        ASSERT_EQ(words[index], 0) << "silence follows";
    }
}

TEST_F(Ac97Test, GoesOnWhenTheLastIndexMoves) {
    wake();
    for (unsigned index = 0; index < 3; ++index) {
        describe(index, samples(480, 1 + static_cast<int>(index) * 1000), 480, interrupt | repeat);
    }
    start(pcm_out, 0);
    wait(8 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x03U);
    set_master(pcm_out + 0x5, 0);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x03U) << "nothing new";
    set_master(pcm_out + 0x5, 2);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x00U);
    EXPECT_EQ(master(pcm_out + 0x4), 1U);
    wait(12 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x03U);
    const auto words = heard_words();
    const auto second = std::ranges::find(words, 1001) - words.begin();
    ASSERT_GE(second, 480);
    EXPECT_EQ(second % 2, 0);
    EXPECT_EQ(words[static_cast<std::size_t>(second) - 1], 480) << "BUP: the last sample again";
    EXPECT_EQ(words[static_cast<std::size_t>(second) - 2], 479);
    EXPECT_EQ(words[static_cast<std::size_t>(second) + 480], 2001) << "no seam";
    EXPECT_EQ(master(pcm_out + 0x6, Width::word) & 0x10, 0U) << "no FIFO error at the last index";
}

// "FIFOE": data that no memory answers for is a FIFO error, whoever listens, and the engine goes on.
TEST_F(Ac97Test, ABufferOutsideOfMemoryIsAFifoError) {
    constexpr machine::PhysicalAddress nowhere = 0xF000'0000;
    ASSERT_EQ(at<std::int16_t>(nowhere), nullptr);
    wake();
    for (SoundSink* const ear : {static_cast<SoundSink*>(&listener), static_cast<SoundSink*>(nullptr)}) {
        card->outputs()[0].plugged = ear;
        describe(0, samples(960, 1), 960, 0);
        describe(1, nowhere, 960, 0);
        describe(2, samples(960, 1), 960, 0);
        start(pcm_out, 2, 0x01); // without interrupts: nobody acknowledges
        wait(9 * millisecond);
        EXPECT_EQ(master(pcm_out + 0x6, Width::word) & 0x10, 0U);
        wait(12 * millisecond);
        EXPECT_EQ(master(pcm_out + 0x6, Width::word) & 0x10, 0x10U);
        EXPECT_EQ(master(pcm_out + 0x4), 2U);
        set_master(pcm_out + 0xB, 0x00);
        set_master(pcm_out + 0xB, 0x02);
    }
}

TEST_F(Ac97Test, TheListIsARing) {
    wake();
    for (unsigned index = 0; index < 32; ++index) {
        describe(index, samples(96, static_cast<int>(index) * 100), 96, 0);
    }
    start(pcm_out, 31);
    wait(20 * millisecond);
    set_master(pcm_out + 0x5, 3);
    wait(20 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x4), 3U);
    EXPECT_EQ(master(pcm_out + 0xA), 4U);
    const auto words = heard_words();
    ASSERT_GE(words.size(), 36 * 96U);
    EXPECT_EQ(words[32 * 96], 0) << "the first once more";
    EXPECT_EQ(words[35 * 96 + 95], 395);
}

TEST_F(Ac97Test, APauseKeepsThePlace) {
    wake();
    describe(0, samples(1920, 1), 1920, interrupt);
    start(pcm_out, 0);
    wait(5 * millisecond);
    set_master(pcm_out + 0xB, 0x1C);
    const std::uint32_t left = master(pcm_out + 0x8, Width::word);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x01U);
    const std::size_t before = listener.frames.size();
    wait(10 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x8, Width::word), left);
    EXPECT_EQ(listener.frames.size(), before);
    set_master(pcm_out + 0xB, 0x1D);
    wait(20 * millisecond);
    const auto words = heard_words();
    for (int index = 0; index < 1920; ++index) {
        ASSERT_EQ(words[static_cast<std::size_t>(index)], index + 1);
    }
}

// "x_CR": RPBM that is set already starts nothing, and the enables may be changed at any time.
TEST_F(Ac97Test, WritingTheControlWhileItRunsDoesNotDisturbTheClock) {
    wake();
    describe(0, samples(960, 1), 960, interrupt);
    describe(1, samples(960, 961), 960, interrupt);
    start(pcm_out, 1);
    const auto begin = machine.now();
    std::uint32_t enables = 0;
    while (machine.now() - begin < 10 * millisecond) {
        wait(9'000); // less than half a sample
        enables = (enables + 0x04) & 0x1C;
        set_master(pcm_out + 0xB, enables | 0x01);
        ASSERT_EQ(master(pcm_out + 0xB), enables | 0x01);
        const std::uint32_t words = 960 * (1 + master(pcm_out + 0x4)) - master(pcm_out + 0x8, Width::word);
        ASSERT_NEAR(words, (machine.now() - begin) * 96 / 1'000'000, 2);
    }
    EXPECT_EQ(master(pcm_out + 0x6, Width::word) & 0x10, 0U) << "it never ran dry";
    wait(11 * millisecond);
    const auto words = heard_words();
    ASSERT_GE(words.size(), 1920U);
    for (int index = 0; index < 1920; ++index) {
        ASSERT_EQ(words[static_cast<std::size_t>(index)], index + 1);
    }
}

// "x_CR", IOCE: a cause that is there already interrupts once it is enabled, and no longer when it is not.
TEST_F(Ac97Test, EnablesChangeTheInterruptWhileItRuns) {
    wake();
    describe(0, samples(96, 0), 96, interrupt);
    describe(1, samples(960, 0), 960, interrupt);
    start(pcm_out, 1, 0x01);
    wait(2 * millisecond);
    EXPECT_EQ(master(0x30, Width::dword) & 0x40, 0U);
    const std::uint32_t left = master(pcm_out + 0x8, Width::word);
    set_master(pcm_out + 0xB, 0x09);
    EXPECT_EQ(handler.interrupts, 0) << "FEIE is another cause";
    set_master(pcm_out + 0xB, 0x11);
    wait(1000);
    EXPECT_EQ(handler.interrupts, 1);
    EXPECT_EQ(handler.seen, 0x08U);
    EXPECT_NEAR(master(pcm_out + 0x8, Width::word), left, 2);
}

// "x_CR", RR: "all registers of this engine except the interrupt enable bits", which are written with it.
TEST_F(Ac97Test, AResetOfTheRegistersLeavesTheInterruptEnables) {
    wake();
    describe(0, samples(960, 0), 960, interrupt);
    for (const std::uint32_t enables : {0x04U, 0x08U, 0x10U, 0x1CU}) {
        start(pcm_out, 0);
        wait(millisecond);
        set_master(pcm_out + 0xB, 0x1C);
        set_master(pcm_out + 0xB, enables | 0x02);
        EXPECT_EQ(master(pcm_out + 0xB), enables);
        EXPECT_EQ(master(pcm_out + 0x0, Width::dword), 0U);
        EXPECT_EQ(master(pcm_out + 0x4, Width::dword), 0x0001'0000U) << "halted, at the beginning";
        EXPECT_EQ(master(pcm_out + 0x8, Width::word), 0U);
    }
}

TEST_F(Ac97Test, AFrameMayLieInTwoBuffers) {
    wake();
    describe(0, samples(5, 1), 5, 0);
    describe(1, samples(0, 0), 0, interrupt);
    describe(2, samples(3, 6), 3, 0);
    start(pcm_out, 2);
    wait(millisecond);
    EXPECT_EQ(handler.interrupts, 2) << "the empty one's, the last one's";
    auto words = heard_words();
    words.resize(8);
    EXPECT_EQ(words, (std::vector{1, 2, 3, 4, 5, 6, 7, 8}));
}

// Buffers that nobody hears take their time all the same, and the last sample of each is kept for BUP.
TEST_F(Ac97Test, WhatNobodyHearsTakesItsTime) {
    card->outputs()[0].plugged = nullptr;
    wake();
    for (unsigned index = 0; index < 4; ++index) {
        describe(index, samples(960, 100 * static_cast<int>(index)), 960, interrupt | (index == 3 ? 0x4000'0000 : 0));
    }
    start(pcm_out, 3);
    wait(5 * millisecond);
    for (unsigned index = 0; index < 4; ++index) {
        EXPECT_EQ(handler.interrupts, static_cast<int>(index));
        EXPECT_EQ(master(pcm_out + 0x4), index);
        EXPECT_NEAR(master(pcm_out + 0x8, Width::word), 480, 6) << "half of buffer " << index;
        wait(10 * millisecond);
    }
    EXPECT_EQ(handler.interrupts, 4);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word) & 0x03, 0x03U) << "at the end";
    card->outputs()[0].plugged = &listener;
    wait(millisecond);
    master(pcm_out + 0x4); // what is due by now
    ASSERT_FALSE(listener.frames.empty());
    EXPECT_EQ(listener.frames.back().left * 32768, 300 + 958) << "the last sample again";
    EXPECT_EQ(listener.frames.back().right * 32768, 300 + 959);
}

TEST_F(Ac97Test, EveryPartOfAFrameGoesThroughTheVolume) {
    wake();
    set_mixer(0x18, 0x0C08); // left 6 dB lower than right
    describe(0, samples(5, 100), 5, 0);
    describe(1, samples(6, 105), 6, 0x4000'0000); // ends within a frame; its other side repeats
    start(pcm_out, 1);
    wait(millisecond);
    constexpr float lower = 0.50118723F;
    ASSERT_GE(listener.frames.size(), 6U);
    for (std::size_t index = 0; index < 6; ++index) {
        const float left = static_cast<float>(100 + 2 * index);
        const float right = index < 5 ? left + 1 : 109.0F;
        EXPECT_FLOAT_EQ(listener.frames[index].left * 32768, left * lower) << index;
        EXPECT_EQ(listener.frames[index].right * 32768, right) << index;
    }
}

TEST_F(Ac97Test, WithoutTheBusItRunsDry) {
    wake();
    describe(0, samples(960, 1), 960, interrupt);
    start(pcm_out, 0);
    wait(millisecond);
    card->pci()->write_config(pci::command, Width::word, pci::io_space);
    wait(2 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word) & 0x10, 0x10U);
    const std::uint32_t left = master(pcm_out + 0x8, Width::word);
    wait(20 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x8, Width::word), left);
    EXPECT_EQ(handler.seen & 0x10, 0x10U);
    card->pci()->write_config(pci::command, Width::word, pci::io_space | pci::bus_master);
    wait(20 * millisecond);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x03U);
}

TEST_F(Ac97Test, DisabledInterruptsStayInTheStatus) {
    wake();
    describe(0, samples(96, 1), 96, interrupt);
    start(pcm_out, 0, 0x01);
    wait(5 * millisecond);
    EXPECT_EQ(handler.interrupts, 0);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x0FU);
    set_master(pcm_out + 0x6, 0x04, Width::word);
    EXPECT_EQ(master(pcm_out + 0x6, Width::word), 0x0BU) << "a one clears, a zero does not";
    EXPECT_EQ(master(0x30, Width::dword) & 0x40, 0U);
    set_master(pcm_out + 0xB, 0x11);
    wait(millisecond);
    EXPECT_EQ(handler.interrupts, 1);
    EXPECT_FALSE(line().is_asserted());
}

TEST_F(Ac97Test, RecordsTheLineAtItsRate) {
    wake();
    set_mixer(0x2A, 1);
    set_mixer(0x32, 8000);
    set_mixer(0x1A, 0x0404);
    std::vector<Frame> sound(800);
    for (std::size_t index = 0; index < sound.size(); ++index) {
        sound[index] = {static_cast<float>(index) / 32768, static_cast<float>(index) / -32768};
    }
    Recording recording(8000, sound);
    card->inputs()[Codec::line].plugged = &recording;
    const auto first = allocate(0x1000);
    const auto second = allocate(0x1000);
    describe(0, first, 160, interrupt);
    describe(1, second, 160, interrupt);
    start(pcm_in, 1);
    wait(11 * millisecond);
    EXPECT_EQ(handler.interrupts, 1);
    wait(10 * millisecond);
    EXPECT_EQ(handler.interrupts, 2);
    for (int index = 0; index < 80; ++index) {
        ASSERT_EQ(at<std::int16_t>(first)[2 * index], index);
        ASSERT_EQ(at<std::int16_t>(first)[2 * index + 1], -index);
        ASSERT_EQ(at<std::int16_t>(second)[2 * index], 80 + index);
    }
}

TEST_F(Ac97Test, TheMicrophoneHasAConverterOfItsOwn) {
    wake();
    set_mixer(0x1E, 0);
    Recording recording(48000, std::vector<Frame>(48000, Frame{0.25F, 0.5F}));
    card->inputs()[Codec::microphone].plugged = &recording;
    const auto memory = allocate(0x1000);
    describe(0, memory, 480, interrupt);
    start(microphone_in, 0);
    wait(9 * millisecond);
    EXPECT_EQ(handler.interrupts, 0);
    wait(2 * millisecond);
    EXPECT_EQ(handler.interrupts, 1) << "one channel: 480 samples are 10 ms";
    EXPECT_EQ(at<std::int16_t>(memory)[479], 8192);
}

TEST_F(Ac97Test, AResetOfTheLinkStopsEverything) {
    wake();
    describe(0, samples(960, 1), 960, interrupt);
    start(pcm_out, 0);
    wait(millisecond);
    set_master(0x2C, 0, Width::dword);
    EXPECT_EQ(master(pcm_out + 0xB), 0U);
    EXPECT_EQ(master(pcm_out + 0x4, Width::dword), 0x00010000U);
    wait(20 * millisecond);
    EXPECT_EQ(handler.interrupts, 0);
}

} // namespace
} // namespace openportcls::hardware::ac97
