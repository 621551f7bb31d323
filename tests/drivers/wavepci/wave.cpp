// The filter.
#include "wavepci.h"

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

class CWavePciMiniport : public IMiniportWavePci, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CWavePciMiniport);
    ~CWavePciMiniport();
    IMP_IMiniportWavePci;

    WavePciSettings Settings;

private:
    PPORTWAVEPCI m_Port;
    PSERVICEGROUP m_Group;
    CWavePciCard m_Card;
};

CWavePciMiniport::~CWavePciMiniport() {
    PAGED_CODE();
    m_Card.Close();
    if (m_Group != NULL) {
        m_Group->Release();
    }
    if (m_Port != NULL) {
        m_Port->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CWavePciMiniport::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWavePci)) {
        *Object = PVOID(PMINIPORTWAVEPCI(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CWavePciMiniport::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVEPCI Port,
                       PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    m_Port = Port;
    m_Port->AddRef();
    if (Settings.NoGroup == 0) {
        const NTSTATUS Status = PcNewServiceGroup(&m_Group, NULL);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    const NTSTATUS Status = m_Card.Init(Port, m_Group);
    if (NT_SUCCESS(Status) && m_Group != NULL) {
        m_Group->AddRef();
        *ServiceGroup = m_Group;
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS) CWavePciMiniport::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

// The port's own intersection does for one format.
STDMETHODIMP_(NTSTATUS)
CWavePciMiniport::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
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

// The port neither references nor releases the channel: it is the stream's.
STDMETHODIMP_(NTSTATUS)
CWavePciMiniport::NewStream(PMINIPORTWAVEPCISTREAM* OutStream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,
                            PPORTWAVEPCISTREAM PortStream, ULONG Pin, BOOLEAN Capture, PKSDATAFORMAT DataFormat,
                            PDMACHANNEL* OutDmaChannel, PSERVICEGROUP* OutServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(OuterUnknown);
    UNREFERENCED_PARAMETER(Pin);
    if (PoolType == PagedPool || ((PKSDATAFORMAT_WAVEFORMATEX)DataFormat)->WaveFormatEx.nChannels != 2) {
        return STATUS_INVALID_PARAMETER;
    }
    PDMACHANNEL Channel = NULL;
    NTSTATUS Status = m_Port->NewMasterDmaChannel(&Channel, NULL, NonPagedPool, NULL, TRUE, TRUE, Settings.Dma32 == 0,
                                                  FALSE, (DMA_WIDTH)(-1), (DMA_SPEED)(-1), 0x10000, 0);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CWavePciStream* Stream = new (NonPagedPoolNx, WAVEPCI_POOL_TAG) CWavePciStream(NULL);
    if (Stream == NULL) {
        Channel->Release();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    Status = Stream->Init(&m_Card, PortStream, Capture, Channel, &Settings);
    if (!NT_SUCCESS(Status)) {
        Stream->Release();
        Channel->Release();
        return Status;
    }
    *OutStream = PMINIPORTWAVEPCISTREAM(Stream);
    *OutDmaChannel = Channel;
    *OutServiceGroup = m_Group;
    if (m_Group != NULL) {
        m_Group->AddRef();
    }
    return STATUS_SUCCESS;
}

// The filter's share of the group's work: nothing.
STDMETHODIMP_(void) CWavePciMiniport::Service() {}

} // namespace

NTSTATUS CreateWavePciMiniport(PUNKNOWN* Unknown, const WavePciSettings& Settings) {
    PAGED_CODE();
    CWavePciMiniport* Miniport = new (NonPagedPoolNx, WAVEPCI_POOL_TAG) CWavePciMiniport(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    Miniport->Settings = Settings;
    *Unknown = PUNKNOWN(PMINIPORTWAVEPCI(Miniport));
    return STATUS_SUCCESS;
}
