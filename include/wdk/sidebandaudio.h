/* Audio side band of Bluetooth and USB headsets. */
#ifndef _SIDEBANDAUDIO_H_
#define _SIDEBANDAUDIO_H_

#include "ks.h"
#include "ksmedia.h"
#include "ntddk.h"

DEFINE_GUID(SIDEBANDAUDIO_PARAMS_SET_STANDARD, 0xBF34616B, 0x8265, 0x4D70, 0xAD, 0xB2, 0x91, 0xB3, 0x50, 0xCC, 0xD5,
            0xD2);

#endif
