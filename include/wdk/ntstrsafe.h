/* The safe string functions, compiled in: RtlStringCb..., RtlStringCch..., RtlUnicodeString.... */
#ifndef _NTSTRSAFE_H_INCLUDED_
#define _NTSTRSAFE_H_INCLUDED_

#include "ntdef.h"
#include "ntstatus.h"
#include "opc_runtime.h"

#define NTSTRSAFE_MAX_CCH 2147483647
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))

#ifndef STRSAFE_IGNORE_NULLS
#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_BEHIND 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_ZERO_LENGTH_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
#define STRSAFE_VALID_FLAGS 0x00001fffU
#define STRSAFE_FILL_BYTE(value) ((ULONG)(((value) & 0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(value) ((ULONG)(((value) & 0x000000FF) | STRSAFE_FILL_ON_FAILURE))
#endif

#ifdef __cplusplus
#define OPC_SAFE_STRING inline __attribute__((unused))
extern "C" {
#else
#define OPC_SAFE_STRING static __inline __attribute__((unused))
#endif

#define OPC_S_CHAR CHAR
#define OPC_S_NAME(name) name##A
#define OPC_S_FORMAT opc_vsnprintf
#include "opc/safe_strings.inc"

#define OPC_S_CHAR WCHAR
#define OPC_S_NAME(name) name##W
#define OPC_S_FORMAT opc_vsnwprintf
#include "opc/safe_strings.inc"

#include "opc/safe_unicode_strings.h"

#ifdef __cplusplus
}
#endif
#undef OPC_SAFE_STRING

typedef CHAR* NTSTRSAFE_PSTR;
typedef const CHAR* NTSTRSAFE_PCSTR;
typedef WCHAR* NTSTRSAFE_PWSTR;
typedef const WCHAR* NTSTRSAFE_PCWSTR;

#ifdef UNICODE
#define OPC_SAFE_LETTER(name) name##W
#else
#define OPC_SAFE_LETTER(name) name##A
#endif
#define RtlStringCchLength OPC_SAFE_LETTER(RtlStringCchLength)
#define RtlStringCbLength OPC_SAFE_LETTER(RtlStringCbLength)
#define RtlStringCchCopy OPC_SAFE_LETTER(RtlStringCchCopy)
#define RtlStringCbCopy OPC_SAFE_LETTER(RtlStringCbCopy)
#define RtlStringCchCopyN OPC_SAFE_LETTER(RtlStringCchCopyN)
#define RtlStringCbCopyN OPC_SAFE_LETTER(RtlStringCbCopyN)
#define RtlStringCchCat OPC_SAFE_LETTER(RtlStringCchCat)
#define RtlStringCbCat OPC_SAFE_LETTER(RtlStringCbCat)
#define RtlStringCchCatN OPC_SAFE_LETTER(RtlStringCchCatN)
#define RtlStringCbCatN OPC_SAFE_LETTER(RtlStringCbCatN)
#define RtlStringCchCopyEx OPC_SAFE_LETTER(RtlStringCchCopyEx)
#define RtlStringCbCopyEx OPC_SAFE_LETTER(RtlStringCbCopyEx)
#define RtlStringCchCopyNEx OPC_SAFE_LETTER(RtlStringCchCopyNEx)
#define RtlStringCbCopyNEx OPC_SAFE_LETTER(RtlStringCbCopyNEx)
#define RtlStringCchCatEx OPC_SAFE_LETTER(RtlStringCchCatEx)
#define RtlStringCbCatEx OPC_SAFE_LETTER(RtlStringCbCatEx)
#define RtlStringCchCatNEx OPC_SAFE_LETTER(RtlStringCchCatNEx)
#define RtlStringCbCatNEx OPC_SAFE_LETTER(RtlStringCbCatNEx)
#define RtlStringCchPrintf OPC_SAFE_LETTER(RtlStringCchPrintf)
#define RtlStringCbPrintf OPC_SAFE_LETTER(RtlStringCbPrintf)
#define RtlStringCchVPrintf OPC_SAFE_LETTER(RtlStringCchVPrintf)
#define RtlStringCbVPrintf OPC_SAFE_LETTER(RtlStringCbVPrintf)
#define RtlStringCchPrintfEx OPC_SAFE_LETTER(RtlStringCchPrintfEx)
#define RtlStringCbPrintfEx OPC_SAFE_LETTER(RtlStringCbPrintfEx)
#define RtlStringCchVPrintfEx OPC_SAFE_LETTER(RtlStringCchVPrintfEx)
#define RtlStringCbVPrintfEx OPC_SAFE_LETTER(RtlStringCbVPrintfEx)

#endif
