// Device registers mapped by MmMapIoSpace: which addresses a driver holds stand for which physical addresses.
#pragma once

#include <cstdint>
#include <vector>

#include "machine/machine.h"

namespace openportcls::executive {

class IoSpaceMap {
public:
    explicit IoSpaceMap(machine::Machine& machine) : machine_(machine) {}
    ~IoSpaceMap();
    IoSpaceMap(const IoSpaceMap&) = delete;
    IoSpaceMap& operator=(const IoSpaceMap&) = delete;

    // RAM is mapped as such. Anything else becomes a range of addresses that faults when it is touched directly: device
    // registers answer READ_REGISTER_* and WRITE_REGISTER_* only.
    void* map(machine::PhysicalAddress physical, std::uint64_t bytes, const void* caller = nullptr);
    // False when `address` was not mapped here, or with another length.
    bool unmap(void* address, std::uint64_t bytes);

    // The physical address behind one that map() returned, or no_address.
    machine::PhysicalAddress physical_of(const volatile void* address) const;

    std::uint64_t read(const volatile void* address, machine::AccessWidth width) const;
    void write(volatile void* address, machine::AccessWidth width, std::uint64_t value) const;

    std::size_t mapped_ranges() const { return ranges_.size(); }

    struct Range {
        std::uintptr_t begin; // of the reserved addresses, page-aligned; 0 length reserved for RAM
        std::uintptr_t end;
        std::uintptr_t returned; // what the driver got
        std::uint64_t bytes;
        machine::PhysicalAddress physical; // of `returned`
        bool is_ram;
        const void* caller; // of map()
    };
    const std::vector<Range>& ranges() const { return ranges_; }

private:
    const Range* find(const volatile void* address) const;

    machine::Machine& machine_;
    std::vector<Range> ranges_;
    mutable std::size_t last_hit_ = 0;
};

} // namespace openportcls::executive
