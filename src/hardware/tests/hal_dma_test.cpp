// The HAL's way to the controllers (executive/hal/isa_dma): what it writes is what the chips make of it.
#include <array>

#include "executive/hal/isa_dma.h"
#include "hardware/tests/board_fixture.h"

namespace openportcls::hardware {
namespace {

class HalDma : public BoardTest {
protected:
    HalDma() : hal(machine) {}
    // As the kernel calls it: from inside the machine.
    template<class Function>
    void inside(Function&& function) {
        ASSERT_TRUE(machine.enter(std::forward<Function>(function)));
    }
    executive::IsaDma hal;
};

TEST_F(HalDma, WithoutControllersThereAreNoChannels) {
    for (unsigned channel = 0; channel < 9; ++channel) {
        EXPECT_FALSE(hal.has_channel(channel));
    }
    ASSERT_TRUE(board.isa_dma());
    for (unsigned channel = 0; channel < 9; ++channel) {
        EXPECT_EQ(hal.has_channel(channel), channel != 4 && channel < 8) << channel;
    }
}

TEST_F(HalDma, R_DMA_05_TheCounterCountsDownAndReloads) {
    DmaController& dma = **board.isa_dma();
    const auto memory = allocate(0x10000);
    for (const unsigned channel : {0U, 1U, 3U, 5U, 6U, 7U}) {
        inside([&] {
            hal.program(channel, {.address = memory + 0x200,
                                  .bytes = 0x1234,
                                  .to_device = true,
                                  .auto_initialize = true,
                                  .width_bytes = static_cast<std::uint8_t>(DmaController::unit_bytes(channel))});
            EXPECT_TRUE(dma.answers(channel));
            EXPECT_EQ(hal.read_counter(channel), 0x1234U);
            std::array<std::byte, 0x34> bytes;
            EXPECT_EQ(dma.to_device(channel, bytes), bytes.size());
            EXPECT_EQ(hal.read_counter(channel), 0x1200U);
            std::vector<std::byte> rest(0x1200);
            EXPECT_EQ(dma.to_device(channel, rest), rest.size());
            EXPECT_EQ(hal.read_counter(channel), 0x1234U) << "from the beginning";
            hal.mask(channel);
            EXPECT_FALSE(dma.answers(channel));
        });
    }
}

TEST_F(HalDma, ATransferThatDoesNotRepeatEndsAtZero) {
    DmaController& dma = **board.isa_dma();
    const auto memory = allocate(0x10000);
    inside([&] {
        hal.program(5, {.address = memory, .bytes = 0x10000, .width_bytes = 2}); // recording
        EXPECT_EQ(hal.read_counter(5), 0x10000U);
        std::vector<std::byte> bytes(0x10000, std::byte{7});
        EXPECT_EQ(dma.to_device(5, bytes), 0U) << "it goes the other way";
        EXPECT_EQ(dma.to_memory(5, bytes), bytes.size());
        EXPECT_EQ(hal.read_counter(5), 0U);
        EXPECT_EQ(at<std::uint8_t>(memory)[0xFFFF], 7);
    });
}

TEST_F(HalDma, TheMemoryIsWhereThePageRegistersSay) {
    DmaController& dma = **board.isa_dma();
    const auto low = allocate(0x10000);
    const auto high = allocate(0x10000);
    ASSERT_NE(low >> 16, high >> 16);
    at<std::uint8_t>(high)[0x8001] = 0x55;
    inside([&] {
        hal.program(1, {.address = high + 0x8001, .bytes = 1, .to_device = true});
        hal.program(3, {.address = low, .bytes = 1, .to_device = true});
        std::array<std::byte, 1> byte;
        EXPECT_EQ(dma.to_device(1, byte), 1U);
        EXPECT_EQ(std::to_integer<int>(byte[0]), 0x55);
    });
}

TEST_F(HalDma, EachOperationTakesItsTimeOnTheBus) {
    ASSERT_TRUE(board.isa_dma());
    inside([&] {
        const Nanoseconds before = machine.now();
        (void)hal.read_counter(1);
        EXPECT_EQ(machine.now() - before, 1'500) << "three accesses";
    });
}

} // namespace
} // namespace openportcls::hardware
