// The words of KS that requests are made of: an index in the input is likelier to hit than sixteen bytes of a GUID.
#pragma once

#include <iterator>

#include <ks.h>
#include <ksmedia.h>

#include <dmusicks.h>

namespace openportcls::fuzz {

// PROPSETID_PnpCard of tests/drivers/pnp: docks it, plugs its jack.
inline constexpr GUID pnp_card_set = {0x0b6c0f5e, 0x6c0a, 0x4a7e, {0x9e, 0x5b, 0x7a, 0x1d, 0x3c, 0x9e, 0x60, 0x01}};

inline const GUID property_sets[] = {
    KSPROPSETID_General,
    KSPROPSETID_Topology,
    KSPROPSETID_Pin,
    KSPROPSETID_Connection,
    KSPROPSETID_Stream,
    KSPROPSETID_Clock,
    KSPROPSETID_StreamAllocator,
    KSPROPSETID_Quality,
    KSPROPSETID_TopologyNode,
    KSPROPSETID_Audio,
    KSPROPSETID_RtAudio,
    KSPROPSETID_Jack,
    KSPROPSETID_AudioEngine,
    KSPROPSETID_AudioSignalProcessing,
    KSPROPSETID_AudioModule,
    KSPROPSETID_DrmAudioStream,
    KSPROPSETID_AudioGfx,
    KSPROPSETID_AudioBufferDuration,
    KSPROPSETID_MemoryTransport,
    KSPROPSETID_StreamInterface,
    KSPROPSETID_SoundDetector,
    KSPROPSETID_AudioPosture,
    KSPROPSETID_AudioLoopback,
    KSPROPSETID_InterleavedAudio,
    KSPROPSETID_SynthClock,
    KSPROPSETID_Synth,
    KSPROPSETID_Synth_Dls,
    pnp_card_set,
};

inline const GUID event_sets[] = {
    KSEVENTSETID_AudioControlChange, KSEVENTSETID_PinCapsChange,
    KSEVENTSETID_Connection,         KSEVENTSETID_Clock,
    KSEVENTSETID_LoopedStreaming,    KSEVENTSETID_Device,
    KSEVENTSETID_StreamAllocator,    KSEVENTSETID_VolumeLimit,
    KSEVENTSETID_SoundDetector,      KSEVENTSETID_DynamicFormatChange,
};

inline const GUID method_sets[] = {KSMETHODSETID_StreamIo, KSMETHODSETID_StreamAllocator, KSMETHODSETID_Wavetable};

inline constexpr ULONG verbs[] = {
    KSPROPERTY_TYPE_GET,
    KSPROPERTY_TYPE_SET,
    KSPROPERTY_TYPE_BASICSUPPORT,
    KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_TOPOLOGY,
    KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_TOPOLOGY,
    KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_TOPOLOGY,
    KSPROPERTY_TYPE_SETSUPPORT,
    KSPROPERTY_TYPE_RELATIONS,
    KSPROPERTY_TYPE_SERIALIZESET,
    KSPROPERTY_TYPE_UNSERIALIZESET,
    KSPROPERTY_TYPE_SERIALIZERAW,
    KSPROPERTY_TYPE_UNSERIALIZERAW,
    KSPROPERTY_TYPE_SERIALIZESIZE,
    KSPROPERTY_TYPE_DEFAULTVALUES,
    KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET,
    KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_COPYPAYLOAD,
};

inline constexpr ULONG event_flags[] = {
    KSEVENT_TYPE_ENABLE,
    KSEVENT_TYPE_ONESHOT,
    KSEVENT_TYPE_ENABLEBUFFERED,
    KSEVENT_TYPE_SETSUPPORT,
    KSEVENT_TYPE_BASICSUPPORT,
    KSEVENT_TYPE_QUERYBUFFER,
    KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_TOPOLOGY,
    KSEVENT_TYPE_BASICSUPPORT | KSEVENT_TYPE_TOPOLOGY,
    KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT,
    0,
};

inline constexpr ULONG notifications[] = {
    KSEVENTF_EVENT_HANDLE, KSEVENTF_SEMAPHORE_HANDLE, KSEVENTF_EVENT_OBJECT, KSEVENTF_SEMAPHORE_OBJECT,
    KSEVENTF_DPC,          KSEVENTF_WORKITEM,         KSEVENTF_KSWORKITEM,   0,
};

// The sizes of common values, and their neighbours.
inline constexpr ULONG value_sizes[] = {0, 1, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 104, 128, 256, 600, 1024, 4096};

template<class T, std::size_t count>
const T& choose(const T (&table)[count], unsigned index) {
    return table[index % count];
}

// Where a set stands in its table, for the seeds.
template<std::size_t count>
unsigned index_of(const GUID (&table)[count], const GUID& wanted) {
    for (unsigned index = 0; index < count; ++index) {
        if (IsEqualGUID(table[index], wanted)) {
            return index;
        }
    }
    return count;
}

} // namespace openportcls::fuzz
