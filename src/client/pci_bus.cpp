#include "client/pci_bus.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <wdmguid.h>

namespace openportcls::client {

namespace pci = hardware::pci;
using machine::AccessWidth;

namespace {

constexpr unsigned function_bits = 16; // an address: device << 16 | function
constexpr unsigned bar_count = 6;
constexpr std::uint32_t io_bits = 0xFFFC;

std::uint32_t limit(std::uint32_t offset, std::uint32_t length) {
    return offset >= pci::config_bytes ? 0 : std::min<std::uint32_t>(length, pci::config_bytes - offset);
}

} // namespace

std::uint32_t PciBus::address_of(const pci::Function& function) {
    return function.device_number << function_bits | function.function_number;
}

pci::Function* PciBus::find(std::uint32_t address) const {
    return bus_.find(address >> function_bits, address & 0xFFFF);
}

std::vector<std::string> PciBus::ids_of(pci::Function& function) {
    const pci::Identity& id = function.identity();
    const std::string device = fmt::format("PCI\\VEN_{:04X}&DEV_{:04X}", id.vendor, id.device);
    const std::string subsystem = fmt::format("&SUBSYS_{:04X}{:04X}", id.subsystem, id.subsystem_vendor);
    const std::string revision = fmt::format("&REV_{:02X}", id.revision);
    const std::string vendor_class = fmt::format("PCI\\VEN_{:04X}&CC_{:06X}", id.vendor, id.class_code);
    return {device + subsystem + revision,
            device + subsystem,
            device + revision,
            device,
            vendor_class,
            vendor_class.substr(0, vendor_class.size() - 2),
            fmt::format("PCI\\CC_{:06X}", id.class_code),
            fmt::format("PCI\\CC_{:04X}", id.class_code >> 8)};
}

GUID PciBus::bus_type_guid() const {
    return GUID_BUS_TYPE_PCI;
}

namespace {

// Calls `use(offset, base, bytes)` for each base address register that stands for ports. They tell their sizes when all
// ones are written to them; nothing decodes meanwhile (PCI 6.2.5.1).
template<class Use>
void visit_ports(pci::Function& function, Use&& use) {
    const std::uint32_t command = function.read_config(pci::command, AccessWidth::word);
    function.write_config(pci::command, AccessWidth::word, 0);
    for (unsigned bar = 0; bar < bar_count; ++bar) {
        const std::uint32_t offset = pci::first_bar + 4 * bar;
        const std::uint32_t base = function.read_config(offset, AccessWidth::dword);
        function.write_config(offset, AccessWidth::dword, UINT32_MAX);
        const std::uint32_t sized = function.read_config(offset, AccessWidth::dword);
        function.write_config(offset, AccessWidth::dword, base);
        if ((sized & 1) != 0 && (sized & io_bits) != 0) {
            use(offset, base & ~3U, (~(sized & io_bits) & 0xFFFF) + 1);
        }
    }
    function.write_config(pci::command, AccessWidth::word, command);
}

} // namespace

std::vector<pnp::Resource> PciBus::resources(std::uint32_t address) {
    std::vector<pnp::Resource> resources;
    pci::Function* const function = find(address);
    if (function == nullptr) {
        return resources;
    }
    visit_ports(*function, [&](std::uint32_t, std::uint32_t base, std::uint32_t bytes) {
        resources.push_back(pnp::Resource::port(base, bytes));
    });
    if (function->read_config(pci::interrupt_pin, AccessWidth::byte) != 0) {
        resources.push_back(pnp::Resource::interrupt(function->read_config(pci::interrupt_line, AccessWidth::byte)));
    }
    return resources;
}

// The ports, in the order of the registers.
void PciBus::assign(std::uint32_t address, const std::vector<pnp::Resource>& resources) {
    pci::Function* const function = find(address);
    if (function == nullptr) {
        return;
    }
    auto next = resources.begin();
    visit_ports(*function, [&](std::uint32_t offset, std::uint32_t, std::uint32_t) {
        next = std::find_if(next, resources.end(),
                            [](const pnp::Resource& each) { return each.kind == pnp::Resource::Kind::port; });
        if (next != resources.end()) {
            function->write_config(offset, AccessWidth::dword, static_cast<std::uint32_t>(next->start));
            ++next;
        }
    });
}

void PciBus::enable(std::uint32_t address, bool on) {
    if (pci::Function* const function = find(address)) {
        function->write_config(pci::command, AccessWidth::word, on ? pci::io_space | pci::bus_master : 0);
    }
}

// A function without power management: what is in D3 gets no power from this computer.
void PciBus::set_power_state(std::uint32_t address, DEVICE_POWER_STATE state) {
    if (pci::Function* const function = find(address)) {
        function->set_power(state != PowerDeviceD3);
    }
}

std::uint32_t PciBus::read_config(std::uint32_t address, std::uint32_t space, void* buffer, std::uint32_t offset,
                                  std::uint32_t length) {
    pci::Function* const function = find(address);
    if (function == nullptr || space != PCI_WHICHSPACE_CONFIG) {
        return 0;
    }
    const std::uint32_t count = limit(offset, length);
    for (std::uint32_t index = 0; index < count; ++index) {
        static_cast<std::uint8_t*>(buffer)[index] =
            static_cast<std::uint8_t>(function->read_config(offset + index, AccessWidth::byte));
    }
    return count;
}

std::uint32_t PciBus::write_config(std::uint32_t address, std::uint32_t space, const void* buffer, std::uint32_t offset,
                                   std::uint32_t length) {
    pci::Function* const function = find(address);
    if (function == nullptr || space != PCI_WHICHSPACE_CONFIG) {
        return 0;
    }
    const auto* const bytes = static_cast<const std::uint8_t*>(buffer);
    const std::uint32_t count = limit(offset, length);
    std::uint32_t index = 0;
    while (index < count) {
        const bool is_whole = (offset + index) % 4 == 0 && count - index >= 4;
        std::uint32_t value = 0;
        std::memcpy(&value, bytes + index, is_whole ? 4 : 1);
        function->write_config(offset + index, is_whole ? AccessWidth::dword : AccessWidth::byte, value);
        index += is_whole ? 4 : 1;
    }
    return count;
}

} // namespace openportcls::client
