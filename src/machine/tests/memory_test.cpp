#include "machine/physical_memory.h"

#include <cstring>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "machine/device.h"

namespace openportcls::machine {
namespace {

TEST(PhysicalMemory, honours_limits_alignment_and_boundaries) {
    PhysicalMemory memory(64 << 20);
    const PhysicalAddress low = memory.allocate(8192, {.highest = 0xFFFFFF});
    ASSERT_NE(low, no_address);
    EXPECT_LE(low + 8191, 0xFFFFFFU);
    const PhysicalAddress aligned = memory.allocate(page_size, {.alignment = 1 << 20});
    EXPECT_EQ(aligned % (1 << 20), 0U);
    memory.allocate(page_size, {});
    for (int i = 0; i < 40; ++i) {
        const PhysicalAddress inside = memory.allocate(3 * page_size, {.boundary = 0x10000});
        ASSERT_NE(inside, no_address);
        EXPECT_EQ(inside >> 16, (inside + 3 * page_size - 1) >> 16);
    }
    EXPECT_EQ(memory.allocate(17 * page_size, {.boundary = 0x10000}), no_address);
    EXPECT_EQ(memory.allocate(page_size, {.lowest = 65 << 20}), no_address);
    EXPECT_EQ(memory.allocate(1ULL << 40, {}), no_address);
}

TEST(PhysicalMemory, freed_runs_join_and_come_back_zeroed) {
    PhysicalMemory memory(16 << 20);
    const std::uint64_t all = (16 << 20) - (1 << 20);
    const PhysicalAddress a = memory.allocate(all / 2, {});
    const PhysicalAddress b = memory.allocate(all / 2, {});
    ASSERT_NE(b, no_address);
    EXPECT_EQ(memory.allocate(page_size, {}), no_address);
    std::memset(memory.to_virtual(a, 16), 0x5A, 16);
    memory.free(a, all / 2);
    memory.free(b, all / 2);
    EXPECT_EQ(memory.allocated_bytes(), 0U);
    const PhysicalAddress whole = memory.allocate(all, {});
    ASSERT_NE(whole, no_address);
    EXPECT_EQ(*static_cast<char*>(memory.to_virtual(whole, 16)), 0);
}

TEST(PhysicalMemory, addresses_go_both_ways_and_another_mapping_sees_the_same_bytes) {
    PhysicalMemory memory(16 << 20);
    const PhysicalAddress address = memory.allocate(page_size, {});
    void* pointer = memory.to_virtual(address, page_size);
    EXPECT_EQ(memory.to_physical(pointer), address);
    std::strcpy(static_cast<char*>(pointer), "shared");
    char seen[7] = {};
    EXPECT_EQ(pread(memory.file_descriptor(), seen, 6, static_cast<off_t>(address)), 6);
    EXPECT_STREQ(seen, "shared");
    EXPECT_EQ(memory.to_virtual(memory.size() - 8, 16), nullptr);
    EXPECT_EQ(memory.to_virtual(UINT64_MAX - 4, 16), nullptr);

    int elsewhere = 7;
    const PhysicalAddress window = memory.to_physical(&elsewhere);
    EXPECT_GE(window, host_window);
    EXPECT_EQ(memory.to_virtual(window, sizeof elsewhere), &elsewhere);
}

TEST(PhysicalMemory, scattered_pages_appear_in_one_run) {
    PhysicalMemory memory(16 << 20);
    const PhysicalAddress run = memory.allocate(4 * page_size, {});
    const std::uint64_t first = run / page_size;
    const std::vector<std::uint64_t> adjacent{first, first + 1};
    EXPECT_EQ(memory.map_pages(adjacent), memory.to_virtual(run, page_size));
    const std::vector<std::uint64_t> scattered{first + 3, first};
    auto* alias = static_cast<char*>(memory.map_pages(scattered));
    ASSERT_NE(alias, nullptr);
    alias[0] = 'x';
    alias[page_size] = 'y';
    EXPECT_EQ(*static_cast<char*>(memory.to_virtual(run + 3 * page_size, 1)), 'x');
    EXPECT_EQ(*static_cast<char*>(memory.to_virtual(run, 1)), 'y');
    EXPECT_EQ(memory.to_physical(alias + page_size + 5), run + 5);
    memory.unmap_pages(alias, 2);
}

struct Latch : Device {
    std::uint64_t last = 0;
    std::string_view name() const override { return "latch"; }
    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, AccessWidth) override {
        return range * 100 + offset;
    }
    void NTAPI write_port(unsigned, std::uint32_t, AccessWidth, std::uint64_t value) override { last = value; }
};

TEST(AddressSpace, finds_the_device_behind_an_address_and_refuses_overlaps) {
    AddressSpace ports;
    Latch latch, other;
    ASSERT_TRUE(ports.claim(0x220, 16, latch, 0));
    ASSERT_TRUE(ports.claim(0x388, 4, latch, 1));
    const auto refused = ports.claim(0x22F, 4, other, 0);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("latch"), std::string::npos);
    EXPECT_EQ(ports.find(0x21F), nullptr);
    ASSERT_NE(ports.find(0x22F), nullptr);
    EXPECT_EQ(ports.find(0x230), nullptr);
    const AddressSpace::Claim* claim = ports.find(0x38A);
    ASSERT_NE(claim, nullptr);
    EXPECT_EQ(
        claim->device->read_port(claim->range, static_cast<std::uint32_t>(0x38A - claim->begin), AccessWidth::byte),
        102U);
    ports.release(0x220);
    EXPECT_TRUE(ports.claim(0x22F, 4, other, 0));
    EXPECT_EQ(other.read_register(0, 0, AccessWidth::word), 0xFFFFU); // nothing decodes: all ones
}

} // namespace
} // namespace openportcls::machine
