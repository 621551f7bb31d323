// The filter.
#include "packets.h"

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
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, {0}}},
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_SINK, &PINNAME_CAPTURE, NULL, {0}}},
};

const PCFILTER_DESCRIPTOR FilterDescriptor = {
    0, NULL, sizeof(PCPIN_DESCRIPTOR), PinCount, Pins, sizeof(PCNODE_DESCRIPTOR), 0, NULL, 0, NULL, 0, NULL};

class CPacketsMiniport : public IMiniportWaveRT, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPacketsMiniport);
    ~CPacketsMiniport();
    IMP_IMiniportWaveRT;

    PacketTemper Temper;

private:
    PPORTCLSETWHELPER m_EtwHelper;
};

CPacketsMiniport::~CPacketsMiniport() {
    PAGED_CODE();
    if (m_EtwHelper != NULL) {
        m_EtwHelper->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CPacketsMiniport::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveRT)) {
        *Object = PVOID(PMINIPORTWAVERT(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CPacketsMiniport::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVERT Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    return Port->QueryInterface(IID_IPortClsEtwHelper, (PVOID*)&m_EtwHelper);
}

STDMETHODIMP_(NTSTATUS) CPacketsMiniport::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPacketsMiniport::GetDeviceDescription(PDEVICE_DESCRIPTION Description) {
    PAGED_CODE();
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION1;
    Description->Master = TRUE;
    Description->ScatterGather = TRUE;
    Description->Dma64BitAddresses = TRUE;
    Description->InterfaceType = PNPBus;
    Description->MaximumLength = 0xFFFFFFFF;
    return STATUS_SUCCESS;
}

// The port's own intersection does for one format.
STDMETHODIMP_(NTSTATUS)
CPacketsMiniport::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
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
CPacketsMiniport::NewStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, ULONG Pin, BOOLEAN Capture,
                            PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(DataFormat);
    return CreatePacketStream(OutStream, PortStream, Capture, Temper, m_EtwHelper);
}

} // namespace

NTSTATUS CreatePacketsMiniport(PUNKNOWN* Unknown, PacketTemper Temper) {
    PAGED_CODE();
    CPacketsMiniport* Miniport = new (NonPagedPoolNx, PACKETS_POOL_TAG) CPacketsMiniport(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    Miniport->Temper = Temper;
    *Unknown = PUNKNOWN(PMINIPORTWAVERT(Miniport));
    return STATUS_SUCCESS;
}
