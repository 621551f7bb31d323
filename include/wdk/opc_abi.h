/*
 * The one place that knows in which of two worlds a header is being compiled:
 *  - in a driver: clang --target=x86_64-pc-windows-msvc-elf (LLP64, 16-bit wchar_t, Win64 calls by default);
 *  - in the host library: Linux LP64, where every function a driver can see or supply carries ms_abi.
 * All other headers are written with the names defined here, so their text is the same in both.
 */
#ifndef OPC_ABI_H
#define OPC_ABI_H

#if defined(_WIN32) || defined(_MSC_VER)
#define OPC_DRIVER 1
/* The pshpack and poppack headers of Windows change the packing of their includer by design. */
#pragma clang diagnostic ignored "-Wpragma-pack"
#define OPC_HOST 0
#else
#define OPC_DRIVER 0
#define OPC_HOST 1
#endif

#if OPC_HOST && !defined(__x86_64__)
#error "OpenPortCls speaks the Windows x64 ABI and needs an x86-64 host"
#endif

/* Architecture names that Windows headers and drivers test. */
#ifndef _AMD64_
#define _AMD64_
#endif
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _M_AMD64
#define _M_AMD64 100
#endif
#ifndef _M_X64
#define _M_X64 100
#endif

#include "sal.h"
#include "sdkddkver.h"

#if OPC_DRIVER
#include "crt/stdarg.h"
#include "crt/stddef.h"
#include "crt/string.h"
#else
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#endif

/* Calling convention. Every function, callback and interface method a driver can see carries OPC_MSABI through one of
 * the Windows spellings below, also where the original headers leave it out. */
#if OPC_DRIVER
#define OPC_MSABI
#define OPC_EXPORT
#define OPC_VA_LIST va_list
#define OPC_VA_START(list, last) va_start(list, last)
#define OPC_VA_END(list) va_end(list)
#define OPC_L(text) L##text
#define OPC_THREAD_LOCAL
#else
#define OPC_MSABI __attribute__((ms_abi))
#define OPC_EXPORT __attribute__((visibility("default")))
#define OPC_VA_LIST __builtin_ms_va_list
#define OPC_VA_START(list, last) __builtin_ms_va_start(list, last)
#define OPC_VA_END(list) __builtin_ms_va_end(list)
#define OPC_L(text) u##text
#define OPC_THREAD_LOCAL thread_local
#endif

#define NTAPI OPC_MSABI
#define NTAPI_INLINE
#define STDMETHODCALLTYPE OPC_MSABI
#define STDMETHODVCALLTYPE OPC_MSABI
#define STDAPICALLTYPE OPC_MSABI
#define STDAPIVCALLTYPE OPC_MSABI
#define WINAPI OPC_MSABI
#define WINAPIV OPC_MSABI
#define APIENTRY OPC_MSABI
#define CALLBACK OPC_MSABI
#define FASTCALL OPC_MSABI
#define PASCAL OPC_MSABI
#define CDECL OPC_MSABI
#define DDKAPI OPC_MSABI
#define DDKAPI_PTR OPC_MSABI
#define DDKFASTAPI OPC_MSABI
#ifndef _cdecl
#define _cdecl
#endif
#if OPC_HOST
/* Microsoft's convention keywords are no keywords here; headers of ours use the macros above. */
#ifndef __stdcall
#define __stdcall OPC_MSABI
#endif
#ifndef __cdecl
#define __cdecl OPC_MSABI
#endif
#ifndef __fastcall
#define __fastcall OPC_MSABI
#endif
#endif

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

#if defined(__cplusplus)
#define FORCEINLINE inline __attribute__((always_inline))
#define CFORCEINLINE inline __attribute__((always_inline))
#else
#define FORCEINLINE __inline __attribute__((always_inline))
#define CFORCEINLINE __inline __attribute__((always_inline))
#endif
#if OPC_HOST
#define __forceinline FORCEINLINE
#if !defined(__inline) && !defined(__clang__) && !defined(__GNUC__)
#define __inline inline
#endif
#endif
#define STKFORCEINLINE FORCEINLINE

#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT OPC_EXPORT
#define DECLSPEC_NORETURN __attribute__((noreturn))
#define DECLSPEC_NOINLINE __attribute__((noinline))
#define DECLSPEC_SELECTANY __attribute__((weak))
#define DECLSPEC_ALIGN(bytes) __attribute__((aligned(bytes)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_DEPRECATED_DDK_WINXP
#define DECLSPEC_RESTRICT
#define DECLSPEC_NOTHROW
#define DECLSPEC_GUARD_SUPPRESS
#define DECLSPEC_GUARDNOCF
#define DECLSPEC_SAFEBUFFERS
#define DECLSPEC_ALLOCATOR
#if OPC_DRIVER
#define DECLSPEC_UUID(text) __declspec(uuid(text))
#define DECLSPEC_NOVTABLE __declspec(novtable)
#else
#define DECLSPEC_UUID(text)
#define DECLSPEC_NOVTABLE
#endif
#define NOP_FUNCTION ((void)0)
#define DECLSPEC_CODE_SEG(name)
#define NTKERNELAPI OPC_EXPORT
#define NTHALAPI OPC_EXPORT
#define NTSYSAPI OPC_EXPORT
#define NTSYSCALLAPI OPC_EXPORT
#define NTDDIAPI OPC_EXPORT
#define _NTSYSTEM_API OPC_EXPORT
#define WMILIBAPI OPC_EXPORT

#define ALIGNMENT_MACHINE
#define UNALIGNED
#define UNALIGNED64
#define RESTRICTED_POINTER
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#define MAX_NATURAL_ALIGNMENT sizeof(ULONGLONG)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64

#ifdef __cplusplus
#define OPC_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define OPC_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Base integer types: LLP64 in both worlds. */
typedef char CHAR, *PCHAR, CCHAR, *PCCHAR;
typedef signed char SCHAR, *PSCHAR, INT8, *PINT8;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, UINT8, *PUINT8;
typedef short SHORT, *PSHORT, CSHORT, *PCSHORT, INT16, *PINT16;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD, UINT16, *PUINT16;
typedef int INT, *PINT, INT32, *PINT32, BOOL, *PBOOL;
typedef unsigned int UINT, *PUINT, UINT32, *PUINT32;
typedef signed int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32, DWORD32, *PDWORD32;
#if OPC_DRIVER
typedef long LONG, *PLONG;
typedef unsigned long ULONG, *PULONG, DWORD, *PDWORD;
#else
typedef int LONG, *PLONG;
typedef unsigned int ULONG, *PULONG, DWORD, *PDWORD;
#endif
typedef long long LONGLONG, *PLONGLONG, LONG64, *PLONG64, INT64, *PINT64;
typedef unsigned long long ULONGLONG, *PULONGLONG, ULONG64, *PULONG64, UINT64, *PUINT64, DWORDLONG, *PDWORDLONG,
    DWORD64, *PDWORD64;
typedef float FLOAT, *PFLOAT;
typedef double DOUBLE;

#if OPC_DRIVER
typedef wchar_t WCHAR;
#elif defined(__cplusplus)
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR;
#endif

OPC_STATIC_ASSERT(sizeof(LONG) == 4 && sizeof(ULONG) == 4, "LONG is 32 bits, always");
OPC_STATIC_ASSERT(sizeof(WCHAR) == 2, "WCHAR is 16 bits, always");
OPC_STATIC_ASSERT(sizeof(void*) == 8, "the Windows x64 ABI");

#endif
