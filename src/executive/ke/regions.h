// What disables APCs for a thread. Its regions are counted in one number, Thread::critical_region_depth: critical
// regions (and mutants held) by ones, guarded regions by this.
#pragma once

#include <cstdint>

namespace openportcls::executive {

inline constexpr std::int32_t guarded_region = 1 << 16;

} // namespace openportcls::executive
