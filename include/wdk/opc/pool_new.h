/*
 * operator new with a pool type, as drivers use it: zeroed memory, nullptr on failure. A driver that brings its own
 * operators defines _NEW_DELETE_OPERATORS_ first.
 */
#ifndef OPC_POOL_NEW_H
#define OPC_POOL_NEW_H

#if defined(__cplusplus) && OPC_DRIVER && !defined(_NEW_DELETE_OPERATORS_)
#define _NEW_DELETE_OPERATORS_

inline PVOID operator new(size_t Size, POOL_TYPE PoolType, ULONG Tag)
{
    PVOID Memory = ExAllocatePoolWithTag(PoolType, Size, Tag);
    if (Memory)
        RtlZeroMemory(Memory, Size);
    return Memory;
}

inline PVOID operator new(size_t Size, POOL_TYPE PoolType)
{
    return operator new(Size, PoolType, 0x72436350UL);
}

inline PVOID operator new[](size_t Size, POOL_TYPE PoolType, ULONG Tag)
{
    return operator new(Size, PoolType, Tag);
}

inline PVOID operator new[](size_t Size, POOL_TYPE PoolType)
{
    return operator new(Size, PoolType);
}

inline void __cdecl operator delete(PVOID Memory)
{
    if (Memory)
        ExFreePool(Memory);
}

inline void __cdecl operator delete(PVOID Memory, size_t)
{
    operator delete(Memory);
}

inline void __cdecl operator delete[](PVOID Memory)
{
    operator delete(Memory);
}

inline void __cdecl operator delete[](PVOID Memory, size_t)
{
    operator delete(Memory);
}

#endif

#endif
