// Ends what never ends: a driver that keeps the PnP manager waiting (bug check 0x1D5).
#pragma once

#include <cstdint>
#include <string_view>

#include "machine/machine.h"

namespace openportcls::pnp {

class PnpWatchdog {
public:
    explicit PnpWatchdog(machine::Machine& machine) : machine_(machine), expiry_(&PnpWatchdog::expired, this) {}

    // From now on the thread has five minutes of the machine's time for what it does to the device tree.
    void arm(machine::Thread& thread);
    void disarm();
    // Whose driver it calls.
    void blame(std::string_view service);
    // It waits for work items of the driver that this code belongs to (Pool::owner_at); 0: not any more.
    void waits_for_work(std::uint16_t owner) { working_ = owner; }

private:
    static void expired(machine::ClockEvent& event);
    void report();
    const machine::Thread* working_thread() const;

    machine::Machine& machine_;
    machine::ClockEvent expiry_;
    machine::Thread* thread_ = nullptr;
    std::uint16_t working_ = 0;
    char service_[sizeof(std::uint64_t)] = {}; // its first characters: parameter 1
};

} // namespace openportcls::pnp
