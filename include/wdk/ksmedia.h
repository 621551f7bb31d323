/* Kernel streaming for audio and MIDI. */
#ifndef _KSMEDIA_
#define _KSMEDIA_

#include "devpropdef.h"
#include "ks.h"
#include "opc/ksmedia_devices.h"
#include "opc/ksmedia_guids.h"
#include "opc/ksmedia_properties.h"
#include "opc/ksmedia_types.h"

/* Device interface properties through which a driver states its packet size limits. */
DEFINE_DEVPROPKEY(DEVPKEY_KsAudio_PacketSize_Constraints, 0x13E004D6, 0xB066, 0x43BD, 0x91, 0x3B, 0xA4, 0x15, 0xCD,
                  0x13, 0xDA, 0x87, 2);
DEFINE_DEVPROPKEY(DEVPKEY_KsAudio_Controller_DeviceInterface_Path, 0x13E004D6, 0xB066, 0x43BD, 0x91, 0x3B, 0xA4, 0x15,
                  0xCD, 0x13, 0xDA, 0x87, 3);
DEFINE_DEVPROPKEY(DEVPKEY_KsAudio_PacketSize_Constraints2, 0x9404F781, 0x7191, 0x409B, 0x8B, 0x0B, 0x80, 0xBF, 0x6E,
                  0xC2, 0x29, 0xAE, 2);

#endif
