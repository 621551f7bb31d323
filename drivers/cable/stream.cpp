#include "stream.h"

NTSTATUS CCableStream::Init(CCableEngine* NewEngine, PPORTWAVERTSTREAM NewPortStream, BOOLEAN Capture,
                            PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    NTSTATUS Status = CableParseFormat(DataFormat, &Format);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    InitializeListHead(&Events);
    IsCapture = Capture;
    EndFrame = MAXULONGLONG;
    LineTimeOfStop = -1;
    m_Engine = NewEngine;
    m_PortStream = NewPortStream; // the port outlives its streams: no reference (it holds one on us)
    Status = m_Engine->Attach(Format, IsCapture);
    m_Attached = NT_SUCCESS(Status);
    return Status;
}

CCableStream::~CCableStream() {
    PAGED_CODE();
    if (m_Attached) {
        m_Engine->Reset(this);
        while (NT_SUCCESS(m_Engine->RemoveEvent(this, NULL))) {
        }
        m_Engine->Detach(IsCapture);
    }
}

STDMETHODIMP_(NTSTATUS) CCableStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTWAVERTSTREAMNOTIFICATION(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStream) ||
               IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStreamNotification)) {
        *Object = PVOID(PMINIPORTWAVERTSTREAMNOTIFICATION(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTOutputStream) && !IsCapture) {
        *Object = PVOID(PMINIPORTWAVERTOUTPUTSTREAM(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTInputStream) && IsCapture) {
        *Object = PVOID(PMINIPORTWAVERTINPUTSTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- IMiniportWaveRTStream ---------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CCableStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    CableFormat Wanted;
    if (m_State == KSSTATE_RUN || Buffer != NULL || !NT_SUCCESS(CableParseFormat(DataFormat, &Wanted))) {
        return STATUS_INVALID_PARAMETER;
    }
    m_Engine->Detach(IsCapture);
    NTSTATUS Status = m_Engine->Attach(Wanted, IsCapture);
    if (NT_SUCCESS(Status)) {
        Format = Wanted;
    } else {
        m_Attached = NT_SUCCESS(m_Engine->Attach(Format, IsCapture));
        Status = STATUS_INVALID_PARAMETER;
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS) CCableStream::SetState(KSSTATE State) {
    PAGED_CODE();
    switch (State) {
    case KSSTATE_STOP:
        m_Engine->Reset(this);
        m_EndOfStream = FALSE;
        m_NextRead = 0;
        break;
    case KSSTATE_ACQUIRE:
    case KSSTATE_PAUSE:
        if (m_State == KSSTATE_RUN) {
            m_Engine->Stop(this);
        }
        break;
    case KSSTATE_RUN:
        if (Buffer == NULL) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        if (m_State != KSSTATE_RUN) {
            m_Engine->Start(this);
        }
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    m_State = State;
    return STATUS_SUCCESS;
}

// May be called at DISPATCH_LEVEL.
STDMETHODIMP_(NTSTATUS) CCableStream::GetPosition(PKSAUDIO_POSITION Position) {
    LONGLONG Counter;
    const ULONGLONG Frames = m_Engine->Position(this, &Counter);
    const ULONGLONG Offset = BufferFrames != 0 ? Frames % BufferFrames * Format.BytesPerFrame : 0;
    Position->PlayOffset = Offset;
    Position->WriteOffset = Offset;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCableStream::AllocateAudioBuffer(ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                  MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    return AllocateBuffer(0, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(void) CCableStream::FreeAudioBuffer(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    FreeBuffer(BufferMdl);
}

STDMETHODIMP_(void) CCableStream::GetHWLatency(KSRTAUDIO_HWLATENCY* Latency) {
    PAGED_CODE();
    Latency->FifoSize = 0;
    Latency->ChipsetDelay = IsCapture ? m_Engine->LatencyIn100ns() : 0;
    Latency->CodecDelay = 0;
}

// There is no register to map: clients ask for KSPROPERTY_AUDIO_POSITION instead.
STDMETHODIMP_(NTSTATUS) CCableStream::GetPositionRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CCableStream::GetClockRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

// ---- IMiniportWaveRTStreamNotification ---------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS)
CCableStream::AllocateBufferWithNotification(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl,
                                             ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                             MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    if (NotificationCount < 1 || NotificationCount > 2) {
        return STATUS_INVALID_PARAMETER;
    }
    return AllocateBuffer(NotificationCount, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(void) CCableStream::FreeBufferWithNotification(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    FreeBuffer(BufferMdl);
}

STDMETHODIMP_(NTSTATUS) CCableStream::RegisterNotificationEvent(PKEVENT NotificationEvent) {
    PAGED_CODE();
    return m_Packets == 0 ? STATUS_UNSUCCESSFUL : m_Engine->AddEvent(this, NotificationEvent);
}

STDMETHODIMP_(NTSTATUS) CCableStream::UnregisterNotificationEvent(PKEVENT NotificationEvent) {
    PAGED_CODE();
    return NotificationEvent == NULL ? STATUS_INVALID_PARAMETER : m_Engine->RemoveEvent(this, NotificationEvent);
}

NTSTATUS CCableStream::AllocateBuffer(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize,
                                      ULONG* OffsetFromFirstPage, MEMORY_CACHING_TYPE* CacheType) {
    if (Buffer != NULL) {
        return STATUS_DEVICE_NOT_READY;
    }
    // Whole frames, and equal packets: round up so that the client gets at least what it asked for.
    const ULONG Unit = Format.BytesPerFrame * (NotificationCount == 0 ? 1 : NotificationCount);
    ULONG Size;
    if (RequestedSize == 0 || !NT_SUCCESS(RtlULongAdd(RequestedSize, Unit - 1, &Size))) {
        return STATUS_UNSUCCESSFUL;
    }
    Size = Size / Unit * Unit;

    PHYSICAL_ADDRESS HighestAddress;
    HighestAddress.QuadPart = MAXLONGLONG;
    PMDL Mdl = m_PortStream->AllocatePagesForMdl(HighestAddress, Size);
    if (Mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    // The pages may be fewer than asked for.
    PVOID Mapped = MmGetMdlByteCount(Mdl) >= Size ? m_PortStream->MapAllocatedPages(Mdl, MmCached) : NULL;
    if (Mapped == NULL) {
        m_PortStream->FreePagesFromMdl(Mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Mdl = Mdl;
    m_Packets = NotificationCount;
    Buffer = (PUCHAR)Mapped;
    BufferFrames = Size / Format.BytesPerFrame;
    PeriodFrames = NotificationCount != 0 ? BufferFrames / NotificationCount : BufferFrames / 4;
    if (NotificationCount == 0 && (PeriodFrames > Format.Rate / 100 || PeriodFrames == 0)) {
        PeriodFrames = BufferFrames < Format.Rate / 100 ? BufferFrames : Format.Rate / 100;
    }
    *BufferMdl = Mdl;
    *ActualSize = Size;
    *OffsetFromFirstPage = 0;
    *CacheType = MmCached;
    return STATUS_SUCCESS;
}

void CCableStream::FreeBuffer(PMDL BufferMdl) {
    if (BufferMdl == NULL || BufferMdl != m_Mdl) {
        return;
    }
    m_Engine->Reset(this);
    m_PortStream->UnmapAllocatedPages(Buffer, BufferMdl);
    m_PortStream->FreePagesFromMdl(BufferMdl);
    m_Mdl = NULL;
    Buffer = NULL;
    BufferFrames = 0;
    m_Packets = 0;
}

// ---- IMiniportWaveRTOutputStream ---------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CCableStream::SetWritePacket(ULONG PacketNumber, DWORD Flags, ULONG EosPacketLength) {
    if ((Flags & ~(DWORD)KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0 || m_Packets == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (m_EndOfStream) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    LONGLONG Counter;
    const ULONGLONG Frames = m_Engine->Position(this, &Counter);
    const ULONG Current = PacketsIn(Frames);
    // Before the stream has ever run nothing is being transferred: packet 0 may still be written.
    const BOOLEAN IsMoving = m_State == KSSTATE_RUN || Frames != 0;
    const LONG Ahead = (LONG)(PacketNumber - Current);
    if (Ahead < (IsMoving ? 1 : 0)) {
        return STATUS_DATA_LATE_ERROR;
    }
    if (Ahead >= (LONG)m_Packets + (IsMoving && m_Packets == 1 ? 1 : 0)) {
        return STATUS_DATA_OVERRUN;
    }
    if ((Flags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) != 0) {
        if (EosPacketLength > PeriodFrames * Format.BytesPerFrame) {
            return STATUS_INVALID_PARAMETER;
        }
        m_EndOfStream = TRUE;
        const ULONGLONG Start = (Frames / PeriodFrames + (ULONGLONG)Ahead) * PeriodFrames;
        m_Engine->SetEndFrame(this, Start + EosPacketLength / Format.BytesPerFrame);
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCableStream::GetOutputStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* PresentationPosition) {
    LONGLONG Counter;
    PresentationPosition->u64PositionInBlocks = m_Engine->Position(this, &Counter);
    PresentationPosition->u64QPCPosition = (UINT64)Counter;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCableStream::GetPacketCount(ULONG* PacketCount) {
    if (m_Packets == 0) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    LONGLONG Counter;
    *PacketCount = PacketsIn(m_Engine->Position(this, &Counter));
    return STATUS_SUCCESS;
}

// ---- IMiniportWaveRTInputStream ----------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS)
CCableStream::GetReadPacket(ULONG* PacketNumber, DWORD* Flags, ULONG64* PerformanceCounterValue, BOOL* MoreData) {
    if (m_Packets == 0) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    LONGLONG Counter;
    const ULONG Complete = PacketsIn(m_Engine->Position(this, &Counter));
    *Flags = 0;
    *MoreData = FALSE;
    if (m_NextRead == Complete) {
        return STATUS_DEVICE_NOT_READY;
    }
    // One packet of the buffer is always being overwritten; what the client did not fetch in time is lost, oldest
    // first, and the numbers go on.
    const ULONG Kept = m_Packets > 1 ? m_Packets - 1 : 1;
    if (Complete - m_NextRead > Kept) {
        m_NextRead = Complete - Kept;
    }
    *PacketNumber = m_NextRead;
    *PerformanceCounterValue = (ULONG64)m_Engine->CounterAtFrame(this, (ULONGLONG)m_NextRead * PeriodFrames);
    ++m_NextRead;
    *MoreData = m_NextRead != Complete;
    return STATUS_SUCCESS;
}
