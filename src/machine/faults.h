// Host signals that a guest causes (bad pointers, division by zero, endless loops) become bugchecks.
#pragma once

#include <cstdint>
#include <span>

namespace openportcls::machine {

class Machine;
struct BugcheckReport;

// Idempotent; signals that do not come from a guest go to whoever handled them before.
void install_fault_handlers();

// Asked by the report of an access to what can be no address: do the registers tell where it came from? One for all
// machines.
using RegisterExplainer = void (*)(Machine& machine, std::span<const std::uint64_t> registers, BugcheckReport& report);
void explain_registers_with(RegisterExplainer explainer);

} // namespace openportcls::machine
