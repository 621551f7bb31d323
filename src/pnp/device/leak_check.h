// What a driver left behind.
#pragma once

#include <cstdint>
#include <set>

#include <wdm.h>

#include "executive/kernel.h"
#include "pnp/pnp_manager.h"

namespace openportcls::pnp {

// The state of the kernel before a driver was loaded.
struct LeakBaseline {
    std::uint16_t pool_owner = 0;
    const void* code_begin = nullptr; // as registered with the pool
    std::uint64_t object_serial = 0;
    std::set<HANDLE> handles;
    std::uint64_t locked_mdls = 0;
    std::uint64_t pages_in_mdls = 0;
    std::size_t trace_providers = 0;
    std::size_t power_devices = 0;
    std::size_t power_settings = 0;
    machine::Nanoseconds clock_interval = 0;
};

LeakBaseline take_leak_baseline(executive::Kernel& kernel);
// What is only counted says nothing about whose it is: `is_alone`, the driver was the only one.
LeakReport find_leaks(executive::Kernel& kernel, const LoadedDriver& driver, const LeakBaseline& baseline,
                      bool is_alone);

} // namespace openportcls::pnp
