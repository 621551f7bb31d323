// Physically contiguous memory that drivers hold: MmAllocateContiguousMemory, common buffers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "executive/mm/driver_pages.h"
#include "machine/machine.h"

namespace openportcls::executive {

struct ContiguousBlock {
    machine::PhysicalAddress physical = 0;
    std::uint64_t bytes = 0; // as asked for
    std::uint64_t serial = 0;
    std::uint16_t owner = 0; // Pool::owner_at
    const char* kind = "";   // the function that allocated it
};

class ContiguousMemory {
public:
    ContiguousMemory(DriverPages& pages, machine::Machine& machine) : pages_(pages), machine_(machine) {}

    void* allocate(std::uint64_t bytes, const machine::PageConstraints& constraints, std::uint16_t owner,
                   const PagesOrigin& origin);
    // False when no block starts at `address`. `moment`: when a block that was written past is noticed.
    bool free(void* address, const char* moment);
    std::optional<ContiguousBlock> find(const void* address) const;
    // Living blocks of an owner in order of allocation.
    std::vector<ContiguousBlock> living(std::uint16_t owner) const;
    std::size_t count() const { return blocks_.size(); }

private:
    DriverPages& pages_;
    machine::Machine& machine_;
    std::map<std::uintptr_t, ContiguousBlock> blocks_; // looked up by address; lists are sorted by serial
    std::uint64_t last_serial_ = 0;
};

} // namespace openportcls::executive
