#include "portcls/ports/wavert/port_stream.h"

#include <algorithm>
#include <string>

#include "executive/irql_check.h"
#include "executive/mm/mdl_pages.h"
#include "machine/machine.h"

namespace openportcls::portcls {

namespace {

// Driver Verifier's audio rules PcAllocatedPages and PcUnmapAllocatedPages.
constexpr std::uint32_t verifier_violation = 0xC4;
constexpr std::uint64_t rule_unmap_allocated_pages = 0x71004;
constexpr std::uint64_t rule_allocated_pages = 0x71005;

SIZE_T whole_pages(SIZE_T bytes) {
    return (bytes + PAGE_SIZE - 1) & ~static_cast<SIZE_T>(PAGE_SIZE - 1);
}

constexpr SIZE_T largest_buffer = SIZE_T{1} << 31; // ByteCount of an MDL is 32 bits

} // namespace

PortStream::~PortStream() {
    if (!allocations_.empty()) {
        // Left to the leak report: the driver may still have a device reading these pages.
        machine::Machine::current().trace(machine::EventKind::log, pin_serial_,
                                          static_cast<std::int64_t>(allocations_.size()),
                                          "WaveRT stream released with pages still allocated (R-WRT-04)");
    }
}

void* PortStream::find_interface(const GUID& id) {
    return id == IID_IPortWaveRTStream ? static_cast<IPortWaveRTStream*>(this) : nullptr;
}

bool PortStream::owns(const MDL* mdl) const {
    return std::any_of(allocations_.begin(), allocations_.end(),
                       [&](const Allocation& allocation) { return allocation.mdl == mdl; });
}

PMDL PortStream::remember(PMDL mdl) {
    if (mdl != nullptr) {
        allocations_.push_back({mdl, nullptr});
    }
    return mdl;
}

PortStream::Allocation& PortStream::find(const MDL* mdl, const char* method) {
    for (Allocation& allocation : allocations_) {
        if (allocation.mdl == mdl) {
            return allocation;
        }
    }
    machine::Machine::current().bugcheck(
        verifier_violation, rule_allocated_pages, reinterpret_cast<std::uint64_t>(mdl), 0, 0,
        std::string("IPortWaveRTStream::") + method +
            ": the MDL did not come from this stream's AllocatePagesForMdl or was freed already (R-WRT-02)");
}

// R-WRT-03: whole pages, locked, unmapped; may be less than asked for.
PMDL NTAPI PortStream::AllocatePagesForMdl(PHYSICAL_ADDRESS high_address, SIZE_T total_bytes) {
    OPC_REQUIRE_PASSIVE();
    if (total_bytes == 0 || total_bytes > largest_buffer) {
        return nullptr;
    }
    PHYSICAL_ADDRESS high;
    high.QuadPart =
        static_cast<LONGLONG>(std::min<ULONGLONG>(static_cast<ULONGLONG>(high_address.QuadPart), highest_address_));
    return remember(executive::allocate_pages_for_mdl({{}, high, whole_pages(total_bytes), 0},
                                                      "IPortWaveRTStream::AllocatePagesForMdl", nullptr));
}

// R-WRT-03: contiguous, all or nothing.
PMDL NTAPI PortStream::AllocateContiguousPagesForMdl(PHYSICAL_ADDRESS low_address, PHYSICAL_ADDRESS high_address,
                                                     SIZE_T total_bytes) {
    OPC_REQUIRE_PASSIVE();
    if (total_bytes == 0 || total_bytes > largest_buffer) {
        return nullptr;
    }
    PHYSICAL_ADDRESS high;
    high.QuadPart =
        static_cast<LONGLONG>(std::min<ULONGLONG>(static_cast<ULONGLONG>(high_address.QuadPart), highest_address_));
    constexpr ULONG flags = MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS | MM_ALLOCATE_FULLY_REQUIRED;
    PMDL mdl = executive::allocate_pages_for_mdl({low_address, high, whole_pages(total_bytes), flags},
                                                 "IPortWaveRTStream::AllocateContiguousPagesForMdl", nullptr);
    if (mdl != nullptr && MmGetMdlByteCount(mdl) < total_bytes) {
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
        return nullptr;
    }
    return remember(mdl);
}

PVOID NTAPI PortStream::MapAllocatedPages(PMDL mdl, MEMORY_CACHING_TYPE cache_type) {
    OPC_REQUIRE_PASSIVE();
    Allocation& allocation = find(mdl, "MapAllocatedPages");
    PVOID address = MmMapLockedPagesSpecifyCache(mdl, KernelMode, cache_type, nullptr, FALSE, NormalPagePriority);
    allocation.mapped = address;
    return address;
}

void NTAPI PortStream::UnmapAllocatedPages(PVOID base_address, PMDL mdl) {
    OPC_REQUIRE_PASSIVE();
    Allocation& allocation = find(mdl, "UnmapAllocatedPages");
    MmUnmapLockedPages(base_address, mdl);
    if (allocation.mapped == base_address) {
        allocation.mapped = nullptr;
    }
}

// R-WRT-04: frees the MDL too.
void NTAPI PortStream::FreePagesFromMdl(PMDL mdl) {
    OPC_REQUIRE_PASSIVE();
    Allocation& allocation = find(mdl, "FreePagesFromMdl");
    if (allocation.mapped != nullptr) {
        machine::Machine::current().bugcheck(
            verifier_violation, rule_unmap_allocated_pages, reinterpret_cast<std::uint64_t>(mdl), 0, 0,
            "IPortWaveRTStream::FreePagesFromMdl before UnmapAllocatedPages (R-WRT-04)");
    }
    allocations_.erase(allocations_.begin() + (&allocation - allocations_.data()));
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
}

ULONG NTAPI PortStream::GetPhysicalPagesCount(PMDL mdl) {
    OPC_REQUIRE_PASSIVE();
    find(mdl, "GetPhysicalPagesCount");
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl), MmGetMdlByteCount(mdl));
}

PHYSICAL_ADDRESS* NTAPI PortStream::GetPhysicalPageAddress(PHYSICAL_ADDRESS* result, PMDL mdl, ULONG index) {
    OPC_REQUIRE_PASSIVE();
    const ULONG count = GetPhysicalPagesCount(mdl);
    const PFN_NUMBER frame = index < count ? MmGetMdlPfnArray(mdl)[index] : 0;
    result->QuadPart = static_cast<LONGLONG>(frame << PAGE_SHIFT);
    return result;
}

} // namespace openportcls::portcls
