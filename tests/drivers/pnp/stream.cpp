// A stream that nobody hears: it has a position, power and content rights. Its position follows the system's clock.
#include "pnp.h"

namespace {

const LONGLONG BytesPerSecond = 48000 * 4;

// The digital output behind the stream, which content rights are forwarded to.
class CPnpConverter : public IDrmAudioStream, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPnpConverter);
    IMP_IDrmAudioStream;

    PPNPCARD Card; // the stream's reference does
};

STDMETHODIMP_(NTSTATUS) CPnpConverter::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IDrmAudioStream)) {
        *Object = PVOID(PDRMAUDIOSTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpConverter::SetContentId(ULONG ContentId, PCDRMRIGHTS DrmRights) {
    UNREFERENCED_PARAMETER(DrmRights); // CopyProtect would be the channel status' copyright bit
    Card->Note(CallConverterContent, ContentId);
    return STATUS_SUCCESS;
}

class CPnpStream : public IMiniportWaveRTStream, public IDrmAudioStream, public IPowerNotify, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPnpStream);
    ~CPnpStream();

    NTSTATUS Init(PPNPCARD Card, PPORTWAVERTSTREAM PortStream, PDRMPORT DrmPort);
    IMP_IMiniportWaveRTStream;
    IMP_IDrmAudioStream;
    IMP_IPowerNotify;

private:
    LONGLONG Linear();

    PPNPCARD m_Card;
    PPORTWAVERTSTREAM m_PortStream;
    PDRMPORT m_DrmPort;
    CPnpConverter* m_Converter;
    KSSTATE m_State;
    ULONG m_Bytes;
    LONGLONG m_Before; // bytes until the last pause
    LONGLONG m_Since;  // 100 ns
};

NTSTATUS CPnpStream::Init(PPNPCARD Card, PPORTWAVERTSTREAM PortStream, PDRMPORT DrmPort) {
    PAGED_CODE();
    m_Converter = new (NonPagedPoolNx, PNP_POOL_TAG) CPnpConverter(NULL);
    if (m_Converter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Converter->AddRef();
    m_Converter->Card = Card;
    m_Card = Card;
    m_Card->AddRef();
    m_PortStream = PortStream;
    m_PortStream->AddRef();
    m_DrmPort = DrmPort;
    m_DrmPort->AddRef();
    return STATUS_SUCCESS;
}

CPnpStream::~CPnpStream() {
    PAGED_CODE();
    if (m_Converter != NULL) {
        m_Converter->Release();
        m_DrmPort->Release();
        m_PortStream->Release();
        m_Card->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CPnpStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStream)) {
        *Object = PVOID(PMINIPORTWAVERTSTREAM(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IDrmAudioStream)) {
        *Object = PVOID(PDRMAUDIOSTREAM(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = PVOID(PPOWERNOTIFY(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- power and rights ----------------------------------------------------------------------------------------------

STDMETHODIMP_(void) CPnpStream::PowerChangeNotify(POWER_STATE PowerState) {
    m_Card->Note(CallStreamPower, PowerState.DeviceState);
}

// R-DRM-04: who cannot honour the rights says so, and the former content's stay. R-DRM-06.
STDMETHODIMP_(NTSTATUS) CPnpStream::SetContentId(ULONG ContentId, PCDRMRIGHTS DrmRights) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DrmRights); // the port knows
    DRMRIGHTS Rights;
    const NTSTATUS Status = m_DrmPort->GetContentRights(ContentId, &Rights);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Rights.DigitalOutputDisable) {
        return STATUS_NOT_IMPLEMENTED;
    }
    m_Card->Note(CallStreamContent, ContentId);
    const ULONG Methods = 4; // IUnknown's and SetContentId
    return m_DrmPort->ForwardContentToInterface(ContentId, PUNKNOWN(PDRMAUDIOSTREAM(m_Converter)), Methods);
}

// ---- IMiniportWaveRTStream -----------------------------------------------------------------------------------------

LONGLONG CPnpStream::Linear() {
    ULONG64 Unused;
    const LONGLONG Now = (LONGLONG)KeQueryInterruptTimePrecise(&Unused);
    const LONGLONG Since = m_State == KSSTATE_RUN ? (Now - m_Since) * BytesPerSecond / 10000000 : 0;
    return m_Before + Since / 4 * 4;
}

STDMETHODIMP_(NTSTATUS) CPnpStream::SetState(KSSTATE State) {
    PAGED_CODE();
    m_Before = State == KSSTATE_STOP ? 0 : Linear();
    ULONG64 Unused;
    m_Since = (LONGLONG)KeQueryInterruptTimePrecise(&Unused);
    m_State = State;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpStream::GetPosition(PKSAUDIO_POSITION Position) {
    Position->PlayOffset = m_Bytes != 0 ? Linear() % m_Bytes : 0;
    Position->WriteOffset = Position->PlayOffset;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpStream::SetFormat(PKSDATAFORMAT DataFormat) {
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS)
CPnpStream::AllocateAudioBuffer(ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    PHYSICAL_ADDRESS Highest;
    Highest.QuadPart = MAXLONGLONG;
    *BufferMdl = m_PortStream->AllocatePagesForMdl(Highest, RequestedSize);
    if (*BufferMdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Bytes = RequestedSize;
    *ActualSize = RequestedSize;
    *OffsetFromFirstPage = 0;
    *CacheType = MmCached;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CPnpStream::FreeAudioBuffer(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    m_PortStream->FreePagesFromMdl(BufferMdl);
    m_Bytes = 0;
}

STDMETHODIMP_(void) CPnpStream::GetHWLatency(KSRTAUDIO_HWLATENCY* Latency) {
    RtlZeroMemory(Latency, sizeof(*Latency));
}

STDMETHODIMP_(NTSTATUS) CPnpStream::GetPositionRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CPnpStream::GetClockRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

} // namespace

NTSTATUS CreatePnpStream(PMINIPORTWAVERTSTREAM* OutStream, PPNPCARD Card, PPORTWAVERTSTREAM PortStream,
                         PDRMPORT DrmPort) {
    PAGED_CODE();
    CPnpStream* Stream = new (NonPagedPoolNx, PNP_POOL_TAG) CPnpStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    const NTSTATUS Status = Stream->Init(Card, PortStream, DrmPort);
    if (!NT_SUCCESS(Status)) {
        Stream->Release();
        return Status;
    }
    *OutStream = PMINIPORTWAVERTSTREAM(Stream);
    return STATUS_SUCCESS;
}
