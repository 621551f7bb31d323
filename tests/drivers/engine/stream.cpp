// A stream: the buffer that application and card share, and the controls of its voice.
#include "engine.h"

namespace {

class CEngineStream : public IMiniportWaveRTStreamNotification,
                      public IMiniportStreamAudioEngineNode,
                      public IMiniportStreamAudioEngineNode2,
                      public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CEngineStream);
    ~CEngineStream();

    NTSTATUS Init(CEngineCard* Card, PPORTWAVERTSTREAM PortStream, PPORTCLSETWHELPER EtwHelper, BOOLEAN IsLoopback);
    IMP_IMiniportWaveRTStream;
    IMP_IMiniportWaveRTStreamNotification;
    IMP_IMiniportStreamAudioEngineNode;
    IMP_IMiniportStreamAudioEngineNode2;

private:
    PPORTWAVERTSTREAM m_PortStream;
    PPORTCLSETWHELPER m_EtwHelper;
    CEngineCard* m_Card; // NULL: not attached
    EngineVoice m_Voice;
    BOOL m_LfxIsOn;
    ULONG m_WritePosition;
};

CEngineStream::~CEngineStream() {
    PAGED_CODE();
    if (m_Card != NULL) {
        m_Card->Detach(&m_Voice);
        m_EtwHelper->Release();
        m_PortStream->Release();
    }
}

NTSTATUS CEngineStream::Init(CEngineCard* Card, PPORTWAVERTSTREAM PortStream, PPORTCLSETWHELPER EtwHelper,
                             BOOLEAN IsLoopback) {
    PAGED_CODE();
    m_Voice.IsLoopback = IsLoopback;
    m_Voice.End = MAXULONGLONG;
    if (!Card->Attach(&m_Voice)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Card = Card;
    m_EtwHelper = EtwHelper;
    m_EtwHelper->AddRef();
    m_PortStream = PortStream;
    m_PortStream->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStream) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStreamNotification)) {
        *Object = PVOID(PMINIPORTWAVERTSTREAMNOTIFICATION(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportStreamAudioEngineNode) && !m_Voice.IsLoopback) {
        *Object = PVOID(PMINIPORTSTREAMAUDIOENGINENODE(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportStreamAudioEngineNode2) && !m_Voice.IsLoopback) {
        *Object = PVOID(PMINIPORTSTREAMAUDIOENGINENODE2(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- IMiniportWaveRTStreamNotification -----------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CEngineStream::SetFormat(PKSDATAFORMAT DataFormat) {
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (State == KSSTATE_RUN && m_Voice.Buffer == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    KIRQL OldIrql;
    m_Card->Lock(&OldIrql);
    m_Voice.IsRunning = State == KSSTATE_RUN;
    if (State == KSSTATE_STOP) {
        m_Voice.Position = 0;
        m_Voice.End = MAXULONGLONG;
    }
    m_Card->Unlock(OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetPosition(PKSAUDIO_POSITION Position) {
    ULONGLONG Linear;
    GetStreamLinearBufferPosition(&Linear);
    Position->PlayOffset = m_Voice.Bytes != 0 ? Linear % m_Voice.Bytes : 0;
    Position->WriteOffset = Position->PlayOffset;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CEngineStream::AllocateAudioBuffer(ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                   MEMORY_CACHING_TYPE* CacheType) {
    return AllocateBufferWithNotification(1, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(void) CEngineStream::FreeAudioBuffer(PMDL BufferMdl, ULONG BufferSize) {
    FreeBufferWithNotification(BufferMdl, BufferSize);
}

STDMETHODIMP_(NTSTATUS)
CEngineStream::AllocateBufferWithNotification(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl,
                                              ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                              MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    if (NotificationCount < 1 || NotificationCount > 2) {
        return STATUS_INVALID_PARAMETER;
    }
    const ULONG Rounded = RequestedSize / (NotificationCount * BytesPerFrame) * NotificationCount * BytesPerFrame;
    PHYSICAL_ADDRESS Highest;
    Highest.QuadPart = MAXLONGLONG;
    PMDL Mdl = Rounded != 0 ? m_PortStream->AllocatePagesForMdl(Highest, Rounded) : NULL;
    if (Mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Voice.Buffer = (PUCHAR)m_PortStream->MapAllocatedPages(Mdl, MmCached);
    if (m_Voice.Buffer == NULL) {
        m_PortStream->FreePagesFromMdl(Mdl);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Voice.Bytes = Rounded;
    m_Voice.PacketBytes = Rounded / NotificationCount;
    *BufferMdl = Mdl;
    *ActualSize = Rounded;
    *OffsetFromFirstPage = 0;
    *CacheType = MmCached;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CEngineStream::FreeBufferWithNotification(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    m_PortStream->UnmapAllocatedPages(m_Voice.Buffer, BufferMdl);
    m_Voice.Buffer = NULL;
    m_PortStream->FreePagesFromMdl(BufferMdl);
}

STDMETHODIMP_(NTSTATUS) CEngineStream::RegisterNotificationEvent(PKEVENT NotificationEvent) {
    KIRQL OldIrql;
    m_Card->Lock(&OldIrql);
    m_Voice.Event = NotificationEvent;
    m_Card->Unlock(OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::UnregisterNotificationEvent(PKEVENT NotificationEvent) {
    UNREFERENCED_PARAMETER(NotificationEvent);
    return RegisterNotificationEvent(NULL);
}

STDMETHODIMP_(void) CEngineStream::GetHWLatency(KSRTAUDIO_HWLATENCY* Latency) {
    RtlZeroMemory(Latency, sizeof(*Latency));
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetPositionRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetClockRegister(KSRTAUDIO_HWREGISTER* Register) {
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

// ---- IMiniportStreamAudioEngineNode: the voice's controls ----------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CEngineStream::GetLfxState(BOOL* Enable) {
    *Enable = m_LfxIsOn;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::SetLfxState(BOOL Enable) {
    m_LfxIsOn = Enable;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetStreamChannelCount(eChannelTargetType Target, UINT32* Count) {
    UNREFERENCED_PARAMETER(Target);
    *Count = Channels;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CEngineStream::GetStreamAttributeSteppings(eChannelTargetType Target, PKSPROPERTY_STEPPING_LONG Steppings,
                                           UINT32 Bytes) {
    EngineControls::Describe(Target, Steppings, Bytes);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetStreamChannelVolume(UINT32 Channel, LONG* Volume) {
    *Volume = m_Voice.Controls.Volume[Channel];
    return STATUS_SUCCESS;
}

// This card has no ramps: what is asked for holds at once.
STDMETHODIMP_(NTSTATUS)
CEngineStream::SetStreamChannelVolume(UINT32 Channel, LONG Volume, AUDIO_CURVE_TYPE Curve, ULONGLONG Duration) {
    UNREFERENCED_PARAMETER(Curve);
    UNREFERENCED_PARAMETER(Duration);
    for (ULONG i = 0; i < Channels; ++i) {
        if (Channel == i || Channel == AllChannels) {
            m_Voice.Controls.SetVolume(i, Volume);
        }
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetStreamChannelMute(UINT32 Channel, BOOL* Mute) {
    *Mute = m_Voice.Controls.Mute[Channel];
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::SetStreamChannelMute(UINT32 Channel, BOOL Mute) {
    for (ULONG i = 0; i < Channels; ++i) {
        if (Channel == i || Channel == AllChannels) {
            m_Voice.Controls.Mute[i] = Mute;
        }
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetStreamChannelPeakMeter(UINT32 Channel, LONG* Peak) {
    *Peak = m_Voice.Controls.TakePeak(Channel);
    return STATUS_SUCCESS;
}

// ---- IMiniportStreamAudioEngineNode: positions ---------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CEngineStream::GetStreamLinearBufferPosition(ULONGLONG* Position) {
    KIRQL OldIrql;
    m_Card->Lock(&OldIrql);
    *Position = m_Voice.Position;
    m_Card->Unlock(OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::GetStreamPresentationPosition(KSAUDIO_PRESENTATION_POSITION* Position) {
    ULONGLONG Linear;
    GetStreamLinearBufferPosition(&Linear);
    Position->u64PositionInBlocks = Linear / BytesPerFrame;
    Position->u64QPCPosition = (UINT64)KeQueryPerformanceCounter(NULL).QuadPart;
    return STATUS_SUCCESS;
}

// R-OFF-05: the same position twice is a glitch of the application's.
STDMETHODIMP_(NTSTATUS) CEngineStream::SetStreamCurrentWritePosition(ULONG Position) {
    if (Position > m_Voice.Bytes) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Position == m_WritePosition) {
        m_EtwHelper->MiniportWriteEtwEvent(eMINIPORT_GLITCH_REPORT, 0, Position, 2, 0);
    }
    m_WritePosition = Position;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::SetStreamCurrentWritePositionForLastBuffer(ULONG Position) {
    if (m_Voice.Buffer == NULL || Position > m_Voice.Bytes) {
        return STATUS_INVALID_PARAMETER;
    }
    KIRQL OldIrql;
    m_Card->Lock(&OldIrql);
    const ULONG Place = (ULONG)(m_Voice.Position % m_Voice.Bytes);
    m_Voice.End = m_Voice.Position - Place + Position + (Position > Place ? 0 : m_Voice.Bytes);
    m_Card->Unlock(OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineStream::SetStreamLoopbackProtection(CONSTRICTOR_OPTION ProtectionOption) {
    m_Voice.IsProtected = ProtectionOption == CONSTRICTOR_OPTION_MUTE;
    return STATUS_SUCCESS;
}

} // namespace

NTSTATUS CreateEngineStream(PMINIPORTWAVERTSTREAM* OutStream, CEngineCard* Card, PPORTWAVERTSTREAM PortStream,
                            PPORTCLSETWHELPER EtwHelper, BOOLEAN IsLoopback) {
    PAGED_CODE();
    CEngineStream* Stream = new (NonPagedPoolNx, ENGINE_POOL_TAG) CEngineStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    const NTSTATUS Status = Stream->Init(Card, PortStream, EtwHelper, IsLoopback);
    if (!NT_SUCCESS(Status)) {
        Stream->Release();
        return Status;
    }
    *OutStream = PMINIPORTWAVERTSTREAM(PMINIPORTWAVERTSTREAMNOTIFICATION(Stream));
    return STATUS_SUCCESS;
}
