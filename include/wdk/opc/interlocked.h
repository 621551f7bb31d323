/* Interlocked operations and the processor intrinsics a driver may use. All are full barriers, as on x64. */
#ifndef OPC_INTERLOCKED_H
#define OPC_INTERLOCKED_H

#include "../basetsd.h"

#ifdef __cplusplus
extern "C" {
#endif

#if OPC_DRIVER
/* These are builtins of the compiler for this target; only their declarations are missing. */
char _InterlockedExchange8(char volatile* target, char value);
char _InterlockedExchangeAdd8(char volatile* target, char value);
char _InterlockedAnd8(char volatile* target, char value);
char _InterlockedOr8(char volatile* target, char value);
char _InterlockedXor8(char volatile* target, char value);
char _InterlockedCompareExchange8(char volatile* target, char exchange, char comparand);
short _InterlockedIncrement16(short volatile* value);
short _InterlockedDecrement16(short volatile* value);
short _InterlockedExchange16(short volatile* target, short value);
short _InterlockedExchangeAdd16(short volatile* target, short value);
short _InterlockedAnd16(short volatile* target, short value);
short _InterlockedOr16(short volatile* target, short value);
short _InterlockedXor16(short volatile* target, short value);
short _InterlockedCompareExchange16(short volatile* target, short exchange, short comparand);
LONG _InterlockedIncrement(LONG volatile* value);
LONG _InterlockedDecrement(LONG volatile* value);
LONG _InterlockedExchange(LONG volatile* target, LONG value);
LONG _InterlockedExchangeAdd(LONG volatile* target, LONG value);
LONG _InterlockedAnd(LONG volatile* target, LONG value);
LONG _InterlockedOr(LONG volatile* target, LONG value);
LONG _InterlockedXor(LONG volatile* target, LONG value);
LONG _InterlockedCompareExchange(LONG volatile* target, LONG exchange, LONG comparand);
LONGLONG _InterlockedIncrement64(LONGLONG volatile* value);
LONGLONG _InterlockedDecrement64(LONGLONG volatile* value);
LONGLONG _InterlockedExchange64(LONGLONG volatile* target, LONGLONG value);
LONGLONG _InterlockedExchangeAdd64(LONGLONG volatile* target, LONGLONG value);
LONGLONG _InterlockedAnd64(LONGLONG volatile* target, LONGLONG value);
LONGLONG _InterlockedOr64(LONGLONG volatile* target, LONGLONG value);
LONGLONG _InterlockedXor64(LONGLONG volatile* target, LONGLONG value);
LONGLONG _InterlockedCompareExchange64(LONGLONG volatile* target, LONGLONG exchange, LONGLONG comparand);
void* _InterlockedExchangePointer(void* volatile* target, void* value);
void* _InterlockedCompareExchangePointer(void* volatile* target, void* exchange, void* comparand);
unsigned char _InterlockedCompareExchange128(LONGLONG volatile* target, LONGLONG high, LONGLONG low, LONGLONG* result);
unsigned char _interlockedbittestandset(LONG volatile* base, LONG bit);
unsigned char _interlockedbittestandreset(LONG volatile* base, LONG bit);
unsigned char _interlockedbittestandset64(LONGLONG volatile* base, LONGLONG bit);
unsigned char _interlockedbittestandreset64(LONGLONG volatile* base, LONGLONG bit);
unsigned char _BitScanForward(ULONG* index, ULONG mask);
unsigned char _BitScanReverse(ULONG* index, ULONG mask);
unsigned char _BitScanForward64(ULONG* index, ULONGLONG mask);
unsigned char _BitScanReverse64(ULONG* index, ULONGLONG mask);
unsigned char _bittest(const LONG* base, LONG bit);
unsigned char _bittestandset(LONG* base, LONG bit);
unsigned char _bittestandreset(LONG* base, LONG bit);
unsigned char _bittestandcomplement(LONG* base, LONG bit);
void _ReadWriteBarrier(void);
void _ReadBarrier(void);
void _WriteBarrier(void);
void* _ReturnAddress(void);
void* _AddressOfReturnAddress(void);
void __debugbreak(void);
__attribute__((noreturn)) void __fastfail(unsigned int code);
unsigned short _byteswap_ushort(unsigned short value);
ULONG _byteswap_ulong(ULONG value);
unsigned long long _byteswap_uint64(unsigned long long value);
unsigned char _rotl8(unsigned char value, unsigned char shift);
unsigned short _rotl16(unsigned short value, unsigned char shift);
unsigned char _rotr8(unsigned char value, unsigned char shift);
unsigned short _rotr16(unsigned short value, unsigned char shift);
unsigned int _rotl(unsigned int value, int shift);
unsigned int _rotr(unsigned int value, int shift);
ULONG _lrotl(ULONG value, int shift);
ULONG _lrotr(ULONG value, int shift);
unsigned long long _rotl64(unsigned long long value, int shift);
unsigned long long _rotr64(unsigned long long value, int shift);
unsigned short __popcnt16(unsigned short value);
unsigned int __popcnt(unsigned int value);
unsigned long long __popcnt64(unsigned long long value);
unsigned long long _umul128(unsigned long long left, unsigned long long right, unsigned long long* high);
long long _mul128(long long left, long long right, long long* high);
unsigned long long __umulh(unsigned long long left, unsigned long long right);
long long __mulh(long long left, long long right);
void _mm_pause(void);
void _mm_mfence(void);
void _mm_lfence(void);
void _mm_sfence(void);
#else
FORCEINLINE char _InterlockedExchange8(char volatile* target, char value) {
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedExchangeAdd8(char volatile* target, char value) {
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedAnd8(char volatile* target, char value) {
    return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedOr8(char volatile* target, char value) {
    return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedXor8(char volatile* target, char value) {
    return __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedCompareExchange8(char volatile* target, char exchange, char comparand) {
    __atomic_compare_exchange_n(target, &comparand, exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}
FORCEINLINE short _InterlockedIncrement16(short volatile* value) {
    return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedDecrement16(short volatile* value) {
    return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedExchange16(short volatile* target, short value) {
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedExchangeAdd16(short volatile* target, short value) {
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedAnd16(short volatile* target, short value) {
    return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedOr16(short volatile* target, short value) {
    return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedXor16(short volatile* target, short value) {
    return __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedCompareExchange16(short volatile* target, short exchange, short comparand) {
    __atomic_compare_exchange_n(target, &comparand, exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}
FORCEINLINE LONG _InterlockedIncrement(LONG volatile* value) {
    return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedDecrement(LONG volatile* value) {
    return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedExchange(LONG volatile* target, LONG value) {
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedExchangeAdd(LONG volatile* target, LONG value) {
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedAnd(LONG volatile* target, LONG value) {
    return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedOr(LONG volatile* target, LONG value) {
    return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedXor(LONG volatile* target, LONG value) {
    return __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedCompareExchange(LONG volatile* target, LONG exchange, LONG comparand) {
    __atomic_compare_exchange_n(target, &comparand, exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}
FORCEINLINE LONGLONG _InterlockedIncrement64(LONGLONG volatile* value) {
    return __atomic_add_fetch(value, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedDecrement64(LONGLONG volatile* value) {
    return __atomic_sub_fetch(value, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedExchange64(LONGLONG volatile* target, LONGLONG value) {
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedExchangeAdd64(LONGLONG volatile* target, LONGLONG value) {
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedAnd64(LONGLONG volatile* target, LONGLONG value) {
    return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedOr64(LONGLONG volatile* target, LONGLONG value) {
    return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedXor64(LONGLONG volatile* target, LONGLONG value) {
    return __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONGLONG _InterlockedCompareExchange64(LONGLONG volatile* target, LONGLONG exchange, LONGLONG comparand) {
    __atomic_compare_exchange_n(target, &comparand, exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}
FORCEINLINE void* _InterlockedExchangePointer(void* volatile* target, void* value) {
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}
FORCEINLINE void* _InterlockedCompareExchangePointer(void* volatile* target, void* exchange, void* comparand) {
    __atomic_compare_exchange_n(target, &comparand, exchange, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return comparand;
}
FORCEINLINE unsigned char _interlockedbittestandset(LONG volatile* base, LONG bit) {
    return (__atomic_fetch_or(base + bit / 32, 1u << (bit & 31), __ATOMIC_SEQ_CST) >> (bit & 31)) & 1;
}
FORCEINLINE unsigned char _interlockedbittestandreset(LONG volatile* base, LONG bit) {
    return (__atomic_fetch_and(base + bit / 32, ~(1u << (bit & 31)), __ATOMIC_SEQ_CST) >> (bit & 31)) & 1;
}
FORCEINLINE unsigned char _BitScanForward(ULONG* index, ULONG mask) {
    if (mask) {
        *index = (ULONG)__builtin_ctz(mask);
    }
    return mask != 0;
}
FORCEINLINE unsigned char _BitScanReverse(ULONG* index, ULONG mask) {
    if (mask) {
        *index = (ULONG)(31 - __builtin_clz(mask));
    }
    return mask != 0;
}
FORCEINLINE unsigned char _BitScanForward64(ULONG* index, ULONGLONG mask) {
    if (mask) {
        *index = (ULONG)__builtin_ctzll(mask);
    }
    return mask != 0;
}
FORCEINLINE unsigned char _BitScanReverse64(ULONG* index, ULONGLONG mask) {
    if (mask) {
        *index = (ULONG)(63 - __builtin_clzll(mask));
    }
    return mask != 0;
}
FORCEINLINE void _ReadWriteBarrier(void) {
    __asm__ volatile("" ::: "memory");
}
FORCEINLINE unsigned short _byteswap_ushort(unsigned short value) {
    return __builtin_bswap16(value);
}
FORCEINLINE ULONG _byteswap_ulong(ULONG value) {
    return __builtin_bswap32(value);
}
FORCEINLINE unsigned long long _byteswap_uint64(unsigned long long value) {
    return __builtin_bswap64(value);
}
#define __debugbreak() __builtin_trap()
#define _ReturnAddress() __builtin_return_address(0)
#endif

#ifdef __cplusplus
}
#endif

#define InterlockedExchange8 _InterlockedExchange8
#define InterlockedExchangeAcquire8 _InterlockedExchange8
#define InterlockedExchange8Acquire _InterlockedExchange8
#define InterlockedExchangeRelease8 _InterlockedExchange8
#define InterlockedExchange8Release _InterlockedExchange8
#define InterlockedExchangeNoFence8 _InterlockedExchange8
#define InterlockedExchange8NoFence _InterlockedExchange8
#define InterlockedExchangeAdd8 _InterlockedExchangeAdd8
#define InterlockedExchangeAddAcquire8 _InterlockedExchangeAdd8
#define InterlockedExchangeAdd8Acquire _InterlockedExchangeAdd8
#define InterlockedExchangeAddRelease8 _InterlockedExchangeAdd8
#define InterlockedExchangeAdd8Release _InterlockedExchangeAdd8
#define InterlockedExchangeAddNoFence8 _InterlockedExchangeAdd8
#define InterlockedExchangeAdd8NoFence _InterlockedExchangeAdd8
#define InterlockedAnd8 _InterlockedAnd8
#define InterlockedAndAcquire8 _InterlockedAnd8
#define InterlockedAnd8Acquire _InterlockedAnd8
#define InterlockedAndRelease8 _InterlockedAnd8
#define InterlockedAnd8Release _InterlockedAnd8
#define InterlockedAndNoFence8 _InterlockedAnd8
#define InterlockedAnd8NoFence _InterlockedAnd8
#define InterlockedOr8 _InterlockedOr8
#define InterlockedOrAcquire8 _InterlockedOr8
#define InterlockedOr8Acquire _InterlockedOr8
#define InterlockedOrRelease8 _InterlockedOr8
#define InterlockedOr8Release _InterlockedOr8
#define InterlockedOrNoFence8 _InterlockedOr8
#define InterlockedOr8NoFence _InterlockedOr8
#define InterlockedXor8 _InterlockedXor8
#define InterlockedXorAcquire8 _InterlockedXor8
#define InterlockedXor8Acquire _InterlockedXor8
#define InterlockedXorRelease8 _InterlockedXor8
#define InterlockedXor8Release _InterlockedXor8
#define InterlockedXorNoFence8 _InterlockedXor8
#define InterlockedXor8NoFence _InterlockedXor8
#define InterlockedCompareExchange8 _InterlockedCompareExchange8
#define InterlockedCompareExchangeAcquire8 _InterlockedCompareExchange8
#define InterlockedCompareExchange8Acquire _InterlockedCompareExchange8
#define InterlockedCompareExchangeRelease8 _InterlockedCompareExchange8
#define InterlockedCompareExchange8Release _InterlockedCompareExchange8
#define InterlockedCompareExchangeNoFence8 _InterlockedCompareExchange8
#define InterlockedCompareExchange8NoFence _InterlockedCompareExchange8
#define InterlockedExchange16 _InterlockedExchange16
#define InterlockedExchangeAcquire16 _InterlockedExchange16
#define InterlockedExchange16Acquire _InterlockedExchange16
#define InterlockedExchangeRelease16 _InterlockedExchange16
#define InterlockedExchange16Release _InterlockedExchange16
#define InterlockedExchangeNoFence16 _InterlockedExchange16
#define InterlockedExchange16NoFence _InterlockedExchange16
#define InterlockedExchangeAdd16 _InterlockedExchangeAdd16
#define InterlockedExchangeAddAcquire16 _InterlockedExchangeAdd16
#define InterlockedExchangeAdd16Acquire _InterlockedExchangeAdd16
#define InterlockedExchangeAddRelease16 _InterlockedExchangeAdd16
#define InterlockedExchangeAdd16Release _InterlockedExchangeAdd16
#define InterlockedExchangeAddNoFence16 _InterlockedExchangeAdd16
#define InterlockedExchangeAdd16NoFence _InterlockedExchangeAdd16
#define InterlockedAnd16 _InterlockedAnd16
#define InterlockedAndAcquire16 _InterlockedAnd16
#define InterlockedAnd16Acquire _InterlockedAnd16
#define InterlockedAndRelease16 _InterlockedAnd16
#define InterlockedAnd16Release _InterlockedAnd16
#define InterlockedAndNoFence16 _InterlockedAnd16
#define InterlockedAnd16NoFence _InterlockedAnd16
#define InterlockedOr16 _InterlockedOr16
#define InterlockedOrAcquire16 _InterlockedOr16
#define InterlockedOr16Acquire _InterlockedOr16
#define InterlockedOrRelease16 _InterlockedOr16
#define InterlockedOr16Release _InterlockedOr16
#define InterlockedOrNoFence16 _InterlockedOr16
#define InterlockedOr16NoFence _InterlockedOr16
#define InterlockedXor16 _InterlockedXor16
#define InterlockedXorAcquire16 _InterlockedXor16
#define InterlockedXor16Acquire _InterlockedXor16
#define InterlockedXorRelease16 _InterlockedXor16
#define InterlockedXor16Release _InterlockedXor16
#define InterlockedXorNoFence16 _InterlockedXor16
#define InterlockedXor16NoFence _InterlockedXor16
#define InterlockedCompareExchange16 _InterlockedCompareExchange16
#define InterlockedCompareExchangeAcquire16 _InterlockedCompareExchange16
#define InterlockedCompareExchange16Acquire _InterlockedCompareExchange16
#define InterlockedCompareExchangeRelease16 _InterlockedCompareExchange16
#define InterlockedCompareExchange16Release _InterlockedCompareExchange16
#define InterlockedCompareExchangeNoFence16 _InterlockedCompareExchange16
#define InterlockedCompareExchange16NoFence _InterlockedCompareExchange16
#define InterlockedIncrement16 _InterlockedIncrement16
#define InterlockedIncrementAcquire16 _InterlockedIncrement16
#define InterlockedIncrement16Acquire _InterlockedIncrement16
#define InterlockedIncrementRelease16 _InterlockedIncrement16
#define InterlockedIncrement16Release _InterlockedIncrement16
#define InterlockedIncrementNoFence16 _InterlockedIncrement16
#define InterlockedIncrement16NoFence _InterlockedIncrement16
#define InterlockedDecrement16 _InterlockedDecrement16
#define InterlockedDecrementAcquire16 _InterlockedDecrement16
#define InterlockedDecrement16Acquire _InterlockedDecrement16
#define InterlockedDecrementRelease16 _InterlockedDecrement16
#define InterlockedDecrement16Release _InterlockedDecrement16
#define InterlockedDecrementNoFence16 _InterlockedDecrement16
#define InterlockedDecrement16NoFence _InterlockedDecrement16
#define InterlockedExchange _InterlockedExchange
#define InterlockedExchangeAcquire _InterlockedExchange
#define InterlockedExchangeAcquire _InterlockedExchange
#define InterlockedExchangeRelease _InterlockedExchange
#define InterlockedExchangeRelease _InterlockedExchange
#define InterlockedExchangeNoFence _InterlockedExchange
#define InterlockedExchangeNoFence _InterlockedExchange
#define InterlockedExchangeAdd _InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire _InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire _InterlockedExchangeAdd
#define InterlockedExchangeAddRelease _InterlockedExchangeAdd
#define InterlockedExchangeAddRelease _InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence _InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence _InterlockedExchangeAdd
#define InterlockedAnd _InterlockedAnd
#define InterlockedAndAcquire _InterlockedAnd
#define InterlockedAndAcquire _InterlockedAnd
#define InterlockedAndRelease _InterlockedAnd
#define InterlockedAndRelease _InterlockedAnd
#define InterlockedAndNoFence _InterlockedAnd
#define InterlockedAndNoFence _InterlockedAnd
#define InterlockedOr _InterlockedOr
#define InterlockedOrAcquire _InterlockedOr
#define InterlockedOrAcquire _InterlockedOr
#define InterlockedOrRelease _InterlockedOr
#define InterlockedOrRelease _InterlockedOr
#define InterlockedOrNoFence _InterlockedOr
#define InterlockedOrNoFence _InterlockedOr
#define InterlockedXor _InterlockedXor
#define InterlockedXorAcquire _InterlockedXor
#define InterlockedXorAcquire _InterlockedXor
#define InterlockedXorRelease _InterlockedXor
#define InterlockedXorRelease _InterlockedXor
#define InterlockedXorNoFence _InterlockedXor
#define InterlockedXorNoFence _InterlockedXor
#define InterlockedCompareExchange _InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire _InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire _InterlockedCompareExchange
#define InterlockedCompareExchangeRelease _InterlockedCompareExchange
#define InterlockedCompareExchangeRelease _InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence _InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence _InterlockedCompareExchange
#define InterlockedIncrement _InterlockedIncrement
#define InterlockedIncrementAcquire _InterlockedIncrement
#define InterlockedIncrementAcquire _InterlockedIncrement
#define InterlockedIncrementRelease _InterlockedIncrement
#define InterlockedIncrementRelease _InterlockedIncrement
#define InterlockedIncrementNoFence _InterlockedIncrement
#define InterlockedIncrementNoFence _InterlockedIncrement
#define InterlockedDecrement _InterlockedDecrement
#define InterlockedDecrementAcquire _InterlockedDecrement
#define InterlockedDecrementAcquire _InterlockedDecrement
#define InterlockedDecrementRelease _InterlockedDecrement
#define InterlockedDecrementRelease _InterlockedDecrement
#define InterlockedDecrementNoFence _InterlockedDecrement
#define InterlockedDecrementNoFence _InterlockedDecrement
#define InterlockedExchange64 _InterlockedExchange64
#define InterlockedExchangeAcquire64 _InterlockedExchange64
#define InterlockedExchange64Acquire _InterlockedExchange64
#define InterlockedExchangeRelease64 _InterlockedExchange64
#define InterlockedExchange64Release _InterlockedExchange64
#define InterlockedExchangeNoFence64 _InterlockedExchange64
#define InterlockedExchange64NoFence _InterlockedExchange64
#define InterlockedExchangeAdd64 _InterlockedExchangeAdd64
#define InterlockedExchangeAddAcquire64 _InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Acquire _InterlockedExchangeAdd64
#define InterlockedExchangeAddRelease64 _InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Release _InterlockedExchangeAdd64
#define InterlockedExchangeAddNoFence64 _InterlockedExchangeAdd64
#define InterlockedExchangeAdd64NoFence _InterlockedExchangeAdd64
#define InterlockedAnd64 _InterlockedAnd64
#define InterlockedAndAcquire64 _InterlockedAnd64
#define InterlockedAnd64Acquire _InterlockedAnd64
#define InterlockedAndRelease64 _InterlockedAnd64
#define InterlockedAnd64Release _InterlockedAnd64
#define InterlockedAndNoFence64 _InterlockedAnd64
#define InterlockedAnd64NoFence _InterlockedAnd64
#define InterlockedOr64 _InterlockedOr64
#define InterlockedOrAcquire64 _InterlockedOr64
#define InterlockedOr64Acquire _InterlockedOr64
#define InterlockedOrRelease64 _InterlockedOr64
#define InterlockedOr64Release _InterlockedOr64
#define InterlockedOrNoFence64 _InterlockedOr64
#define InterlockedOr64NoFence _InterlockedOr64
#define InterlockedXor64 _InterlockedXor64
#define InterlockedXorAcquire64 _InterlockedXor64
#define InterlockedXor64Acquire _InterlockedXor64
#define InterlockedXorRelease64 _InterlockedXor64
#define InterlockedXor64Release _InterlockedXor64
#define InterlockedXorNoFence64 _InterlockedXor64
#define InterlockedXor64NoFence _InterlockedXor64
#define InterlockedCompareExchange64 _InterlockedCompareExchange64
#define InterlockedCompareExchangeAcquire64 _InterlockedCompareExchange64
#define InterlockedCompareExchange64Acquire _InterlockedCompareExchange64
#define InterlockedCompareExchangeRelease64 _InterlockedCompareExchange64
#define InterlockedCompareExchange64Release _InterlockedCompareExchange64
#define InterlockedCompareExchangeNoFence64 _InterlockedCompareExchange64
#define InterlockedCompareExchange64NoFence _InterlockedCompareExchange64
#define InterlockedIncrement64 _InterlockedIncrement64
#define InterlockedIncrementAcquire64 _InterlockedIncrement64
#define InterlockedIncrement64Acquire _InterlockedIncrement64
#define InterlockedIncrementRelease64 _InterlockedIncrement64
#define InterlockedIncrement64Release _InterlockedIncrement64
#define InterlockedIncrementNoFence64 _InterlockedIncrement64
#define InterlockedIncrement64NoFence _InterlockedIncrement64
#define InterlockedDecrement64 _InterlockedDecrement64
#define InterlockedDecrementAcquire64 _InterlockedDecrement64
#define InterlockedDecrement64Acquire _InterlockedDecrement64
#define InterlockedDecrementRelease64 _InterlockedDecrement64
#define InterlockedDecrement64Release _InterlockedDecrement64
#define InterlockedDecrementNoFence64 _InterlockedDecrement64
#define InterlockedDecrement64NoFence _InterlockedDecrement64
#define InterlockedExchangePointer _InterlockedExchangePointer
#define InterlockedExchangePointerAcquire _InterlockedExchangePointer
#define InterlockedExchangePointerRelease _InterlockedExchangePointer
#define InterlockedExchangePointerNoFence _InterlockedExchangePointer
#define InterlockedCompareExchangePointer _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerAcquire _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerRelease _InterlockedCompareExchangePointer
#define InterlockedCompareExchangePointerNoFence _InterlockedCompareExchangePointer
#define InterlockedCompareExchange128 _InterlockedCompareExchange128
#define InterlockedAdd(target, value) (_InterlockedExchangeAdd((target), (value)) + (value))
#define InterlockedAdd64(target, value) (_InterlockedExchangeAdd64((target), (value)) + (value))
#define _InterlockedAdd(target, value) InterlockedAdd(target, value)
#define _InterlockedAdd64(target, value) InterlockedAdd64(target, value)
#define InterlockedExchangeAddSizeT(target, value) _InterlockedExchangeAdd64((LONGLONG volatile*)(target), (value))
#define InterlockedIncrementSizeT(target) _InterlockedIncrement64((LONGLONG volatile*)(target))
#define InterlockedDecrementSizeT(target) _InterlockedDecrement64((LONGLONG volatile*)(target))
#define InterlockedAndAffinity _InterlockedAnd64
#define InterlockedOrAffinity _InterlockedOr64
#define InterlockedBitTestAndSet _interlockedbittestandset
#define InterlockedBitTestAndReset _interlockedbittestandreset
#define InterlockedBitTestAndSet64 _interlockedbittestandset64
#define InterlockedBitTestAndReset64 _interlockedbittestandreset64
#define BitScanForward _BitScanForward
#define BitScanReverse _BitScanReverse
#define BitScanForward64 _BitScanForward64
#define BitScanReverse64 _BitScanReverse64
#define BitTest _bittest
#define BitTestAndSet _bittestandset
#define BitTestAndReset _bittestandreset
#define BitTestAndComplement _bittestandcomplement
#define RotateLeft8 _rotl8
#define RotateLeft16 _rotl16
#define RotateLeft32 _rotl
#define RotateLeft64 _rotl64
#define RotateRight8 _rotr8
#define RotateRight16 _rotr16
#define RotateRight32 _rotr
#define RotateRight64 _rotr64
#define PopulationCount64 __popcnt64
#define ReadTimeStampCounter() __rdtsc()

#define ReadAcquire(source) __atomic_load_n((source), __ATOMIC_ACQUIRE)
#define ReadNoFence(source) __atomic_load_n((source), __ATOMIC_RELAXED)
#define ReadRaw(source) __atomic_load_n((source), __ATOMIC_RELAXED)
#define WriteRelease(target, value) __atomic_store_n((target), (value), __ATOMIC_RELEASE)
#define WriteNoFence(target, value) __atomic_store_n((target), (value), __ATOMIC_RELAXED)
#define WriteRaw(target, value) __atomic_store_n((target), (value), __ATOMIC_RELAXED)
#define ReadAcquire8 ReadAcquire
#define ReadNoFence8 ReadNoFence
#define WriteRelease8 WriteRelease
#define WriteNoFence8 WriteNoFence
#define ReadAcquire16 ReadAcquire
#define ReadNoFence16 ReadNoFence
#define WriteRelease16 WriteRelease
#define WriteNoFence16 WriteNoFence
#define ReadAcquire64 ReadAcquire
#define ReadNoFence64 ReadNoFence
#define WriteRelease64 WriteRelease
#define WriteNoFence64 WriteNoFence
#define ReadULongAcquire ReadAcquire
#define ReadULongNoFence ReadNoFence
#define WriteULongRelease WriteRelease
#define WriteULongNoFence WriteNoFence
#define ReadULong64Acquire ReadAcquire
#define ReadULong64NoFence ReadNoFence
#define WriteULong64Release WriteRelease
#define WriteULong64NoFence WriteNoFence
#define ReadPointerAcquire ReadAcquire
#define ReadPointerNoFence ReadNoFence
#define WritePointerRelease WriteRelease
#define WritePointerNoFence WriteNoFence
#define ReadUShortAcquire ReadAcquire
#define ReadUShortNoFence ReadNoFence
#define WriteUShortRelease WriteRelease
#define WriteUShortNoFence WriteNoFence
#define ReadUCharAcquire ReadAcquire
#define ReadUCharNoFence ReadNoFence
#define WriteUCharRelease WriteRelease
#define WriteUCharNoFence WriteNoFence
#define ReadBooleanAcquire ReadAcquire
#define ReadBooleanNoFence ReadNoFence
#define WriteBooleanRelease WriteRelease
#define WriteBooleanNoFence WriteNoFence
#define ReadInt32Acquire ReadAcquire
#define ReadInt32NoFence ReadNoFence
#define ReadInt32Raw ReadRaw
#define ReadUInt32Acquire ReadAcquire
#define ReadUInt32NoFence ReadNoFence
#define ReadUInt32Raw ReadRaw
#define WriteInt32Release WriteRelease
#define WriteInt32NoFence WriteNoFence
#define WriteInt32Raw WriteRaw
#define WriteUInt32Release WriteRelease
#define WriteUInt32NoFence WriteNoFence
#define WriteUInt32Raw WriteRaw
#define ReadBooleanRaw ReadRaw
#define WriteBooleanRaw WriteRaw
#define ReadULongRaw ReadRaw
#define ReadPointerRaw ReadRaw

#if OPC_DRIVER
#define YieldProcessor OpcYieldProcessor /* ke.h */
#else
#define YieldProcessor() __builtin_ia32_pause()
#endif
#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define KeMemoryBarrierWithoutFence() _ReadWriteBarrier()

#include "intrinsics.h"

#endif
