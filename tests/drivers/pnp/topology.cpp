// The topology filter, of the card and of its dock: one jack, and the hardware's private properties.
#include "pnp.h"

namespace {

class CPnpTopology : public IMiniportTopology, public IMiniportPnpNotify, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPnpTopology);
    ~CPnpTopology();
    IMP_IMiniportTopology;
    IMP_IMiniportPnpNotify;

    void Plug(BOOL IsPlugged);

    PPNPCARD Card;
    PPORTEVENTS PortEvents;
    BOOL IsPlugged;
};

CPnpTopology* TargetOf(PUNKNOWN MajorTarget) {
    return static_cast<CPnpTopology*>(static_cast<IMiniportTopology*>(MajorTarget));
}

// ---- the jack ------------------------------------------------------------------------------------------------------

void CPnpTopology::Plug(BOOL Plugged) {
    IsPlugged = Plugged;
    GUID Set = KSEVENTSETID_PinCapsChange;
    PortEvents->GenerateEventList(&Set, KSEVENT_PINCAPS_JACKINFOCHANGE, TRUE, TopologyPinSpeaker, FALSE, 0);
}

// KSMULTIPLE_ITEM and, of the pin that has a jack, its one description.
NTSTATUS AnswerJack(PPCPROPERTY_REQUEST Request, const VOID* Description, ULONG DescriptionSize) {
    PAGED_CODE();
    if (Request->InstanceSize < sizeof(ULONG) || *(PULONG)Request->Instance >= TopologyPinCount) {
        return STATUS_INVALID_PARAMETER;
    }
    const BOOLEAN HasJack = *(PULONG)Request->Instance == TopologyPinSpeaker;
    const ULONG Size = sizeof(KSMULTIPLE_ITEM) + (HasJack ? DescriptionSize : 0);
    const ULONG Room = Request->ValueSize;
    Request->ValueSize = Size;
    if (Room < Size) {
        return Room == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
    }
    KSMULTIPLE_ITEM* List = (KSMULTIPLE_ITEM*)Request->Value;
    List->Size = Size;
    List->Count = HasJack ? 1 : 0;
    if (HasJack) {
        RtlCopyMemory(List + 1, Description, DescriptionSize);
    }
    return STATUS_SUCCESS;
}

NTSTATUS JackHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    KSJACK_DESCRIPTION Jack;
    RtlZeroMemory(&Jack, sizeof(Jack));
    Jack.ChannelMapping = SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT;
    Jack.ConnectionType = eConnTypeOtherDigital;
    Jack.GeoLocation = eGeoLocHDMI;
    Jack.PortConnection = ePortConnJack;
    Jack.IsConnected = TargetOf(Request->MajorTarget)->IsPlugged;
    return AnswerJack(Request, &Jack, sizeof(Jack));
}

NTSTATUS AbilitiesHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    KSJACK_DESCRIPTION2 Jack;
    Jack.DeviceStateInfo = 0;
    Jack.JackCapabilities = JACKDESC2_PRESENCE_DETECT_CAPABILITY;
    return AnswerJack(Request, &Jack, sizeof(Jack));
}

NTSTATUS ConfigurationHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    KSJACK_DESCRIPTION3 Jack;
    Jack.ConfigId = TargetOf(Request->MajorTarget)->IsPlugged ? 2 : 1;
    return AnswerJack(Request, &Jack, sizeof(Jack));
}

// What the display says of itself, as long as there is one.
NTSTATUS SinkHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if (Request->InstanceSize < sizeof(ULONG) || *(PULONG)Request->Instance != TopologyPinSpeaker) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!TargetOf(Request->MajorTarget)->IsPlugged) {
        return STATUS_DEVICE_NOT_CONNECTED;
    }
    static const WCHAR Name[] = L"Display";
    const ULONG Room = Request->ValueSize;
    Request->ValueSize = sizeof(KSJACK_SINK_INFORMATION);
    if (Room < Request->ValueSize) {
        return Room == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
    }
    PKSJACK_SINK_INFORMATION Sink = (PKSJACK_SINK_INFORMATION)Request->Value;
    RtlZeroMemory(Sink, sizeof(*Sink));
    Sink->ConnType = KSJACK_SINK_CONNECTIONTYPE_HDMI;
    Sink->ManufacturerId = 0x4F50;
    Sink->ProductId = 0x0001;
    Sink->AudioLatency = 20;
    Sink->HDCPCapable = TRUE;
    Sink->SinkDescriptionLength = ARRAYSIZE(Name) - 1;
    RtlCopyMemory(Sink->SinkDescription, Name, sizeof(Name));
    return STATUS_SUCCESS;
}

NTSTATUS JackChangeHandler(PPCEVENT_REQUEST Request) {
    if (Request->Verb == PCEVENT_VERB_ADD) {
        TargetOf(Request->MajorTarget)->PortEvents->AddEventToEventList(Request->EventEntry);
    }
    return STATUS_SUCCESS;
}

// ---- the hardware's side -------------------------------------------------------------------------------------------

NTSTATUS SwitchHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if (Request->ValueSize < sizeof(BOOL)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    const BOOL IsOn = *(PBOOL)Request->Value;
    CPnpTopology* Topology = TargetOf(Request->MajorTarget);
    if (Request->PropertyItem->Id == PROPERTY_PNPCARD_DOCKED) {
        Topology->Card->SetDocked(IsOn);
    } else {
        Topology->Plug(IsOn);
    }
    return STATUS_SUCCESS;
}

NTSTATUS PortsHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if (Request->ValueSize < sizeof(ULONG)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *(PULONG)Request->Value = TargetOf(Request->MajorTarget)->Card->Ports();
    Request->ValueSize = sizeof(ULONG);
    return STATUS_SUCCESS;
}

NTSTATUS JournalHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    const ULONG Room = Request->ValueSize;
    const ULONG Count =
        TargetOf(Request->MajorTarget)->Card->TakeJournal((PnpEntry*)Request->Value, Room / sizeof(PnpEntry));
    Request->ValueSize = Count * sizeof(PnpEntry);
    if (Room >= Request->ValueSize) {
        return STATUS_SUCCESS;
    }
    return Room == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
}

// ---- tables --------------------------------------------------------------------------------------------------------

const PCPROPERTY_ITEM FilterProperties[] = {
    {&KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION, KSPROPERTY_TYPE_GET, JackHandler},
    {&KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION2, KSPROPERTY_TYPE_GET, AbilitiesHandler},
    {&KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION3, KSPROPERTY_TYPE_GET, ConfigurationHandler},
    {&KSPROPSETID_Jack, KSPROPERTY_JACK_SINK_INFO, KSPROPERTY_TYPE_GET, SinkHandler},
    {&PROPSETID_PnpCard, PROPERTY_PNPCARD_PORTS, KSPROPERTY_TYPE_GET, PortsHandler},
    {&PROPSETID_PnpCard, PROPERTY_PNPCARD_DOCKED, KSPROPERTY_TYPE_SET, SwitchHandler},
    {&PROPSETID_PnpCard, PROPERTY_PNPCARD_PLUGGED, KSPROPERTY_TYPE_SET, SwitchHandler},
    {&PROPSETID_PnpCard, PROPERTY_PNPCARD_JOURNAL, KSPROPERTY_TYPE_GET, JournalHandler},
};
const PCEVENT_ITEM JackEvents[] = {
    {&KSEVENTSETID_PinCapsChange, KSEVENT_PINCAPS_JACKINFOCHANGE,
     PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_BASICSUPPORT, JackChangeHandler},
};
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(FilterAutomation, FilterProperties, JackEvents);

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

const PCPIN_DESCRIPTOR Pins[TopologyPinCount] = {
    {0,
     0,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, BridgeRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_NONE, &KSCATEGORY_AUDIO, NULL, {0}}},
    {0,
     0,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, BridgeRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, &KSNODETYPE_SPEAKER, NULL, {0}}},
};
const PCCONNECTION_DESCRIPTOR Connections[] = {{PCFILTER_NODE, TopologyPinWave, PCFILTER_NODE, TopologyPinSpeaker}};
const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_TOPOLOGY)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                              &FilterAutomation,
                                              sizeof(PCPIN_DESCRIPTOR),
                                              TopologyPinCount,
                                              Pins,
                                              sizeof(PCNODE_DESCRIPTOR),
                                              0,
                                              NULL,
                                              ARRAYSIZE(Connections),
                                              Connections,
                                              ARRAYSIZE(Categories),
                                              Categories};

// ---- the miniport --------------------------------------------------------------------------------------------------

CPnpTopology::~CPnpTopology() {
    PAGED_CODE();
    if (PortEvents != NULL) {
        PortEvents->Release();
    }
    if (Card != NULL) {
        Card->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CPnpTopology::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportTopology)) {
        *Object = PVOID(PMINIPORTTOPOLOGY(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportPnpNotify)) {
        *Object = PVOID(PMINIPORTPNPNOTIFY(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpTopology::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    const NTSTATUS Status = UnknownAdapter->QueryInterface(IID_IPnpCard, (PVOID*)&Card);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    IsPlugged = Card->StartsPlugged();
    return Port->QueryInterface(IID_IPortEvents, (PVOID*)&PortEvents);
}

STDMETHODIMP_(void) CPnpTopology::PnpStop() {
    Card->Note(CallMiniportStop, TopologyPinCount);
}

STDMETHODIMP_(NTSTATUS) CPnpTopology::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CPnpTopology::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                    ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

} // namespace

NTSTATUS CreatePnpTopology(PUNKNOWN* Unknown) {
    PAGED_CODE();
    CPnpTopology* Miniport = new (NonPagedPoolNx, PNP_POOL_TAG) CPnpTopology(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    *Unknown = PUNKNOWN(PMINIPORTTOPOLOGY(Miniport));
    return STATUS_SUCCESS;
}
