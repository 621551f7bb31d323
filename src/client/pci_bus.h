// The board's PCI bus as the PnP manager sees it: everything is read from and written to configuration space.
#pragma once

#include <string>
#include <vector>

#include "hardware/pci/bus.h"
#include "pnp/bus.h"

namespace openportcls::client {

class PciBus final : public pnp::Bus {
public:
    explicit PciBus(hardware::pci::Bus& bus) : bus_(bus) {}

    static std::uint32_t address_of(const hardware::pci::Function& function);
    // Hardware ids and compatible ids, the most exact one first.
    static std::vector<std::string> ids_of(hardware::pci::Function& function);

    std::string_view enumerator() const override { return "PCI"; }
    INTERFACE_TYPE interface_type() const override { return PCIBus; }
    GUID bus_type_guid() const override;
    std::uint32_t bus_number() const override { return hardware::pci::Bus::bus_number; }
    std::vector<pnp::Resource> resources(std::uint32_t address) override;
    void assign(std::uint32_t address, const std::vector<pnp::Resource>& resources) override;
    void enable(std::uint32_t address, bool on) override;
    void set_power_state(std::uint32_t address, DEVICE_POWER_STATE state) override;
    bool is_present(std::uint32_t address) override { return find(address) != nullptr; }
    bool has_config_space() const override { return true; }
    std::uint32_t read_config(std::uint32_t address, std::uint32_t space, void* buffer, std::uint32_t offset,
                              std::uint32_t length) override;
    std::uint32_t write_config(std::uint32_t address, std::uint32_t space, const void* buffer, std::uint32_t offset,
                               std::uint32_t length) override;

private:
    hardware::pci::Function* find(std::uint32_t address) const;

    hardware::pci::Bus& bus_;
};

} // namespace openportcls::client
