// How far a paced machine is behind the host's clock.
#pragma once

#include <cstdint>

#include "machine/types.h"

namespace openportcls::machine {

class PaceMeter {
public:
    // From now on the two clocks should keep step.
    void begin(Nanoseconds machine_time);
    Nanoseconds lateness(Nanoseconds machine_time) const;

private:
    std::int64_t host_origin_ = 0; // host monotonic time at machine time 0
};

} // namespace openportcls::machine
