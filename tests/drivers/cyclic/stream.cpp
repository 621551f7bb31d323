// A stream of the card, and the channel that inverts.
#include "cyclic.h"

namespace {

class CCyclicStream : public IMiniportWaveCyclicStream, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCyclicStream);
    ~CCyclicStream();

    NTSTATUS Init(CCyclicCard* Card, BOOLEAN Capture, PDMACHANNEL Channel, const CyclicSettings& Settings);
    IMP_IMiniportWaveCyclicStream;

private:
    CCyclicCard* m_Card;
    BOOLEAN m_IsCapture;
    PDMACHANNEL m_Channel;
    CyclicSettings m_Settings;
    CyclicEngine m_Engine;
    ULONG m_Slot;
};

NTSTATUS CCyclicStream::Init(CCyclicCard* Card, BOOLEAN Capture, PDMACHANNEL Channel, const CyclicSettings& Settings) {
    m_IsCapture = Capture;
    m_Settings = Settings;
    m_Engine.Buffer = (PUCHAR)Channel->SystemAddress();
    m_Engine.Bytes = Channel->AllocatedBufferSize();
    m_Slot = Card->Attach(Capture, &m_Engine);
    if (m_Slot == Slots) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Card = Card;
    m_Channel = Channel;
    m_Channel->AddRef();
    return STATUS_SUCCESS;
}

CCyclicStream::~CCyclicStream() {
    PAGED_CODE();
    if (m_Card != NULL) {
        m_Card->Detach(m_IsCapture, m_Slot);
        m_Channel->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CCyclicStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportWaveCyclicStream)) {
        *Object = PVOID(PMINIPORTWAVECYCLICSTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCyclicStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    return CyclicHasFormat(DataFormat) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(ULONG) CCyclicStream::SetNotificationFreq(ULONG Interval, PULONG FrameSize) {
    PAGED_CODE();
    *FrameSize = (m_Settings.FrameMilliseconds != 0 ? m_Settings.FrameMilliseconds : Interval) * 48 * FrameBytes;
    return Interval + 3; // the port has no use for it
}

STDMETHODIMP_(NTSTATUS) CCyclicStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (State != KSSTATE_STOP && (ULONG)State == m_Settings.Fails) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Engine.Bytes = m_Channel->BufferSize(); // as the port has set it
    m_Card->SetRunning(&m_Engine, State == KSSTATE_RUN);
    if (State == KSSTATE_STOP) {
        m_Card->Reset(&m_Engine);
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCyclicStream::GetPosition(PULONG Position) {
    *Position = m_Card->Position(&m_Engine);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCyclicStream::NormalizePhysicalPosition(PLONGLONG PhysicalPosition) {
    *PhysicalPosition =
        *PhysicalPosition * 10000000 / (48000 * FrameBytes) + 5; // the converter is half a microsecond late
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CCyclicStream::Silence(PVOID Buffer, ULONG ByteCount) {
    RtlZeroMemory(Buffer, ByteCount);
}

// ---- a channel of the driver's own ---------------------------------------------------------------------------------

class CInvertingChannel : public IDmaChannel, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CInvertingChannel);
    ~CInvertingChannel();

    void Init(PDMACHANNEL Channel) { m_Channel = Channel; }

    // What a WaveCyclic port has no business with.
    STDMETHODIMP_(NTSTATUS) AllocateBuffer(ULONG BufferSize, PPHYSICAL_ADDRESS Constraint) {
        UNREFERENCED_PARAMETER(BufferSize);
        UNREFERENCED_PARAMETER(Constraint);
        Refuse();
        return STATUS_NOT_SUPPORTED;
    }
    STDMETHODIMP_(void) FreeBuffer() { Refuse(); }
    STDMETHODIMP_(ULONG) TransferCount() {
        Refuse();
        return 0;
    }
    STDMETHODIMP_(ULONG) MaximumBufferSize() {
        Refuse();
        return 0;
    }
    STDMETHODIMP_(PHYSICAL_ADDRESS) PhysicalAddress() {
        Refuse();
        return m_Channel->PhysicalAddress();
    }
    STDMETHODIMP_(PADAPTER_OBJECT) GetAdapterObject() {
        Refuse();
        return NULL;
    }

    STDMETHODIMP_(ULONG) AllocatedBufferSize() { return m_Channel->AllocatedBufferSize(); }
    STDMETHODIMP_(ULONG) BufferSize() { return m_Channel->BufferSize(); }
    STDMETHODIMP_(void) SetBufferSize(ULONG BufferSize) { m_Channel->SetBufferSize(BufferSize); }
    STDMETHODIMP_(PVOID) SystemAddress() { return m_Channel->SystemAddress(); }
    STDMETHODIMP_(void) CopyTo(PVOID Destination, PVOID Source, ULONG ByteCount) {
        Invert((PUCHAR)Destination, (const UCHAR*)Source, ByteCount);
    }
    STDMETHODIMP_(void) CopyFrom(PVOID Destination, PVOID Source, ULONG ByteCount) {
        Invert((PUCHAR)Destination, (const UCHAR*)Source, ByteCount);
    }

private:
    static void Refuse() { KeBugCheckEx(MANUALLY_INITIATED_CRASH, 0, 0, 0, 0); }
    static void Invert(PUCHAR Destination, const UCHAR* Source, ULONG ByteCount) {
        for (ULONG i = 0; i < ByteCount; ++i) {
            Destination[i] = (UCHAR)~Source[i];
        }
    }

    PDMACHANNEL m_Channel;
};

CInvertingChannel::~CInvertingChannel() {
    PAGED_CODE();
    if (m_Channel != NULL) {
        m_Channel->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CInvertingChannel::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IDmaChannel)) {
        *Object = PVOID(PDMACHANNEL(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

} // namespace

// Its data range allows one channel, too, as ranges do; the card does not.
BOOLEAN CyclicHasFormat(PKSDATAFORMAT DataFormat) {
    const WAVEFORMATEX* Format = &((PKSDATAFORMAT_WAVEFORMATEX)DataFormat)->WaveFormatEx;
    return Format->nChannels == 2 && Format->nSamplesPerSec <= 48000;
}

NTSTATUS CreateInvertingChannel(PDMACHANNEL* OutChannel, PDMACHANNEL Channel) {
    PAGED_CODE();
    CInvertingChannel* Inverting = new (NonPagedPoolNx, CYCLIC_POOL_TAG) CInvertingChannel(NULL);
    if (Inverting == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Inverting->AddRef();
    Inverting->Init(Channel);
    *OutChannel = PDMACHANNEL(Inverting);
    return STATUS_SUCCESS;
}

NTSTATUS CreateCyclicStream(PMINIPORTWAVECYCLICSTREAM* OutStream, CCyclicCard* Card, BOOLEAN Capture,
                            PDMACHANNEL Channel, const CyclicSettings& Settings) {
    PAGED_CODE();
    CCyclicStream* Stream = new (NonPagedPoolNx, CYCLIC_POOL_TAG) CCyclicStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    const NTSTATUS Status = Stream->Init(Card, Capture, Channel, Settings);
    if (!NT_SUCCESS(Status)) {
        Stream->Release();
        return Status;
    }
    *OutStream = PMINIPORTWAVECYCLICSTREAM(Stream);
    return STATUS_SUCCESS;
}
