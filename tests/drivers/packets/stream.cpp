// A stream whose "hardware" is a timer: every expiry moves one packet.
#include "packets.h"

namespace {

const ULONG BytesPerSecond = 48000 * 4;

class CPacketStream : public IMiniportWaveRTStreamNotification,
                      public IMiniportWaveRTOutputStream,
                      public IMiniportWaveRTInputStream,
                      public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPacketStream);
    ~CPacketStream();

    NTSTATUS Init(PPORTWAVERTSTREAM PortStream, BOOLEAN Capture, PacketTemper Temper, PPORTCLSETWHELPER EtwHelper);

    IMP_IMiniportWaveRTStream;
    IMP_IMiniportWaveRTStreamNotification;
    IMP_IMiniportWaveRTOutputStream;
    IMP_IMiniportWaveRTInputStream;

private:
    static void OnTimer(PEX_TIMER Timer, PVOID Context);
    void MovePacket();
    NTSTATUS Allocate(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize,
                      ULONG* OffsetFromFirstPage, MEMORY_CACHING_TYPE* CacheType);
    void Free(PMDL BufferMdl);
    ULONG PacketBytes() const { return m_BufferBytes / m_PacketsPerBuffer; }

    PPORTWAVERTSTREAM m_PortStream;
    PPORTCLSETWHELPER m_EtwHelper;
    BOOLEAN m_IsCapture;
    PacketTemper m_Temper;
    KSSTATE m_State;
    PEX_TIMER m_Timer;
    KSPIN_LOCK m_Lock;
    PUCHAR m_Buffer;
    ULONG m_BufferBytes;
    ULONG m_PacketsPerBuffer; // 0 = no notifications
    PKEVENT m_Event;
    ULONG m_Moved;         // packets since STOP
    ULONG m_ToldBefore;    // render: every packet below this one has been told
    ULONG m_NextRead;      // capture: the first packet that was not given away
    LONGLONG m_MovedAtQpc; // when the last packet was complete
};

CPacketStream::~CPacketStream() {
    PAGED_CODE();
    if (m_Timer != NULL) {
        ExDeleteTimer(m_Timer, TRUE, TRUE, NULL);
    }
    if (m_EtwHelper != NULL) {
        m_EtwHelper->Release();
    }
    if (m_PortStream != NULL) {
        m_PortStream->Release();
    }
}

NTSTATUS CPacketStream::Init(PPORTWAVERTSTREAM PortStream, BOOLEAN Capture, PacketTemper Temper,
                             PPORTCLSETWHELPER EtwHelper) {
    PAGED_CODE();
    m_PortStream = PortStream;
    m_PortStream->AddRef();
    m_EtwHelper = EtwHelper;
    if (m_EtwHelper != NULL) {
        m_EtwHelper->AddRef();
    }
    m_IsCapture = Capture;
    m_Temper = Temper;
    KeInitializeSpinLock(&m_Lock);
    m_Timer = ExAllocateTimer(OnTimer, this, EX_TIMER_HIGH_RESOLUTION);
    return m_Timer != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

STDMETHODIMP_(NTSTATUS) CPacketStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStream) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStreamNotification)) {
        *Object = PVOID(PMINIPORTWAVERTSTREAMNOTIFICATION(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTOutputStream) && !m_IsCapture &&
               m_Temper != NoPacketMode) {
        *Object = PVOID(PMINIPORTWAVERTOUTPUTSTREAM(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTInputStream) && m_IsCapture &&
               m_Temper != NoPacketMode) {
        *Object = PVOID(PMINIPORTWAVERTINPUTSTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- the hardware --------------------------------------------------------------------------------------------------

void CPacketStream::OnTimer(PEX_TIMER Timer, PVOID Context) {
    UNREFERENCED_PARAMETER(Timer);
    static_cast<CPacketStream*>(Context)->MovePacket();
}

void CPacketStream::MovePacket() {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    const ULONG Packet = m_Moved;
    const BOOLEAN IsUntold = !m_IsCapture && m_ToldBefore <= Packet;
    if (m_IsCapture) {
        PUSHORT Samples = (PUSHORT)(m_Buffer + Packet % m_PacketsPerBuffer * PacketBytes());
        for (ULONG i = 0; i < PacketBytes() / sizeof(USHORT); ++i) {
            Samples[i] = (USHORT)Packet;
        }
    }
    m_MovedAtQpc = KeQueryPerformanceCounter(NULL).QuadPart;
    ++m_Moved;
    KeReleaseSpinLock(&m_Lock, OldIrql);
    if (IsUntold && m_EtwHelper != NULL) {
        m_EtwHelper->MiniportWriteEtwEvent(eMINIPORT_GLITCH_REPORT, Packet, m_ToldBefore, 1, 0);
    }
    if (m_Event != NULL) {
        KeSetEvent(m_Event, 0, FALSE);
    }
}

// ---- IMiniportWaveRTStream -----------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CPacketStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CPacketStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (State == KSSTATE_RUN) {
        if (m_Buffer == NULL || m_PacketsPerBuffer == 0) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        const LONGLONG Period = (LONGLONG)PacketBytes() * 10000000 / BytesPerSecond;
        ExSetTimer(m_Timer, -Period, Period, NULL);
    } else if (m_State == KSSTATE_RUN) {
        ExCancelTimer(m_Timer, NULL);
        KeFlushQueuedDpcs();
    }
    if (State == KSSTATE_STOP) {
        m_Moved = 0;
        m_ToldBefore = 0;
        m_NextRead = 0;
    }
    m_State = State;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPacketStream::GetPosition(PKSAUDIO_POSITION Position) {
    const ULONG Packet = m_PacketsPerBuffer != 0 ? m_Moved % m_PacketsPerBuffer : 0;
    Position->PlayOffset = m_PacketsPerBuffer != 0 ? Packet * PacketBytes() : 0;
    Position->WriteOffset = Position->PlayOffset;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CPacketStream::AllocateAudioBuffer(ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                   MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    return Allocate(0, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(void) CPacketStream::FreeAudioBuffer(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    Free(BufferMdl);
}

STDMETHODIMP_(void) CPacketStream::GetHWLatency(KSRTAUDIO_HWLATENCY* Latency) {
    PAGED_CODE();
    RtlZeroMemory(Latency, sizeof(*Latency));
}

STDMETHODIMP_(NTSTATUS) CPacketStream::GetPositionRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CPacketStream::GetClockRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

// ---- IMiniportWaveRTStreamNotification -----------------------------------------------------------------------------

NTSTATUS CPacketStream::Allocate(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize,
                                 ULONG* OffsetFromFirstPage, MEMORY_CACHING_TYPE* CacheType) {
    PHYSICAL_ADDRESS Highest;
    Highest.QuadPart = MAXLONGLONG;
    PMDL Mdl = m_PortStream->AllocatePagesForMdl(Highest, RequestedSize);
    if (Mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Buffer = (PUCHAR)m_PortStream->MapAllocatedPages(Mdl, MmCached);
    if (m_Buffer == NULL) {
        m_PortStream->FreePagesFromMdl(Mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_BufferBytes = RequestedSize;
    m_PacketsPerBuffer = NotificationCount;
    *BufferMdl = Mdl;
    *ActualSize = RequestedSize;
    *OffsetFromFirstPage = 0;
    *CacheType = MmCached;
    return STATUS_SUCCESS;
}

void CPacketStream::Free(PMDL BufferMdl) {
    if (m_Buffer != NULL) {
        m_PortStream->UnmapAllocatedPages(m_Buffer, BufferMdl);
        m_Buffer = NULL;
    }
    m_PortStream->FreePagesFromMdl(BufferMdl);
}

STDMETHODIMP_(NTSTATUS)
CPacketStream::AllocateBufferWithNotification(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl,
                                              ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                              MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    return Allocate(NotificationCount, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(void) CPacketStream::FreeBufferWithNotification(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    Free(BufferMdl);
}

STDMETHODIMP_(NTSTATUS) CPacketStream::RegisterNotificationEvent(PKEVENT NotificationEvent) {
    m_Event = NotificationEvent;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPacketStream::UnregisterNotificationEvent(PKEVENT NotificationEvent) {
    UNREFERENCED_PARAMETER(NotificationEvent);
    m_Event = NULL;
    return STATUS_SUCCESS;
}

// ---- packets -------------------------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CPacketStream::SetWritePacket(ULONG PacketNumber, DWORD Flags, ULONG EosPacketLength) {
    UNREFERENCED_PARAMETER(EosPacketLength);
    if (Flags != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (m_Temper == StuckPackets) {
        return STATUS_DATA_OVERRUN;
    }
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    const ULONG Next = m_Moved + (m_State == KSSTATE_RUN ? 1 : 0);
    NTSTATUS Status = STATUS_SUCCESS;
    if (PacketNumber < Next) {
        Status = STATUS_DATA_LATE_ERROR;
    } else if (PacketNumber > Next) {
        Status = STATUS_DATA_OVERRUN;
    } else {
        m_ToldBefore = PacketNumber + 1;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Status;
}

STDMETHODIMP_(NTSTATUS)
CPacketStream::GetOutputStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* PresentationPosition) {
    UNREFERENCED_PARAMETER(PresentationPosition);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CPacketStream::GetPacketCount(ULONG* PacketCount) {
    *PacketCount = m_Moved;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CPacketStream::GetReadPacket(ULONG* PacketNumber, DWORD* Flags, ULONG64* PerformanceCounterValue, BOOL* MoreData) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    NTSTATUS Status = STATUS_DEVICE_NOT_READY;
    if (m_Temper != StuckPackets && m_NextRead < m_Moved) {
        *PacketNumber = m_Moved - 1;
        *Flags = 0;
        *PerformanceCounterValue = (ULONG64)m_MovedAtQpc;
        *MoreData = FALSE;
        m_NextRead = m_Moved;
        Status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Status;
}

} // namespace

NTSTATUS CreatePacketStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, BOOLEAN Capture,
                            PacketTemper Temper, PPORTCLSETWHELPER EtwHelper) {
    PAGED_CODE();
    CPacketStream* Stream = new (NonPagedPoolNx, PACKETS_POOL_TAG) CPacketStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    const NTSTATUS Status = Stream->Init(PortStream, Capture, Temper, EtwHelper);
    if (NT_SUCCESS(Status)) {
        *OutStream = PMINIPORTWAVERTSTREAM(PMINIPORTWAVERTSTREAMNOTIFICATION(Stream));
        (*OutStream)->AddRef();
    }
    Stream->Release();
    return Status;
}
