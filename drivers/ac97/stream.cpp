// The stream: its states, the list that the bus master follows, mappings in and mappings out.
#include "wavestream.h"

namespace {

const ULONG InterruptOnCompletion = 0x80000000;
const ULONG BytesPerSample = 2;
const LONGLONG UnitsPerSecond = 10000000; // of 100 ns

} // namespace

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
    m_List = (Ac97ListEntry*)Channel->SystemAddress();
    m_ListAddress = Channel->PhysicalAddress().LowPart;
    m_Copies.Init((PUCHAR)m_List + Ac97ListBytes, m_ListAddress + Ac97ListBytes);
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
        if (m_Half.State == HalfPassed) { // one that is held is revoked with its mapping
            m_Half.State = HalfNone;
        }
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    NotifyIfIdle();
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

// Mappings of any length at any address: what the card does not take as it lies is copied.
STDMETHODIMP_(NTSTATUS) CAc97WaveStream::GetAllocatorFraming(PKSALLOCATOR_FRAMING AllocatorFraming) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(AllocatorFraming);
    return STATUS_NOT_IMPLEMENTED;
}

// ---- the list ------------------------------------------------------------------------------------------------------

void CAc97WaveStream::Describe(ULONG Number) {
    const Ac97Piece* Described = At(Number);
    Ac97ListEntry* Entry = &m_List[(m_First + Number) % Ac97ListEntries];
    Entry->Address = Described->Address;
    Entry->Control = (Described->Bytes / BytesPerSample) | InterruptOnCompletion;
}

// How many pieces the engine is through with.
ULONG CAc97WaveStream::CountDone(const Ac97Progress& Progress) {
    if (Progress.IsAtEnd) {
        return m_Count;
    }
    const ULONG Done = (Progress.Index - m_First) % Ac97ListEntries;
    return Done < m_Count ? Done : m_Count;
}

void CAc97WaveStream::Collect(ULONG Done) {
    for (; Done != 0; --Done) {
        if (At(0)->Copy != Ac97NoCopy) {
            CollectCopy(At(0));
        }
        if (At(0)->IsLast) {
            Finish(At(0)->Tag);
        }
        m_First = (m_First + 1) % Ac97ListEntries;
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
        m_Hardware->SetLast(m_Engine, (m_First + m_Count - 1) % Ac97ListEntries);
    } else if (m_IsRunning) {
        Load();
    }
}

void CAc97WaveStream::AppendRest() {
    const ULONG Most = MostBytes();
    while (m_Rest.Bytes != 0 && HasRoom()) {
        AppendPiece(m_Rest.Bytes < 2 * Most ? m_Rest.Bytes : Most); // the last one is not much shorter than the others
    }
}

// A new list begins at its first entry.
void CAc97WaveStream::Load() {
    if (m_IsLoaded || m_Count == 0) {
        return;
    }
    Ac97Piece Kept[Ac97ListEntries];
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
        Ac97Piece* Current = At(0);
        const ULONG Moved = Current->Bytes - Place.SamplesLeft * BytesPerSample;
        Current->Address += Moved;
        if (Current->Copy != Ac97NoCopy && m_Engine == Ac97PcmIn) { // the client may ask for what there is
            m_Copies.Store(Current->Copy, Current->Address - m_Copies.Address(Current->Copy));
        }
        Current->Position += Moved;
        Current->Bytes -= Moved;
    }
    m_Hardware->StopEngine(m_Engine);
    m_IsLoaded = FALSE;
}

// ---- mappings ------------------------------------------------------------------------------------------------------

void CAc97WaveStream::Fill() {
    if (IsOdd()) {
        FillOdd();
        return;
    }
    AppendRest();
    m_IsFull = m_Rest.Bytes != 0 || !HasRoom();
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
            m_Rest.Offset = (ULONG_PTR)VirtualAddress - Address.LowPart;
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
    if (m_IsServiceDue) {
        m_IsServiceDue = FALSE;
        NotifyIfIdle();
    }
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
        Ac97Piece Each = *At(i);
        if (Each.Copy != Ac97NoCopy) {
            if (RemoveFromCopy(&Each, First, Last, Removed)) {
                *At(Kept++) = Each;
            }
        } else if (Each.Tag < First || Each.Tag > Last) {
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
    if (m_Half.State == HalfHeld && m_Half.Tag >= First && m_Half.Tag <= Last) {
        m_Half.State = HalfNone;
        ++*Removed;
    }
}

// Of what is held.
ULONG CAc97WaveStream::NewestTag(ULONG IfNone) {
    if (m_Rest.Bytes != 0) {
        return m_Rest.Tag;
    }
    if (m_Half.State == HalfHeld) {
        return m_Half.Tag;
    }
    return m_Count != 0 ? At(m_Count - 1)->Tag : IfNone;
}

STDMETHODIMP_(NTSTATUS) CAc97WaveStream::RevokeMappings(PVOID FirstTag, PVOID LastTag, PULONG MappingsRevoked) {
    const ULONG First = (ULONG)(ULONG_PTR)FirstTag;
    const ULONG Last = (ULONG)(ULONG_PTR)LastTag;
    *MappingsRevoked = 0;
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    Unload();
    const ULONG Newest = NewestTag(First - 1);
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
    } else {
        NotifyIfIdle();
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CAc97WaveStream::MappingAvailable() {
    GetNewMappings();
}

// Of the port's DPC, one at a time. What the engine is through with goes back, in order. A list that was full may have
// room for more; for any other MappingAvailable comes.
STDMETHODIMP_(void) CAc97WaveStream::Service() {
    ULONG Tags[2 * Ac97ListEntries];
    KeAcquireSpinLockAtDpcLevel(&m_Lock);
    if (m_IsLoaded) {
        Collect(CountDone(m_Hardware->Progress(m_Engine)));
    }
    if (m_Half.State == HalfHeld) {
        EndOnHalf();
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
