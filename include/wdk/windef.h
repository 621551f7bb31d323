/* Kernel subset of windef.h: what unknown.h, and so portcls.h, brings along on Windows. */
#ifndef _WINDEF_
#define _WINDEF_

#include "ntdef.h"

#ifndef MAX_PATH
#define MAX_PATH 260
#endif

#if OPC_DRIVER && !defined(NOMINMAX)
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif

#ifndef MAKEWORD
#define MAKEWORD(low, high) ((WORD)(((BYTE)(low)) | ((WORD)((BYTE)(high))) << 8))
#define MAKELONG(low, high) ((LONG)(((WORD)(low)) | ((DWORD)((WORD)(high))) << 16))
#define LOWORD(value) ((WORD)((ULONG_PTR)(value)))
#define HIWORD(value) ((WORD)(((ULONG_PTR)(value)) >> 16))
#define LOBYTE(value) ((BYTE)((ULONG_PTR)(value)))
#define HIBYTE(value) ((BYTE)(((ULONG_PTR)(value)) >> 8))
#endif

typedef DWORD COLORREF, *LPCOLORREF;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;
typedef void* LPVOID;
typedef const void* LPCVOID;
typedef BYTE* LPBYTE;
typedef WORD* LPWORD;
typedef DWORD* LPDWORD;
typedef int* LPINT;
typedef BOOL* LPBOOL;
typedef unsigned short ATOM;

#endif
