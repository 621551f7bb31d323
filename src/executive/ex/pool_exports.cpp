// ExAllocatePool and its many descendants.
#include <wdm.h>

#include "executive/callers.h"
#include "executive/ex/exceptions.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/rtl/guest_enum.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::Kernel;
using executive::PoolAlignment;
using executive::PoolKind;
using machine::Machine;

namespace {

constexpr std::uint32_t bad_pool_caller = 0xC2;
constexpr ULONG default_tag = 0x656E6F4E; // 'None'

constexpr ULONG paged_bit = 1;

// A POOL_TYPE is a set of bits, most of whose values are no enumerator.
int bits_of(const POOL_TYPE& type) {
    return executive::guest_value(type);
}

PoolKind kind_of(int type) {
    if ((type & paged_bit) != 0) {
        return PoolKind::paged;
    }
    return (type & POOL_NX_ALLOCATION) != 0 ? PoolKind::non_paged : PoolKind::non_paged_execute;
}

// Each POOL_TYPE has a variant that begins a cache line.
PoolAlignment alignment_of(int type) {
    constexpr ULONG cache_aligned_bit = 4;
    return (type & cache_aligned_bit) != 0 ? PoolAlignment::cache_line : PoolAlignment::usual;
}

void require_irql(const char* function, PoolKind kind, const void* caller) {
    const KIRQL limit = kind == PoolKind::paged ? machine::irql::apc : machine::irql::dispatch;
    if (Machine::current().irql() > limit) [[unlikely]] {
        executive::irql_too_high(function, limit, const_cast<void*>(caller));
    }
}

void* allocate(const char* function, PoolKind kind, PoolAlignment alignment, SIZE_T bytes, ULONG tag, bool zero,
               const void* caller) {
    require_irql(function, kind, caller);
    Kernel& kernel = Kernel::current();
    if (tag == 0) [[unlikely]] {
        kernel.machine.bugcheck(bad_pool_caller, 0x9B, static_cast<std::uint64_t>(kind), bytes,
                                reinterpret_cast<std::uint64_t>(caller),
                                executive::Sentence("{}: a pool tag of zero is not allowed.", function));
    }
    kernel.machine.preemption_point();
    return kernel.pool.allocate(bytes, tag, kind, zero, caller, alignment);
}

void* allocate_or_raise(const char* function, int type, SIZE_T bytes, ULONG tag, const void* caller) {
    void* block =
        allocate(function, kind_of(type), alignment_of(type), bytes, tag, (type & POOL_ZERO_ALLOCATION) != 0, caller);
    if (block == nullptr && (type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0) [[unlikely]] {
        executive::raise_status(STATUS_INSUFFICIENT_RESOURCES,
                                "Pool is exhausted and POOL_RAISE_IF_ALLOCATION_FAILURE was asked for.");
    }
    return block;
}

// Exactly one kind of memory has to be named; unknown bits among the required half fail the call.
bool pool_flags_are_valid(POOL_FLAGS flags) {
    const POOL_FLAGS kinds = flags & (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED);
    constexpr POOL_FLAGS known = POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |
                                 POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE | POOL_FLAG_NON_PAGED |
                                 POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    const POOL_FLAGS required = flags & (POOL_FLAG_REQUIRED_END | (POOL_FLAG_REQUIRED_END - 1));
    return kinds != 0 && (kinds & (kinds - 1)) == 0 && (required & ~known) == 0;
}

void* allocate_by_flags(const char* function, POOL_FLAGS flags, SIZE_T bytes, ULONG tag, const void* caller) {
    void* block = nullptr;
    if (pool_flags_are_valid(flags) && tag != 0) {
        const PoolKind kind = (flags & POOL_FLAG_PAGED) != 0               ? PoolKind::paged
                              : (flags & POOL_FLAG_NON_PAGED_EXECUTE) != 0 ? PoolKind::non_paged_execute
                                                                           : PoolKind::non_paged;
        const PoolAlignment alignment =
            (flags & POOL_FLAG_CACHE_ALIGNED) != 0 ? PoolAlignment::cache_line : PoolAlignment::usual;
        block = allocate(function, kind, alignment, bytes, tag, (flags & POOL_FLAG_UNINITIALIZED) == 0, caller);
    }
    if (block == nullptr && (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0) [[unlikely]] {
        executive::raise_status(STATUS_INSUFFICIENT_RESOURCES,
                                "Pool allocation failed and POOL_FLAG_RAISE_ON_FAILURE was asked for.");
    }
    return block;
}

void free(const char* function, void* block, ULONG tag, const void* caller) {
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    kernel.pool.free(block, tag, function, caller);
}

} // namespace

#define OPC_CALLER __builtin_return_address(0)

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

PVOID NTAPI ExAllocatePool(POOL_TYPE type, SIZE_T bytes) {
    return allocate_or_raise(__func__, bits_of(type), bytes, default_tag, OPC_CALLER);
}
PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE type, SIZE_T bytes, ULONG tag) {
    return allocate_or_raise(__func__, bits_of(type), bytes, tag, OPC_CALLER);
}
PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE type, SIZE_T bytes, ULONG tag, EX_POOL_PRIORITY) {
    return allocate_or_raise(__func__, bits_of(type), bytes, tag, OPC_CALLER);
}

// The quota forms raise instead of returning NULL unless told otherwise.
PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE type, SIZE_T bytes, ULONG tag) {
    const int bits = bits_of(type);
    void* block = allocate(__func__, kind_of(bits), alignment_of(bits), bytes, tag, (bits & POOL_ZERO_ALLOCATION) != 0,
                           OPC_CALLER);
    if (block == nullptr && (bits & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0) [[unlikely]] {
        executive::raise_status(STATUS_INSUFFICIENT_RESOURCES, "ExAllocatePoolWithQuotaTag raises when it fails.");
    }
    return block;
}
PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE type, SIZE_T bytes) {
    const int bits = bits_of(type);
    void* block = allocate(__func__, kind_of(bits), alignment_of(bits), bytes, default_tag, false, OPC_CALLER);
    if (block == nullptr && (bits & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0) [[unlikely]] {
        executive::raise_status(STATUS_INSUFFICIENT_RESOURCES, "ExAllocatePoolWithQuota raises when it fails.");
    }
    return block;
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS flags, SIZE_T bytes, ULONG tag) {
    return allocate_by_flags(__func__, flags, bytes, tag, OPC_CALLER);
}
// An extended parameter nobody knows fails the call unless it is marked optional.
PVOID NTAPI ExAllocatePool3(POOL_FLAGS flags, SIZE_T bytes, ULONG tag, PCPOOL_EXTENDED_PARAMETER parameters,
                            ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        const auto type = parameters[i].Type;
        const bool known = type == PoolExtendedParameterPriority || type == PoolExtendedParameterNumaNode;
        if (!known && !parameters[i].Optional) {
            return nullptr;
        }
    }
    return allocate_by_flags(__func__, flags, bytes, tag, OPC_CALLER);
}

void NTAPI ExFreePool(PVOID block) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    free(__func__, block, 0, OPC_CALLER);
}
void NTAPI ExFreePoolWithTag(PVOID block, ULONG tag) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    free(__func__, block, tag, OPC_CALLER);
}
void NTAPI ExFreePool2(PVOID block, ULONG tag, PCPOOL_EXTENDED_PARAMETER, ULONG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    free(__func__, block, tag, OPC_CALLER);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
