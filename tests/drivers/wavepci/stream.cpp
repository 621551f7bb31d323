// A stream of the card: mappings in, mappings out.
#include "wavepci.h"

NTSTATUS CWavePciStream::Init(CWavePciCard* Card, PPORTWAVEPCISTREAM PortStream, BOOLEAN Capture, PDMACHANNEL Channel,
                              const WavePciSettings* Settings) {
    PAGED_CODE();
    m_Settings = *Settings;
    m_IsCapture = Capture;
    m_IsStopped = TRUE;
    m_Slot = Card->Attach(Capture, this, &m_Engine);
    if (m_Slot == Slots) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    m_Card = Card;
    m_Channel = Channel;
    m_PortStream = PortStream;
    m_PortStream->AddRef();
    PPREFETCHOFFSET PreFetch = NULL;
    if (m_Settings.Prefetch != 0 && NT_SUCCESS(PortStream->QueryInterface(IID_IPreFetchOffset, (PVOID*)&PreFetch))) {
        PreFetch->SetPreFetchOffset(m_Settings.Prefetch);
        PreFetch->Release();
    }
    return STATUS_SUCCESS;
}

CWavePciStream::~CWavePciStream() {
    PAGED_CODE();
    if (m_Card != NULL) {
        m_Card->Detach(m_IsCapture, m_Slot);
        m_PortStream->Release();
    }
    if (m_Channel != NULL) {
        m_Channel->Release(); // the port has not
    }
}

STDMETHODIMP_(NTSTATUS) CWavePciStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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

STDMETHODIMP_(NTSTATUS) CWavePciStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    return ((PKSDATAFORMAT_WAVEFORMATEX)DataFormat)->WaveFormatEx.nChannels == 2 ? STATUS_SUCCESS
                                                                                 : STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS) CWavePciStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (State != KSSTATE_STOP && (ULONG)State == m_Settings.Fails) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (State != KSSTATE_STOP) {
        m_IsStopped = FALSE;
        GetNewMappings(); // whatever there is (R-WPCI-17)
    }
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Card->Lock, &OldIrql);
    m_Engine.IsRunning = State == KSSTATE_RUN;
    if (State == KSSTATE_STOP) {
        m_IsStopped = TRUE;
        m_Engine.Next = 0;
    }
    KeReleaseSpinLock(&m_Card->Lock, OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CWavePciStream::GetPosition(PULONGLONG Position) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Card->Lock, &OldIrql);
    if (m_IsStopped) {
        *Position = 0;
    } else if (m_Engine.Done < m_Engine.Count) {
        *Position = m_Engine.Mappings[(m_Engine.First + m_Engine.Done) % MostMappings].Position + m_Engine.InFirst;
    } else {
        *Position = m_Engine.Next;
    }
    KeReleaseSpinLock(&m_Card->Lock, OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CWavePciStream::NormalizePhysicalPosition(PLONGLONG PhysicalPosition) {
    *PhysicalPosition =
        *PhysicalPosition * 10000000 / (48000 * FrameBytes) + 5; // the converter is half a microsecond late
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CWavePciStream::GetAllocatorFraming(PKSALLOCATOR_FRAMING AllocatorFraming) {
    PAGED_CODE();
    if (m_Settings.FrameSize == 0) {
        return STATUS_NOT_IMPLEMENTED;
    }
    RtlZeroMemory(AllocatorFraming, sizeof(*AllocatorFraming));
    AllocatorFraming->RequirementsFlags = KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY;
    AllocatorFraming->PoolType = NonPagedPool;
    AllocatorFraming->Frames = 4;
    AllocatorFraming->FrameSize = m_Settings.FrameSize;
    AllocatorFraming->FileAlignment = FILE_LONG_ALIGNMENT;
    return STATUS_SUCCESS;
}

// ---- mappings -------------------------------------------------------------------------------------------------------

// No lock may be held while the port is called (R-WPCI-08).
BOOLEAN CWavePciStream::GetOneMapping() {
    if (m_Engine.Count >= m_Settings.MaxMappings) {
        return FALSE;
    }
    const ULONG Tag = ++m_NextTag;
    WavePciMapping Mapping;
    PVOID VirtualAddress;
    ULONG Flags;
    m_IsRefused = TRUE; // before the port says so: from then on it may call back
    if (!NT_SUCCESS(m_PortStream->GetMapping((PVOID)(ULONG_PTR)Tag, &Mapping.Address, &VirtualAddress, &Mapping.Bytes,
                                             &Flags))) {
        return FALSE;
    }
    m_IsRefused = FALSE;
    Mapping.Tag = Tag;
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Card->Lock, &OldIrql);
    Mapping.Position = m_Engine.Next;
    const BOOLEAN IsRevoked = Tag >= m_RevokedFrom && Tag < m_RevokedUpTo;
    if (!IsRevoked) {
        m_Engine.Next += Mapping.Bytes;
        m_Engine.Mappings[(m_Engine.First + m_Engine.Count++) % MostMappings] = Mapping;
    }
    KeReleaseSpinLock(&m_Card->Lock, OldIrql);
    if (IsRevoked) {
        m_PortStream->ReleaseMapping((PVOID)(ULONG_PTR)Tag);
    }
    return TRUE;
}

// One at a time, lest mappings get out of order; whoever comes meanwhile makes the first one look again.
void CWavePciStream::GetNewMappings() {
    if (InterlockedIncrement(&m_Getting) != 1) {
        return;
    }
    LONG Seen;
    do {
        Seen = m_Getting;
        while (GetOneMapping()) {
        }
    } while (InterlockedCompareExchange(&m_Getting, 0, Seen) != Seen);
}

void CWavePciStream::ReleaseUsedMappings() {
    ULONG Tags[ReleasedAtOnce];
    ULONG Count;
    do {
        Count = 0;
        KIRQL OldIrql;
        KeAcquireSpinLock(&m_Card->Lock, &OldIrql);
        while (m_Engine.Done != 0 && Count < ReleasedAtOnce) {
            Tags[Count++] = m_Engine.Mappings[m_Engine.First].Tag;
            m_Engine.First = (m_Engine.First + 1) % MostMappings;
            --m_Engine.Count;
            --m_Engine.Done;
        }
        KeReleaseSpinLock(&m_Card->Lock, OldIrql);
        for (ULONG i = 0; i < Count; ++i) {
            m_PortStream->ReleaseMapping((PVOID)(ULONG_PTR)Tags[i]);
        }
    } while (Count == ReleasedAtOnce);
}

// What is done stays, to be released: only what the device still has is given up.
STDMETHODIMP_(NTSTATUS) CWavePciStream::RevokeMappings(PVOID FirstTag, PVOID LastTag, PULONG MappingsRevoked) {
    const ULONG First = (ULONG)(ULONG_PTR)FirstTag;
    const ULONG Last = (ULONG)(ULONG_PTR)LastTag;
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Card->Lock, &OldIrql);
    ULONG Kept = 0;
    ULONG KeptDone = 0;
    ULONG Newest = 0;
    *MappingsRevoked = 0;
    for (ULONG i = 0; i < m_Engine.Count; ++i) {
        const WavePciMapping Mapping = m_Engine.Mappings[(m_Engine.First + i) % MostMappings];
        Newest = Mapping.Tag;
        if (Mapping.Tag >= First && Mapping.Tag <= Last) {
            ++*MappingsRevoked;
            if (i == m_Engine.Done) {
                m_Engine.InFirst = 0;
            }
            continue;
        }
        KeptDone += i < m_Engine.Done ? 1 : 0;
        m_Engine.Mappings[(m_Engine.First + Kept++) % MostMappings] = Mapping;
    }
    m_Engine.Count = Kept;
    m_Engine.Done = KeptDone;
    if (Last > Newest) {
        m_RevokedFrom = Newest + 1 > First ? Newest + 1 : First;
        m_RevokedUpTo = Last + 1;
    }
    KeReleaseSpinLock(&m_Card->Lock, OldIrql);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CWavePciStream::MappingAvailable() {
    m_IsRefused = FALSE;
    GetNewMappings();
}

STDMETHODIMP_(void) CWavePciStream::Service() {
    ReleaseUsedMappings();
    if (!m_IsRefused) {
        GetNewMappings();
    }
}
