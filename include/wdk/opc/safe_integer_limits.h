/* Error values and limits of the checked integers. */
#ifndef OPC_SAFE_INTEGER_LIMITS_H
#define OPC_SAFE_INTEGER_LIMITS_H

#include "../basetsd.h"

#define INT8_ERROR ((INT8) - 1)
#define UINT8_ERROR ((UINT8) - 1)
#define BYTE_ERROR ((BYTE) - 1)
#define UCHAR_ERROR ((UCHAR) - 1)
#define SHORT_ERROR ((SHORT) - 1)
#define USHORT_ERROR ((USHORT) - 1)
#define WORD_ERROR ((WORD) - 1)
#define INT_ERROR (-1)
#define UINT_ERROR ((UINT) - 1)
#define LONG_ERROR ((LONG) - 1)
#define ULONG_ERROR ((ULONG) - 1)
#define DWORD_ERROR ((DWORD) - 1)
#define LONGLONG_ERROR (-1LL)
#define ULONGLONG_ERROR ((ULONGLONG) - 1)
#define INT_PTR_ERROR ((INT_PTR) - 1)
#define UINT_PTR_ERROR ((UINT_PTR) - 1)
#define LONG_PTR_ERROR ((LONG_PTR) - 1)
#define ULONG_PTR_ERROR ((ULONG_PTR) - 1)
#define DWORD_PTR_ERROR ((DWORD_PTR) - 1)
#define SIZET_ERROR ((SIZE_T) - 1)
#define SIZE_T_ERROR ((SIZE_T) - 1)
#define SSIZE_T_ERROR ((SSIZE_T) - 1)

#if OPC_DRIVER
#include "../crt/limits.h"
#ifndef SIZE_T_MAX
#define SIZE_T_MAX 0xffffffffffffffffULL
#define INT_PTR_MAX 9223372036854775807LL
#define UINT_PTR_MAX 0xffffffffffffffffULL
#define LONG_PTR_MAX INT_PTR_MAX
#define ULONG_PTR_MAX UINT_PTR_MAX
#define DWORD_MAX 0xffffffffU
#define ULONGLONG_MAX 0xffffffffffffffffULL
#define LONGLONG_MAX 9223372036854775807LL
#define BYTE_MAX 0xff
#define WORD_MAX 0xffff
#define USHORT_MAX 0xffff
#define SHORT_MAX 32767
#endif
#endif

/* What the checked integer headers define besides. On the host they come from <stdint.h>. */
#if OPC_DRIVER
#include "../crt/stdint.h"
#endif
#ifndef LODWORD
#define LODWORD(value) ((DWORD)(value))
#define HIDWORD(value) ((DWORD)((value) >> 32))
#endif

#endif
