#include "hardware/pci/bus.h"

#include <algorithm>

#include "base/status.h"

namespace openportcls::hardware::pci {

namespace {

constexpr unsigned device_count = 32;
constexpr std::uint32_t last_port = 0xFFFF;
// Where the board's four interrupt wires end; pins of neighbouring devices are turned by one (PCI 2.2.6).
constexpr unsigned interrupt_wires[] = {11, 9, 11, 9};

} // namespace

Bus::Bus(machine::Machine& machine, InterruptRouting routing) : machine_(machine), routing_(std::move(routing)) {}

Function* Bus::find(unsigned device, unsigned function_number) const {
    const auto found = std::ranges::find_if(functions_, [&](const Function* each) {
        return each->device_number == device && each->function_number == function_number;
    });
    return found != functions_.end() ? *found : nullptr;
}

Result<void> Bus::attach(Function& function, unsigned device, unsigned function_number) {
    if (find(device, function_number) != nullptr) {
        function_number = 0;
        for (device = 1; device < device_count && find(device, 0) != nullptr; ++device) {
        }
        if (device == device_count) {
            return Error{status_insufficient_resources, "there is no place left on the PCI bus"};
        }
    }
    function.device_number = device;
    function.function_number = function_number;
    if (auto assigned = assign_ports(function); !assigned) {
        return assigned;
    }
    if (function.identity().interrupt_pin != 0) {
        const unsigned wire = (device + function.identity().interrupt_pin - 1) % std::size(interrupt_wires);
        const unsigned line = interrupt_wires[wire];
        function.config().set(interrupt_line, line);
        function.wire(routing_(line, machine::TriggerMode::level), device);
    }
    const std::uint32_t slot = machine::ConfigSpace::slot(device, function_number);
    if (auto attached = machine_.pci_config().attach(bus_number, slot, function); !attached) {
        return attached;
    }
    functions_.push_back(&function);
    return {};
}

// Sizes are found as firmware finds them: by what all ones leave (6.2.5.1).
Result<void> Bus::assign_ports(Function& function) {
    ConfigHeader& config = function.config();
    for (unsigned bar = 0; bar < function.identity().io_bar_sizes.size(); ++bar) {
        const std::uint32_t offset = first_bar + 4 * bar;
        config.write(offset, 4, UINT32_MAX);
        const std::uint32_t size = (~(config.read(offset, 4) & 0xFFFC) & 0xFFFF) + 1;
        const std::uint32_t base = (next_port_ + size - 1) / size * size;
        if (base + size - 1 > last_port) {
            return Error{status_insufficient_resources, "there are no ports left for the PCI bus"};
        }
        config.write(offset, 4, base);
        next_port_ = base + size;
    }
    return {};
}

void Bus::detach(Function& function) {
    if (std::erase(functions_, &function) != 0) {
        machine_.pci_config().detach(bus_number,
                                     machine::ConfigSpace::slot(function.device_number, function.function_number));
    }
}

} // namespace openportcls::hardware::pci
