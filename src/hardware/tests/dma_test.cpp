// The 8237s: registers before and after, both widths, what happens at a terminal count.
#include <array>

#include "hardware/tests/board_fixture.h"

namespace openportcls::hardware {
namespace {

class Dma : public BoardTest {
protected:
    Dma() : dma(**board.isa_dma()) {}
    DmaController& dma;
};

TEST_F(Dma, TheFlipFlopTellsTheBytesApart) {
    out(0x0C, 0);
    out(0x02, 0x34);
    out(0x02, 0x12);
    EXPECT_EQ(in(0x02), 0x34);
    EXPECT_EQ(in(0x02), 0x12);
    out(0x03, 0xCD); // count, lower byte
    out(0x0C, 0);    // starts over
    out(0x03, 0xEF);
    out(0x03, 0xBE);
    EXPECT_EQ(count_of(1), 0xBEEFU);
    EXPECT_EQ(dma.chip(0).address(1), 0x1234);
}

TEST_F(Dma, MovesBytesAndCounts) {
    const auto memory = allocate(0x1000);
    for (int index = 0; index < 16; ++index) {
        at<std::uint8_t>(memory)[index] = static_cast<std::uint8_t>(index + 1);
    }
    program(1, memory, 16, play_repeating);
    EXPECT_TRUE(dma.answers(1));
    std::array<std::byte, 10> bytes;
    EXPECT_EQ(dma.to_device(1, bytes), 10U);
    EXPECT_EQ(std::to_integer<int>(bytes[9]), 10);
    EXPECT_EQ(count_of(1), 5U);
    EXPECT_EQ(in(0x08) & 0x0F, 0);
    EXPECT_EQ(dma.to_device(1, bytes), 10U) << "over the terminal count";
    EXPECT_EQ(std::to_integer<int>(bytes[5]), 16);
    EXPECT_EQ(std::to_integer<int>(bytes[6]), 1) << "started over";
    EXPECT_EQ(count_of(1), 11U);
    EXPECT_EQ(in(0x08) & 0x0F, 0x02) << "terminal count of channel 1";
    EXPECT_EQ(in(0x08) & 0x0F, 0) << "reading clears it";
}

TEST_F(Dma, SaysWhatLiesTogether) {
    const auto memory = allocate(0x1000);
    program(1, memory, 16, play_repeating);
    EXPECT_EQ(dma.one_piece(1, 16), at<std::byte>(memory));
    EXPECT_EQ(dma.one_piece(1, 17), nullptr) << "over the terminal count";
    EXPECT_EQ(dma.skip_to_device(1, 10), 10U);
    EXPECT_EQ(dma.one_piece(1, 6), at<std::byte>(memory) + 10);
    EXPECT_EQ(dma.one_piece(1, 7), nullptr);
    out(0x0A, 0x05);
    EXPECT_EQ(dma.one_piece(1, 1), nullptr) << "masked";
    program(1, memory, 16, record_repeating);
    EXPECT_EQ(dma.one_piece(1, 1), nullptr) << "the other direction";
    program(1, memory + 15, 16, play_once | 0x20);
    EXPECT_EQ(dma.one_piece(1, 2), nullptr) << "downwards";
}

TEST_F(Dma, WithoutAutoInitTheChannelMasksItself) {
    const auto memory = allocate(0x1000);
    program(3, memory, 8, play_once);
    std::array<std::byte, 20> bytes;
    EXPECT_EQ(dma.to_device(3, bytes), 8U);
    EXPECT_FALSE(dma.answers(3));
    EXPECT_EQ(count_of(3), 0xFFFFU) << "rolled over";
    EXPECT_EQ(dma.to_device(3, bytes), 0U);
}

TEST_F(Dma, WordChannelsAddressWords) {
    const auto memory = allocate(0x10000);
    at<std::uint16_t>(memory)[0x7FFF] = 0xABCD;
    program(5, memory + 0xFFFE, 2, play_once);
    std::array<std::byte, 2> bytes;
    EXPECT_EQ(dma.to_device(5, bytes), 2U);
    EXPECT_EQ(std::to_integer<int>(bytes[0]), 0xCD);
    EXPECT_EQ(std::to_integer<int>(bytes[1]), 0xAB);
    EXPECT_EQ(in(0xD0) & 0x0F, 0x02) << "channel 5 is the second chip's channel 1";
}

TEST_F(Dma, AddressesWrapWithinThePage) {
    const auto memory = allocate(0x10000);
    ASSERT_EQ(memory & 0xFFFF, 0U);
    at<std::uint8_t>(memory)[0xFFFF] = 1;
    at<std::uint8_t>(memory)[0] = 2;
    program(0, memory + 0xFFFF, 2, play_once);
    std::array<std::byte, 2> bytes;
    EXPECT_EQ(dma.to_device(0, bytes), 2U);
    EXPECT_EQ(std::to_integer<int>(bytes[1]), 2);
}

TEST_F(Dma, RecordingWritesMemoryAndTheDirectionCounts) {
    const auto memory = allocate(0x1000);
    program(1, memory, 4, record_repeating);
    std::array<std::byte, 4> bytes{std::byte{9}, std::byte{8}, std::byte{7}, std::byte{6}};
    EXPECT_EQ(dma.to_device(1, bytes), 0U);
    EXPECT_EQ(dma.to_memory(1, bytes), 4U);
    EXPECT_EQ(at<std::uint8_t>(memory)[3], 6);
}

TEST_F(Dma, DescendingTransfersGoBackwards) {
    const auto memory = allocate(0x1000);
    at<std::uint8_t>(memory)[1] = 1;
    at<std::uint8_t>(memory)[0] = 2;
    program(1, memory + 1, 2, play_once | 0x20);
    std::array<std::byte, 2> bytes;
    EXPECT_EQ(dma.to_device(1, bytes), 2U);
    EXPECT_EQ(std::to_integer<int>(bytes[0]), 1);
    EXPECT_EQ(std::to_integer<int>(bytes[1]), 2);
}

// A page register reaches further than the memory of this machine: the bus floats there, and what is written is lost.
class DmaBeyondMemory : public BoardTest {
protected:
    DmaBeyondMemory() : BoardTest(small_machine()), dma(**board.isa_dma()) {}
    static machine::MachineConfig small_machine() {
        machine::MachineConfig result;
        result.memory_bytes = 4 << 20;
        return result;
    }
    DmaController& dma;
};

TEST_F(DmaBeyondMemory, TheBusFloats) {
    constexpr machine::PhysicalAddress nowhere = 0x80'0000;
    ASSERT_EQ(at<std::byte>(nowhere), nullptr);
    std::array<std::byte, 4> bytes{};
    program(1, nowhere, bytes.size(), play_once);
    EXPECT_EQ(dma.to_device(1, bytes), bytes.size());
    for (const std::byte byte : bytes) {
        EXPECT_EQ(std::to_integer<int>(byte), 0xFF);
    }
    program(1, nowhere, bytes.size(), record_repeating);
    EXPECT_EQ(dma.to_memory(1, bytes), bytes.size());
}

TEST_F(Dma, MaskCommandAndMasterClearStopChannels) {
    const auto memory = allocate(0x1000);
    program(1, memory, 16, play_repeating);
    EXPECT_TRUE(dma.answers(1));
    out(0x0A, 0x05);
    EXPECT_FALSE(dma.answers(1)) << "single mask";
    out(0x0E, 0);
    EXPECT_TRUE(dma.answers(1)) << "all masks cleared";
    out(0x0F, 0x02);
    EXPECT_FALSE(dma.answers(1)) << "all masks written";
    out(0x0F, 0x00);
    out(0x08, 0x04);
    EXPECT_FALSE(dma.answers(1)) << "controller disabled";
    out(0x08, 0x00);
    EXPECT_TRUE(dma.answers(1));
    out(0x0D, 0);
    EXPECT_FALSE(dma.answers(1)) << "master clear masks all";
    EXPECT_EQ(in(0x08), 0);
}

} // namespace
} // namespace openportcls::hardware
