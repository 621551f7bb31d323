// What the port asks of a stream: states, the position in the DMA buffer, silence.
#include "stream.h"

namespace {

class CSb16WaveStream : public IMiniportWaveCyclicStream, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSb16WaveStream);
    ~CSb16WaveStream();

    void Init(CSb16Wave* Wave, BOOLEAN Capture, const Sb16Format& Format, CSb16Ring* Ring, PSERVICEGROUP Group);
    IMP_IMiniportWaveCyclicStream;

private:
    ULONG BlockFrames();
    NTSTATUS Run();
    NTSTATUS StartChannel();
    NTSTATUS StartTransfer();
    void StopChannel();
    ULONG DevicePosition();

    CSb16Wave* m_Wave;
    PSERVICEGROUP m_Group;
    IDmaChannelSlave* m_Channel; // the miniport's
    CSb16Ring* m_Ring;           // its buffer
    Sb16Stream m_Stream;
    BOOLEAN m_IsCapture;
    Sb16Format m_Format;
    ULONG m_IntervalMilliseconds;
    KSSTATE m_State;
    BOOLEAN m_IsChannelStarted;
    BOOLEAN m_IsTransferStarted;
    ULONG m_TransferBytes; // of the buffer that the channel goes round in
    ULONG m_PausedAt;      // as the port sees it
    ULONG m_Generation;    // of the card, when the channel was started
};

const ULONG DefaultIntervalMilliseconds = 10;
const LONGLONG UnitsPerSecond = 10000000; // of 100 ns

void CSb16WaveStream::Init(CSb16Wave* Wave, BOOLEAN Capture, const Sb16Format& Format, CSb16Ring* Ring,
                           PSERVICEGROUP Group) {
    m_Wave = Wave;
    m_Wave->AddRef();
    m_Group = Group;
    m_Group->AddRef();
    m_Stream = Format.Is16Bit ? Sb16Words : Sb16Bytes;
    m_Channel = m_Wave->Channel(m_Stream);
    m_Ring = Ring;
    m_Ring->AddRef();
    m_IsCapture = Capture;
    m_Format = Format;
    m_IntervalMilliseconds = DefaultIntervalMilliseconds;
    m_State = KSSTATE_STOP;
    m_Wave->Hardware()->Attend(m_Stream, m_Wave->Port(), m_Group);
}

CSb16WaveStream::~CSb16WaveStream() {
    PAGED_CODE();
    if (m_Wave != NULL) {
        StopChannel();
        m_Wave->Hardware()->Forget(m_Stream);
        m_Wave->GiveBack(m_Stream, m_IsCapture);
        m_Group->Release();
        m_Ring->Release();
        m_Wave->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CSb16WaveStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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

// The channel decides about the width of samples; everything else may change while nothing moves.
STDMETHODIMP_(NTSTATUS) CSb16WaveStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    Sb16Format Format;
    if (!Sb16ReadFormat(DataFormat, &Format) || Format.Is16Bit != m_Format.Is16Bit) {
        return STATUS_INVALID_PARAMETER;
    }
    if (m_State == KSSTATE_RUN) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    m_Format = Format;
    m_IsTransferStarted = FALSE; // what is paused has to be started anew
    return STATUS_SUCCESS;
}

ULONG CSb16WaveStream::BlockFrames() {
    const ULONG MillisecondsPerSecond = 1000;
    return m_Format.Rate * m_IntervalMilliseconds / MillisecondsPerSecond;
}

STDMETHODIMP_(ULONG) CSb16WaveStream::SetNotificationFreq(ULONG Interval, PULONG FrameSize) {
    PAGED_CODE();
    m_IntervalMilliseconds = Interval;
    *FrameSize = BlockFrames() * m_Format.FrameBytes();
    return m_IntervalMilliseconds;
}

NTSTATUS CSb16WaveStream::StartTransfer() {
    PAGED_CODE();
    Sb16Transfer Transfer;
    Transfer.IsCapture = m_IsCapture;
    Transfer.IsStereo = m_Format.IsStereo;
    Transfer.Rate = m_Format.Rate;
    Transfer.BlockSamples = BlockFrames() * (m_Format.IsStereo ? 2 : 1);
    const NTSTATUS Status = m_Wave->Hardware()->Start(m_Stream, Transfer);
    m_IsTransferStarted = NT_SUCCESS(Status);
    return Status;
}

// The channel goes round in as much of its buffer as the port has chosen, from its beginning on.
NTSTATUS CSb16WaveStream::StartChannel() {
    PAGED_CODE();
    const ULONG Bytes = m_Channel->BufferSize();
    const NTSTATUS Status = m_Channel->Start(Bytes, !m_IsCapture);
    if (NT_SUCCESS(Status)) {
        m_TransferBytes = Bytes;
        m_Generation = m_Wave->Hardware()->Generation();
        m_IsChannelStarted = TRUE;
        m_IsTransferStarted = FALSE;
    }
    return Status;
}

// When the card has been without power, the DMA controller may have been so, too: both begin anew where they were.
NTSTATUS CSb16WaveStream::Run() {
    PAGED_CODE();
    if (m_IsChannelStarted && m_Generation != m_Wave->Hardware()->Generation()) {
        m_IsChannelStarted = FALSE;
        m_Channel->Stop();
        m_Ring->TurnTo(m_PausedAt, m_TransferBytes);
    }
    if (!m_IsChannelStarted) {
        const NTSTATUS Status = StartChannel();
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    const NTSTATUS Status = m_IsTransferStarted ? m_Wave->Hardware()->Continue(m_Stream) : StartTransfer();
    m_Ring->SetMoving(NT_SUCCESS(Status));
    return Status;
}

void CSb16WaveStream::StopChannel() {
    PAGED_CODE();
    if (m_IsChannelStarted) {
        m_Wave->Hardware()->Stop(m_Stream);
        m_IsChannelStarted = FALSE;
        m_Channel->Stop();
    }
    m_Ring->Reset();
}

ULONG CSb16WaveStream::DevicePosition() {
    if (!m_IsChannelStarted) {
        return 0;
    }
    const ULONG Left = m_Channel->ReadCounter();
    return m_Ring->PositionOf(Left != 0 && Left <= m_TransferBytes ? m_TransferBytes - Left : 0);
}

// STOP, ACQUIRE, PAUSE, RUN, one step at a time.
STDMETHODIMP_(NTSTATUS) CSb16WaveStream::SetState(KSSTATE State) {
    PAGED_CODE();
    NTSTATUS Status = STATUS_SUCCESS;
    if (State == KSSTATE_RUN) {
        Status = Run();
    } else if (m_State == KSSTATE_RUN) {
        m_Ring->SetMoving(FALSE);
        Status = m_Wave->Hardware()->Pause(m_Stream);
        m_PausedAt = DevicePosition();
    }
    if (State == KSSTATE_STOP) {
        StopChannel();
    }
    if (NT_SUCCESS(Status)) {
        m_State = State;
    }
    return Status;
}

// The card has a few samples of its own between the buffer and the converter; nobody hears the difference. May run at
// DISPATCH_LEVEL.
STDMETHODIMP_(NTSTATUS) CSb16WaveStream::GetPosition(PULONG Position) {
    *Position = DevicePosition();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CSb16WaveStream::NormalizePhysicalPosition(PLONGLONG PhysicalPosition) {
    *PhysicalPosition = *PhysicalPosition * UnitsPerSecond / (m_Format.Rate * m_Format.FrameBytes());
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CSb16WaveStream::Silence(PVOID Buffer, ULONG ByteCount) {
    const UCHAR Unsigned8BitSilence = 0x80;
    m_Ring->Fill(Buffer, ByteCount, m_Format.Is16Bit ? 0 : Unsigned8BitSilence);
}

} // namespace

BOOLEAN Sb16ReadFormat(PKSDATAFORMAT DataFormat, Sb16Format* Format) {
    PAGED_CODE();
    if (DataFormat->FormatSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        !IsEqualGUIDAligned(DataFormat->MajorFormat, KSDATAFORMAT_TYPE_AUDIO) ||
        !IsEqualGUIDAligned(DataFormat->SubFormat, KSDATAFORMAT_SUBTYPE_PCM) ||
        !IsEqualGUIDAligned(DataFormat->Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)) {
        return FALSE;
    }
    const WAVEFORMATEX& Wave = ((PKSDATAFORMAT_WAVEFORMATEX)DataFormat)->WaveFormatEx;
    const BOOLEAN Is16Bit = Wave.wBitsPerSample == 16;
    if ((Wave.wBitsPerSample != 8 && !Is16Bit) || Wave.nChannels < 1 || Wave.nChannels > 2 ||
        Wave.nSamplesPerSec < Sb16MinimumRate || Wave.nSamplesPerSec > Sb16MaximumRate) {
        return FALSE;
    }
    Format->Is16Bit = Is16Bit;
    Format->IsStereo = Wave.nChannels == 2;
    Format->Rate = Wave.nSamplesPerSec;
    return Wave.nBlockAlign == Format->FrameBytes();
}

NTSTATUS CreateSb16Stream(PMINIPORTWAVECYCLICSTREAM* OutStream, POOL_TYPE PoolType, CSb16Wave* Owner, BOOLEAN Capture,
                          const Sb16Format& Format, CSb16Ring* Ring, PSERVICEGROUP Group) {
    PAGED_CODE();
    CSb16WaveStream* Stream = new (PoolType, SB16_POOL_TAG) CSb16WaveStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    Stream->Init(Owner, Capture, Format, Ring, Group);
    *OutStream = PMINIPORTWAVECYCLICSTREAM(Stream);
    return STATUS_SUCCESS;
}
