// The filter.
#include "dmus.h"

namespace {

#define MUSIC_RANGE(Name)                                                                                              \
    {{{sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),                                      \
       STATICGUIDOF(KSDATAFORMAT_SUBTYPE_##Name), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}},                         \
     STATICGUIDOF(KSMUSIC_TECHNOLOGY_WAVETABLE),                                                                       \
     0,                                                                                                                \
     0,                                                                                                                \
     0xFFFF}

KSDATARANGE_MUSIC MidiRange = MUSIC_RANGE(MIDI);
KSDATARANGE_MUSIC DmusRange = MUSIC_RANGE(DIRECTMUSIC);
PKSDATARANGE MidiRanges[] = {PKSDATARANGE(&MidiRange)};
PKSDATARANGE DmusRanges[] = {PKSDATARANGE(&DmusRange)};

#define STREAM_PIN(Ranges, Flow)                                                                                       \
    {                                                                                                                  \
        1, 1, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, 1, Ranges, Flow, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, {0}                  \
        }                                                                                                              \
    }

const PCPIN_DESCRIPTOR Pins[PinCount] = {
    STREAM_PIN(MidiRanges, KSPIN_DATAFLOW_IN),
    STREAM_PIN(DmusRanges, KSPIN_DATAFLOW_IN),
    STREAM_PIN(MidiRanges, KSPIN_DATAFLOW_OUT),
    STREAM_PIN(DmusRanges, KSPIN_DATAFLOW_OUT),
};

const PCFILTER_DESCRIPTOR FilterDescriptor = {
    0, NULL, sizeof(PCPIN_DESCRIPTOR), PinCount, Pins, sizeof(PCNODE_DESCRIPTOR), 0, NULL, 0, NULL, 0, NULL};

class CDmusMiniport : public IMiniportDMus, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CDmusMiniport);
    ~CDmusMiniport();
    IMP_IMiniportDMus;

    ULONG m_PrefetchMilliseconds;

private:
    PPORTDMUS m_Port;
    PSERVICEGROUP m_Group;
    CLoop m_Loop;
};

CDmusMiniport::~CDmusMiniport() {
    PAGED_CODE();
    if (m_Group != NULL) {
        m_Group->Release();
    }
    if (m_Port != NULL) {
        m_Port->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CDmusMiniport::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportDMus)) {
        *Object = PVOID(PMINIPORTDMUS(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CDmusMiniport::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTDMUS Port, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    m_Loop.Init();
    m_Port = Port;
    m_Port->AddRef();
    NTSTATUS Status = PcNewServiceGroup(&m_Group, NULL);
    if (NT_SUCCESS(Status)) {
        m_Port->RegisterServiceGroup(m_Group);
        m_Group->AddRef();
        *ServiceGroup = m_Group;
    }
    return Status;
}

STDMETHODIMP_(void) CDmusMiniport::Service() {}

STDMETHODIMP_(NTSTATUS) CDmusMiniport::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CDmusMiniport::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                     ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS)
CDmusMiniport::NewStream(PMXF* MXF, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG PinID, DMUS_STREAM_TYPE StreamType,
                         PKSDATAFORMAT DataFormat, PSERVICEGROUP* ServiceGroup, PAllocatorMXF AllocatorMXF,
                         PMASTERCLOCK MasterClock, PULONGLONG SchedulePreFetch) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(OuterUnknown);
    UNREFERENCED_PARAMETER(PoolType);
    UNREFERENCED_PARAMETER(DataFormat);
    const BOOLEAN Capture = PinID == PinMidiCapture || PinID == PinDmusCapture;
    if (StreamType != (Capture ? DMUS_STREAM_MIDI_CAPTURE : DMUS_STREAM_MIDI_RENDER)) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS Status = CreateDmusStream(MXF, PUNKNOWN(PMINIPORTDMUS(this)), &m_Loop, m_Port, Capture, AllocatorMXF,
                                             MasterClock, m_Group);
    if (NT_SUCCESS(Status)) {
        m_Group->AddRef();
        *ServiceGroup = m_Group;
        *SchedulePreFetch = (ULONGLONG)m_PrefetchMilliseconds * 10000;
    }
    return Status;
}

} // namespace

NTSTATUS CreateDmusMiniport(PUNKNOWN* Unknown, ULONG PrefetchMilliseconds) {
    PAGED_CODE();
    CDmusMiniport* Miniport = new (NonPagedPoolNx, DMUS_POOL_TAG) CDmusMiniport(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    Miniport->m_PrefetchMilliseconds = PrefetchMilliseconds;
    *Unknown = PUNKNOWN(PMINIPORTDMUS(Miniport));
    return STATUS_SUCCESS;
}
