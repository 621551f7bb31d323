// The rest of hal's exports: accesses of many units, old names, what buses look like to processors.
#include "executive/tests/dma_fixture.h"

namespace openportcls::executive {
namespace {

using HalExports = ExecutiveTest;

// Answers with what was written there, and notes every access.
struct Notebook : machine::Device {
    std::uint64_t cells[128] = {};
    UCHAR config[256] = {};
    std::vector<std::pair<std::uint64_t, unsigned>> accesses; // offset, bytes

    std::string_view name() const override { return "notebook"; }
    std::uint64_t NTAPI read_port(unsigned, std::uint32_t offset, machine::AccessWidth width) override {
        return read_register(0, offset, width);
    }
    void NTAPI write_port(unsigned, std::uint32_t offset, machine::AccessWidth width, std::uint64_t value) override {
        write_register(0, offset, width, value);
    }
    std::uint64_t read_register(unsigned, std::uint64_t offset, machine::AccessWidth width) override {
        accesses.emplace_back(offset, static_cast<unsigned>(width));
        return cells[offset];
    }
    void write_register(unsigned, std::uint64_t offset, machine::AccessWidth width, std::uint64_t value) override {
        accesses.emplace_back(offset, static_cast<unsigned>(width));
        cells[offset] = value;
    }
    std::uint32_t read_config(std::uint32_t offset, machine::AccessWidth width) override {
        std::uint32_t value = 0;
        memcpy(&value, config + offset, static_cast<std::size_t>(width));
        return value;
    }
    void write_config(std::uint32_t offset, machine::AccessWidth width, std::uint32_t value) override {
        memcpy(config + offset, &value, static_cast<std::size_t>(width));
    }
    using Accesses = std::vector<std::pair<std::uint64_t, unsigned>>;
    Accesses taken() { return std::exchange(accesses, {}); }
};

// The buffer forms of ports access one port over and over.
TEST_F(HalExports, PortBuffersStayAtTheirPort) {
    Notebook device;
    ASSERT_TRUE(machine.ports().claim(0x300, 16, device, 0));
    inside([&] {
        UCHAR bytes[3] = {};
        device.cells[1] = 0x20;
        READ_PORT_BUFFER_UCHAR(reinterpret_cast<PUCHAR>(0x301), bytes, 3);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{1, 1}, {1, 1}, {1, 1}}));
        EXPECT_EQ(bytes[2], 0x20);
        USHORT words[2] = {};
        device.cells[2] = 0x1234;
        READ_PORT_BUFFER_USHORT(reinterpret_cast<PUSHORT>(0x302), words, 2);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{2, 2}, {2, 2}}));
        EXPECT_EQ(words[0], 0x1234);
        ULONG longs[2] = {0xAAAA'0001, 0xBBBB'0002};
        WRITE_PORT_BUFFER_ULONG(reinterpret_cast<PULONG>(0x304), longs, 2);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{4, 4}, {4, 4}}));
        EXPECT_EQ(device.cells[4], 0xBBBB'0002U) << "the last one written";
        ULONG read[2] = {};
        READ_PORT_BUFFER_ULONG(reinterpret_cast<PULONG>(0x304), read, 2);
        EXPECT_EQ(read[1], 0xBBBB'0002U);
        EXPECT_EQ(device.taken().size(), 2U);
        READ_PORT_BUFFER_UCHAR(reinterpret_cast<PUCHAR>(0x500), bytes, 2);
        EXPECT_EQ(bytes[1], 0xFF) << "nobody answers";
    });
}

// The buffer forms of registers walk.
TEST_F(HalExports, RegisterBuffersWalk) {
    Notebook device;
    constexpr LONGLONG base = 0xFEBF'0000;
    ASSERT_TRUE(machine.registers().claim(base, 128, device, 0));
    inside([&] {
        auto* bytes = static_cast<UCHAR*>(MmMapIoSpace(large(base), 128, MmNonCached));
        UCHAR few[2] = {1, 2};
        WRITE_REGISTER_BUFFER_UCHAR(bytes + 3, few, 2);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{3, 1}, {4, 1}}));
        READ_REGISTER_BUFFER_UCHAR(bytes + 4, few, 1);
        EXPECT_EQ(few[0], 2);
        device.taken();
        USHORT words[2] = {0x1111, 0x2222};
        WRITE_REGISTER_BUFFER_USHORT(reinterpret_cast<USHORT*>(bytes + 8), words, 2);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{8, 2}, {10, 2}}));
        READ_REGISTER_BUFFER_USHORT(reinterpret_cast<USHORT*>(bytes + 10), words, 1);
        EXPECT_EQ(words[0], 0x2222);
        ULONG longs[2] = {};
        device.cells[20] = 0x3333'4444;
        device.taken();
        READ_REGISTER_BUFFER_ULONG(reinterpret_cast<ULONG*>(bytes + 16), longs, 2);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{16, 4}, {20, 4}}));
        EXPECT_EQ(longs[1], 0x3333'4444U);
        MmUnmapIoSpace(bytes, 128);
    });
}

TEST_F(HalExports, RegistersOf64BitsAreOneAccess) {
    Notebook device;
    constexpr LONGLONG base = 0xFEBF'0000;
    ASSERT_TRUE(machine.registers().claim(base, 128, device, 0));
    inside([&] {
        auto* registers = static_cast<ULONG64*>(MmMapIoSpace(large(base), 128, MmNonCached));
        WRITE_REGISTER_ULONG64(registers + 2, 0x1122'3344'5566'7788);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{16, 8}}));
        EXPECT_EQ(READ_REGISTER_ULONG64(registers + 2), 0x1122'3344'5566'7788U);
        device.taken();
        ULONG64 pair[2] = {1ULL << 40, 2ULL << 40};
        WRITE_REGISTER_BUFFER_ULONG64(registers + 4, pair, 2);
        EXPECT_EQ(device.taken(), (Notebook::Accesses{{32, 8}, {40, 8}}));
        ULONG64 read[2] = {};
        READ_REGISTER_BUFFER_ULONG64(registers + 4, read, 2);
        EXPECT_EQ(read[0], pair[0]);
        EXPECT_EQ(read[1], pair[1]);
        MmUnmapIoSpace(registers, 128);
    });
}

// HalSetBusData begins at offset 0; buses besides PCI have no configuration to set.
TEST_F(HalExports, HalSetBusDataWritesFromTheBeginning) {
    Notebook device;
    ASSERT_TRUE(machine.pci_config().attach(0, machine::ConfigSpace::slot(4, 0), device));
    inside([&] {
        PCI_SLOT_NUMBER slot{};
        slot.u.bits.DeviceNumber = 4;
        UCHAR bytes[6] = {1, 2, 3, 4, 5, 6};
        EXPECT_EQ(HalSetBusData(PCIConfiguration, 0, slot.u.AsULONG, bytes, 6), 6U);
        EXPECT_EQ(memcmp(device.config, bytes, 6), 0);
        EXPECT_EQ(device.config[6], 0);
        EXPECT_EQ(HalSetBusData(Cmos, 0, slot.u.AsULONG, bytes, 6), 0U);
        slot.u.bits.DeviceNumber = 5;
        EXPECT_EQ(HalSetBusData(PCIConfiguration, 0, slot.u.AsULONG, bytes, 6), 0U) << "nobody is there";
    });
}

// Device levels lie above DISPATCH_LEVEL; different lines get different levels, all processors may take them.
TEST_F(HalExports, HalGetInterruptVectorMapsLinesToLevels) {
    inside([&] {
        KIRQL of_5 = 0;
        KIRQL of_11 = 0;
        KAFFINITY affinity = 0;
        const ULONG first = HalGetInterruptVector(Isa, 0, 5, 5, &of_5, &affinity);
        const ULONG second = HalGetInterruptVector(PCIBus, 0, 11, 11, &of_11, &affinity);
        EXPECT_NE(first, second);
        EXPECT_GT(of_5, DISPATCH_LEVEL);
        EXPECT_GT(of_11, DISPATCH_LEVEL);
        EXPECT_NE(of_5, of_11);
        EXPECT_EQ(affinity, KeQueryActiveProcessors());
    });
}

// On a PC bus addresses are the processor's: ports stay ports, memory stays memory.
TEST_F(HalExports, HalTranslateBusAddressChangesNothing) {
    inside([&] {
        for (const ULONG space : {0U, 1U}) {
            ULONG translated_space = space;
            PHYSICAL_ADDRESS translated = large(0);
            EXPECT_TRUE(HalTranslateBusAddress(Isa, 0, large(0x220), &translated_space, &translated));
            EXPECT_EQ(translated.QuadPart, 0x220);
            EXPECT_EQ(translated_space, space);
        }
    });
}

// HalGetAdapter, HalReadDmaCounter and HalPutDmaAdapter are the operations under their old names.
TEST_F(HalExports, HalGetAdapterAndHalReadDmaCounterOfAChannel) {
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        DEVICE_DESCRIPTION description = slave();
        ULONG registers = 0;
        DMA_ADAPTER* adapter = HalGetAdapter(&description, &registers);
        ASSERT_NE(adapter, nullptr);
        EXPECT_EQ(registers, 5U) << "16 KB that may begin within a page";
        controller.counter = 77;
        EXPECT_EQ(HalReadDmaCounter(adapter), 77U);
        HalPutDmaAdapter(adapter);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
        description.DmaChannel = 2;
        EXPECT_EQ(HalGetAdapter(&description, &registers), nullptr) << "no such channel";
    });
}

} // namespace
} // namespace openportcls::executive
