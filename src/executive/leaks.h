// What a driver holds besides pool, devices and objects: for the report when it is unloaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "executive/kernel.h"

namespace openportcls::executive {

struct Leftover {
    std::string kind;
    std::string what;
    std::uint64_t bytes = 0;
};

// IRPs and physically contiguous memory that code of this owner (Pool::register_module) allocated, oldest first.
std::vector<Leftover> leftovers(Kernel& kernel, std::uint16_t owner);

// IRPs that are on their way, oldest first, whoever sent them.
std::vector<IrpDescription> irps_in_flight(Kernel& kernel);

} // namespace openportcls::executive
