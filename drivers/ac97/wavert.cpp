// The WaveRT form of the wave filter, for Windows Vista and later.
#include "wavertstream.h"

namespace {

class CAc97WaveRT : public IMiniportWaveRT, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97WaveRT);
    ~CAc97WaveRT();
    IMP_IMiniportWaveRT;

private:
    IAc97* m_Ac97;
};

CAc97WaveRT::~CAc97WaveRT() {
    PAGED_CODE();
    if (m_Ac97 != NULL) {
        m_Ac97->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CAc97WaveRT::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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

STDMETHODIMP_(NTSTATUS) CAc97WaveRT::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVERT Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    UNREFERENCED_PARAMETER(Port);
    return UnknownAdapter == NULL ? STATUS_INVALID_PARAMETER
                                  : UnknownAdapter->QueryInterface(IID_IAc97, (PVOID*)&m_Ac97);
}

STDMETHODIMP_(NTSTATUS) CAc97WaveRT::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = Ac97WaveDescription(m_Ac97->Hardware()->HasVariableRate(), TRUE);
    return STATUS_SUCCESS;
}

// What the bus masters reach: 32 bits. The port hands out no other memory.
STDMETHODIMP_(NTSTATUS) CAc97WaveRT::GetDeviceDescription(PDEVICE_DESCRIPTION Description) {
    PAGED_CODE();
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION;
    Description->Master = TRUE;
    Description->ScatterGather = TRUE;
    Description->Dma32BitAddresses = TRUE;
    Description->InterfaceType = PCIBus;
    Description->MaximumLength = MAXULONG;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CAc97WaveRT::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                   ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return Ac97Intersect(DataRange);
}

STDMETHODIMP_(NTSTATUS)
CAc97WaveRT::NewStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, ULONG Pin, BOOLEAN Capture,
                       PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    *OutStream = NULL;
    if (Pin != (Capture ? (ULONG)WavePinCapture : (ULONG)WavePinRender)) {
        return STATUS_INVALID_PARAMETER;
    }
    return CreateAc97RTStream(OutStream, m_Ac97, PortStream, Capture, DataFormat);
}

} // namespace

NTSTATUS CreateAc97WaveRTMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CAc97WaveRT* Miniport = new (PoolType, AC97_POOL_TAG) CAc97WaveRT(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTWAVERT(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
