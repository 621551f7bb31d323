/* Kernel subset of windef.h: what unknown.h, and so portcls.h, brings along on Windows. */
#ifndef _WINDEF_
#define _WINDEF_

#include "minwindef.h"

typedef DWORD COLORREF, *LPCOLORREF;

typedef struct tagPOINT {
    LONG x;
    LONG y;
} POINT, *PPOINT;

typedef struct tagSIZE {
    LONG cx;
    LONG cy;
} SIZE, *PSIZE;

typedef struct tagRECT {
    LONG left;
    LONG top;
    LONG right;
    LONG bottom;
} RECT, *PRECT;

#endif
