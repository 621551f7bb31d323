#ifndef __UNKNOWN_H_
#define __UNKNOWN_H_

#include "basetyps.h"
#include "windef.h"
#ifdef PUT_GUIDS_HERE
#include "initguid.h"
#endif
#include "punknown.h"

/* The identifier of IUnknown everywhere but in punknown.h: kcom.h and user mode. */
#define STATIC_IID_IUnknownCom 0x00000000, 0x0000, 0x0000, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46
DEFINE_GUID(IID_IUnknownCom, 0x00000000, 0x0000, 0x0000, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46);

#endif
