/* In the kernel, the provider interface is the Etw functions of wdm.h. */
#ifndef _EVNTPROV_
#define _EVNTPROV_
#include "evntrace.h"
#include "wdm.h"
#endif
