// What a driver holds besides pool, devices and objects: for the report when it is unloaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "executive/kernel.h"

namespace openportcls::executive {

struct Leftover {
    std::string kind;
    std::string what;
    std::uint64_t bytes = 0;
};

// Everything but pool, objects and handles that code of this owner (Pool::register_module) holds, or that would call it
// later: IRPs, memory, mappings, timers, DPCs, work items, threads.
std::vector<Leftover> leftovers(Kernel& kernel, std::uint16_t owner);

// Adds what the layers above keep for drivers (PortCls its ports).
using LeftoverHook = void (*)(Kernel& kernel, std::uint16_t owner, std::vector<Leftover>& found);
extern LeftoverHook leftover_hook;

// What a block of a driver's pool is when the kernel allocated it for a purpose: "DMA adapter", "PutDmaAdapter not
// called". Empty kind: the driver's own.
struct PoolPurpose {
    std::string_view kind;
    std::string_view what;
};
PoolPurpose purpose_of(std::string_view tag);

// "driver.so+0x1234", for a symbolizer; empty for code in no module.
std::string place_of(const void* code);

// IRPs that are on their way, oldest first, whoever sent them.
std::vector<IrpDescription> irps_in_flight(Kernel& kernel);

} // namespace openportcls::executive
