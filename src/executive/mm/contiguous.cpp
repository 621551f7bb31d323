#include "executive/mm/contiguous.h"

#include <algorithm>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

namespace openportcls::executive {

void* ContiguousMemory::allocate(std::uint64_t bytes, const machine::PageConstraints& constraints, std::uint16_t owner,
                                 const PagesOrigin& origin) {
    if (bytes == 0) {
        return nullptr;
    }
    const machine::PhysicalAddress physical = pages_.allocate(bytes, constraints, origin);
    if (physical == machine::no_address) {
        return nullptr;
    }
    void* address = machine_.memory().to_virtual(physical, bytes);
    blocks_[reinterpret_cast<std::uintptr_t>(address)] = {physical, bytes, ++last_serial_, owner, origin.function};
    return address;
}

bool ContiguousMemory::free(void* address, const char* moment) {
    const auto found = blocks_.find(reinterpret_cast<std::uintptr_t>(address));
    if (found == blocks_.end()) {
        return false;
    }
    pages_.free(found->second.physical, found->second.bytes, moment);
    blocks_.erase(found);
    return true;
}

std::optional<ContiguousBlock> ContiguousMemory::find(const void* address) const {
    const auto found = blocks_.find(reinterpret_cast<std::uintptr_t>(address));
    return found == blocks_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<ContiguousBlock> ContiguousMemory::living(std::uint16_t owner) const {
    std::vector<ContiguousBlock> result;
    for (const auto& [address, block] : blocks_) {
        if (block.owner == owner) {
            result.push_back(block);
        }
    }
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.serial < b.serial; });
    return result;
}

} // namespace openportcls::executive

using namespace openportcls;
using executive::Kernel;

namespace {

void* allocate(SIZE_T bytes, std::uint64_t lowest, std::uint64_t highest, std::uint64_t boundary, const char* function,
               const void* caller) {
    Kernel& kernel = Kernel::current();
    machine::PageConstraints constraints;
    constraints.lowest = lowest;
    constraints.highest = highest;
    constraints.boundary = boundary;
    return kernel.contiguous.allocate(bytes, constraints, kernel.pool.owner_at(caller), {function, caller});
}

void free(void* address, const char* function) {
    Kernel& kernel = Kernel::current();
    if (!kernel.contiguous.free(address, function)) [[unlikely]] {
        kernel.machine.bugcheck(
            0xC2 /* BAD_POOL_CALLER */, 0x60, reinterpret_cast<std::uint64_t>(address), 0, 0,
            executive::Sentence("{}: no contiguous memory was allocated at this address.", function));
    }
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T bytes, PHYSICAL_ADDRESS highest) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return allocate(bytes, 0, static_cast<std::uint64_t>(highest.QuadPart), 0, __func__, __builtin_return_address(0));
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T bytes, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                                   PHYSICAL_ADDRESS boundary, MEMORY_CACHING_TYPE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return allocate(bytes, static_cast<std::uint64_t>(lowest.QuadPart), static_cast<std::uint64_t>(highest.QuadPart),
                    static_cast<std::uint64_t>(boundary.QuadPart), __func__, __builtin_return_address(0));
}

PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T bytes, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                           PHYSICAL_ADDRESS boundary, ULONG, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return allocate(bytes, static_cast<std::uint64_t>(lowest.QuadPart), static_cast<std::uint64_t>(highest.QuadPart),
                    static_cast<std::uint64_t>(boundary.QuadPart), __func__, __builtin_return_address(0));
}

void NTAPI MmFreeContiguousMemory(PVOID address) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    free(address, __func__);
}

void NTAPI MmFreeContiguousMemorySpecifyCache(PVOID address, SIZE_T, MEMORY_CACHING_TYPE) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    free(address, __func__);
}

PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T bytes) {
    OPC_REQUIRE_APC_OR_BELOW();
    return allocate(bytes, 0, UINT64_MAX, 0, __func__, __builtin_return_address(0));
}

void NTAPI MmFreeNonCachedMemory(PVOID address, SIZE_T) {
    OPC_REQUIRE_APC_OR_BELOW();
    free(address, __func__);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
