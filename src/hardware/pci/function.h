// One function of a PCI device: its configuration space, the ports it answers at, its interrupt pin. Register names are
// those of the PCI Local Bus Specification, chapter 6.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "hardware/register_table.h"
#include "machine/machine.h"

namespace openportcls::hardware::pci {

// What a function is, and what of the standard header it has.
struct Identity {
    std::uint16_t vendor = 0;
    std::uint16_t device = 0;
    std::uint32_t class_code = 0; // class, subclass, programming interface
    std::uint8_t revision = 0;
    std::uint16_t subsystem_vendor = 0;
    std::uint16_t subsystem = 0;
    std::uint8_t interrupt_pin = 0;            // 1: INTA#
    std::uint16_t command_mask = 0;            // of Command, what can be written
    std::uint16_t status = 0;                  // after reset
    std::vector<std::uint32_t> io_bar_sizes{}; // powers of two; each asks for ports
};

enum Command : std::uint32_t { io_space = 0x1, memory_space = 0x2, bus_master = 0x4 };

enum ConfigOffset : std::uint32_t {
    vendor_id = 0x00,
    device_id = 0x02,
    command = 0x04,
    status = 0x06,
    first_bar = 0x10,
    capabilities_pointer = 0x34,
    interrupt_line = 0x3C,
    interrupt_pin = 0x3D,
    config_bytes = 0x100
};

// The configuration space as registers.
class ConfigHeader {
public:
    explicit ConfigHeader(const Identity& identity);

    std::uint32_t read(std::uint32_t offset, unsigned bytes);
    void write(std::uint32_t offset, unsigned bytes, std::uint32_t value);
    void reset() { registers_.reset(); }

    std::uint32_t value(std::uint32_t offset) const { return registers_.value(offset); }
    void set(std::uint32_t offset, std::uint32_t value) { registers_.set(offset, value); }
    // The first port of a base address register.
    std::uint32_t io_base(unsigned bar) const { return registers_.value(first_bar + 4 * bar) & ~3U; }

private:
    using Entry = RegisterEntry<ConfigHeader>;
    static std::vector<Entry> make_table(const Identity& identity);

    std::vector<Entry> table_;
    RegisterFile<ConfigHeader, 0x40> registers_;
};

// What is behind a function: answers at its ports (range: number of the base address register).
class Responder : public machine::Device {
public:
    // Bus mastering is about to change, or has: what moved so far has to have moved.
    virtual void before_command_change() = 0;
    virtual void after_command_change() = 0;
    // RST#, or the power has been away.
    virtual void bus_reset() = 0;
};

class Function final : public machine::Device {
public:
    Function(machine::Machine& machine, Responder& responder, const Identity& identity);
    ~Function() override;

    std::string_view name() const override { return responder_.name(); }
    const Identity& identity() const { return identity_; }
    ConfigHeader& config() { return config_; }
    bool is_bus_master() const { return is_powered_ && (config_.value(command) & bus_master) != 0; }

    // INTx#: a level that lasts until it is taken back.
    void NTAPI set_interrupt(bool is_asserted);
    // While its power is away a function answers nowhere; what it knew is restored when it comes back, as a bus driver
    // does.
    void set_power(bool is_on);

    std::uint32_t read_config(std::uint32_t offset, machine::AccessWidth width) override;
    void write_config(std::uint32_t offset, machine::AccessWidth width, std::uint32_t value) override;

    // ---- for the bus ----
    void wire(machine::InterruptLine& line, unsigned source);
    unsigned device_number = 0;
    unsigned function_number = 0;

private:
    void decode();

    machine::Machine& machine_;
    Responder& responder_;
    Identity identity_;
    ConfigHeader config_;
    bool is_powered_ = true;
    bool is_asserted_ = false;
    machine::InterruptLine* line_ = nullptr;
    unsigned source_ = 0;
    std::vector<std::uint32_t> decoded_; // for each base address register: where it answers; 0 = nowhere
};

} // namespace openportcls::hardware::pci
