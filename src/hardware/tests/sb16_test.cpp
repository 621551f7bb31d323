// The Sound Blaster 16, register by register: the DSP and its transfers.
#include <set>
#include <string>

#include "hardware/tests/sb16_fixture.h"

namespace openportcls::hardware::sb16 {
namespace {

// ---- the ports ------------------------------------------------------------------------------------------------------

// "I/O Port Map": what is read is the table's; at all else the bus floats.
TEST_F(Sb16Test, ThePortsAreThoseOfTheTable) {
    std::set<std::uint32_t> read_by_handlers;
    for (const auto& entry : Sb16::card_table) {
        EXPECT_LT(entry.offset, 0x10U) << entry.name;
        EXPECT_EQ(entry.width_bytes, 1U) << entry.name;
        EXPECT_FALSE(entry.section.empty()) << entry.name;
        EXPECT_TRUE(entry.read != nullptr || entry.written != nullptr) << entry.name;
        if (entry.read != nullptr) {
            EXPECT_TRUE(read_by_handlers.insert(entry.offset).second) << entry.name;
        }
    }
    EXPECT_EQ(read_by_handlers, (std::set<std::uint32_t>{0x0, 0x2, 0x4, 0x5, 0x8, 0xA, 0xC, 0xE, 0xF}));
    for (std::uint32_t offset = 0; offset < 0x10; ++offset) {
        if (!read_by_handlers.contains(offset)) {
            EXPECT_EQ(in(0x220 + offset), 0xFF) << offset;
        }
    }
    out(0x227, 0x55);
    EXPECT_EQ(in(0x227), 0xFF) << "nothing is there";
    out(0x224, 0x30);
    EXPECT_EQ(in(0x224), 0x30);
    EXPECT_EQ(in(0x225), 0xC0) << "of the mixer";
}

TEST_F(Sb16Test, TheMpusPortsAreThoseOfItsTable) {
    ASSERT_EQ(card->mpu().registers().table().size(), 2U);
    EXPECT_EQ(in(0x331), 0xBF) << "nothing to read, ready for a byte";
    out(0x331, 0xFF);
    EXPECT_EQ(in(0x331), 0x3F);
    EXPECT_EQ(in(0x330), 0xFE) << "acknowledged";
    EXPECT_EQ(in(0x331), 0xBF);
}

// ---- the DSP's handshake and answers --------------------------------------------------------------------------------

TEST_F(Sb16Test, ResetAnswersAfterAHundredMicroseconds) {
    EXPECT_EQ(in(0x22E) & 0x80, 0) << "nothing to read before";
    out(0x226, 1);
    wait(3'000);
    out(0x226, 0);
    EXPECT_EQ(in(0x22E) & 0x80, 0) << "not yet";
    EXPECT_EQ(in(0x22C) & 0x80, 0x80) << "busy meanwhile";
    wait(100'000);
    EXPECT_EQ(in(0x22E) & 0x80, 0x80);
    EXPECT_EQ(in(0x22A), 0xAA);
    EXPECT_EQ(in(0x22E) & 0x80, 0);
    EXPECT_EQ(in(0x22C) & 0x80, 0);
}

TEST_F(Sb16Test, ATooShortResetDoesNothing) {
    out(0x226, 1);
    out(0x226, 0);
    wait(200'000);
    EXPECT_EQ(in(0x22E) & 0x80, 0);
}

TEST_F(Sb16Test, IdentifiesItself) {
    reset();
    command({0xE1});
    EXPECT_EQ(answer(), 4);
    EXPECT_GE(answer(), 5) << "version 4.05 or newer";
    command({0xE0, 0x5A});
    EXPECT_EQ(answer(), 0xA5);
    command({0xE4, 0x3C});
    command({0xE8});
    EXPECT_EQ(answer(), 0x3C);
    command({0xE3});
    std::string text;
    for (std::uint8_t character = answer(); character != 0; character = answer()) {
        text += static_cast<char>(character);
    }
    EXPECT_EQ(text, "COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.");
    command({0xD1});
    command({0xD8});
    EXPECT_EQ(answer(), 0xFF);
    command({0xD3});
    command({0xD8});
    EXPECT_EQ(answer(), 0x00);
}

TEST_F(Sb16Test, ABusyDspLosesBytes) {
    reset();
    auto* claim = machine.ports().find(0x22C);
    claim->device->write_port(claim->range, 0xC, machine::AccessWidth::byte, 0xE0);
    claim->device->write_port(claim->range, 0xC, machine::AccessWidth::byte, 0x11); // at once: lost
    command({0x22});
    EXPECT_EQ(answer(), 0xDD);
}

TEST_F(Sb16Test, UnknownCommandsAreIgnored) {
    reset();
    command({0x05});
    command({0xE0, 0x0F});
    EXPECT_EQ(answer(), 0xF0);
}

// ---- interrupts -----------------------------------------------------------------------------------------------------

TEST_F(Sb16Test, ForcedInterruptsArriveAndAreAcknowledged) {
    reset();
    command({0xF2});
    wait(millisecond);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(mixer(0x82), 0);
    command({0xF3});
    wait(millisecond);
    EXPECT_EQ(handler.words, 1);
    EXPECT_EQ(handler.bytes, 1);
}

TEST_F(Sb16Test, TheInterruptLineFollowsTheMixer) {
    EXPECT_EQ(mixer(0x80), 0x02) << "IRQ 5";
    EXPECT_EQ(mixer(0x81), 0x22) << "DMA 1 and 5";
    set_mixer(0x80, 0x04);
    reset();
    command({0xF2});
    wait(millisecond);
    EXPECT_EQ(handler.bytes, 0);
    EXPECT_TRUE(machine.interrupt_line(0x47).is_asserted());
    EXPECT_EQ(mixer(0x82), 1);
    set_mixer(0x80, 0x02);
    EXPECT_FALSE(machine.interrupt_line(0x47).is_asserted());
    wait(millisecond);
    EXPECT_EQ(handler.bytes, 1);
    set_mixer(0x00, 0);
    EXPECT_EQ(mixer(0x80), 0x02) << "a mixer reset leaves the setup";
}

// ---- playing --------------------------------------------------------------------------------------------------------

TEST_F(Sb16Test, Plays16BitStereoBitForBitAndInterruptsEachBlock) {
    reset();
    full_volume();
    const auto memory = allocate(0x1000);
    auto* samples = at<std::int16_t>(memory);
    for (int index = 0; index < 0x800; ++index) {
        samples[index] = static_cast<std::int16_t>(index * 31 - 20000);
    }
    program(5, memory, 0x1000, play_repeating);
    command({0x41, 0xAC, 0x44});       // 44100 Hz
    command({0xB6, 0x30, 0x71, 0x03}); // auto-init, stereo, signed: 882 samples = 441 frames = 10 ms
    wait(10 * millisecond - 2 * access_time);
    EXPECT_EQ(handler.words, 0);
    wait(millisecond);
    EXPECT_EQ(handler.words, 1);
    EXPECT_EQ(handler.bytes, 0);
    wait(30 * millisecond);
    EXPECT_EQ(handler.words, 4);
    ASSERT_GE(listener.frames.size(), 4 * 441U);
    EXPECT_EQ(listener.rate.per_second(), 44100);
    for (std::size_t index = 0; index < listener.frames.size(); ++index) {
        const std::size_t at = index % 0x400 * 2;
        ASSERT_EQ(listener.frames[index].left * 32768, samples[at]) << index;
        ASSERT_EQ(listener.frames[index].right * 32768, samples[at + 1]) << index;
    }
    // What the controller counts is what was heard by then.
    const std::uint32_t left = count_of(5) + 1;
    EXPECT_EQ((0x800 - left) / 2, listener.frames.size() % 0x400);
}

TEST_F(Sb16Test, Plays8BitMonoByTimeConstantOnce) {
    reset();
    full_volume();
    const auto memory = allocate(0x1000);
    for (int index = 0; index < 100; ++index) {
        at<std::uint8_t>(memory)[index] = static_cast<std::uint8_t>(index + 100);
    }
    program(1, memory, 100, play_once);
    command({0x40, 0xA6}); // 11111 Hz
    command({0x14, 99, 0});
    wait(20 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
    ASSERT_EQ(listener.frames.size(), 100U);
    EXPECT_EQ(listener.frames[99].left, (199 - 128) / 128.0F);
    EXPECT_EQ(listener.frames[99].right, listener.frames[99].left);
    EXPECT_NEAR(listener.rate.per_second(), 11111.1, 0.1);
    EXPECT_EQ(in(0x08) & 0x0F, 0x02);
}

TEST_F(Sb16Test, AutoInitByBlockSizeEndsAfterTheBlock) {
    reset();
    const auto memory = allocate(0x1000);
    program(1, memory, 0x400, play_repeating);
    command({0x41, 0x1F, 0x40}); // 8000 Hz
    command({0x48, 79, 0});      // 10 ms
    command({0x1C});
    wait(25 * millisecond);
    EXPECT_EQ(handler.bytes, 2);
    command({0xDA});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 3);
    EXPECT_EQ(listener.frames.size(), 240U);
}

TEST_F(Sb16Test, APauseKeepsThePlace) {
    reset();
    const auto memory = allocate(0x1000);
    program(1, memory, 0x400, play_repeating);
    command({0x41, 0x1F, 0x40});
    command({0xC6, 0x00, 79, 0});
    wait(5 * millisecond);
    command({0xD0});
    const std::uint32_t paused_at = count_of(1);
    const std::size_t heard = listener.frames.size();
    wait(100 * millisecond);
    EXPECT_EQ(count_of(1), paused_at);
    EXPECT_EQ(handler.bytes, 0);
    command({0xD4});
    wait(6 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_GT(listener.frames.size(), heard);
}

TEST_F(Sb16Test, WaitsForAMaskedChannel) {
    reset();
    const auto memory = allocate(0x1000);
    program(1, memory, 0x400, play_repeating);
    out(0x0A, 5);
    command({0x41, 0x1F, 0x40});
    command({0xC6, 0x00, 79, 0});
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    EXPECT_TRUE(listener.frames.empty());
    out(0x0A, 1);
    wait(11 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(listener.frames.size(), 80U);
}

TEST_F(Sb16Test, ResetStopsATransfer) {
    reset();
    const auto memory = allocate(0x1000);
    program(1, memory, 0x400, play_repeating);
    command({0xC6, 0x00, 79, 0});
    wait(5 * millisecond);
    reset();
    wait(50 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
}

TEST_F(Sb16Test, SilenceLastsItsDurationAndInterrupts) {
    reset();
    command({0x41, 0x1F, 0x40});
    command({0x80, 0x3F, 0x1F}); // 8000 samples
    wait(999 * millisecond);
    EXPECT_EQ(handler.bytes, 0);
    wait(2 * millisecond);
    EXPECT_EQ(handler.bytes, 1);
}

TEST_F(Sb16Test, DirectModeSetsALevel) {
    reset();
    full_volume();
    command({0x10, 0xC0});
    ASSERT_EQ(listener.frames.size(), 1U);
    EXPECT_EQ(listener.frames[0].left, 0.5F);
    EXPECT_EQ(listener.last.rate.numerator, 0U);
}

TEST_F(Sb16Test, AFastCrystalPlaysFaster) {
    auto second = plug("sb16:io=240,mpu=300,irq=7,dma=3,dma16=6,drift=10000");
    ASSERT_TRUE(second);
    Listener fast;
    (*second)->outputs()[0].plugged = &fast;
    const auto memory = allocate(0x1000);
    program(3, memory, 0x400, play_repeating);
    const auto write = [&](std::uint8_t byte) {
        wait(5'000);
        out(0x24C, byte);
    };
    for (const std::uint8_t byte : {0x41, 0x1F, 0x40, 0xC6, 0x00, 79, 0}) {
        write(byte);
    }
    wait(1'000 * millisecond);
    (void)in(0x246);
    EXPECT_EQ(fast.frames.size(), 8080U);
}

// ---- recording ------------------------------------------------------------------------------------------------------

TEST_F(Sb16Test, RecordsTheLineInputBitForBit) {
    std::vector<Frame> sound(2000);
    for (std::size_t index = 0; index < sound.size(); ++index) {
        sound[index] = {static_cast<float>(index) / 32768, -static_cast<float>(index) / 32768};
    }
    Recording line(22050, sound);
    card->outputs()[0].plugged = nullptr; // who would hear the line from now on
    card->inputs()[0].plugged = &line;
    reset();
    full_volume();
    set_mixer(0x3D, 0x10); // line left into the left side
    set_mixer(0x3E, 0x08);
    const auto memory = allocate(0x1000);
    program(5, memory, 0x1000, record_repeating);
    command({0x42, 0x56, 0x22});
    command({0xBE, 0x30, 0xFF, 0x03}); // 1024 samples = 512 frames
    wait(24 * millisecond);
    EXPECT_EQ(handler.words, 1);
    const auto* samples = at<std::int16_t>(memory);
    for (int index = 0; index < 512; ++index) {
        ASSERT_EQ(samples[index * 2], index);
        ASSERT_EQ(samples[index * 2 + 1], -index);
    }
}

TEST_F(Sb16Test, PlaysAndRecordsAtOnce) {
    Recording line(8000, std::vector<Frame>(8000, Frame{0.25F, 0.25F}));
    card->inputs()[0].plugged = &line;
    reset();
    full_volume();
    set_mixer(0x3D, 0x10);
    set_mixer(0x3C, 0x00); // the line is not heard, only recorded
    const auto out_memory = allocate(0x1000);
    const auto in_memory = allocate(0x1000);
    at<std::int16_t>(out_memory)[0] = 1234;
    program(5, out_memory, 0x800, play_repeating);
    program(1, in_memory, 0x400, record_repeating);
    command({0x41, 0x1F, 0x40});
    command({0x42, 0x1F, 0x40});
    command({0xB6, 0x10, 79, 0});
    command({0xCE, 0x00, 79, 0});
    wait(11 * millisecond);
    EXPECT_EQ(handler.words, 1);
    EXPECT_EQ(handler.bytes, 1);
    EXPECT_EQ(listener.frames[0].left * 32768, 1234);
    EXPECT_EQ(at<std::uint8_t>(in_memory)[79], 128 + 32);
}

TEST_F(Sb16Test, DirectInputReadsALevel) {
    Recording line(8000, std::vector<Frame>(8000, Frame{-0.5F, 0}));
    card->inputs()[0].plugged = &line;
    reset();
    full_volume();
    set_mixer(0x3D, 0x10);
    command({0x20});
    EXPECT_EQ(answer(), 64);
}

} // namespace
} // namespace openportcls::hardware::sb16
