/* The software device enumerator. */
#ifndef _SWENUM_H_
#define _SWENUM_H_

#include "opc/guid_struct.h"

#define STATIC_BUSID_SoftwareDeviceEnumerator 0x4747B320, 0x62CE, 0x11CF, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00
DEFINE_GUIDSTRUCT("4747B320-62CE-11CF-A5D6-28DB04C10000", BUSID_SoftwareDeviceEnumerator);
#define BUSID_SoftwareDeviceEnumerator DEFINE_GUIDNAMED(BUSID_SoftwareDeviceEnumerator)

#endif
