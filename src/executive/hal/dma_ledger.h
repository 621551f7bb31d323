// The DMA adapters there are, and the map registers of those that are gone: what a driver did not give back.
#pragma once

#include <cstdint>
#include <vector>

namespace openportcls::executive {

struct DmaAdapter;

// Whoever asked for them (Pool::register_module), and how many.
struct LostMapRegisters {
    std::uint16_t owner = 0;
    std::uint32_t count = 0;
};

struct DmaLedger {
    std::vector<const DmaAdapter*> adapters; // living, in the order of their creation
    std::vector<LostMapRegisters> lost;      // not freed when the adapter was put
};

} // namespace openportcls::executive
