// What hardware accesses cost in machine time. Nominal figures: a port access crosses the slow bus and waits, a
// register read waits for its answer, a register write is posted.
#pragma once

#include "machine/types.h"

namespace openportcls::executive::access_cost {

inline constexpr machine::Nanoseconds port = 500;
inline constexpr machine::Nanoseconds register_read = 250;
inline constexpr machine::Nanoseconds register_write = 50;
inline constexpr machine::Nanoseconds config = 1'000;

} // namespace openportcls::executive::access_cost
