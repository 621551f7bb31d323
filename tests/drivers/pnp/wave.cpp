// The wave filter: one pin that plays.
#include "pnp.h"

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
KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

const PCPIN_DESCRIPTOR Pins[WavePinCount] = {
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, {0}}},
    {0,
     0,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, BridgeRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, &KSCATEGORY_AUDIO, NULL, {0}}},
};
const PCCONNECTION_DESCRIPTOR Connections[] = {{PCFILTER_NODE, WavePinRender, PCFILTER_NODE, WavePinBridge}};
const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_RENDER)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                              NULL,
                                              sizeof(PCPIN_DESCRIPTOR),
                                              WavePinCount,
                                              Pins,
                                              sizeof(PCNODE_DESCRIPTOR),
                                              0,
                                              NULL,
                                              ARRAYSIZE(Connections),
                                              Connections,
                                              ARRAYSIZE(Categories),
                                              Categories};

class CPnpWave : public IMiniportWaveRT, public IMiniportPnpNotify, public IPowerNotify, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPnpWave);
    ~CPnpWave();
    IMP_IMiniportWaveRT;
    IMP_IMiniportPnpNotify;
    IMP_IPowerNotify;

private:
    PPNPCARD m_Card;
    PDRMPORT m_DrmPort;
};

CPnpWave::~CPnpWave() {
    PAGED_CODE();
    if (m_DrmPort != NULL) {
        m_DrmPort->Release();
    }
    if (m_Card != NULL) {
        m_Card->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CPnpWave::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveRT)) {
        *Object = PVOID(PMINIPORTWAVERT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportPnpNotify)) {
        *Object = PVOID(PMINIPORTPNPNOTIFY(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = PVOID(PPOWERNOTIFY(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpWave::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVERT Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    const NTSTATUS Status = UnknownAdapter->QueryInterface(IID_IPnpCard, (PVOID*)&m_Card);
    return NT_SUCCESS(Status) ? Port->QueryInterface(IID_IDrmPort, (PVOID*)&m_DrmPort) : Status;
}

STDMETHODIMP_(void) CPnpWave::PnpStop() {
    m_Card->Note(CallMiniportStop, WavePinCount);
}

STDMETHODIMP_(void) CPnpWave::PowerChangeNotify(POWER_STATE PowerState) {
    m_Card->Note(CallMiniportPower, PowerState.DeviceState);
}

STDMETHODIMP_(NTSTATUS) CPnpWave::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpWave::GetDeviceDescription(PDEVICE_DESCRIPTION Description) {
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

STDMETHODIMP_(NTSTATUS)
CPnpWave::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS)
CPnpWave::NewStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, ULONG Pin, BOOLEAN Capture,
                    PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(Capture);
    UNREFERENCED_PARAMETER(DataFormat);
    return CreatePnpStream(OutStream, m_Card, PortStream, m_DrmPort);
}

} // namespace

NTSTATUS CreatePnpWave(PUNKNOWN* Unknown) {
    PAGED_CODE();
    CPnpWave* Miniport = new (NonPagedPoolNx, PNP_POOL_TAG) CPnpWave(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    *Unknown = PUNKNOWN(PMINIPORTWAVERT(Miniport));
    return STATUS_SUCCESS;
}
