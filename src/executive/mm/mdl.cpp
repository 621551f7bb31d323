// Memory descriptor lists.
#include <algorithm>
#include <cstdlib>
#include <new>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/asan.h"
#include "executive/ex/exceptions.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/mm/mdl_pool.h"
#include "executive/mm/user_memory.h"
#include "executive/sentence.h"

namespace openportcls::executive {

MdlPool::~MdlPool() {
    for (Slot* list : {anchor_.next, free_}) {
        while (list != nullptr && list != &anchor_) {
            Slot* next = list->next;
            machine_.guest_heap().free(reinterpret_cast<char*>(list), list->bytes);
            list = next;
        }
    }
}

MDL* MdlPool::allocate(const void* address, ULONG bytes, const void* caller) {
    const std::uint64_t pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, bytes);
    const std::size_t mdl_bytes = sizeof(MDL) + sizeof(PFN_NUMBER) * std::max(pages, fixed_pages);
    const std::size_t slot_bytes = sizeof(Slot) + mdl_bytes + sizeof(GuardWords);
    Slot* slot = pages <= fixed_pages ? free_ : nullptr;
    if (slot != nullptr) {
        free_ = slot->next;
    } else {
        char* const memory = machine_.guest_heap().allocate(slot_bytes);
        if (memory == nullptr) {
            return nullptr;
        }
        slot = new (memory) Slot;
        slot->bytes = slot_bytes;
    }
    machine::tsan::acquire(this);
    slot->allocated_by = caller;
    slot->mark = live_mark;
    slot->described_bytes = sizeof(MDL) + sizeof(PFN_NUMBER) * pages;
    slot->mdl().set_guards();
    slot->next = &anchor_;
    slot->previous = anchor_.previous;
    anchor_.previous->next = slot;
    anchor_.previous = slot;
    ++living_;
    auto* mdl = reinterpret_cast<MDL*>(slot + 1);
    MmInitializeMdl(mdl, const_cast<void*>(address), bytes);
    mdl->Process = nullptr;
    mdl->MappedSystemVa = nullptr;
    if (pages <= fixed_pages) {
        mdl->MdlFlags |= MDL_ALLOCATED_FIXED_SIZE;
    }
    return mdl;
}

void MdlPool::free(MDL* mdl) {
    Slot* slot = reinterpret_cast<Slot*>(mdl) - 1;
    if (slot->mark != live_mark) [[unlikely]] {
        machine_.bugcheck(0xC2 /* BAD_POOL_CALLER */, 0x07, reinterpret_cast<std::uint64_t>(mdl), 0, 0,
                          "IoFreeMdl: this MDL was not allocated with IoAllocateMdl, or was freed already.");
    }
    slot->mdl().check(machine_, "IoFreeMdl");
    machine::tsan::release(this);
    slot->mark = 0;
    slot->previous->next = slot->next;
    slot->next->previous = slot->previous;
    --living_;
    if ((mdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) != 0) {
        slot->next = free_;
        free_ = slot;
    } else {
        machine_.guest_heap().free(reinterpret_cast<char*>(slot), slot->bytes);
    }
}

std::vector<const void*> MdlPool::allocators() const {
    std::vector<const void*> callers;
    for (const Slot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        callers.push_back(slot->allocated_by);
    }
    return callers;
}

void MdlPool::check_all(const char* moment) const {
    for (Slot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        slot->mdl().check(machine_, moment);
    }
}

void MdlPool::offer_to(OverrunSearch& search) const {
    for (Slot* slot = anchor_.next; slot != &anchor_; slot = slot->next) {
        slot->mdl().offer_to(search);
    }
}

} // namespace openportcls::executive

using namespace openportcls;
using executive::Kernel;
using machine::page_size;

namespace {

constexpr std::uint32_t process_has_locked_pages = 0x76;
constexpr ULONG pages_tag = 0x6C646D4D; // 'Mmdl'
constexpr std::uintptr_t lowest_lockable_address = 0x10000;

std::uint64_t page_count(const MDL* mdl) {
    return (std::uint64_t{mdl->ByteOffset} + mdl->ByteCount + page_size - 1) / page_size;
}

void fill_frames(Kernel& kernel, MDL* mdl) {
    machine::PhysicalMemory& memory = kernel.machine.memory();
    const std::uint64_t pages = page_count(mdl);
    PFN_NUMBER* frames = MmGetMdlPfnArray(mdl);
    const auto first = reinterpret_cast<std::uintptr_t>(mdl->StartVa); // of a buffer that may lie anywhere
    for (std::uint64_t i = 0; i < pages; ++i) {
        frames[i] = memory.to_physical(reinterpret_cast<const void*>(first + i * page_size)) / page_size;
    }
}

// The address at which the described pages appear one after the other.
void* map_frames(Kernel& kernel, MDL* mdl) {
    machine::PhysicalMemory& memory = kernel.machine.memory();
    const std::uint64_t pages = page_count(mdl);
    const PFN_NUMBER* frames = MmGetMdlPfnArray(mdl);
    bool adjacent = true;
    for (std::uint64_t i = 1; i < pages && adjacent; ++i) {
        adjacent = frames[i] == frames[0] + i;
    }
    if (adjacent) {
        return memory.to_virtual(frames[0] * page_size, pages * page_size);
    }
    return memory.map_pages({reinterpret_cast<const std::uint64_t*>(frames), pages});
}

void require_describable(Kernel& kernel, const MDL* mdl, const char* function) {
    constexpr CSHORT already = MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL;
    if ((mdl->MdlFlags & already) != 0) [[unlikely]] {
        kernel.machine.bugcheck(0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0xB8,
                                reinterpret_cast<std::uint64_t>(mdl), static_cast<std::uint16_t>(mdl->MdlFlags), 0,
                                executive::Sentence("{}: the MDL describes locked or mapped pages already.", function));
    }
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

SIZE_T NTAPI MmSizeOfMdl(PVOID base, SIZE_T bytes) {
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(base, bytes);
}

PMDL NTAPI MmCreateMdl(PMDL mdl, PVOID base, SIZE_T bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (mdl == nullptr) {
        mdl = static_cast<PMDL>(Kernel::current().pool.allocate(
            MmSizeOfMdl(base, bytes), pages_tag, executive::PoolKind::non_paged, true, __builtin_return_address(0)));
    }
    if (mdl != nullptr) {
        MmInitializeMdl(mdl, base, bytes);
    }
    return mdl;
}

PMDL NTAPI IoAllocateMdl(PVOID address, ULONG bytes, BOOLEAN secondary, BOOLEAN, PIRP irp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    constexpr ULONG largest = 0x80000000;
    if (bytes >= largest) {
        return nullptr;
    }
    MDL* mdl = Kernel::current().mdls.allocate(address, bytes, __builtin_return_address(0));
    if (mdl == nullptr || irp == nullptr) {
        return mdl;
    }
    if (!secondary) {
        irp->MdlAddress = mdl;
    } else {
        MDL** link = &irp->MdlAddress;
        while (*link != nullptr) {
            link = &(*link)->Next;
        }
        *link = mdl;
    }
    return mdl;
}

void NTAPI IoFreeMdl(PMDL mdl) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0 && (mdl->MdlFlags & MDL_PARTIAL) == 0) [[unlikely]] {
        kernel.machine.bugcheck(process_has_locked_pages, 0, 0, 1, reinterpret_cast<std::uint64_t>(mdl),
                                "IoFreeMdl: the pages of this MDL are still locked; MmUnlockPages first.");
    }
    MmPrepareMdlForReuse(mdl);
    kernel.mdls.free(mdl);
}

void NTAPI IoBuildPartialMdl(PMDL source, PMDL target, PVOID address, ULONG bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto* const begin = static_cast<char*>(MmGetMdlVirtualAddress(source));
    const auto offset = static_cast<ULONG>(static_cast<char*>(address) - begin);
    if (bytes == 0) {
        bytes = source->ByteCount - offset;
    }
    const ULONG first_page = (source->ByteOffset + offset) / page_size;
    target->MdlFlags &= MDL_ALLOCATED_FIXED_SIZE;
    target->MdlFlags |= MDL_PARTIAL;
    target->MdlFlags |= source->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA | MDL_IO_SPACE);
    target->StartVa = PAGE_ALIGN(address);
    target->ByteOffset = BYTE_OFFSET(address);
    target->ByteCount = bytes;
    target->Process = source->Process;
    target->MappedSystemVa = nullptr;
    if ((target->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA)) != 0) {
        target->MappedSystemVa = static_cast<char*>(source->MappedSystemVa) + offset;
        // The mapping is the source's: it goes with the source.
        if ((target->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0) {
            target->MdlFlags |= MDL_PARENT_MAPPED_SYSTEM_VA;
        }
    }
    memcpy(MmGetMdlPfnArray(target), MmGetMdlPfnArray(source) + first_page, page_count(target) * sizeof(PFN_NUMBER));
}

void NTAPI MmBuildMdlForNonPagedPool(PMDL mdl) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    require_describable(kernel, mdl, __func__);
    fill_frames(kernel, mdl);
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->Process = nullptr;
    mdl->MappedSystemVa = MmGetMdlVirtualAddress(mdl);
}

void NTAPI MmProbeAndLockPages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    require_describable(kernel, mdl, __func__);
    // "IoWriteAccess and IoModifyAccess, which are equivalent" (nf-wdm-mmprobeandlockpages)
    const machine::Access access = operation == IoReadAccess ? machine::Access::read : machine::Access::write;
    if (reinterpret_cast<std::uintptr_t>(mdl->StartVa) < lowest_lockable_address ||
        (mode == UserMode && !executive::is_user_accessible(MmGetMdlVirtualAddress(mdl), mdl->ByteCount, access)))
        [[unlikely]] {
        executive::raise_status(STATUS_ACCESS_VIOLATION, "MmProbeAndLockPages: the buffer is not accessible.");
    }
    fill_frames(kernel, mdl);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (operation != IoReadAccess) {
        mdl->MdlFlags |= MDL_WRITE_OPERATION;
    }
    ++kernel.locked_mdls;
}

void NTAPI MmUnlockPages(PMDL mdl) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) == 0 || (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0) [[unlikely]] {
        kernel.machine.bugcheck(process_has_locked_pages, 0, reinterpret_cast<std::uint64_t>(mdl), 0, 0,
                                "MmUnlockPages: the pages of this MDL are not locked.");
    }
    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0) {
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    }
    mdl->MdlFlags &= static_cast<CSHORT>(~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
    --kernel.locked_mdls;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE, PVOID, ULONG, ULONG) {
    if (mode == UserMode) {
        OPC_REQUIRE_APC_OR_BELOW();
    }
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    constexpr CSHORT mappable = MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_SOURCE_IS_NONPAGED_POOL | MDL_IO_SPACE;
    if ((mdl->MdlFlags & mappable) == 0) [[unlikely]] {
        kernel.machine.bugcheck(0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0xB1,
                                reinterpret_cast<std::uint64_t>(mdl), static_cast<std::uint16_t>(mdl->MdlFlags), 0,
                                "MmMapLockedPagesSpecifyCache: the pages of this MDL are not locked.");
    }
    void* base = map_frames(kernel, mdl);
    if (base == nullptr) {
        return nullptr;
    }
    void* address = static_cast<char*>(base) + mdl->ByteOffset;
    if (mode == UserMode) {
        kernel.pages.share_with_client(
            {reinterpret_cast<const std::uint64_t*>(MmGetMdlPfnArray(mdl)), page_count(mdl)});
    } else {
        mdl->MappedSystemVa = address;
        mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
        if ((mdl->MdlFlags & MDL_PARTIAL) != 0) {
            mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
        }
    }
    return address;
}

PVOID NTAPI MmMapLockedPages(PMDL mdl, KPROCESSOR_MODE mode) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return MmMapLockedPagesSpecifyCache(mdl, mode, MmCached, nullptr, TRUE, NormalPagePriority);
}

void NTAPI MmUnmapLockedPages(PVOID address, PMDL mdl) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if ((mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA) == 0) {
        Kernel::current().machine.memory().unmap_pages(PAGE_ALIGN(address), page_count(mdl));
    }
    if (mdl->MappedSystemVa == address && (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) == 0) {
        mdl->MappedSystemVa = nullptr;
        mdl->MdlFlags &=
            static_cast<CSHORT>(~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_PARENT_MAPPED_SYSTEM_VA));
    }
}

NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL mdl, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0 ? STATUS_SUCCESS : STATUS_NOT_MAPPED_VIEW;
}

NTSTATUS NTAPI MmAdvanceMdl(PMDL mdl, ULONG bytes) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (bytes > mdl->ByteCount) {
        return STATUS_INVALID_PARAMETER_2;
    }
    const ULONG offset = mdl->ByteOffset + bytes;
    const ULONG pages = offset / page_size;
    const std::uint64_t kept = page_count(mdl) - pages;
    mdl->StartVa = static_cast<char*>(mdl->StartVa) + pages * page_size;
    mdl->ByteOffset = offset % page_size;
    mdl->ByteCount -= bytes;
    if (mdl->MappedSystemVa != nullptr) {
        mdl->MappedSystemVa = static_cast<char*>(mdl->MappedSystemVa) + bytes;
    }
    memmove(MmGetMdlPfnArray(mdl), MmGetMdlPfnArray(mdl) + pages, kept * sizeof(PFN_NUMBER));
    return STATUS_SUCCESS;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
