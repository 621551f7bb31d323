// The PCI bus of the board, and what the computer's firmware does at power-on: gives every function its ports and its
// interrupt line.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "hardware/pci/function.h"

namespace openportcls::hardware::pci {

class Bus {
public:
    using InterruptRouting = std::function<machine::InterruptLine&(unsigned line, machine::TriggerMode mode)>;
    static constexpr unsigned bus_number = 0;

    Bus(machine::Machine& machine, InterruptRouting routing);

    // Puts a function into its place, or into the next free device when that is taken. Its ports and its interrupt line
    // are assigned; decoding stays off.
    Result<void> attach(Function& function, unsigned device, unsigned function_number);
    void detach(Function& function);
    // By place; null when there is none.
    Function* find(unsigned device, unsigned function_number) const;

private:
    Result<void> assign_ports(Function& function);

    machine::Machine& machine_;
    InterruptRouting routing_;
    std::vector<Function*> functions_;
    std::uint32_t next_port_ = 0xD000;
};

} // namespace openportcls::hardware::pci
