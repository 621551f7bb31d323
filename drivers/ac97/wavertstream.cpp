// A WaveRT stream. Client and bus master share one cyclic buffer, and no code of the driver touches the samples. The
// bus master's list of 32 entries goes round the buffer a whole number of times; the interrupt routine keeps its end
// ahead of the bus master, so that it never comes there.
#include "wavertstream.h"

namespace {

// "Buffer Descriptor List". Buffers have at most half as many pieces as the list has entries: of the rest of the list
// the interrupt routine lives when it comes late.
const ULONG ListEntries = 32;
const ULONG ListBytes = ListEntries * 8;
const ULONG MostPieces = ListEntries / 2;
const ULONG InterruptOnCompletion = 0x80000000;
const ULONG SamplesPerFrame = 2;
const ULONG MostFramesOfPiece = 0xFFFE / SamplesPerFrame; // an entry counts samples, in 16 bits
const ULONG MostBufferBytes = MostPieces * MostFramesOfPiece * Ac97FrameBytes;

// "Audio Codec '97", "Analog Performance Characteristics": the group delay of converters is 1 ms at most.
const ULONG CodecDelayIn100ns = 10000;

struct ListEntry {
    ULONG Address;
    ULONG Control; // samples, InterruptOnCompletion
};

struct EventEntry {
    LIST_ENTRY Link;
    PKEVENT Event;
};

class CAc97RTStream : public IMiniportWaveRTStreamNotification, public CUnknown, private CAc97Listener {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97RTStream);
    ~CAc97RTStream();

    NTSTATUS Init(IAc97* Adapter, PPORTWAVERTSTREAM PortStream, BOOLEAN Capture, PKSDATAFORMAT DataFormat);
    IMP_IMiniportWaveRTStream;
    IMP_IMiniportWaveRTStreamNotification;

private:
    void EngineInterrupt();
    static void NTAPI Notify(PKDPC Dpc, PVOID Context, PVOID Unused1, PVOID Unused2);

    NTSTATUS AllocateBuffer(ULONG Packets, ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize,
                            ULONG* OffsetFromFirstPage, MEMORY_CACHING_TYPE* CacheType);
    NTSTATUS AllocateList();
    PMDL AllocatePages(ULONG Bytes);
    void FreeBuffer(PMDL BufferMdl);
    void Divide(ULONG Packets);

    ULONG PieceOf(ULONG Entry) { return (m_FirstPiece + Entry) % m_Pieces; }
    // Pieces differ in length by a frame at most.
    ULONG PieceEnd(ULONG Piece) { return (ULONG)((ULONGLONG)m_BufferFrames * (Piece + 1) / m_Pieces); }
    ULONG PieceBegin(ULONG Piece) { return Piece == 0 ? 0 : PieceEnd(Piece - 1); }
    void Describe(ULONG Entry, ULONG Begin);
    ULONG Frame();

    void Run();
    void Pause();

    IAc97* m_Ac97;
    CAc97Hardware* m_Hardware;
    PPORTWAVERTSTREAM m_PortStream; // the port outlives its streams: no reference
    Ac97Engine m_Engine;
    BOOLEAN m_HasEngine;
    KSSTATE m_State;

    PMDL m_ListMdl;
    ListEntry* m_List;
    ULONG m_ListAddress;
    PMDL m_BufferMdl;
    ULONG m_BufferAddress;
    ULONG m_BufferFrames;
    ULONG m_Packets;    // notifications a buffer; 0 = none
    ULONG m_Pieces;     // of the buffer: a power of two, so that the list is a whole number of buffers
    ULONG m_FirstPiece; // the one that the list's first entry stands for

    KDPC m_Dpc;
    KSPIN_LOCK m_Lock; // for what follows
    BOOLEAN m_IsRunning;
    ULONG m_Frame; // in the buffer, while the engine does not run
    LIST_ENTRY m_Events;
};

NTSTATUS CAc97RTStream::Init(IAc97* Adapter, PPORTWAVERTSTREAM PortStream, BOOLEAN Capture, PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    KeInitializeSpinLock(&m_Lock);
    KeInitializeDpc(&m_Dpc, Notify, this);
    InitializeListHead(&m_Events);
    m_Ac97 = Adapter;
    m_Ac97->AddRef();
    m_Hardware = Adapter->Hardware();
    m_PortStream = PortStream;
    m_Engine = Capture ? Ac97PcmIn : Ac97PcmOut;
    const ULONG Rate = Ac97ReadRate(DataFormat);
    if (Rate == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    m_HasEngine = m_Hardware->Take(m_Engine);
    if (!m_HasEngine) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return m_Hardware->SetRate(m_Engine, Rate) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// A port has stopped the stream and freed its buffer before; the DPC may be under way on another processor.
CAc97RTStream::~CAc97RTStream() {
    PAGED_CODE();
    if (m_Ac97 == NULL) {
        return;
    }
    Pause();
    KeRemoveQueueDpc(&m_Dpc);
    KeFlushQueuedDpcs();
    while (NT_SUCCESS(UnregisterNotificationEvent(NULL))) {
    }
    if (m_HasEngine) {
        m_Hardware->GiveBack(m_Engine);
    }
    m_Ac97->Release();
}

STDMETHODIMP_(NTSTATUS) CAc97RTStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStream) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveRTStreamNotification)) {
        *Object = PVOID(PMINIPORTWAVERTSTREAMNOTIFICATION(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- states and positions ------------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CAc97RTStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    const ULONG Rate = Ac97ReadRate(DataFormat);
    const BOOLEAN IsTaken = Rate != 0 && m_State != KSSTATE_RUN && m_Hardware->SetRate(m_Engine, Rate);
    return IsTaken ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS) CAc97RTStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (State == KSSTATE_RUN) {
        if (m_BufferMdl == NULL) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        Run();
    } else {
        Pause();
    }
    if (State == KSSTATE_STOP) {
        m_Frame = 0;
    }
    m_State = State;
    return STATUS_SUCCESS;
}

// May be called at DISPATCH_LEVEL.
STDMETHODIMP_(NTSTATUS) CAc97RTStream::GetPosition(PKSAUDIO_POSITION Position) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    Position->PlayOffset = (ULONGLONG)(m_IsRunning ? Frame() : m_Frame) * Ac97FrameBytes;
    KeReleaseSpinLock(&m_Lock, OldIrql);
    Position->WriteOffset = Position->PlayOffset;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CAc97RTStream::GetHWLatency(KSRTAUDIO_HWLATENCY* Latency) {
    PAGED_CODE();
    // The bus masters have FIFOs (x_SR, "FIFOE"), and the position (x_PICB) counts what has passed between memory and
    // FIFO. How deep they are is nothing that the registers tell or software chooses, and other controllers of the
    // family differ: none is claimed. The delay of a legacy PCI device is 0 by the structure's definition.
    Latency->FifoSize = 0;
    Latency->ChipsetDelay = 0;
    Latency->CodecDelay = CodecDelayIn100ns;
}

// The position is made of two registers, which are ports besides: there is nothing that a client could map.
STDMETHODIMP_(NTSTATUS) CAc97RTStream::GetPositionRegister(KSRTAUDIO_HWREGISTER* Register) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

STDMETHODIMP_(NTSTATUS) CAc97RTStream::GetClockRegister(KSRTAUDIO_HWREGISTER* Register) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Register);
    return STATUS_NOT_SUPPORTED;
}

// ---- the list ------------------------------------------------------------------------------------------------------

// Entry of the list, from frame Begin to the end of its piece. Interrupts come where packets end.
void CAc97RTStream::Describe(ULONG Entry, ULONG Begin) {
    const ULONG Piece = PieceOf(Entry);
    const ULONG PiecesOfPacket = m_Packets > 1 ? m_Pieces / m_Packets : m_Pieces;
    m_List[Entry].Address = m_BufferAddress + Begin * Ac97FrameBytes;
    m_List[Entry].Control = (PieceEnd(Piece) - Begin) * SamplesPerFrame;
    if ((Piece + 1) % PiecesOfPacket == 0) {
        m_List[Entry].Control |= InterruptOnCompletion;
    }
}

// Where in the buffer the engine is. What is left of a piece says so, for the first one may have been begun before.
ULONG CAc97RTStream::Frame() {
    const Ac97Place Place = m_Hardware->Place(m_Engine);
    const ULONG FramesLeft = (Place.SamplesLeft + SamplesPerFrame - 1) / SamplesPerFrame;
    return (PieceEnd(PieceOf(Place.Index)) - FramesLeft) % m_BufferFrames;
}

// A list begins at its first entry, wherever in the buffer the stream is: that entry is the rest of a piece.
void CAc97RTStream::Run() {
    if (m_IsRunning) {
        return;
    }
    m_FirstPiece = 0;
    while (PieceEnd(m_FirstPiece) <= m_Frame) {
        ++m_FirstPiece;
    }
    Describe(0, m_Frame);
    for (ULONG Entry = 1; Entry < ListEntries; ++Entry) {
        Describe(Entry, PieceBegin(PieceOf(Entry)));
    }
    KeMemoryBarrier(); // the list is there before the engine may look at it
    m_Hardware->Attend(m_Engine, this);
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_Hardware->StartEngine(m_Engine, m_ListAddress, ListEntries - 1);
    m_IsRunning = TRUE;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

// Whenever the stream does not run the engine is reset, and its place in the buffer kept here: it may lose its power.
void CAc97RTStream::Pause() {
    if (!m_IsRunning) {
        return;
    }
    m_Hardware->HaltEngine(m_Engine);
    m_Hardware->Forget(m_Engine); // from here on the interrupt routine leaves the engine alone
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_Frame = Frame();
    m_IsRunning = FALSE;
    KeReleaseSpinLock(&m_Lock, OldIrql);
    m_Hardware->StopEngine(m_Engine);
}

// "Last Valid Index": all but the entry before the current one lie ahead of the engine. The first entry is its whole
// piece from the second time on.
void CAc97RTStream::EngineInterrupt() {
    const ULONG Current = m_Hardware->Progress(m_Engine).Index;
    if (Current != 0) {
        Describe(0, PieceBegin(PieceOf(0)));
        KeMemoryBarrier();
    }
    m_Hardware->SetLast(m_Engine, (Current + ListEntries - 1) % ListEntries);
    if (m_Packets != 0) {
        KeInsertQueueDpc(&m_Dpc, NULL, NULL);
    }
}

// ---- notifications -------------------------------------------------------------------------------------------------

void NTAPI CAc97RTStream::Notify(PKDPC Dpc, PVOID Context, PVOID Unused1, PVOID Unused2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Unused1);
    UNREFERENCED_PARAMETER(Unused2);
    CAc97RTStream* Stream = (CAc97RTStream*)Context;
    KeAcquireSpinLockAtDpcLevel(&Stream->m_Lock);
    for (PLIST_ENTRY Link = Stream->m_Events.Flink; Link != &Stream->m_Events; Link = Link->Flink) {
        KeSetEvent(CONTAINING_RECORD(Link, EventEntry, Link)->Event, IO_SOUND_INCREMENT, FALSE);
    }
    KeReleaseSpinLockFromDpcLevel(&Stream->m_Lock);
}

STDMETHODIMP_(NTSTATUS) CAc97RTStream::RegisterNotificationEvent(PKEVENT NotificationEvent) {
    PAGED_CODE();
    if (m_Packets == 0) {
        return STATUS_UNSUCCESSFUL;
    }
    EventEntry* Entry = (EventEntry*)ExAllocatePoolZero(NonPagedPoolNx, sizeof(EventEntry), AC97_POOL_TAG);
    if (Entry == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Entry->Event = NotificationEvent;
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    InsertTailList(&m_Events, &Entry->Link);
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return STATUS_SUCCESS;
}

// NULL: any one that is left.
STDMETHODIMP_(NTSTATUS) CAc97RTStream::UnregisterNotificationEvent(PKEVENT NotificationEvent) {
    PAGED_CODE();
    EventEntry* Found = NULL;
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    for (PLIST_ENTRY Link = m_Events.Flink; Link != &m_Events && Found == NULL; Link = Link->Flink) {
        EventEntry* Entry = CONTAINING_RECORD(Link, EventEntry, Link);
        Found = NotificationEvent == NULL || Entry->Event == NotificationEvent ? Entry : NULL;
    }
    if (Found != NULL) {
        RemoveEntryList(&Found->Link);
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    if (Found == NULL) {
        return STATUS_NOT_FOUND;
    }
    ExFreePoolWithTag(Found, AC97_POOL_TAG);
    return STATUS_SUCCESS;
}

// ---- the buffer ----------------------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS)
CAc97RTStream::AllocateAudioBuffer(ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                   MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    return AllocateBuffer(0, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(NTSTATUS)
CAc97RTStream::AllocateBufferWithNotification(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl,
                                              ULONG* ActualSize, ULONG* OffsetFromFirstPage,
                                              MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    if (NotificationCount < 1 || NotificationCount > 2) {
        return STATUS_INVALID_PARAMETER;
    }
    return AllocateBuffer(NotificationCount, RequestedSize, BufferMdl, ActualSize, OffsetFromFirstPage, CacheType);
}

STDMETHODIMP_(void) CAc97RTStream::FreeAudioBuffer(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    FreeBuffer(BufferMdl);
}

STDMETHODIMP_(void) CAc97RTStream::FreeBufferWithNotification(PMDL BufferMdl, ULONG BufferSize) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(BufferSize);
    FreeBuffer(BufferMdl);
}

// Pages that lie together, so that a piece of the buffer is an entry of the list.
PMDL CAc97RTStream::AllocatePages(ULONG Bytes) {
    PHYSICAL_ADDRESS Low;
    PHYSICAL_ADDRESS High;
    Low.QuadPart = 0;
    High.QuadPart = MAXULONG;
    return m_PortStream->AllocateContiguousPagesForMdl(Low, High, Bytes);
}

NTSTATUS CAc97RTStream::AllocateList() {
    m_ListMdl = AllocatePages(ListBytes);
    if (m_ListMdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_List = (ListEntry*)m_PortStream->MapAllocatedPages(m_ListMdl, MmCached);
    if (m_List == NULL) {
        m_PortStream->FreePagesFromMdl(m_ListMdl);
        m_ListMdl = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_ListAddress = m_PortStream->GetPhysicalPageAddress(m_ListMdl, 0).LowPart;
    return STATUS_SUCCESS;
}

// The fewest pieces that are short enough.
void CAc97RTStream::Divide(ULONG Packets) {
    m_Packets = Packets;
    m_Pieces = Packets > 1 ? Packets : 1;
    while ((m_BufferFrames + m_Pieces - 1) / m_Pieces > MostFramesOfPiece) {
        m_Pieces *= 2;
    }
}

// Whole frames, and equal packets: rounded up so that the client gets at least what it asked for.
NTSTATUS CAc97RTStream::AllocateBuffer(ULONG Packets, ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize,
                                       ULONG* OffsetFromFirstPage, MEMORY_CACHING_TYPE* CacheType) {
    PAGED_CODE();
    if (m_BufferMdl != NULL) {
        return STATUS_DEVICE_NOT_READY;
    }
    const ULONG Unit = Ac97FrameBytes * (Packets == 0 ? 1 : Packets);
    if (RequestedSize == 0 || RequestedSize > MostBufferBytes - Unit) {
        return STATUS_UNSUCCESSFUL;
    }
    const ULONG Size = (RequestedSize + Unit - 1) / Unit * Unit;
    NTSTATUS Status = AllocateList();
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    m_BufferMdl = AllocatePages(Size);
    if (m_BufferMdl == NULL) {
        FreeBuffer(NULL);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_BufferAddress = m_PortStream->GetPhysicalPageAddress(m_BufferMdl, 0).LowPart;
    m_BufferFrames = Size / Ac97FrameBytes;
    m_Frame = 0;
    Divide(Packets);
    *BufferMdl = m_BufferMdl;
    *ActualSize = Size;
    *OffsetFromFirstPage = 0;
    *CacheType = MmCached; // the bus master sees what is in caches
    return STATUS_SUCCESS;
}

void CAc97RTStream::FreeBuffer(PMDL BufferMdl) {
    PAGED_CODE();
    if (BufferMdl != m_BufferMdl) {
        return;
    }
    Pause();
    if (m_BufferMdl != NULL) {
        m_PortStream->FreePagesFromMdl(m_BufferMdl);
        m_BufferMdl = NULL;
    }
    if (m_ListMdl != NULL) {
        m_PortStream->UnmapAllocatedPages(m_List, m_ListMdl);
        m_PortStream->FreePagesFromMdl(m_ListMdl);
        m_ListMdl = NULL;
    }
    m_Packets = 0;
}

} // namespace

NTSTATUS CreateAc97RTStream(PMINIPORTWAVERTSTREAM* OutStream, IAc97* Adapter, PPORTWAVERTSTREAM PortStream,
                            BOOLEAN Capture, PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    CAc97RTStream* Stream = new (NonPagedPoolNx, AC97_POOL_TAG) CAc97RTStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    const NTSTATUS Status = Stream->Init(Adapter, PortStream, Capture, DataFormat);
    if (!NT_SUCCESS(Status)) {
        Stream->Release();
        return Status;
    }
    *OutStream = PMINIPORTWAVERTSTREAM(Stream);
    return STATUS_SUCCESS;
}
