/* Pointer-sized and fixed-size integer types. */
#ifndef _BASETSD_H_
#define _BASETSD_H_

#include "opc_abi.h"

typedef long long INT_PTR, *PINT_PTR, LONG_PTR, *PLONG_PTR, SSIZE_T, *PSSIZE_T;
typedef unsigned long long UINT_PTR, *PUINT_PTR, ULONG_PTR, *PULONG_PTR, DWORD_PTR, *PDWORD_PTR, SIZE_T, *PSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;
typedef int HALF_PTR, *PHALF_PTR;
typedef unsigned int UHALF_PTR, *PUHALF_PTR;
typedef long long SHANDLE_PTR;
typedef unsigned long long HANDLE_PTR;

#define __int3264 long long
#define ADDRESS_TAG_BIT 0x40000000000ULL

#define MAXUINT8 ((UINT8) ~((UINT8)0))
#define MAXINT8 ((INT8)(MAXUINT8 >> 1))
#define MININT8 ((INT8)~MAXINT8)
#define MAXUINT16 ((UINT16) ~((UINT16)0))
#define MAXINT16 ((INT16)(MAXUINT16 >> 1))
#define MININT16 ((INT16)~MAXINT16)
#define MAXUINT32 ((UINT32) ~((UINT32)0))
#define MAXINT32 ((INT32)(MAXUINT32 >> 1))
#define MININT32 ((INT32)~MAXINT32)
#define MAXUINT64 ((UINT64) ~((UINT64)0))
#define MAXINT64 ((INT64)(MAXUINT64 >> 1))
#define MININT64 ((INT64)~MAXINT64)
#define MAXULONG32 ((ULONG32) ~((ULONG32)0))
#define MAXLONG32 ((LONG32)(MAXULONG32 >> 1))
#define MINLONG32 ((LONG32)~MAXLONG32)
#define MAXULONG64 ((ULONG64) ~((ULONG64)0))
#define MAXLONG64 ((LONG64)(MAXULONG64 >> 1))
#define MINLONG64 ((LONG64)~MAXLONG64)
#define MAXULONGLONG ((ULONGLONG) ~((ULONGLONG)0))
#define MINLONGLONG ((LONGLONG)~MAXLONGLONG)
#define MAXUINT ((UINT) ~((UINT)0))
#define MAXINT ((INT)(MAXUINT >> 1))
#define MININT ((INT)~MAXINT)
#define MAXDWORD32 MAXULONG32
#define MAXDWORD64 MAXULONG64
#define MAXULONG_PTR ((ULONG_PTR) ~((ULONG_PTR)0))
#define MAXLONG_PTR ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MINLONG_PTR ((LONG_PTR)~MAXLONG_PTR)
#define MAXUINT_PTR ((UINT_PTR) ~((UINT_PTR)0))
#define MAXINT_PTR ((INT_PTR)(MAXUINT_PTR >> 1))
#define MININT_PTR ((INT_PTR)~MAXINT_PTR)
#define MAXSIZE_T ((SIZE_T) ~((SIZE_T)0))
#define MAXSSIZE_T ((SSIZE_T)(MAXSIZE_T >> 1))
#define MINSSIZE_T ((SSIZE_T)~MAXSSIZE_T)

#define PtrToUlong(value) ((ULONG)(ULONG_PTR)(value))
#define PtrToLong(value) ((LONG)(LONG_PTR)(value))
#define PtrToUint(value) ((UINT)(UINT_PTR)(value))
#define PtrToInt(value) ((INT)(INT_PTR)(value))
#define PtrToUshort(value) ((USHORT)(ULONG_PTR)(value))
#define PtrToShort(value) ((SHORT)(LONG_PTR)(value))
#define HandleToUlong(value) ((ULONG)(ULONG_PTR)(value))
#define HandleToLong(value) ((LONG)(LONG_PTR)(value))
#define HandleToULong(value) HandleToUlong(value)
#define HandleToUINT(value) ((UINT)(UINT_PTR)(value))
#define ULongToHandle(value) ((void*)(ULONG_PTR)(ULONG)(value))
#define UlongToHandle(value) ULongToHandle(value)
#define LongToHandle(value) ((void*)(LONG_PTR)(LONG)(value))
#define ULongToPtr(value) ((void*)(ULONG_PTR)(ULONG)(value))
#define UlongToPtr(value) ULongToPtr(value)
#define LongToPtr(value) ((void*)(LONG_PTR)(LONG)(value))
#define UIntToPtr(value) ((void*)(UINT_PTR)(UINT)(value))
#define UintToPtr(value) UIntToPtr(value)
#define IntToPtr(value) ((void*)(INT_PTR)(INT)(value))
#define PtrToULong(value) PtrToUlong(value)
#define PtrToUInt(value) PtrToUint(value)
#define Ptr32ToPtr(value) ((void*)(ULONG_PTR)(ULONG)(value))
#define PtrToPtr32(value) ((ULONG)(ULONG_PTR)(value))
#define PtrToPtr64(value) ((void*)(value))
#define Ptr64ToPtr(value) ((void*)(value))

#define POINTER_64
#define POINTER_32
#define POINTER_SIGNED
#define POINTER_UNSIGNED
typedef void* PVOID64;

#endif
