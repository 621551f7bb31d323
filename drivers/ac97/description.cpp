// What the wave filter looks like to clients: a render pin and a capture pin. It is the same with either port.
#include "ac97.h"

namespace {

// ---- data ranges ---------------------------------------------------------------------------------------------------

#define AC97_RANGE(MinimumRate)                                                                                        \
    {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),                                      \
       STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},                    \
     Ac97Channels,                                                                                                     \
     16,                                                                                                               \
     16,                                                                                                               \
     MinimumRate,                                                                                                      \
     Ac97MaximumRate}

KSDATARANGE_AUDIO VariableRange = AC97_RANGE(Ac97MinimumRate);
PKSDATARANGE VariableRanges[] = {PKSDATARANGE(&VariableRange)};
KSDATARANGE_AUDIO FixedRange = AC97_RANGE(Ac97MaximumRate);
PKSDATARANGE FixedRanges[] = {PKSDATARANGE(&FixedRange)};

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

// ---- pins, nodes, connections --------------------------------------------------------------------------------------

#define AC97_STREAM_PIN(Ranges, Flow, Category)                                                                        \
    {                                                                                                                  \
        1, 1, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(Ranges), Ranges, Flow, KSPIN_COMMUNICATION_SINK, Category, NULL, {0}           \
        }                                                                                                              \
    }
#define AC97_BRIDGE_PIN(Flow)                                                                                          \
    {                                                                                                                  \
        0, 0, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(BridgeRanges), BridgeRanges, Flow, KSPIN_COMMUNICATION_NONE,                   \
                &KSCATEGORY_AUDIO, NULL, {0}                                                                           \
        }                                                                                                              \
    }
// In the order of Ac97WavePin.
#define AC97_PINS(Ranges)                                                                                              \
    {AC97_STREAM_PIN(Ranges, KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO), AC97_BRIDGE_PIN(KSPIN_DATAFLOW_OUT),               \
     AC97_STREAM_PIN(Ranges, KSPIN_DATAFLOW_OUT, &PINNAME_CAPTURE), AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN)}

const PCPIN_DESCRIPTOR VariablePins[WavePinCount] = AC97_PINS(VariableRanges);
const PCPIN_DESCRIPTOR FixedPins[WavePinCount] = AC97_PINS(FixedRanges);

enum { NodeDac = 0, NodeAdc };

const PCNODE_DESCRIPTOR Nodes[] = {
    {0, NULL, &KSNODETYPE_DAC, NULL},
    {0, NULL, &KSNODETYPE_ADC, NULL},
};

const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, WavePinRender, NodeDac, 1},
    {NodeDac, 0, PCFILTER_NODE, WavePinRenderBridge},
    {PCFILTER_NODE, WavePinCaptureBridge, NodeAdc, 1},
    {NodeAdc, 0, PCFILTER_NODE, WavePinCapture},
};

// ---- the filter ----------------------------------------------------------------------------------------------------

// The last one is a WaveRT filter's.
const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_RENDER),
                           STATICGUIDOF(KSCATEGORY_CAPTURE), STATICGUIDOF(KSCATEGORY_REALTIME)};

#define AC97_FILTER(Pins, CategoryCount)                                                                               \
    {0,                                                                                                                \
     NULL,                                                                                                             \
     sizeof(PCPIN_DESCRIPTOR),                                                                                         \
     WavePinCount,                                                                                                     \
     Pins,                                                                                                             \
     sizeof(PCNODE_DESCRIPTOR),                                                                                        \
     ARRAYSIZE(Nodes),                                                                                                 \
     Nodes,                                                                                                            \
     ARRAYSIZE(Connections),                                                                                           \
     Connections,                                                                                                      \
     CategoryCount,                                                                                                    \
     Categories}

const PCFILTER_DESCRIPTOR Filters[2][2] = {
    {AC97_FILTER(FixedPins, ARRAYSIZE(Categories) - 1), AC97_FILTER(FixedPins, ARRAYSIZE(Categories))},
    {AC97_FILTER(VariablePins, ARRAYSIZE(Categories) - 1), AC97_FILTER(VariablePins, ARRAYSIZE(Categories))},
};

} // namespace

PPCFILTER_DESCRIPTOR Ac97WaveDescription(BOOLEAN HasVariableRate, BOOLEAN IsRealTime) {
    return PPCFILTER_DESCRIPTOR(&Filters[HasVariableRate ? 1 : 0][IsRealTime ? 1 : 0]);
}

ULONG Ac97ReadRate(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    if (DataFormat->FormatSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        !IsEqualGUIDAligned(DataFormat->MajorFormat, KSDATAFORMAT_TYPE_AUDIO) ||
        !IsEqualGUIDAligned(DataFormat->SubFormat, KSDATAFORMAT_SUBTYPE_PCM) ||
        !IsEqualGUIDAligned(DataFormat->Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)) {
        return 0;
    }
    const WAVEFORMATEX& Wave = ((PKSDATAFORMAT_WAVEFORMATEX)DataFormat)->WaveFormatEx;
    const BOOLEAN IsTaken = Wave.wBitsPerSample == 16 && Wave.nChannels == Ac97Channels &&
                            Wave.nBlockAlign == Ac97FrameBytes && Wave.nSamplesPerSec >= Ac97MinimumRate &&
                            Wave.nSamplesPerSec <= Ac97MaximumRate;
    return IsTaken ? Wave.nSamplesPerSec : 0;
}

// The port's own intersection finds the best of a range. Only a range of one channel, which every range implies, has
// nothing in it for the card.
NTSTATUS Ac97Intersect(PKSDATARANGE DataRange) {
    PAGED_CODE();
    const BOOLEAN IsMono = DataRange->FormatSize >= sizeof(KSDATARANGE_AUDIO) &&
                           IsEqualGUIDAligned(DataRange->MajorFormat, KSDATAFORMAT_TYPE_AUDIO) &&
                           ((PKSDATARANGE_AUDIO)DataRange)->MaximumChannels < Ac97Channels;
    return IsMono ? STATUS_NO_MATCH : STATUS_NOT_IMPLEMENTED;
}
