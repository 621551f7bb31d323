// A stream. The port hands out its client's memory piece by piece (GetMapping); the pieces become entries of the list
// that the bus master follows, and are given back (ReleaseMapping) when it is through with them.
#include "stream.h"

namespace {

// "Buffer Descriptor List": 32 entries; one stays free, so that a full list is told from an empty one.
const ULONG ListEntries = 32;
const ULONG MostPieces = ListEntries - 1;
const ULONG InterruptOnCompletion = 0x80000000;
const ULONG BytesPerSample = 2;
const LONGLONG UnitsPerSecond = 10000000; // of 100 ns
const ULONG PiecesPerSecond = 100;        // a mapping that is longer becomes several entries

struct ListEntry {
    ULONG Address;
    ULONG Control; // samples, InterruptOnCompletion
};

// An entry of the list as the driver knows it.
struct Piece {
    ULONG Tag;
    ULONG Address;
    ULONG Bytes;        // that are still to be moved when the engine starts
    BOOLEAN IsLast;     // of its mapping
    ULONGLONG Position; // of its first byte in the stream
};

// What of a mapping has not found room in the list.
struct Rest {
    ULONG Tag;
    ULONG Address;
    ULONG Bytes;
};

class CAc97WaveStream : public IMiniportWavePciStream, public CUnknown, private CAc97Listener {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97WaveStream);
    ~CAc97WaveStream();

    void Init(CAc97Wave* Wave, PPORTWAVEPCISTREAM PortStream, Ac97Engine Engine, ULONG Rate, PDMACHANNEL Channel,
              PSERVICEGROUP Group);
    IMP_IMiniportWavePciStream;

private:
    // The port's DPC calls Service.
    void EngineInterrupt() { m_Wave->Port()->Notify(m_Group); }
    Piece* At(ULONG Number) { return &m_Pieces[(m_First + Number) % ListEntries]; }

    // Under the lock.
    void Describe(ULONG Number);
    void Append();
    void AppendRest();
    void Fill();
    void Collect(ULONG Done);
    ULONG CountDone(const Ac97Progress& Progress);
    BOOLEAN IsRevoked(PVOID Tag) {
        return (ULONG)(ULONG_PTR)Tag >= m_RevokedFrom && (ULONG)(ULONG_PTR)Tag < m_RevokedUpTo;
    }
    void Load();
    void Unload();
    void RemovePieces(ULONG First, ULONG Last, PULONG Removed);

    // Without it: the port may not be called under a spin lock.
    void GetMappings();
    void GetNewMappings();

    CAc97Wave* m_Wave;
    CAc97Hardware* m_Hardware;
    PPORTWAVEPCISTREAM m_PortStream;
    PSERVICEGROUP m_Group;
    PDMACHANNEL m_Channel; // the list lies in its buffer
    ListEntry* m_List;
    ULONG m_ListAddress;
    Ac97Engine m_Engine;
    ULONG m_Rate;

    KSPIN_LOCK m_Lock;
    BOOLEAN m_IsStopped;
    BOOLEAN m_IsRunning; // the stream is in KSSTATE_RUN
    BOOLEAN m_IsLoaded;  // the engine follows the list
    Piece m_Pieces[ListEntries];
    ULONG m_First; // the oldest piece
    ULONG m_Count;
    Rest m_Rest;
    ULONG m_Finished[ListEntries]; // tags that are to be given back
    ULONG m_FinishedCount;
    BOOLEAN m_IsFull; // there was no room for a mapping that the port may have; Fill() alone changes it
    ULONGLONG m_Next; // position behind the last piece

    LONG m_Getting;
    ULONG m_NextTag;
    ULONG m_RevokedFrom; // tags from here to before m_RevokedUpTo were revoked before they were in the list
    ULONG m_RevokedUpTo;
};

void CAc97WaveStream::Init(CAc97Wave* Wave, PPORTWAVEPCISTREAM PortStream, Ac97Engine Engine, ULONG Rate,
                           PDMACHANNEL Channel, PSERVICEGROUP Group) {
    m_Wave = Wave;
    m_Wave->AddRef();
    m_Hardware = Wave->Hardware();
    m_PortStream = PortStream;
    m_PortStream->AddRef();
    m_Group = Group;
    m_Group->AddRef();
    m_Channel = Channel;
    m_List = (ListEntry*)Channel->SystemAddress();
    m_ListAddress = Channel->PhysicalAddress().LowPart;
    m_Engine = Engine;
    m_Rate = Rate;
    m_IsStopped = TRUE;
    KeInitializeSpinLock(&m_Lock);
    m_Hardware->Attend(m_Engine, this);
}

CAc97WaveStream::~CAc97WaveStream() {
    PAGED_CODE();
    if (m_Wave != NULL) {
        if (m_IsLoaded) {
            m_Hardware->StopEngine(m_Engine);
        }
        m_Hardware->Forget(m_Engine);
        m_Hardware->GiveBack(m_Engine);
        m_Channel->Release();
        m_Group->Release();
        m_PortStream->Release();
        m_Wave->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CAc97WaveStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportWavePciStream)) {
        *Object = PVOID(PMINIPORTWAVEPCISTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- states and positions ------------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CAc97WaveStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    const ULONG Rate = Ac97ReadRate(DataFormat);
    if (Rate == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (m_IsRunning) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (!m_Hardware->SetRate(m_Engine, Rate)) {
        return STATUS_INVALID_PARAMETER;
    }
    m_Rate = Rate;
    return STATUS_SUCCESS;
}

// Whenever the stream does not run the engine is reset, and its place in the list kept here: it may lose its power.
STDMETHODIMP_(NTSTATUS) CAc97WaveStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (State != KSSTATE_STOP) {
        m_IsStopped = FALSE;
        GetNewMappings(); // whatever there is
    }
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_IsRunning = State == KSSTATE_RUN;
    if (m_IsRunning) {
        Load();
    } else {
        Unload();
    }
    if (State == KSSTATE_STOP) {
        m_IsStopped = TRUE;
        m_Next = 0;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CAc97WaveStream::GetPosition(PULONGLONG Position) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    ULONG Done = 0;
    ULONG Moved = 0;
    if (m_IsLoaded) {
        const Ac97Place Place = m_Hardware->Place(m_Engine);
        Done = CountDone(Place);
        if (Done < m_Count) {
            Moved = At(Done)->Bytes - Place.SamplesLeft * BytesPerSample;
        }
    }
    *Position = m_IsStopped ? 0 : Done < m_Count ? At(Done)->Position + Moved : m_Next;
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CAc97WaveStream::NormalizePhysicalPosition(PLONGLONG PhysicalPosition) {
    *PhysicalPosition = *PhysicalPosition * UnitsPerSecond / (m_Rate * Ac97FrameBytes);
    return STATUS_SUCCESS;
}

// The card takes frames of any length.
STDMETHODIMP_(NTSTATUS) CAc97WaveStream::GetAllocatorFraming(PKSALLOCATOR_FRAMING AllocatorFraming) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(AllocatorFraming);
    return STATUS_NOT_IMPLEMENTED;
}

// ---- the list ------------------------------------------------------------------------------------------------------

void CAc97WaveStream::Describe(ULONG Number) {
    const Piece* Described = At(Number);
    ListEntry* Entry = &m_List[(m_First + Number) % ListEntries];
    Entry->Address = Described->Address;
    Entry->Control = (Described->Bytes / BytesPerSample) | InterruptOnCompletion;
}

// How many pieces the engine is through with.
ULONG CAc97WaveStream::CountDone(const Ac97Progress& Progress) {
    if (Progress.IsAtEnd) {
        return m_Count;
    }
    const ULONG Done = (Progress.Index - m_First) % ListEntries;
    return Done < m_Count ? Done : m_Count;
}

void CAc97WaveStream::Collect(ULONG Done) {
    for (; Done != 0; --Done) {
        if (At(0)->IsLast) {
            m_Finished[m_FinishedCount++] = At(0)->Tag;
        }
        m_First = (m_First + 1) % ListEntries;
        --m_Count;
    }
}

// One piece more. An engine that has come to the end of the list goes on when the end moves; a write to a port waits
// for what was stored before, so the entry is there when it does.
void CAc97WaveStream::Append() {
    ++m_Count;
    if (m_IsLoaded) {
        Describe(m_Count - 1);
        KeMemoryBarrierWithoutFence();
        m_Hardware->SetLast(m_Engine, (m_First + m_Count - 1) % ListEntries);
    } else if (m_IsRunning) {
        Load();
    }
}

void CAc97WaveStream::AppendRest() {
    const ULONG Most = m_Rate / PiecesPerSecond * Ac97FrameBytes;
    while (m_Rest.Bytes != 0 && m_Count + m_FinishedCount < MostPieces) {
        Piece* New = At(m_Count);
        New->Tag = m_Rest.Tag;
        New->Address = m_Rest.Address;
        New->Bytes = m_Rest.Bytes < 2 * Most ? m_Rest.Bytes : Most; // the last one is not much shorter than the others
        New->IsLast = New->Bytes == m_Rest.Bytes;
        New->Position = m_Next;
        m_Next += New->Bytes;
        m_Rest.Address += New->Bytes;
        m_Rest.Bytes -= New->Bytes;
        Append();
    }
}

// A new list begins at its first entry.
void CAc97WaveStream::Load() {
    if (m_IsLoaded || m_Count == 0) {
        return;
    }
    Piece Kept[ListEntries];
    for (ULONG i = 0; i < m_Count; ++i) {
        Kept[i] = *At(i);
    }
    m_First = 0;
    for (ULONG i = 0; i < m_Count; ++i) {
        *At(i) = Kept[i];
        Describe(i);
    }
    KeMemoryBarrier();
    m_IsLoaded = TRUE;
    m_Hardware->StartEngine(m_Engine, m_ListAddress, m_Count - 1);
}

// What the engine has not moved of its current piece is all that is left of it.
void CAc97WaveStream::Unload() {
    if (!m_IsLoaded) {
        return;
    }
    m_Hardware->HaltEngine(m_Engine);
    const Ac97Place Place = m_Hardware->Place(m_Engine);
    Collect(CountDone(Place));
    if (m_Count != 0) {
        Piece* Current = At(0);
        const ULONG Moved = Current->Bytes - Place.SamplesLeft * BytesPerSample;
        Current->Address += Moved;
        Current->Position += Moved;
        Current->Bytes -= Moved;
    }
    m_Hardware->StopEngine(m_Engine);
    m_IsLoaded = FALSE;
}

// ---- mappings ------------------------------------------------------------------------------------------------------

void CAc97WaveStream::Fill() {
    AppendRest();
    m_IsFull = m_Rest.Bytes != 0 || m_Count + m_FinishedCount >= MostPieces;
}

// As many as there are, and as the list has room for. A port that has none calls MappingAvailable when it has one.
// Nobody else fills the list: where it had room, it still has.
void CAc97WaveStream::GetMappings() {
    KIRQL OldIrql;
    if (m_IsFull) {
        KeAcquireSpinLock(&m_Lock, &OldIrql);
        Fill();
        KeReleaseSpinLock(&m_Lock, OldIrql);
    }
    while (!m_IsFull) {
        const PVOID Tag = (PVOID)(ULONG_PTR)++m_NextTag;
        PHYSICAL_ADDRESS Address;
        PVOID VirtualAddress;
        ULONG Bytes;
        ULONG Flags;
        if (!NT_SUCCESS(m_PortStream->GetMapping(Tag, &Address, &VirtualAddress, &Bytes, &Flags))) {
            return;
        }
        KeAcquireSpinLock(&m_Lock, &OldIrql);
        const BOOLEAN WasRevoked = IsRevoked(Tag);
        if (!WasRevoked) {
            m_Rest.Tag = (ULONG)(ULONG_PTR)Tag;
            m_Rest.Address = Address.LowPart; // the DMA channel has said that the card does not reach farther
            m_Rest.Bytes = Bytes;
            Fill();
        }
        KeReleaseSpinLock(&m_Lock, OldIrql);
        if (WasRevoked) {
            m_PortStream->ReleaseMapping(Tag);
        }
    }
}

// One at a time, lest mappings get out of order; whoever comes meanwhile makes the first one look again.
void CAc97WaveStream::GetNewMappings() {
    if (InterlockedIncrement(&m_Getting) != 1) {
        return;
    }
    LONG Seen;
    do {
        Seen = m_Getting;
        GetMappings();
    } while (InterlockedCompareExchange(&m_Getting, 0, Seen) != Seen);
}

// Takes the tags out of the list, and out of what is to be given back. A mapping counts once, with its last piece.
void CAc97WaveStream::RemovePieces(ULONG First, ULONG Last, PULONG Removed) {
    ULONG Kept = 0;
    for (ULONG i = 0; i < m_FinishedCount; ++i) {
        const ULONG Tag = m_Finished[i];
        if (Tag < First || Tag > Last) {
            m_Finished[Kept++] = Tag;
        } else {
            ++*Removed;
        }
    }
    m_FinishedCount = Kept;
    Kept = 0;
    for (ULONG i = 0; i < m_Count; ++i) {
        const Piece Each = *At(i);
        if (Each.Tag < First || Each.Tag > Last) {
            *At(Kept++) = Each;
        } else if (Each.IsLast) {
            ++*Removed;
        }
    }
    m_Count = Kept;
    if (m_Rest.Bytes != 0 && m_Rest.Tag >= First && m_Rest.Tag <= Last) {
        m_Rest.Bytes = 0;
        ++*Removed;
    }
}

STDMETHODIMP_(NTSTATUS) CAc97WaveStream::RevokeMappings(PVOID FirstTag, PVOID LastTag, PULONG MappingsRevoked) {
    const ULONG First = (ULONG)(ULONG_PTR)FirstTag;
    const ULONG Last = (ULONG)(ULONG_PTR)LastTag;
    *MappingsRevoked = 0;
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    Unload();
    const ULONG Newest = m_Rest.Bytes != 0 ? m_Rest.Tag : m_Count != 0 ? At(m_Count - 1)->Tag : First - 1;
    RemovePieces(First, Last, MappingsRevoked);
    if (Last > Newest) {
        m_RevokedFrom = Newest + 1 > First ? Newest + 1 : First; // on its way from GetMapping to the list
        m_RevokedUpTo = Last + 1;
    }
    if (m_IsRunning) {
        Load();
    }
    const BOOLEAN WasFull = m_IsFull;
    KeReleaseSpinLock(&m_Lock, OldIrql);
    if (WasFull) { // there is room for what waits, and the engine may have nothing left to interrupt for
        m_Wave->Port()->Notify(m_Group);
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CAc97WaveStream::MappingAvailable() {
    GetNewMappings();
}

// Of the port's DPC, one at a time. What the engine is through with goes back, in order. A list that was full may have
// room for more; for any other MappingAvailable comes.
STDMETHODIMP_(void) CAc97WaveStream::Service() {
    ULONG Tags[ListEntries];
    KeAcquireSpinLockAtDpcLevel(&m_Lock);
    if (m_IsLoaded) {
        Collect(CountDone(m_Hardware->Progress(m_Engine)));
    }
    const ULONG Count = m_FinishedCount;
    for (ULONG i = 0; i < Count; ++i) {
        Tags[i] = m_Finished[i];
    }
    m_FinishedCount = 0;
    const BOOLEAN WasFull = m_IsFull;
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
    for (ULONG i = 0; i < Count; ++i) {
        m_PortStream->ReleaseMapping((PVOID)(ULONG_PTR)Tags[i]);
    }
    if (WasFull) {
        GetNewMappings();
    }
}

} // namespace

NTSTATUS CreateAc97Stream(PMINIPORTWAVEPCISTREAM* OutStream, POOL_TYPE PoolType, CAc97Wave* Owner,
                          PPORTWAVEPCISTREAM PortStream, Ac97Engine Engine, ULONG Rate, PDMACHANNEL Channel,
                          PSERVICEGROUP Group) {
    PAGED_CODE();
    CAc97WaveStream* Stream = new (PoolType, AC97_POOL_TAG) CAc97WaveStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    Stream->Init(Owner, PortStream, Engine, Rate, Channel, Group);
    *OutStream = PMINIPORTWAVEPCISTREAM(Stream);
    return STATUS_SUCCESS;
}
