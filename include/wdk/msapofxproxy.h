/* Discovery of the effects of an audio driver. */
#ifndef __MsApoFxProxy_h__
#define __MsApoFxProxy_h__

#include "ks.h"

#define STATIC_KSPROPSETID_AudioEffectsDiscovery                                                                       \
    0x0B217A72, 0x16B8, 0x4A4D, 0xBD, 0xED, 0xF9, 0xD6, 0xBB, 0xED, 0xCD, 0x8F
DEFINE_GUIDSTRUCT("0B217A72-16B8-4A4D-BDED-F9D6BBEDCD8F", KSPROPSETID_AudioEffectsDiscovery);
#define KSPROPSETID_AudioEffectsDiscovery DEFINE_GUIDNAMED(KSPROPSETID_AudioEffectsDiscovery)

typedef enum { KSPROPERTY_AUDIOEFFECTSDISCOVERY_EFFECTSLIST = 1 } KSPROPERTY_AUDIOEFFECTSDISCOVERY;

/* The proxy processing object that asks the driver for its effects. */
DEFINE_GUID(FX_DISCOVER_EFFECTS_APO_CLSID, 0x889C03C8, 0xABAD, 0x4004, 0xBF, 0x0A, 0xBC, 0x7B, 0xB8, 0x25, 0xE1, 0x66);

typedef struct {
    KSP_PIN PinProperty;
    GUID AudioProcessingMode;
} KSP_PINMODE, *PKSP_PINMODE;

#endif
