// The filter.
#include "cyclic.h"

namespace {

KSDATARANGE_AUDIO StreamRange = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO), STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM),
      STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},
    2,
    16,
    16,
    48000,
    48000};
PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};

const PCPIN_DESCRIPTOR Pins[PinCount] = {
    {Slots,
     Slots,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, {0}}},
    {Slots,
     Slots,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_SINK, &PINNAME_CAPTURE, NULL, {0}}},
};

const PCFILTER_DESCRIPTOR FilterDescriptor = {
    0, NULL, sizeof(PCPIN_DESCRIPTOR), PinCount, Pins, sizeof(PCNODE_DESCRIPTOR), 0, NULL, 0, NULL, 0, NULL};

class CCyclicMiniport : public IMiniportWaveCyclic, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCyclicMiniport);
    ~CCyclicMiniport();
    IMP_IMiniportWaveCyclic;

    CyclicSettings Settings;

private:
    NTSTATUS NewChannel(PDMACHANNEL* OutChannel);

    PPORTWAVECYCLIC m_Port;
    PSERVICEGROUP m_Group;
    CCyclicCard m_Card;
};

CCyclicMiniport::~CCyclicMiniport() {
    PAGED_CODE();
    m_Card.Close();
    if (m_Group != NULL) {
        m_Group->Release();
    }
    if (m_Port != NULL) {
        m_Port->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CCyclicMiniport::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveCyclic)) {
        *Object = PVOID(PMINIPORTWAVECYCLIC(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCyclicMiniport::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVECYCLIC Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    m_Port = Port;
    m_Port->AddRef();
    const NTSTATUS Status = PcNewServiceGroup(&m_Group, NULL);
    return NT_SUCCESS(Status) ? m_Card.Init(Port, m_Group, Settings.IntervalsPerInterrupt) : Status;
}

STDMETHODIMP_(NTSTATUS) CCyclicMiniport::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

// The port's own intersection does for one format.
STDMETHODIMP_(NTSTATUS)
CCyclicMiniport::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
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

NTSTATUS CCyclicMiniport::NewChannel(PDMACHANNEL* OutChannel) {
    PDMACHANNEL Channel = NULL;
    NTSTATUS Status = m_Port->NewMasterDmaChannel(&Channel, NULL, NULL, Settings.BufferBytes, TRUE, FALSE,
                                                  (DMA_WIDTH)(-1), (DMA_SPEED)(-1));
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = Channel->AllocateBuffer(Settings.BufferBytes, NULL);
    if (NT_SUCCESS(Status) && Settings.Inverted != 0) {
        Status = CreateInvertingChannel(OutChannel, Channel);
    } else {
        *OutChannel = Channel;
    }
    if (!NT_SUCCESS(Status)) {
        Channel->Release();
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS)
CCyclicMiniport::NewStream(PMINIPORTWAVECYCLICSTREAM* OutStream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG Pin,
                           BOOLEAN Capture, PKSDATAFORMAT DataFormat, PDMACHANNEL* OutDmaChannel,
                           PSERVICEGROUP* OutServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(OuterUnknown);
    UNREFERENCED_PARAMETER(Pin);
    if (PoolType == PagedPool || !CyclicHasFormat(DataFormat)) {
        return STATUS_INVALID_PARAMETER;
    }
    PDMACHANNEL Channel = NULL;
    NTSTATUS Status = NewChannel(&Channel);
    if (NT_SUCCESS(Status)) {
        Status = CreateCyclicStream(OutStream, &m_Card, Capture, Channel, Settings);
    }
    if (NT_SUCCESS(Status)) {
        *OutDmaChannel = Channel;
        *OutServiceGroup = m_Group;
        m_Group->AddRef();
        return STATUS_SUCCESS;
    }
    if (Channel != NULL) {
        Channel->Release();
    }
    return Status;
}

} // namespace

NTSTATUS CreateCyclicMiniport(PUNKNOWN* Unknown, const CyclicSettings& Settings) {
    PAGED_CODE();
    CCyclicMiniport* Miniport = new (NonPagedPoolNx, CYCLIC_POOL_TAG) CCyclicMiniport(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    Miniport->Settings = Settings;
    *Unknown = PUNKNOWN(PMINIPORTWAVECYCLIC(Miniport));
    return STATUS_SUCCESS;
}
