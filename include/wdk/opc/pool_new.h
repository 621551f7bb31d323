/*
 * operator new with a pool type, as drivers use it: zeroed memory, nullptr on failure. A driver that brings its own
 * operators defines _NEW_DELETE_OPERATORS_ first. The matching operators delete are in the stdunk library.
 */
#ifndef OPC_POOL_NEW_H
#define OPC_POOL_NEW_H

#if !defined(_NEW_DELETE_OPERATORS_)
#define _NEW_DELETE_OPERATORS_
#if defined(__cplusplus) && OPC_DRIVER
extern "C++" {

inline PVOID operator new(size_t Size, POOL_TYPE PoolType, ULONG Tag) noexcept {
    PVOID Memory = ExAllocatePoolWithTag(PoolType, Size, Tag);
    if (Memory)
        RtlZeroMemory(Memory, Size);
    return Memory;
}

inline PVOID operator new(size_t Size, POOL_TYPE PoolType) noexcept {
    return operator new(Size, PoolType, 0x72436350UL);
}

inline PVOID operator new[](size_t Size, POOL_TYPE PoolType, ULONG Tag) noexcept {
    return operator new(Size, PoolType, Tag);
}

inline PVOID operator new[](size_t Size, POOL_TYPE PoolType) noexcept {
    return operator new(Size, PoolType);
}
}
#endif
#endif

#endif
