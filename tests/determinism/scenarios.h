// Runs whose every event is written down.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "machine/policy.h"

namespace openportcls::determinism {

enum class Scenario : std::uint8_t {
    machine, // threads, timers, DPCs, an interrupt and a lock on the bare machine
    cable,   // the driver is loaded, plays, records, sleeps, is removed and unloaded
};

// One line for each event: time, kind, processor, IRQL, subject, value and detail.
std::string trace_of(Scenario scenario, machine::PolicyKind policy, std::uint64_t seed);

// The names that the tracer's command line has for them.
std::string_view name_of(Scenario scenario);
std::string_view name_of(machine::PolicyKind policy);

} // namespace openportcls::determinism
