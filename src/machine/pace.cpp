#include "machine/pace.h"

#include <algorithm>
#include <ctime>

namespace openportcls::machine {

namespace {

std::int64_t host_monotonic() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * nanoseconds_per_second + now.tv_nsec;
}

} // namespace

void PaceMeter::begin(Nanoseconds machine_time) {
    host_origin_ = host_monotonic() - machine_time;
}

Nanoseconds PaceMeter::lateness(Nanoseconds machine_time) const {
    return std::max<Nanoseconds>(0, host_monotonic() - host_origin_ - machine_time);
}

} // namespace openportcls::machine
