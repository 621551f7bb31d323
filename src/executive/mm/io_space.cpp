#include "executive/mm/io_space.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

constexpr std::uint64_t page_mask = machine::page_size - 1;

std::uint64_t all_ones(machine::AccessWidth width) {
    return width == machine::AccessWidth::qword ? UINT64_MAX : (1ULL << (8 * static_cast<unsigned>(width))) - 1;
}

std::uint64_t read_memory(const volatile void* address, machine::AccessWidth width) {
    switch (width) {
    case machine::AccessWidth::byte:
        return *static_cast<const volatile UCHAR*>(address);
    case machine::AccessWidth::word:
        return *static_cast<const volatile USHORT*>(address);
    case machine::AccessWidth::dword:
        return *static_cast<const volatile ULONG*>(address);
    default:
        return *static_cast<const volatile ULONG64*>(address);
    }
}

void write_memory(volatile void* address, machine::AccessWidth width, std::uint64_t value) {
    switch (width) {
    case machine::AccessWidth::byte:
        *static_cast<volatile UCHAR*>(address) = static_cast<UCHAR>(value);
        break;
    case machine::AccessWidth::word:
        *static_cast<volatile USHORT*>(address) = static_cast<USHORT>(value);
        break;
    case machine::AccessWidth::dword:
        *static_cast<volatile ULONG*>(address) = static_cast<ULONG>(value);
        break;
    default:
        *static_cast<volatile ULONG64*>(address) = value;
        break;
    }
}

} // namespace

IoSpaceMap::~IoSpaceMap() {
    for (const Range& range : ranges_) {
        if (!range.is_ram) {
            munmap(reinterpret_cast<void*>(range.begin), range.end - range.begin);
        }
    }
}

void* IoSpaceMap::map(machine::PhysicalAddress physical, std::uint64_t bytes, const void* caller) {
    if (bytes == 0) {
        return nullptr;
    }
    if (void* memory = machine_.memory().to_virtual(physical, bytes)) {
        const auto address = reinterpret_cast<std::uintptr_t>(memory);
        ranges_.push_back({address, address + bytes, address, bytes, physical, true, caller});
        return memory;
    }
    const std::uint64_t offset = physical & page_mask;
    const std::uint64_t reserved = (offset + bytes + page_mask) & ~page_mask;
    void* base = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return nullptr;
    }
    const auto begin = reinterpret_cast<std::uintptr_t>(base);
    ranges_.push_back({begin, begin + reserved, begin + offset, bytes, physical, false, caller});
    return reinterpret_cast<void*>(begin + offset);
}

bool IoSpaceMap::unmap(void* address, std::uint64_t bytes) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& range) {
        return range.returned == wanted && range.bytes == bytes;
    });
    if (found == ranges_.end()) {
        return false;
    }
    if (!found->is_ram) {
        munmap(reinterpret_cast<void*>(found->begin), found->end - found->begin);
    }
    ranges_.erase(found);
    return true;
}

const IoSpaceMap::Range* IoSpaceMap::find(const volatile void* address) const {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    const auto contains = [wanted](const Range& range) { return wanted >= range.begin && wanted < range.end; };
    if (last_hit_ < ranges_.size() && contains(ranges_[last_hit_])) {
        return &ranges_[last_hit_];
    }
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), contains);
    if (found == ranges_.end()) {
        return nullptr;
    }
    last_hit_ = static_cast<std::size_t>(found - ranges_.begin());
    return &*found;
}

machine::PhysicalAddress IoSpaceMap::physical_of(const volatile void* address) const {
    const Range* range = find(address);
    return range == nullptr ? machine::no_address
                            : range->physical + reinterpret_cast<std::uintptr_t>(address) - range->returned;
}

std::uint64_t IoSpaceMap::read(const volatile void* address, machine::AccessWidth width) const {
    const Range* range = find(address);
    if (range == nullptr || range->is_ram) {
        return read_memory(address, width); // memory, or a fault that names the driver's line
    }
    const machine::PhysicalAddress physical = physical_of(address);
    const auto* claim = machine_.registers().find(physical);
    return claim == nullptr ? all_ones(width)
                            : claim->device->read_register(claim->range, physical - claim->begin, width);
}

void IoSpaceMap::write(volatile void* address, machine::AccessWidth width, std::uint64_t value) const {
    const Range* range = find(address);
    if (range == nullptr || range->is_ram) {
        write_memory(address, width, value);
        return;
    }
    const machine::PhysicalAddress physical = physical_of(address);
    if (const auto* claim = machine_.registers().find(physical)) {
        claim->device->write_register(claim->range, physical - claim->begin, width, value);
    }
}

} // namespace openportcls::executive

using openportcls::executive::Kernel;

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS physical, SIZE_T bytes, MEMORY_CACHING_TYPE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return Kernel::current().io_space.map(static_cast<std::uint64_t>(physical.QuadPart), bytes,
                                          __builtin_return_address(0));
}

// One protection, and at most one way of caching.
PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS physical, SIZE_T bytes, ULONG protect) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    constexpr ULONG caching = PAGE_NOCACHE | PAGE_WRITECOMBINE;
    constexpr ULONG protections =
        PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE | PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    const ULONG protection = protect & ~caching;
    if ((protection & ~protections) != 0 || std::popcount(protection) != 1 || (protect & caching) == caching) {
        return nullptr;
    }
    return Kernel::current().io_space.map(static_cast<std::uint64_t>(physical.QuadPart), bytes,
                                          __builtin_return_address(0));
}

void NTAPI MmUnmapIoSpace(PVOID address, SIZE_T bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    if (!kernel.io_space.unmap(address, bytes)) [[unlikely]] {
        kernel.machine.bugcheck(0xDA /* SYSTEM_PTE_MISUSE */, 0x200, reinterpret_cast<std::uint64_t>(address), bytes, 0,
                                "MmUnmapIoSpace takes the address and length of an MmMapIoSpace.");
    }
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
