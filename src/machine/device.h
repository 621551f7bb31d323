// Hardware as an interface: what answers port, register and configuration-space accesses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "base/result.h"
#include "machine/types.h"

namespace openportcls::machine {

enum class AccessWidth : std::uint8_t { byte = 1, word = 2, dword = 4, qword = 8 };

// A device model. Accesses come from the driver through the machine; time comes from the machine's clock;
// interrupts leave through an InterruptLine, samples through physical memory and source/sink interfaces.
class Device {
public:
    virtual ~Device() = default;
    virtual std::string_view name() const = 0;

    // `offset` counts from the start of the claimed range. Nothing decodes the address: all ones.
    // In the guest's calling convention: an access that leaves it nowhere on its way costs the driver no saved
    // registers.
    virtual std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, AccessWidth width);
    virtual void NTAPI write_port(unsigned range, std::uint32_t offset, AccessWidth width, std::uint64_t value);
    virtual std::uint64_t read_register(unsigned range, std::uint64_t offset, AccessWidth width);
    virtual void write_register(unsigned range, std::uint64_t offset, AccessWidth width, std::uint64_t value);
    virtual std::uint32_t read_config(std::uint32_t offset, AccessWidth width);
    virtual void write_config(std::uint32_t offset, AccessWidth width, std::uint32_t value);
};

// An address space of the bus: who answers where. Ranges may not overlap.
class AddressSpace {
public:
    struct Claim {
        std::uint64_t begin;
        std::uint64_t end; // exclusive
        Device* device;
        unsigned range; // the device's own number for this range
    };

    Result<void> claim(std::uint64_t begin, std::uint64_t size, Device& device, unsigned range);
    void release(std::uint64_t begin);
    const Claim* find(std::uint64_t address) const {
        const Claim* const claim = find_again(address);
        return claim != nullptr ? claim : look_up(address);
    }
    // Null: what was found last lies elsewhere, which says nothing.
    const Claim* find_again(std::uint64_t address) const {
        const Claim* const claim = found_[slot_of(address)];
        return claim != nullptr && address >= claim->begin && address < claim->end ? claim : nullptr;
    }

private:
    static constexpr std::size_t slots = 64;
    static std::size_t slot_of(std::uint64_t address) { return address >> 4 & (slots - 1); }
    [[gnu::noinline]] const Claim* NTAPI look_up(std::uint64_t address) const;

    std::map<std::uint64_t, Claim> claims_; // by begin
    // What was found last for addresses that have these bits: a card's registers are few and asked for often.
    mutable std::array<const Claim*, slots> found_{};
};

// PCI configuration space: one device per bus/device/function.
class ConfigSpace {
public:
    static constexpr std::uint32_t slot(unsigned device, unsigned function) { return device | function << 5; }

    Result<void> attach(unsigned bus, std::uint32_t slot, Device& device);
    void detach(unsigned bus, std::uint32_t slot);
    Device* find(unsigned bus, std::uint32_t slot) const;

private:
    std::map<std::uint64_t, Device*> devices_;
};

} // namespace openportcls::machine
