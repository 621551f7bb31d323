// Ports, registers, PCI configuration space.
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {
namespace {

using Hal = ExecutiveTest;

struct RegisterFile : machine::Device {
    std::uint64_t registers[16] = {};
    std::vector<std::uint64_t> writes;
    UCHAR config[256] = {0x86, 0x80, 0x15, 0x24};

    std::string_view name() const override { return "register file"; }
    std::uint64_t NTAPI read_port(unsigned, std::uint32_t offset, machine::AccessWidth) override {
        return registers[offset];
    }
    void NTAPI write_port(unsigned, std::uint32_t offset, machine::AccessWidth, std::uint64_t value) override {
        registers[offset] = value;
        writes.push_back(value);
    }
    std::uint64_t read_register(unsigned, std::uint64_t offset, machine::AccessWidth) override {
        return registers[offset / 4];
    }
    void write_register(unsigned, std::uint64_t offset, machine::AccessWidth, std::uint64_t value) override {
        registers[offset / 4] = value;
    }
    std::uint32_t read_config(std::uint32_t offset, machine::AccessWidth width) override {
        std::uint32_t value = 0;
        memcpy(&value, config + offset, static_cast<std::size_t>(width));
        return value;
    }
    void write_config(std::uint32_t offset, machine::AccessWidth width, std::uint32_t value) override {
        memcpy(config + offset, &value, static_cast<std::size_t>(width));
    }
};

TEST_F(Hal, PortsReachTheirDeviceAndCostTime) {
    RegisterFile device;
    ASSERT_TRUE(machine.ports().claim(0x220, 16, device, 0));
    inside([&] {
        auto* port = reinterpret_cast<PUCHAR>(0x22A);
        const auto before = machine.now();
        WRITE_PORT_UCHAR(port, 0x55);
        EXPECT_EQ(READ_PORT_UCHAR(port), 0x55);
        EXPECT_EQ(machine.now() - before, 1'000);
        EXPECT_EQ(READ_PORT_UCHAR(reinterpret_cast<PUCHAR>(0x330)), 0xFF);
        EXPECT_EQ(READ_PORT_USHORT(reinterpret_cast<PUSHORT>(0x330)), 0xFFFF);
        UCHAR bytes[3] = {1, 2, 3};
        device.writes.clear();
        WRITE_PORT_BUFFER_UCHAR(port, bytes, 3);
        EXPECT_EQ(device.writes, (std::vector<std::uint64_t>{1, 2, 3})) << "all to one port";
    });
}

// MmMapIoSpace, MmUnmapIoSpace: device registers and memory, at their offset in a page, until they are unmapped.
TEST_F(Hal, RegistersAreReachedThroughTheirMapping) {
    RegisterFile device;
    constexpr LONGLONG base = 0xFEBF'0010;
    ASSERT_TRUE(machine.registers().claim(base, 64, device, 0));
    inside([&] {
        auto* registers = static_cast<volatile ULONG*>(MmMapIoSpace(large(base), 64, MmNonCached));
        ASSERT_NE(registers, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(registers) % 4096, 0x10U);
        WRITE_REGISTER_ULONG(registers + 3, 0xCAFE);
        EXPECT_EQ(device.registers[3], 0xCAFEU);
        EXPECT_EQ(READ_REGISTER_ULONG(registers + 3), 0xCAFEU);
        ULONG values[2] = {7, 8};
        WRITE_REGISTER_BUFFER_ULONG(registers + 4, values, 2);
        EXPECT_EQ(device.registers[5], 8U) << "the register forms walk";
        EXPECT_EQ(READ_REGISTER_ULONG(registers + 20), 0xFFFFFFFFU) << "nobody answers behind the claim";
        EXPECT_EQ(MmGetPhysicalAddress(const_cast<ULONG*>(registers)).QuadPart, base);
        MmUnmapIoSpace(const_cast<ULONG*>(registers), 64);
        EXPECT_EQ(kernel().io_space.mapped_ranges(), 0U);
        void* ram = MmMapIoSpace(large(2 << 20), 4096, MmCached);
        WRITE_REGISTER_ULONG(static_cast<ULONG*>(ram), 5);
        EXPECT_EQ(*static_cast<ULONG*>(ram), 5U);
        MmUnmapIoSpace(ram, 4096);
    });
    expect_bugcheck(0xDA, "MmUnmapIoSpace", [&] { MmUnmapIoSpace(&device, 64); });
}

TEST_F(Hal, ConfigurationSpace) {
    RegisterFile device;
    ASSERT_TRUE(machine.pci_config().attach(0, machine::ConfigSpace::slot(5, 1), device));
    inside([&] {
        PCI_SLOT_NUMBER slot{};
        slot.u.bits.DeviceNumber = 5;
        slot.u.bits.FunctionNumber = 1;
        USHORT vendor = 0;
        EXPECT_EQ(HalGetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, &vendor, 0, 2), 2U);
        EXPECT_EQ(vendor, 0x8086);
        UCHAR line = 11;
        EXPECT_EQ(HalSetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, &line, 0x3C, 1), 1U);
        EXPECT_EQ(device.config[0x3C], 11);
        slot.u.bits.DeviceNumber = 6;
        EXPECT_EQ(HalGetBusData(PCIConfiguration, 0, slot.u.AsULONG, &vendor, 2), 2U);
        EXPECT_EQ(vendor, PCI_INVALID_VENDORID);
    });
}

TEST_F(Hal, PortsOfEveryWidth) {
    RegisterFile device;
    ASSERT_TRUE(machine.ports().claim(0x220, 16, device, 0));
    inside([&] {
        auto* words = reinterpret_cast<PUSHORT>(0x222);
        auto* longs = reinterpret_cast<PULONG>(0x224);
        WRITE_PORT_USHORT(words, 0xBEEF);
        EXPECT_EQ(device.registers[2], 0xBEEFU);
        EXPECT_EQ(READ_PORT_USHORT(words), 0xBEEF);
        WRITE_PORT_ULONG(longs, 0xDEADBEEF);
        EXPECT_EQ(device.registers[4], 0xDEADBEEFU);
        EXPECT_EQ(READ_PORT_ULONG(longs), 0xDEADBEEFU);
        EXPECT_EQ(READ_PORT_ULONG(reinterpret_cast<PULONG>(0x400)), 0xFFFFFFFFU) << "nobody drives the bus";
        WRITE_PORT_ULONG(reinterpret_cast<PULONG>(0x400), 1);
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 5, &old);
        EXPECT_EQ(READ_PORT_ULONG(longs), 0xDEADBEEFU) << "callable at any IRQL";
        KeLowerIrql(old);
        USHORT many[2] = {1, 2};
        device.writes.clear();
        WRITE_PORT_BUFFER_USHORT(words, many, 2);
        EXPECT_EQ(device.writes, (std::vector<std::uint64_t>{1, 2}));
    });
}

struct ByteRegisters : machine::Device {
    UCHAR bytes[64] = {};
    std::vector<unsigned> widths;

    std::string_view name() const override { return "byte registers"; }
    std::uint64_t read_register(unsigned, std::uint64_t offset, machine::AccessWidth width) override {
        widths.push_back(static_cast<unsigned>(width));
        std::uint64_t value = 0;
        memcpy(&value, bytes + offset, static_cast<std::size_t>(width));
        return value;
    }
    void write_register(unsigned, std::uint64_t offset, machine::AccessWidth width, std::uint64_t value) override {
        memcpy(bytes + offset, &value, static_cast<std::size_t>(width));
    }
};

TEST_F(Hal, RegistersOfEveryWidth) {
    ByteRegisters device;
    constexpr LONGLONG base = 0xFEBF'0000;
    ASSERT_TRUE(machine.registers().claim(base, 64, device, 0));
    inside([&] {
        auto* bytes = static_cast<volatile UCHAR*>(MmMapIoSpaceEx(large(base), 64, PAGE_READWRITE | PAGE_NOCACHE));
        ASSERT_NE(bytes, nullptr);
        auto* words = reinterpret_cast<volatile USHORT*>(bytes);
        WRITE_REGISTER_UCHAR(bytes + 1, 0x12);
        WRITE_REGISTER_USHORT(words + 1, 0x3456);
        EXPECT_EQ(device.bytes[0], 0) << "the neighbour is not touched";
        EXPECT_EQ(device.bytes[1], 0x12);
        EXPECT_EQ(device.bytes[2], 0x56);
        EXPECT_EQ(device.bytes[3], 0x34);
        device.widths.clear();
        EXPECT_EQ(READ_REGISTER_UCHAR(bytes + 3), 0x34);
        EXPECT_EQ(READ_REGISTER_USHORT(words), 0x1200);
        EXPECT_EQ(device.widths, (std::vector<unsigned>{1, 2}));
        EXPECT_EQ(READ_REGISTER_USHORT(words + 40), 0xFFFF) << "nobody answers behind the claim";
        EXPECT_EQ(READ_REGISTER_UCHAR(bytes + 100), 0xFF);
        MmUnmapIoSpace(const_cast<UCHAR*>(bytes), 64);
        EXPECT_EQ(MmMapIoSpaceEx(large(base), 0, PAGE_READWRITE), nullptr);
        EXPECT_EQ(MmMapIoSpaceEx(large(base), 64, PAGE_NOACCESS), nullptr) << "no protection of the page's list";
        EXPECT_EQ(MmMapIoSpaceEx(large(base), 64, PAGE_READWRITE | PAGE_NOCACHE | PAGE_WRITECOMBINE), nullptr)
            << "one of the two";
    });
}

} // namespace
} // namespace openportcls::executive
