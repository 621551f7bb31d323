// How many spin locks drivers, and whoever uses their functions, hold on each processor: for what may not be called
// with one held, as Driver Verifier checks it.
#pragma once

#include <array>
#include <cstdint>

#include "machine/machine.h"

namespace openportcls::executive {

class HeldLocks : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::verifier;

    explicit HeldLocks(machine::Machine&) {}

    std::uint32_t& on(const machine::Processor& processor) { return counts_[processor.number]; }

private:
    static constexpr unsigned most_processors = 32;
    std::array<std::uint32_t, most_processors> counts_{};
};

inline bool holds_spin_lock(machine::Machine& machine) {
    return machine.subsystem<HeldLocks>().on(machine.processor()) != 0;
}

} // namespace openportcls::executive
