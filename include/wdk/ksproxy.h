/* The KS proxy filter of user mode: only its class identifier, which INF files name. */
#ifndef __KSPROXY__
#define __KSPROXY__

#include "guiddef.h"

DEFINE_GUID(CLSID_Proxy, 0x17CCA71B, 0xECD7, 0x11D0, 0xB9, 0x08, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96);

#endif
