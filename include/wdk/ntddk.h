/* Kernel interfaces for all drivers: here the same as wdm.h. */
#ifndef _NTDDK_
#define _NTDDK_
#include "wdm.h"
#endif
