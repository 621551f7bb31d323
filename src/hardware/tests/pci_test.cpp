// The PCI bus: configuration space, what firmware assigns, decoding, interrupts.
#include "hardware/pci/bus.h"
#include "hardware/tests/board_fixture.h"

namespace openportcls::hardware::pci {
namespace {

using machine::AccessWidth;

class Echo final : public Responder {
public:
    std::string_view name() const override { return "echo"; }
    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, AccessWidth) override {
        return range << 8 | offset;
    }
    void before_command_change() override { ++before; }
    void after_command_change() override { ++after; }
    void bus_reset() override { ++resets; }
    int before = 0;
    int after = 0;
    int resets = 0;
};

Identity echo_identity() {
    Identity identity;
    identity.vendor = 0x1234;
    identity.device = 0x5678;
    identity.class_code = 0x040100;
    identity.revision = 3;
    identity.subsystem_vendor = 0xABCD;
    identity.subsystem = 0x0042;
    identity.interrupt_pin = 1;
    identity.command_mask = io_space | bus_master;
    identity.status = 0x0280;
    identity.io_bar_sizes = {0x100, 0x40};
    return identity;
}

class Pci : public BoardTest {
protected:
    Pci() : function(machine, echo, echo_identity()) { EXPECT_TRUE(board.pci().attach(function, 5, 2)); }
    ~Pci() override { board.pci().detach(function); }

    std::uint32_t read(std::uint32_t offset, AccessWidth width = AccessWidth::dword) {
        return machine.pci_config().find(0, machine::ConfigSpace::slot(5, 2))->read_config(offset, width);
    }
    void write(std::uint32_t offset, std::uint32_t value, AccessWidth width = AccessWidth::dword) {
        machine.pci_config().find(0, machine::ConfigSpace::slot(5, 2))->write_config(offset, width, value);
    }

    Echo echo;
    Function function;
};

TEST_F(Pci, SaysWhatItIs) {
    EXPECT_EQ(read(0x00), 0x56781234U);
    EXPECT_EQ(read(0x08), 0x04010003U);
    EXPECT_EQ(read(0x0A, AccessWidth::word), 0x0401U);
    EXPECT_EQ(read(0x2C), 0x0042ABCDU);
    EXPECT_EQ(read(0x34), 0U) << "no capabilities";
    EXPECT_EQ(read(0x3D, AccessWidth::byte), 1U);
    EXPECT_EQ(read(0x40), 0U) << "reserved";
    write(0x00, 0);
    EXPECT_EQ(read(0x00), 0x56781234U) << "cannot be written";
}

TEST_F(Pci, AllOnesTellTheSizes) {
    const std::uint32_t before = read(0x10);
    write(0x10, UINT32_MAX);
    EXPECT_EQ(read(0x10), 0xFF01U);
    write(0x10, before);
    EXPECT_EQ(read(0x10), before);
    write(0x14, UINT32_MAX);
    EXPECT_EQ(read(0x14), 0xFFC1U);
    write(0x18, UINT32_MAX);
    EXPECT_EQ(read(0x18), 0U) << "there is no third range";
}

TEST_F(Pci, PortsFollowTheBaseAddressAndTheCommandRegister) {
    const std::uint32_t first = read(0x10) & ~3U;
    const std::uint32_t second = read(0x14) & ~3U;
    EXPECT_EQ(first % 0x100, 0U);
    EXPECT_EQ(machine.ports().find(first), nullptr) << "decoding is off";
    write(0x04, 5, AccessWidth::word);
    EXPECT_EQ(in(first + 7, AccessWidth::dword), 0x007U);
    EXPECT_EQ(in(second + 7, AccessWidth::dword), 0x107U);
    write(0x10, 0xE000);
    EXPECT_EQ(machine.ports().find(first), nullptr);
    EXPECT_EQ(in(0xE000 + 7, AccessWidth::dword), 0x007U);
    EXPECT_TRUE(function.is_bus_master());
    write(0x04, 0x0000FFFF & ~5U, AccessWidth::word);
    EXPECT_EQ(read(0x04, AccessWidth::word), 0U) << "only what the function has";
    EXPECT_EQ(machine.ports().find(0xE000), nullptr);
    EXPECT_EQ(echo.before, echo.after);
}

TEST_F(Pci, BytesOfARegisterAreWrittenAlone) {
    write(0x11, 0xE4, AccessWidth::byte);
    EXPECT_EQ(read(0x10), 0xE401U);
    write(0x3C, 0x0A, AccessWidth::byte);
    EXPECT_EQ(read(0x3C), 0x010AU);
}

TEST_F(Pci, TheInterruptIsALevelOnTheAssignedLine) {
    auto& line = machine.interrupt_line(0x40 + read(0x3C, AccessWidth::byte));
    EXPECT_EQ(line.mode(), machine::TriggerMode::level);
    EXPECT_FALSE(line.is_asserted());
    function.set_interrupt(true);
    function.set_interrupt(true);
    EXPECT_TRUE(line.is_asserted());
    function.set_interrupt(false);
    EXPECT_FALSE(line.is_asserted());
}

TEST_F(Pci, ATakenPlaceMovesTheNextFunction) {
    Echo other;
    Function second(machine, other, echo_identity());
    ASSERT_TRUE(board.pci().attach(second, 5, 2));
    EXPECT_EQ(second.device_number, 1U);
    EXPECT_EQ(second.function_number, 0U);
    EXPECT_NE(second.config().io_base(0), function.config().io_base(0));
    EXPECT_EQ(board.pci().find(1, 0), &second);
    board.pci().detach(second);
    EXPECT_EQ(board.pci().find(1, 0), nullptr);
}

TEST_F(Pci, WithoutPowerItAnswersNowhereAndComesBackAsItWas) {
    write(0x04, 5, AccessWidth::word);
    const std::uint32_t base = read(0x10) & ~3U;
    function.set_interrupt(true);
    function.set_power(false);
    EXPECT_EQ(echo.resets, 1);
    EXPECT_EQ(machine.ports().find(base), nullptr);
    EXPECT_EQ(read(0x00), UINT32_MAX);
    EXPECT_FALSE(function.is_bus_master());
    EXPECT_FALSE(machine.interrupt_line(0x40 + function.config().value(interrupt_line)).is_asserted());
    function.set_power(true);
    EXPECT_EQ(in(base, AccessWidth::dword), 0U);
    EXPECT_EQ(read(0x10) & ~3U, base);
}

} // namespace
} // namespace openportcls::hardware::pci
