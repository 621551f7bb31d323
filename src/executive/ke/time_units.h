// Windows' 100 ns units against the machine's nanoseconds.
#pragma once

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

// System time (100 ns since 1601-01-01) at which every machine is switched on: 2025-01-01 00:00 UTC.
inline constexpr LONGLONG boot_system_time = 133'801'632'000'000'000;

// What reading a clock costs, so that a loop that polls one comes to its end.
inline constexpr machine::Nanoseconds clock_read_cost = 100;

inline LONGLONG ticks_since_boot(const machine::Machine& machine) {
    return machine.now() / machine::nanoseconds_per_tick;
}

// A due time as KeSetTimer and the wait functions take it: negative = relative, positive = system time.
inline machine::Nanoseconds due_to_machine_time(const machine::Machine& machine, LONGLONG due) {
    if (due <= 0) {
        // Far beyond any run: would overflow as nanoseconds.
        return -due > (machine::never - machine.now()) / machine::nanoseconds_per_tick
                   ? machine::never
                   : machine.now() - due * machine::nanoseconds_per_tick;
    }
    const LONGLONG since_boot = due - boot_system_time;
    if (since_boot <= 0) {
        return machine.now();
    }
    return since_boot > machine::never / machine::nanoseconds_per_tick ? machine::never
                                                                       : since_boot * machine::nanoseconds_per_tick;
}

} // namespace openportcls::executive
