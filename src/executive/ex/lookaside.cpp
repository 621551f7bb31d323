// Lookaside lists: blocks of one size, kept instead of freed.
#include <algorithm>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/asan.h"
#include "executive/ex/exceptions.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::Kernel;
using executive::PoolKind;

namespace {

// Windows tunes the depth by use; a fixed one behaves the same in every run.
constexpr USHORT kept_entries = 64;

// The caller's own allocator comes in two shapes; which one, the kind of list tells.
template<class List>
void initialise(List& list, POOL_TYPE type, SIZE_T size, ULONG tag, const char* function) {
    Kernel& kernel = Kernel::current();
    if (size < sizeof(SLIST_ENTRY)) {
        size = sizeof(SLIST_ENTRY); // a kept entry holds the link
    }
    list = {};
    list.Depth = kept_entries;
    list.MaximumDepth = kept_entries;
    list.Type = type;
    list.Tag = tag;
    list.Size = static_cast<ULONG>(size);
    if (tag == 0) [[unlikely]] {
        kernel.machine.bugcheck(0xC2 /* BAD_POOL_CALLER */, 0x9B, static_cast<std::uint64_t>(type), size, 0,
                                executive::Sentence("{}: a pool tag of zero is not allowed.", function));
    }
}

void* allocate(int type, SIZE_T size, ULONG tag, const void* owner) {
    const PoolKind kind = (type & PagedPool) != 0            ? PoolKind::paged
                          : (type & POOL_NX_ALLOCATION) != 0 ? PoolKind::non_paged
                                                             : PoolKind::non_paged_execute;
    void* const block = Kernel::current().pool.allocate(size, tag, kind, false, owner);
    if (block == nullptr && (type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0) [[unlikely]] {
        executive::raise_status(
            STATUS_INSUFFICIENT_RESOURCES,
            "There is no pool for a lookaside list's entry and POOL_RAISE_IF_ALLOCATION_FAILURE was asked for.");
    }
    return block;
}

PVOID NTAPI allocate_default(POOL_TYPE type, SIZE_T size, ULONG tag) {
    return allocate(type, size, tag, nullptr);
}

template<class List>
void* take_kept(List& list) {
    ++list.TotalAllocates;
    return ExpInterlockedPopEntrySList(&list.ListHead);
}

// With AddressSanitizer every block goes back to the pool, so that its use afterwards is seen.
template<class List>
bool keep(List& list, void* entry) {
    ++list.TotalFrees;
    if (executive::asan_present() || ExQueryDepthSList(&list.ListHead) >= list.Depth) {
        ++list.FreeMisses;
        return false;
    }
    ExpInterlockedPushEntrySList(&list.ListHead, static_cast<PSLIST_ENTRY>(entry));
    return true;
}

} // namespace

// A default allocation is charged to the driver that made the list: its code address travels in Future.
namespace {

template<class List>
void remember_owner(List& list, const void* caller) {
    const auto address = reinterpret_cast<ULONG_PTR>(caller);
    list.Future[0] = static_cast<ULONG>(address);
    list.Future[1] = static_cast<ULONG>(address >> 32);
}

template<class List>
void* allocate_for_owner(const List& list) {
    const auto address = static_cast<ULONG_PTR>(list.Future[1]) << 32 | list.Future[0];
    return allocate(list.Type, list.Size, list.Tag, reinterpret_cast<const void*>(address));
}

template<class List>
void* allocate_entry(List& list) {
    if (void* kept = take_kept(list)) {
        return kept;
    }
    ++list.AllocateMisses;
    return list.Allocate == &allocate_default ? allocate_for_owner(list)
                                              : list.Allocate(list.Type, list.Size, list.Tag);
}

template<class List>
void free_entry(List& list, void* entry) {
    if (!keep(list, entry)) {
        list.Free(entry);
    }
}

template<class List>
void flush(List& list) {
    for (PSLIST_ENTRY entry = ExpInterlockedFlushSList(&list.ListHead); entry != nullptr;) {
        PSLIST_ENTRY next = entry->Next;
        list.Free(entry);
        entry = next;
    }
}

PVOID NTAPI allocate_default_ex(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX) {
    return allocate_default(type, size, tag);
}
VOID NTAPI free_default_ex(PVOID buffer, PLOOKASIDE_LIST_EX) {
    ExFreePool(buffer);
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

void NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate,
                                           PFREE_FUNCTION free, ULONG flags, SIZE_T size, ULONG tag, USHORT) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const ULONG known = flags & (POOL_NX_ALLOCATION | POOL_RAISE_IF_ALLOCATION_FAILURE);
    const auto type = static_cast<POOL_TYPE>(NonPagedPool | known);
    initialise(list->L, type, size, tag, __func__);
    list->L.Allocate = allocate != nullptr ? allocate : &allocate_default;
    list->L.Free = free != nullptr ? free : &ExFreePool;
    remember_owner(list->L, __builtin_return_address(0));
}

void NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    flush(list->L);
}

PVOID NTAPI ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return allocate_entry(list->L);
}

void NTAPI ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST list, PVOID entry) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    free_entry(list->L, entry);
}

void NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST list, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free,
                                          ULONG flags, SIZE_T size, ULONG tag, USHORT) {
    OPC_REQUIRE_APC_OR_BELOW();
    const auto type = static_cast<POOL_TYPE>(PagedPool | (flags & POOL_RAISE_IF_ALLOCATION_FAILURE));
    initialise(list->L, type, size, tag, __func__);
    list->L.Allocate = allocate != nullptr ? allocate : &allocate_default;
    list->L.Free = free != nullptr ? free : &ExFreePool;
    remember_owner(list->L, __builtin_return_address(0));
}

void NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST list) {
    OPC_REQUIRE_APC_OR_BELOW();
    flush(list->L);
}

PVOID NTAPI ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST list) {
    OPC_REQUIRE_APC_OR_BELOW();
    return allocate_entry(list->L);
}

void NTAPI ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST list, PVOID entry) {
    OPC_REQUIRE_APC_OR_BELOW();
    free_entry(list->L, entry);
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX list, PALLOCATE_FUNCTION_EX allocate,
                                           PFREE_FUNCTION_EX free, POOL_TYPE type, ULONG flags, SIZE_T size, ULONG tag,
                                           USHORT depth) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    constexpr ULONG both = EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    if ((flags & ~both) != 0 || (flags & both) == both) {
        return STATUS_INVALID_PARAMETER_5;
    }
    if (depth != 0) {
        return STATUS_INVALID_PARAMETER_8;
    }
    // The allocating routine is told by the pool type ("nf-wdm-exinitializelookasidelistex").
    const ULONG told = (flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0   ? POOL_RAISE_IF_ALLOCATION_FAILURE
                       : (flags & EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE) != 0 ? POOL_QUOTA_FAIL_INSTEAD_OF_RAISE
                                                                                 : 0;
    initialise(list->L, static_cast<POOL_TYPE>(type | told), size, tag, __func__);
    list->L.AllocateEx = allocate != nullptr ? allocate : &allocate_default_ex;
    list->L.FreeEx = free != nullptr ? free : &free_default_ex;
    remember_owner(list->L, __builtin_return_address(0));
    return STATUS_SUCCESS;
}

void NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    for (PSLIST_ENTRY entry = ExpInterlockedFlushSList(&list->L.ListHead); entry != nullptr;) {
        PSLIST_ENTRY next = entry->Next;
        list->L.FreeEx(entry, list);
        entry = next;
    }
}

void NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ExFlushLookasideListEx(list);
}

PVOID NTAPI ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX list) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (void* kept = take_kept(list->L)) {
        return kept;
    }
    ++list->L.AllocateMisses;
    return list->L.AllocateEx == &allocate_default_ex
               ? allocate_for_owner(list->L)
               : list->L.AllocateEx(list->L.Type, list->L.Size, list->L.Tag, list);
}

void NTAPI ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX list, PVOID entry) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (!keep(list->L, entry)) {
        list->L.FreeEx(entry, list);
    }
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
