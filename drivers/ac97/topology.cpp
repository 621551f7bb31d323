// The topology filter: the codec's mixer as nodes. Every level that is shown is one that the codec has.
#include "hardware.h"

namespace {

class CAc97Topology : public IMiniportTopology, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97Topology);
    ~CAc97Topology();
    IMP_IMiniportTopology;

    CAc97Hardware* Hardware() { return m_Ac97->Hardware(); }
    void ControlChanged(ULONG Node);
    NTSTATUS EnableControlChange(PPCEVENT_REQUEST Request);

private:
    IAc97* m_Ac97;
    PPORTEVENTS m_PortEvents;
};

// ---- what the nodes are in the mixer -------------------------------------------------------------------------------

enum Ac97Node {
    NodeWaveVolume = 0,
    NodeWaveMute,
    NodeLineVolume,
    NodeLineMute,
    NodeCdVolume,
    NodeCdMute,
    NodeMicrophoneVolume,
    NodeMicrophoneMute,
    NodeAuxVolume,
    NodeAuxMute,
    NodeVideoVolume,
    NodeVideoMute,
    NodeSum,
    NodeMasterVolume,
    NodeMasterMute,
    NodeSourceMux,
    NodeRecordVolume,
    NodeRecordMute,
    NodeMonoMix
};

// A register with a level for each side, the left one in the upper byte, and one mute for both. Levels are in steps of
// 1.5 dB from what 0 stands for, up or down.
struct Control {
    UCHAR Register;
    UCHAR Channels;
    UCHAR MostSteps;
    CHAR Direction;
    LONG ZeroDecibels;
};

const LONG Decibel = 65536; // of KSPROPERTY_AUDIO_VOLUMELEVEL
const LONG Step = 3 * Decibel / 2;
const USHORT MuteBit = 0x8000;

// "Play Master Volume", "Analog Mixer Input Gain", "Record Gain" registers.
const Control* ControlOf(ULONG Node) {
    static const Control Wave = {CodecPcm, 2, 31, -1, 12};
    static const Control Line = {CodecLine, 2, 31, -1, 12};
    static const Control Cd = {CodecCd, 2, 31, -1, 12};
    static const Control Microphone = {CodecMicrophone, 1, 31, -1, 12};
    static const Control Aux = {CodecAux, 2, 31, -1, 12};
    static const Control Video = {CodecVideo, 2, 31, -1, 12};
    static const Control Master = {CodecMaster, 2, 31, -1, 0};
    static const Control Record = {CodecRecordGain, 2, 15, 1, 0};
    switch (Node) {
    case NodeWaveVolume:
    case NodeWaveMute:
        return &Wave;
    case NodeLineVolume:
    case NodeLineMute:
        return &Line;
    case NodeCdVolume:
    case NodeCdMute:
        return &Cd;
    case NodeMicrophoneVolume:
    case NodeMicrophoneMute:
        return &Microphone;
    case NodeAuxVolume:
    case NodeAuxMute:
        return &Aux;
    case NodeVideoVolume:
    case NodeVideoMute:
        return &Video;
    case NodeMasterVolume:
    case NodeMasterMute:
        return &Master;
    default:
        return &Record;
    }
}

// "Record Select Control": the number of each source of the mux, for both sides. Sources count from 1.
// Line, CD, microphone, aux, video, stereo mix, mono mix.
const USHORT SourceNumbers[] = {0x0404, 0x0101, 0x0000, 0x0303, 0x0202, 0x0505, 0x0606};

// ---- node properties -----------------------------------------------------------------------------------------------

CAc97Topology* TargetOf(PUNKNOWN MajorTarget) {
    return static_cast<CAc97Topology*>(static_cast<IMiniportTopology*>(MajorTarget));
}

NTSTATUS AnswerBasicSupport(PPCPROPERTY_REQUEST Request, ULONG PropertyType, ULONG Channels, LONG Minimum, LONG Maximum,
                            LONG Step) {
    const ULONG AllSize =
        sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER) + Channels * sizeof(KSPROPERTY_STEPPING_LONG);
    const ULONG Flags =
        Request->PropertyItem->Flags & (KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET);
    if (Request->ValueSize == 0) {
        Request->ValueSize = AllSize;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (Request->ValueSize >= AllSize || Request->ValueSize == sizeof(KSPROPERTY_DESCRIPTION)) { // R-PROP-11
        PKSPROPERTY_DESCRIPTION Description = (PKSPROPERTY_DESCRIPTION)Request->Value;
        RtlZeroMemory(Description, sizeof(KSPROPERTY_DESCRIPTION));
        Description->AccessFlags = Flags;
        Description->DescriptionSize = AllSize;
        Description->PropTypeSet.Set = KSPROPTYPESETID_General;
        Description->PropTypeSet.Id = PropertyType;
        Description->MembersListCount = 1;
        if (Request->ValueSize < AllSize) {
            Request->ValueSize = sizeof(KSPROPERTY_DESCRIPTION);
            return STATUS_SUCCESS;
        }
        PKSPROPERTY_MEMBERSHEADER Members = (PKSPROPERTY_MEMBERSHEADER)(Description + 1);
        Members->MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
        Members->MembersSize = sizeof(KSPROPERTY_STEPPING_LONG);
        Members->MembersCount = Channels;
        Members->Flags = KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL;
        PKSPROPERTY_STEPPING_LONG Range = (PKSPROPERTY_STEPPING_LONG)(Members + 1);
        for (ULONG Channel = 0; Channel < Channels; ++Channel, ++Range) {
            Range->Bounds.SignedMinimum = Minimum;
            Range->Bounds.SignedMaximum = Maximum;
            Range->SteppingDelta = (ULONG)Step;
            Range->Reserved = 0;
        }
        Request->ValueSize = AllSize;
        return STATUS_SUCCESS;
    }
    if (Request->ValueSize == sizeof(ULONG)) {
        *(PULONG)Request->Value = Flags;
        return STATUS_SUCCESS;
    }
    return STATUS_BUFFER_TOO_SMALL;
}

// Room for one LONG, BOOL or ULONG?
NTSTATUS CheckValue(PPCPROPERTY_REQUEST Request) {
    if (Request->ValueSize >= sizeof(LONG)) {
        return STATUS_SUCCESS;
    }
    const BOOLEAN AsksForSize = Request->ValueSize == 0 && (Request->Verb & KSPROPERTY_TYPE_GET) != 0;
    Request->ValueSize = sizeof(LONG);
    return AsksForSize ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
}

// The channel follows the node id of a KSNODEPROPERTY_AUDIO_CHANNEL.
NTSTATUS ChannelOfRequest(PPCPROPERTY_REQUEST Request, ULONG Channels, ULONG* Channel) {
    if (Request->InstanceSize < sizeof(LONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    const LONG Wanted = *(PLONG)Request->Instance;
    if (Wanted < 0 || Wanted >= (LONG)Channels) {
        return STATUS_INVALID_PARAMETER;
    }
    *Channel = (ULONG)Wanted;
    return CheckValue(Request);
}

ULONG ShiftOf(const Control* Volume, ULONG Channel) {
    return Volume->Channels == 2 && Channel == 0 ? 8 : 0;
}

LONG LevelAt(const Control* Volume, LONG Steps) {
    return Volume->ZeroDecibels * Decibel + Volume->Direction * Steps * Step;
}

// The nearest step there is.
USHORT StepsOf(const Control* Volume, LONG Level) {
    const LONG First = LevelAt(Volume, 0);
    const LONG Distance = Volume->Direction > 0 ? Level - First : First - Level;
    const LONG Most = Volume->MostSteps * Step;
    const LONG Clamped = Distance < 0 ? 0 : Distance > Most ? Most : Distance;
    return (USHORT)((Clamped + Step / 2) / Step);
}

NTSTATUS NTAPI VolumeHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    const Control* Volume = ControlOf(Request->Node);
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        const LONG First = LevelAt(Volume, 0);
        const LONG Last = LevelAt(Volume, Volume->MostSteps);
        return AnswerBasicSupport(Request, VT_I4, Volume->Channels, First < Last ? First : Last,
                                  First < Last ? Last : First, Step);
    }
    ULONG Channel;
    const NTSTATUS Status = ChannelOfRequest(Request, Volume->Channels, &Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CAc97Topology* Topology = TargetOf(Request->MajorTarget);
    const ULONG Shift = ShiftOf(Volume, Channel);
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        const USHORT Value = Topology->Hardware()->Codec(Volume->Register);
        *(PLONG)Request->Value = LevelAt(Volume, (Value >> Shift) & Volume->MostSteps);
        Request->ValueSize = sizeof(LONG);
        return STATUS_SUCCESS;
    }
    Topology->Hardware()->ChangeCodec(Volume->Register, (USHORT)(Volume->MostSteps << Shift),
                                      (USHORT)(StepsOf(Volume, *(PLONG)Request->Value) << Shift));
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

// One mute for all channels.
NTSTATUS NTAPI MuteHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    const Control* Mute = ControlOf(Request->Node);
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_BOOL, 1, 0, 1, 1);
    }
    ULONG Channel;
    const NTSTATUS Status = ChannelOfRequest(Request, 1, &Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CAc97Topology* Topology = TargetOf(Request->MajorTarget);
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *(PBOOL)Request->Value = (Topology->Hardware()->Codec(Mute->Register) & MuteBit) != 0;
        Request->ValueSize = sizeof(BOOL);
        return STATUS_SUCCESS;
    }
    Topology->Hardware()->ChangeCodec(Mute->Register, MuteBit, *(PBOOL)Request->Value ? MuteBit : 0);
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SourceHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_UI4, 1, 1, ARRAYSIZE(SourceNumbers), 1);
    }
    const NTSTATUS Status = CheckValue(Request);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CAc97Topology* Topology = TargetOf(Request->MajorTarget);
    PULONG Source = (PULONG)Request->Value;
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        const USHORT Selected = Topology->Hardware()->Codec(CodecRecordSelect);
        *Source = 1;
        while (*Source < ARRAYSIZE(SourceNumbers) && SourceNumbers[*Source - 1] != Selected) {
            ++*Source;
        }
        Request->ValueSize = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    if (*Source < 1 || *Source > ARRAYSIZE(SourceNumbers)) {
        return STATUS_INVALID_PARAMETER;
    }
    Topology->Hardware()->SetCodec(CodecRecordSelect, SourceNumbers[*Source - 1]);
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ControlChangeHandler(PPCEVENT_REQUEST Request) {
    return Request->Verb == PCEVENT_VERB_ADD ? TargetOf(Request->MajorTarget)->EnableControlChange(Request)
                                             : STATUS_SUCCESS; // the port takes the entry off its list
}

// ---- tables --------------------------------------------------------------------------------------------------------

#define AC97_GET_SET (KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT)

const PCPROPERTY_ITEM VolumeProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, AC97_GET_SET, VolumeHandler},
};
const PCPROPERTY_ITEM MuteProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, AC97_GET_SET, MuteHandler},
};
const PCPROPERTY_ITEM SourceProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUX_SOURCE, AC97_GET_SET, SourceHandler},
};
const PCEVENT_ITEM ControlEvents[] = {
    {&KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE,
     PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_ONESHOT | PCEVENT_ITEM_FLAG_BASICSUPPORT, ControlChangeHandler},
};
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(VolumeAutomation, VolumeProperties, ControlEvents);
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(MuteAutomation, MuteProperties, ControlEvents);
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(SourceAutomation, SourceProperties, ControlEvents);

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

#define AC97_BRIDGE_PIN(Flow, Category)                                                                                \
    {                                                                                                                  \
        0, 0, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(BridgeRanges), BridgeRanges, Flow, KSPIN_COMMUNICATION_NONE, Category, NULL,   \
                {0}                                                                                                    \
        }                                                                                                              \
    }

const PCPIN_DESCRIPTOR Pins[TopologyPinCount] = {
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO),            // TopologyPinWaveIn
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_LINE_CONNECTOR),   // TopologyPinLineIn
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_CD_PLAYER),        // TopologyPinCdIn
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_MICROPHONE),       // TopologyPinMicrophoneIn
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_ANALOG_CONNECTOR), // TopologyPinAuxIn
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_VIDEO_DISC_AUDIO), // TopologyPinVideoIn
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_LINE_CONNECTOR),  // TopologyPinLineOut
    AC97_BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO),           // TopologyPinCaptureOut
};

const PCNODE_DESCRIPTOR Nodes[] = {
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_WAVE_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_WAVE_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_LINE_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_LINE_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_CD_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_CD_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIC_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_MIC_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_AUX_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_AUX_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_VIDEO_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_VIDEO_MUTE},
    {0, NULL, &KSNODETYPE_SUM, &KSAUDFNAME_STEREO_MIX},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_MASTER_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_MASTER_MUTE},
    {0, &SourceAutomation, &KSNODETYPE_MUX, &KSAUDFNAME_RECORDING_SOURCE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_RECORDING_CONTROL},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, NULL},
    {0, NULL, &KSNODETYPE_SUM, &KSAUDFNAME_MONO_MIX},
};

#define AC97_HEARD(Pin, Volume, Mute, SumPin)                                                                          \
    {PCFILTER_NODE, Pin, Volume, 1}, {Volume, 0, Mute, 1}, {                                                           \
        Mute, 0, NodeSum, SumPin                                                                                       \
    }

// The codec takes a single input before the volume of what is heard of it, and the mixes behind those volumes, before
// the master volume. A mix has no pin: mixer programs show it by the name of its sum.
const PCCONNECTION_DESCRIPTOR Connections[] = {
    AC97_HEARD(TopologyPinWaveIn, NodeWaveVolume, NodeWaveMute, 1),
    AC97_HEARD(TopologyPinLineIn, NodeLineVolume, NodeLineMute, 2),
    AC97_HEARD(TopologyPinCdIn, NodeCdVolume, NodeCdMute, 3),
    AC97_HEARD(TopologyPinMicrophoneIn, NodeMicrophoneVolume, NodeMicrophoneMute, 4),
    AC97_HEARD(TopologyPinAuxIn, NodeAuxVolume, NodeAuxMute, 5),
    AC97_HEARD(TopologyPinVideoIn, NodeVideoVolume, NodeVideoMute, 6),
    {NodeSum, 0, NodeMasterVolume, 1},
    {NodeMasterVolume, 0, NodeMasterMute, 1},
    {NodeMasterMute, 0, PCFILTER_NODE, TopologyPinLineOut},
    {PCFILTER_NODE, TopologyPinLineIn, NodeSourceMux, 1},
    {PCFILTER_NODE, TopologyPinCdIn, NodeSourceMux, 2},
    {PCFILTER_NODE, TopologyPinMicrophoneIn, NodeSourceMux, 3},
    {PCFILTER_NODE, TopologyPinAuxIn, NodeSourceMux, 4},
    {PCFILTER_NODE, TopologyPinVideoIn, NodeSourceMux, 5},
    {NodeSum, 0, NodeSourceMux, 6},
    {NodeSum, 0, NodeMonoMix, 1},
    {NodeMonoMix, 0, NodeSourceMux, 7},
    {NodeSourceMux, 0, NodeRecordVolume, 1},
    {NodeRecordVolume, 0, NodeRecordMute, 1},
    {NodeRecordMute, 0, PCFILTER_NODE, TopologyPinCaptureOut},
};

const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_TOPOLOGY)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                              NULL,
                                              sizeof(PCPIN_DESCRIPTOR),
                                              ARRAYSIZE(Pins),
                                              Pins,
                                              sizeof(PCNODE_DESCRIPTOR),
                                              ARRAYSIZE(Nodes),
                                              Nodes,
                                              ARRAYSIZE(Connections),
                                              Connections,
                                              ARRAYSIZE(Categories),
                                              Categories};

// ---- the miniport --------------------------------------------------------------------------------------------------

CAc97Topology::~CAc97Topology() {
    PAGED_CODE();
    if (m_PortEvents != NULL) {
        m_PortEvents->Release();
    }
    if (m_Ac97 != NULL) {
        m_Ac97->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CAc97Topology::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportTopology)) {
        *Object = PVOID(PMINIPORTTOPOLOGY(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CAc97Topology::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    if (UnknownAdapter == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = UnknownAdapter->QueryInterface(IID_IAc97, (PVOID*)&m_Ac97);
    if (NT_SUCCESS(Status) && !NT_SUCCESS(Port->QueryInterface(IID_IPortEvents, (PVOID*)&m_PortEvents))) {
        m_PortEvents = NULL; // controls still work; clients just are not told about changes
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS) CAc97Topology::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CAc97Topology::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                     ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS CAc97Topology::EnableControlChange(PPCEVENT_REQUEST Request) {
    if (m_PortEvents == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    m_PortEvents->AddEventToEventList(Request->EventEntry);
    return STATUS_SUCCESS;
}

void CAc97Topology::ControlChanged(ULONG Node) {
    if (m_PortEvents != NULL) {
        GUID Set = KSEVENTSETID_AudioControlChange;
        m_PortEvents->GenerateEventList(&Set, KSEVENT_CONTROL_CHANGE, FALSE, ULONG(-1), TRUE, Node);
    }
}

} // namespace

NTSTATUS CreateAc97TopologyMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CAc97Topology* Miniport = new (PoolType, AC97_POOL_TAG) CAc97Topology(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTTOPOLOGY(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
