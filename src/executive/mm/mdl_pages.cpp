#include "executive/mm/mdl_pages.h"

#include <algorithm>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::Kernel;
using machine::page_size;

namespace openportcls::executive {

namespace {

constexpr ULONG mdl_tag = 0x6C646D4D; // 'Mmdl'

// One run, which any device can live with (SkipBytes asks for runs); single pages where there is none. How many.
std::uint64_t take_pages(DriverPages& pages, const PagesWish& wish, const PagesOrigin& origin, PFN_NUMBER* frames) {
    const std::uint64_t wanted = wish.bytes / page_size;
    machine::PageConstraints constraints;
    constraints.lowest = static_cast<std::uint64_t>(wish.lowest.QuadPart);
    constraints.highest = static_cast<std::uint64_t>(wish.highest.QuadPart);
    std::uint64_t found = 0;
    const machine::PhysicalAddress run = pages.allocate(wish.bytes, constraints, origin);
    if (run != machine::no_address) {
        for (; found < wanted; ++found) {
            frames[found] = run / page_size + found;
        }
    }
    while (found < wanted && (wish.flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) == 0) {
        const machine::PhysicalAddress page =
            pages.allocate(page_size, constraints, origin, DriverPages::PageBehind::never);
        if (page == machine::no_address) {
            break;
        }
        frames[found++] = page / page_size;
    }
    return found;
}

} // namespace

MDL* allocate_pages_for_mdl(const PagesWish& wish, const char* function, const void* pool_caller) {
    Kernel& kernel = Kernel::current();
    constexpr SIZE_T largest = 0xFFFFFFFF - page_size;
    if (wish.bytes == 0 || wish.bytes > largest) {
        return nullptr;
    }
    PagesWish whole = wish;
    whole.bytes = ROUND_TO_PAGES(wish.bytes);
    const std::uint64_t wanted = whole.bytes / page_size;
    auto* mdl = static_cast<MDL*>(kernel.pool.allocate(sizeof(MDL) + wanted * sizeof(PFN_NUMBER), mdl_tag,
                                                       PoolKind::non_paged, true, pool_caller));
    if (mdl == nullptr) {
        return nullptr;
    }
    const std::uint64_t found = take_pages(kernel.pages, whole, {function, pool_caller}, MmGetMdlPfnArray(mdl));
    MmInitializeMdl(mdl, nullptr, found * page_size);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    kernel.pages_in_mdls += found;
    if (found == 0 || (found < wanted && (wish.flags & MM_ALLOCATE_FULLY_REQUIRED) != 0)) {
        if (found != 0) {
            MmFreePagesFromMdl(mdl);
        }
        kernel.pool.free(mdl, mdl_tag, function);
        return nullptr;
    }
    return mdl;
}

} // namespace openportcls::executive

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS, SIZE_T bytes,
                                   MEMORY_CACHING_TYPE, ULONG flags) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return executive::allocate_pages_for_mdl({low, high, bytes, flags}, __func__, __builtin_return_address(0));
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, PHYSICAL_ADDRESS, SIZE_T bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return executive::allocate_pages_for_mdl({low, high, bytes, 0}, __func__, __builtin_return_address(0));
}

// The MDL itself remains, for the caller to free with ExFreePool.
void NTAPI MmFreePagesFromMdl(PMDL mdl) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    const std::uint64_t pages = (std::uint64_t{mdl->ByteOffset} + mdl->ByteCount + page_size - 1) / page_size;
    if (pages == 0) [[unlikely]] {
        kernel.machine.bugcheck(
            0x4E /* PFN_LIST_CORRUPT */, 0x99, 0, 0, 0,
            executive::Sentence("{}: the MDL has no pages: they have been freed before.", __func__));
    }
    const PFN_NUMBER* const frames = MmGetMdlPfnArray(mdl);
    for (std::uint64_t first = 0, next = 1; first < pages; first = next++) {
        while (next < pages && frames[next] == frames[next - 1] + 1) {
            ++next;
        }
        if (!kernel.pages.free(frames[first] * page_size, (next - first) * page_size, __func__)) [[unlikely]] {
            kernel.machine.bugcheck(0x4E /* PFN_LIST_CORRUPT */, 0x99, frames[first], 0, 0,
                                    executive::Sentence("{}: pages from frame {:#x} on, {} of them, are not all "
                                                        "allocated: freed before, or not by MmAllocatePagesForMdl.",
                                                        __func__, frames[first], next - first));
        }
    }
    kernel.pages_in_mdls -= std::min(kernel.pages_in_mdls, pages);
    mdl->MdlFlags &= static_cast<CSHORT>(~MDL_PAGES_LOCKED);
    mdl->ByteCount = 0;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
