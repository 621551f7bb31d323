// Ends what never ends: a driver that keeps the PnP manager waiting (bug check 0x1D5).
#pragma once

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

private:
    static void expired(machine::ClockEvent& event);
    void report();

    machine::Machine& machine_;
    machine::ClockEvent expiry_;
    machine::Thread* thread_ = nullptr;
    char service_[sizeof(std::uint64_t)] = {}; // its first characters: parameter 1
};

} // namespace openportcls::pnp
