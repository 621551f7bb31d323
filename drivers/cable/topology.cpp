// The topology filter: volume, mute and peak meter of each direction, and the two jacks.
#include "engine.h"

namespace {

class CCableTopology : public IMiniportTopology, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCableTopology);
    ~CCableTopology();
    IMP_IMiniportTopology;

    CCableEngine* Engine() { return m_Cable->Engine(); }
    void ControlChanged(ULONG Node);
    NTSTATUS EnableControlChange(PPCEVENT_REQUEST Request);

private:
    ICable* m_Cable;
    PPORTEVENTS m_PortEvents;
};

// ---- node properties -----------------------------------------------------------------------------------------------

CableDirection DirectionOf(ULONG Node) {
    return Node < NodeCaptureVolume ? CableRender : CableCapture;
}

CCableTopology* TargetOf(PUNKNOWN MajorTarget) {
    return static_cast<CCableTopology*>(static_cast<IMiniportTopology*>(MajorTarget));
}

// One KSPROPERTY_STEPPING_LONG per channel, for levels, meters and (0..1) switches alike.
NTSTATUS AnswerBasicSupport(PPCPROPERTY_REQUEST Request, ULONG PropertyType, LONG Minimum, LONG Maximum, LONG Step) {
    const ULONG AllSize = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER) +
                          CableMaximumChannels * sizeof(KSPROPERTY_STEPPING_LONG);
    const ULONG Flags = Request->PropertyItem->Flags & KSPROPERTY_TYPE_ALL;
    if (Request->ValueSize == 0) {
        Request->ValueSize = AllSize;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (Request->ValueSize >= AllSize || Request->ValueSize == sizeof(KSPROPERTY_DESCRIPTION)) {
        PKSPROPERTY_DESCRIPTION Description = (PKSPROPERTY_DESCRIPTION)Request->Value;
        Description->AccessFlags = Flags;
        Description->DescriptionSize = AllSize;
        Description->PropTypeSet.Set = KSPROPTYPESETID_General;
        Description->PropTypeSet.Id = PropertyType;
        Description->PropTypeSet.Flags = 0;
        Description->MembersListCount = 1;
        Description->Reserved = 0;
        if (Request->ValueSize < AllSize) {
            Request->ValueSize = sizeof(KSPROPERTY_DESCRIPTION);
            return STATUS_SUCCESS;
        }
        PKSPROPERTY_MEMBERSHEADER Members = (PKSPROPERTY_MEMBERSHEADER)(Description + 1);
        Members->MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
        Members->MembersSize = sizeof(KSPROPERTY_STEPPING_LONG);
        Members->MembersCount = CableMaximumChannels;
        Members->Flags = KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL;
        PKSPROPERTY_STEPPING_LONG Range = (PKSPROPERTY_STEPPING_LONG)(Members + 1);
        for (ULONG Channel = 0; Channel < CableMaximumChannels; ++Channel, ++Range) {
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

// Checks the channel (which follows the node id of a KSNODEPROPERTY_AUDIO_CHANNEL) and the size of the value.
NTSTATUS ChannelOfRequest(PPCPROPERTY_REQUEST Request, ULONG* Channel) {
    if (Request->InstanceSize < sizeof(LONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    const LONG Wanted = *(PLONG)Request->Instance;
    if (Wanted < 0 || Wanted >= (LONG)CableMaximumChannels) {
        return STATUS_INVALID_PARAMETER;
    }
    *Channel = (ULONG)Wanted;
    if (Request->ValueSize >= sizeof(LONG)) {
        return STATUS_SUCCESS;
    }
    const BOOLEAN AsksForSize = Request->ValueSize == 0 && (Request->Verb & KSPROPERTY_TYPE_GET) != 0;
    Request->ValueSize = sizeof(LONG);
    return AsksForSize ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS VolumeHandler(PPCPROPERTY_REQUEST Request) {
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_I4, -96 * 65536, 0, 65536 / 2);
    }
    ULONG Channel;
    NTSTATUS Status = ChannelOfRequest(Request, &Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CCableTopology* Topology = TargetOf(Request->MajorTarget);
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *(PLONG)Request->Value = Topology->Engine()->Level(DirectionOf(Request->Node), Channel);
        Request->ValueSize = sizeof(LONG);
        return STATUS_SUCCESS;
    }
    Topology->Engine()->SetLevel(DirectionOf(Request->Node), Channel, *(PLONG)Request->Value);
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS MuteHandler(PPCPROPERTY_REQUEST Request) {
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_BOOL, 0, 1, 1);
    }
    ULONG Channel;
    NTSTATUS Status = ChannelOfRequest(Request, &Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CCableTopology* Topology = TargetOf(Request->MajorTarget);
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *(PBOOL)Request->Value = Topology->Engine()->Mute(DirectionOf(Request->Node), Channel);
        Request->ValueSize = sizeof(BOOL);
        return STATUS_SUCCESS;
    }
    Topology->Engine()->SetMute(DirectionOf(Request->Node), Channel, *(PBOOL)Request->Value);
    Topology->ControlChanged(Request->Node);
    return STATUS_SUCCESS;
}

NTSTATUS PeakHandler(PPCPROPERTY_REQUEST Request) {
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return AnswerBasicSupport(Request, VT_I4, 0, 0x7FFFFFFF, 1);
    }
    ULONG Channel;
    NTSTATUS Status = ChannelOfRequest(Request, &Channel);
    if (NT_SUCCESS(Status)) {
        *(PLONG)Request->Value =
            TargetOf(Request->MajorTarget)->Engine()->TakePeak(DirectionOf(Request->Node), Channel);
        Request->ValueSize = sizeof(LONG);
    }
    return Status;
}

NTSTATUS ControlChangeHandler(PPCEVENT_REQUEST Request) {
    switch (Request->Verb) {
    case PCEVENT_VERB_SUPPORT:
        return STATUS_SUCCESS;
    case PCEVENT_VERB_ADD:
        return TargetOf(Request->MajorTarget)->EnableControlChange(Request);
    default:
        return STATUS_SUCCESS; // the port has taken the entry off its list
    }
}

// ---- jacks ---------------------------------------------------------------------------------------------------------

const KSJACK_DESCRIPTION Jacks[] = {
    {SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT, JACKDESC_RGB(0, 0, 0), eConnTypeOtherDigital, eGeoLocRear, eGenLocOther,
     ePortConnJack, TRUE},
    {SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT, JACKDESC_RGB(0, 0, 0), eConnTypeOtherDigital, eGeoLocRear, eGenLocOther,
     ePortConnJack, TRUE},
};

// Answers with KSMULTIPLE_ITEM and as many elements as the pin has jacks.
NTSTATUS AnswerJacks(PPCPROPERTY_REQUEST Request, ULONG ElementSize) {
    if (Request->InstanceSize < sizeof(ULONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    const ULONG Pin = *(PULONG)Request->Instance;
    if (Pin > TopologyPinCaptureOut) {
        return STATUS_INVALID_PARAMETER;
    }
    const BOOLEAN HasJack = Pin == TopologyPinLineOut || Pin == TopologyPinLineIn;
    const ULONG Size = sizeof(KSMULTIPLE_ITEM) + (HasJack ? ElementSize : 0);
    if (Request->ValueSize < Size) {
        const NTSTATUS Status = Request->ValueSize == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
        Request->ValueSize = Size;
        return Status;
    }
    PKSMULTIPLE_ITEM Item = (PKSMULTIPLE_ITEM)Request->Value;
    Item->Size = Size;
    Item->Count = HasJack ? 1 : 0;
    if (HasJack) {
        RtlZeroMemory(Item + 1, ElementSize);
        if (ElementSize == sizeof(KSJACK_DESCRIPTION)) {
            *(PKSJACK_DESCRIPTION)(Item + 1) = Jacks[Pin == TopologyPinLineIn];
        }
    }
    Request->ValueSize = Size;
    return STATUS_SUCCESS;
}

NTSTATUS JackHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return CableAnswerAccess(Request);
    }
    return AnswerJacks(Request, Request->PropertyItem->Id == KSPROPERTY_JACK_DESCRIPTION2 ? sizeof(KSJACK_DESCRIPTION2)
                                                                                          : sizeof(KSJACK_DESCRIPTION));
}

// ---- tables --------------------------------------------------------------------------------------------------------

#define CABLE_GET_SET (KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT)
#define CABLE_GET (KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT)

const PCPROPERTY_ITEM VolumeProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, CABLE_GET_SET, VolumeHandler},
};
const PCPROPERTY_ITEM MuteProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, CABLE_GET_SET, MuteHandler},
};
const PCPROPERTY_ITEM PeakProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_PEAKMETER2, CABLE_GET, PeakHandler},
};
const PCPROPERTY_ITEM JackProperties[] = {
    {&KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION, CABLE_GET, JackHandler},
    {&KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION2, CABLE_GET, JackHandler},
};
const PCEVENT_ITEM ControlEvents[] = {
    {&KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE,
     PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_ONESHOT | PCEVENT_ITEM_FLAG_BASICSUPPORT, ControlChangeHandler},
};
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(VolumeAutomation, VolumeProperties, ControlEvents);
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(MuteAutomation, MuteProperties, ControlEvents);
DEFINE_PCAUTOMATION_TABLE_PROP(PeakAutomation, PeakProperties);
DEFINE_PCAUTOMATION_TABLE_PROP(FilterAutomation, JackProperties);

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

#define CABLE_BRIDGE_PIN(Flow, Category)                                                                               \
    {                                                                                                                  \
        0, 0, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(BridgeRanges), BridgeRanges, Flow, KSPIN_COMMUNICATION_NONE, Category, NULL,   \
                {0}                                                                                                    \
        }                                                                                                              \
    }

const PCPIN_DESCRIPTOR Pins[] = {
    CABLE_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO),           // TopologyPinRenderIn
    CABLE_BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_LINE_CONNECTOR), // TopologyPinLineOut
    CABLE_BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_LINE_CONNECTOR),  // TopologyPinLineIn
    CABLE_BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO),          // TopologyPinCaptureOut
};

const PCNODE_DESCRIPTOR Nodes[] = {
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_MASTER_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_MASTER_MUTE},
    {0, &PeakAutomation, &KSNODETYPE_PEAKMETER, NULL},
    {0, &VolumeAutomation, &KSNODETYPE_VOLUME, &KSAUDFNAME_LINE_IN_VOLUME},
    {0, &MuteAutomation, &KSNODETYPE_MUTE, &KSAUDFNAME_LINE_MUTE},
    {0, &PeakAutomation, &KSNODETYPE_PEAKMETER, NULL},
};

const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, TopologyPinRenderIn, NodeRenderVolume, 1},
    {NodeRenderVolume, 0, NodeRenderMute, 1},
    {NodeRenderMute, 0, NodeRenderPeak, 1},
    {NodeRenderPeak, 0, PCFILTER_NODE, TopologyPinLineOut},
    {PCFILTER_NODE, TopologyPinLineIn, NodeCaptureVolume, 1},
    {NodeCaptureVolume, 0, NodeCaptureMute, 1},
    {NodeCaptureMute, 0, NodeCapturePeak, 1},
    {NodeCapturePeak, 0, PCFILTER_NODE, TopologyPinCaptureOut},
};

const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_TOPOLOGY)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                              &FilterAutomation,
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

CCableTopology::~CCableTopology() {
    PAGED_CODE();
    if (m_PortEvents != NULL) {
        m_PortEvents->Release();
    }
    if (m_Cable != NULL) {
        m_Cable->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CCableTopology::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTTOPOLOGY(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport) || IsEqualGUIDAligned(Interface, IID_IMiniportTopology)) {
        *Object = PVOID(PMINIPORTTOPOLOGY(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCableTopology::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    if (UnknownAdapter == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS Status = UnknownAdapter->QueryInterface(IID_ICable, (PVOID*)&m_Cable);
    if (NT_SUCCESS(Status)) {
        // Without port events controls still work; clients just are not told about changes.
        if (!NT_SUCCESS(Port->QueryInterface(IID_IPortEvents, (PVOID*)&m_PortEvents))) {
            m_PortEvents = NULL;
        }
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS) CCableTopology::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCableTopology::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                      ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS CCableTopology::EnableControlChange(PPCEVENT_REQUEST Request) {
    if (m_PortEvents == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    m_PortEvents->AddEventToEventList(Request->EventEntry);
    return STATUS_SUCCESS;
}

void CCableTopology::ControlChanged(ULONG Node) {
    if (m_PortEvents != NULL) {
        GUID Set = KSEVENTSETID_AudioControlChange;
        m_PortEvents->GenerateEventList(&Set, KSEVENT_CONTROL_CHANGE, FALSE, ULONG(-1), TRUE, Node);
    }
}

} // namespace

NTSTATUS CreateCableTopologyMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CCableTopology* Miniport = new (PoolType, CABLE_POOL_TAG) CCableTopology(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTTOPOLOGY(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
