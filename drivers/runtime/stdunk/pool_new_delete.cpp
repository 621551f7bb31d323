// The pool operators of stdunk.h for units that declare them but do not see the inline definitions, and the plain
// deletes the compiler calls from destructors. Weak: a driver that brings its own operators keeps them.
#define _NEW_DELETE_OPERATORS_
#include <ntddk.h>

namespace {

constexpr ULONG default_tag = 0x72436350; // 'rCcP'

PVOID allocate_zeroed(size_t size, POOL_TYPE pool_type, ULONG tag) {
    PVOID memory = ExAllocatePoolWithTag(pool_type, size, tag);
    if (memory)
        RtlZeroMemory(memory, size);
    return memory;
}

} // namespace

#define OPC_WEAK __attribute__((weak))

OPC_WEAK PVOID operator new(size_t size, POOL_TYPE pool_type) noexcept {
    return allocate_zeroed(size, pool_type, default_tag);
}

OPC_WEAK PVOID operator new(size_t size, POOL_TYPE pool_type, ULONG tag) noexcept {
    return allocate_zeroed(size, pool_type, tag);
}

OPC_WEAK PVOID operator new[](size_t size, POOL_TYPE pool_type) noexcept {
    return allocate_zeroed(size, pool_type, default_tag);
}

OPC_WEAK PVOID operator new[](size_t size, POOL_TYPE pool_type, ULONG tag) noexcept {
    return allocate_zeroed(size, pool_type, tag);
}

OPC_WEAK void operator delete(void* memory) noexcept {
    if (memory)
        ExFreePool(memory);
}

OPC_WEAK void operator delete(void* memory, size_t) noexcept {
    operator delete(memory);
}

OPC_WEAK void operator delete[](void* memory) noexcept {
    operator delete(memory);
}

OPC_WEAK void operator delete[](void* memory, size_t) noexcept {
    operator delete(memory);
}
