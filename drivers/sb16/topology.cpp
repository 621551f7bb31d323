// The topology filter: the card's mixer as nodes. Every level that is shown is one that the mixer has.
#include "hardware.h"

namespace {

class CSb16Topology : public IMiniportTopology, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSb16Topology);
    ~CSb16Topology();
    IMP_IMiniportTopology;

    CSb16Hardware* Hardware() { return m_Sb16->Hardware(); }
    void ControlChanged(ULONG Node);
    NTSTATUS EnableControlChange(PPCEVENT_REQUEST Request);

private:
    ISb16* m_Sb16;
    PPORTEVENTS m_PortEvents;
};

// ---- what the nodes are in the mixer -------------------------------------------------------------------------------

enum Sb16Node {
    NodeWaveVolume = 0,
    NodeLineVolume,
    NodeLineMute,
    NodeCdVolume,
    NodeCdMute,
    NodeMicrophoneVolume,
    NodeMicrophoneMute,
    NodeSum,
    NodeMasterVolume,
    NodeSourceMux,
    NodeRecordVolume,
    NodeFmVolume
};

// A volume in steps from the lowest bit of the level on; level 0 is Minimum.
struct VolumeNode {
    UCHAR Register; // left; right is the next
    UCHAR Channels;
    UCHAR Shift;
    UCHAR MostSteps;
    LONG MinimumDecibels;
    LONG StepDecibels;
};

// A switch that lets a source through to the output.
struct MuteNode {
    UCHAR Channels;
    UCHAR Bit[2]; // left, right
};

const LONG Decibel = 65536; // of KSPROPERTY_AUDIO_VOLUMELEVEL

// "Master Volume", "Voice Volume" … : five bits, 2 dB each; "Input Gain Control": two bits, 6 dB each.
const VolumeNode* VolumeOf(ULONG Node) {
    static const VolumeNode Wave = {MixerVoice, 2, 3, 31, -62, 2};
    static const VolumeNode Line = {MixerLine, 2, 3, 31, -62, 2};
    static const VolumeNode Fm = {MixerFm, 2, 3, 31, -62, 2};
    static const VolumeNode Cd = {MixerCd, 2, 3, 31, -62, 2};
    static const VolumeNode Microphone = {MixerMicrophone, 1, 3, 31, -62, 2};
    static const VolumeNode Master = {MixerMaster, 2, 3, 31, -62, 2};
    static const VolumeNode Record = {MixerInputGain, 2, 6, 3, 0, 6};
    switch (Node) {
    case NodeWaveVolume:
        return &Wave;
    case NodeLineVolume:
        return &Line;
    case NodeCdVolume:
        return &Cd;
    case NodeMicrophoneVolume:
        return &Microphone;
    case NodeMasterVolume:
        return &Master;
    case NodeFmVolume:
        return &Fm;
    default:
        return &Record;
    }
}

// "Output Mixer Switches".
const MuteNode* MuteOf(ULONG Node) {
    static const MuteNode Line = {2, {0x10, 0x08}};
    static const MuteNode Cd = {2, {0x04, 0x02}};
    static const MuteNode Microphone = {1, {0x01, 0x01}};
    return Node == NodeLineMute ? &Line : Node == NodeCdMute ? &Cd : &Microphone;
}

// "Input Mixer Switches": what each source of the mux lets into the left and the right side. Sources count from 1.
const UCHAR SourceSwitches[][2] = {{0x10, 0x08}, {0x04, 0x02}, {0x01, 0x01}, {0x40, 0x20}};

// ---- node properties -----------------------------------------------------------------------------------------------

CSb16Topology* TargetOf(PUNKNOWN MajorTarget) {
    return static_cast<CSb16Topology*>(static_cast<IMiniportTopology*>(MajorTarget));
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

LONG LevelOf(const VolumeNode* Volume, UCHAR Value) {
    return (Volume->MinimumDecibels + (Value >> Volume->Shift) * Volume->StepDecibels) * Decibel;
}

// The nearest step there is.
UCHAR ValueOf(const VolumeNode* Volume, LONG Level) {
    const LONG Minimum = Volume->MinimumDecibels * Decibel;
    const LONG Step = Volume->StepDecibels * Decibel;
    const LONG Maximum = Minimum + Volume->MostSteps * Step;
    const LONG Clamped = Level < Minimum ? Minimum : Level > Maximum ? Maximum : Level;
    return (UCHAR)((Clamped - Minimum + Step / 2) / Step << Volume->Shift);
}

NTSTATUS NTAPI VolumeHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    const VolumeNode* Volume = VolumeOf(Request->Node);
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        const LONG Maximum = Volume->MinimumDecibels + Volume->MostSteps * Volume->StepDecibels;
        return AnswerBasicSupport(Request, VT_I4, Volume->Channels, Volume->MinimumDecibels * Decibel,
                                  Maximum * Decibel, Volume->StepDecibels * Decibel);
    }
    ULONG Channel;
    const NTSTATUS Status = ChannelOfRequest(Request, Volume->Channels, &Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CSb16Topology* Topology = TargetOf(Request->MajorTarget);
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *(PLONG)Request->Value = LevelOf(Volume, Topology->Hardware()->Mixer(Volume->Register + Channel));
        Request->ValueSize = sizeof(LONG);
        return STATUS_SUCCESS;
    }
    Topology->Hardware()->SetMixer(Volume->Register + Channel, ValueOf(Volume, *(PLONG)Request->Value));
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MuteHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    const MuteNode* Mute = MuteOf(Request->Node);
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_BOOL, Mute->Channels, 0, 1, 1);
    }
    ULONG Channel;
    const NTSTATUS Status = ChannelOfRequest(Request, Mute->Channels, &Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CSb16Topology* Topology = TargetOf(Request->MajorTarget);
    const UCHAR Bit = Mute->Bit[Channel];
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *(PBOOL)Request->Value = (Topology->Hardware()->Mixer(MixerOutputSwitches) & Bit) == 0;
        Request->ValueSize = sizeof(BOOL);
        return STATUS_SUCCESS;
    }
    Topology->Hardware()->ChangeMixer(MixerOutputSwitches, Bit, *(PBOOL)Request->Value ? 0 : Bit);
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SourceHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_UI4, 1, 1, ARRAYSIZE(SourceSwitches), 1);
    }
    const NTSTATUS Status = CheckValue(Request);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CSb16Topology* Topology = TargetOf(Request->MajorTarget);
    PULONG Source = (PULONG)Request->Value;
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        const UCHAR Switches = Topology->Hardware()->Mixer(MixerInputSwitches);
        *Source = 1;
        while (*Source < ARRAYSIZE(SourceSwitches) && SourceSwitches[*Source - 1][0] != Switches) {
            ++*Source;
        }
        Request->ValueSize = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    if (*Source < 1 || *Source > ARRAYSIZE(SourceSwitches)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG Side = 0; Side < 2; ++Side) {
        Topology->Hardware()->SetMixer(MixerInputSwitches + Side, SourceSwitches[*Source - 1][Side]);
    }
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ControlChangeHandler(PPCEVENT_REQUEST Request) {
    return Request->Verb == PCEVENT_VERB_ADD ? TargetOf(Request->MajorTarget)->EnableControlChange(Request)
                                             : STATUS_SUCCESS; // the port takes the entry off its list
}

// ---- tables --------------------------------------------------------------------------------------------------------

#define SB16_GET_SET (KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT)

const PCPROPERTY_ITEM VolumeProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, SB16_GET_SET, VolumeHandler},
};
const PCPROPERTY_ITEM MuteProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, SB16_GET_SET, MuteHandler},
};
const PCPROPERTY_ITEM SourceProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUX_SOURCE, SB16_GET_SET, SourceHandler},
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

#define SB16_BRIDGE_PIN(Flow, Category)                                                                                \
    {                                                                                                                  \
        0, 0, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(BridgeRanges), BridgeRanges, Flow, KSPIN_COMMUNICATION_NONE, Category, NULL,   \
                {0}                                                                                                    \
        }                                                                                                              \
    }

const PCPIN_DESCRIPTOR Pins[TopologyPinCount] = {
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO),           // TopologyPinWaveIn
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_LINE_CONNECTOR),  // TopologyPinLineIn
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_CD_PLAYER),       // TopologyPinCdIn
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_MICROPHONE),      // TopologyPinMicrophoneIn
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_LINE_CONNECTOR), // TopologyPinLineOut
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO),          // TopologyPinCaptureOut
    // TopologyPinFmIn: the chip is on the card, whether or not the system has a miniport for it.
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_SYNTHESIZER),
};

const PCNODE_DESCRIPTOR Nodes[] = {
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_WAVE_VOLUME},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_LINE_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_LINE_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_CD_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_CD_MUTE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIC_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_MIC_MUTE},
    {0, NULL, &KSNODETYPE_SUM, NULL},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_MASTER_VOLUME},
    {0, &SourceAutomation, &KSNODETYPE_MUX, &KSAUDFNAME_RECORDING_SOURCE},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_RECORDING_CONTROL},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIDI_VOLUME},
};

// The card's volumes lie before both mixers: they count for what is heard and for what is recorded.
const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, TopologyPinWaveIn, NodeWaveVolume, 1},
    {NodeWaveVolume, 0, NodeSum, 1},
    {PCFILTER_NODE, TopologyPinLineIn, NodeLineVolume, 1},
    {NodeLineVolume, 0, NodeLineMute, 1},
    {NodeLineMute, 0, NodeSum, 2},
    {PCFILTER_NODE, TopologyPinCdIn, NodeCdVolume, 1},
    {NodeCdVolume, 0, NodeCdMute, 1},
    {NodeCdMute, 0, NodeSum, 3},
    {PCFILTER_NODE, TopologyPinMicrophoneIn, NodeMicrophoneVolume, 1},
    {NodeMicrophoneVolume, 0, NodeMicrophoneMute, 1},
    {NodeMicrophoneMute, 0, NodeSum, 4},
    {NodeSum, 0, NodeMasterVolume, 1},
    {NodeMasterVolume, 0, PCFILTER_NODE, TopologyPinLineOut},
    {NodeLineVolume, 0, NodeSourceMux, 1},
    {NodeCdVolume, 0, NodeSourceMux, 2},
    {NodeMicrophoneVolume, 0, NodeSourceMux, 3},
    {PCFILTER_NODE, TopologyPinFmIn, NodeFmVolume, 1},
    {NodeFmVolume, 0, NodeSum, 5},
    {NodeFmVolume, 0, NodeSourceMux, 4},
    {NodeSourceMux, 0, NodeRecordVolume, 1},
    {NodeRecordVolume, 0, PCFILTER_NODE, TopologyPinCaptureOut},
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

CSb16Topology::~CSb16Topology() {
    PAGED_CODE();
    if (m_PortEvents != NULL) {
        m_PortEvents->Release();
    }
    if (m_Sb16 != NULL) {
        m_Sb16->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CSb16Topology::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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
CSb16Topology::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    if (UnknownAdapter == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = UnknownAdapter->QueryInterface(IID_ISb16, (PVOID*)&m_Sb16);
    if (NT_SUCCESS(Status) && !NT_SUCCESS(Port->QueryInterface(IID_IPortEvents, (PVOID*)&m_PortEvents))) {
        m_PortEvents = NULL; // controls still work; clients just are not told about changes
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS) CSb16Topology::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CSb16Topology::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                     ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS CSb16Topology::EnableControlChange(PPCEVENT_REQUEST Request) {
    if (m_PortEvents == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    m_PortEvents->AddEventToEventList(Request->EventEntry);
    return STATUS_SUCCESS;
}

void CSb16Topology::ControlChanged(ULONG Node) {
    if (m_PortEvents != NULL) {
        GUID Set = KSEVENTSETID_AudioControlChange;
        m_PortEvents->GenerateEventList(&Set, KSEVENT_CONTROL_CHANGE, FALSE, ULONG(-1), TRUE, Node);
    }
}

} // namespace

NTSTATUS CreateSb16TopologyMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CSb16Topology* Miniport = new (PoolType, SB16_POOL_TAG) CSb16Topology(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTTOPOLOGY(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
