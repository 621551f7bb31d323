/* Kernel interfaces for file system drivers: here the same as ntddk.h, and the few calls audio drivers took from it. */
#ifndef _NTIFS_
#define _NTIFS_
#include "ntddk.h"
#endif
