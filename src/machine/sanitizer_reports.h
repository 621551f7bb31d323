// What the sanitizers of a driver built with them found, tied to the run they found it in. Their run-times call into
// this library by name; that works where it is loaded before them (`portcls` sees to that, see required_preloads).
#pragma once

#include <cstdint>
#include <string_view>

namespace openportcls::machine {

class Machine;
struct BugcheckReport;

// How often each has reported in this process. AddressSanitizer's reports end the machine, and are not counted.
struct SanitizerReports {
    std::uint32_t races = 0;               // ThreadSanitizer
    std::uint32_t undefined_behaviour = 0; // UndefinedBehaviorSanitizer
};
SanitizerReports sanitizer_reports();

// Asked by the report of an access to memory that a layer above has poisoned: whose is it? One for all machines.
using PoisonExplainer = void (*)(Machine& machine, const void* address, BugcheckReport& report);
void explain_poison_with(PoisonExplainer explainer);

// AddressSanitizer has reported, and the machine has not stopped yet.
inline constinit bool memory_error_reported = false;

} // namespace openportcls::machine
