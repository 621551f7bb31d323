// The streams: MIDI transform filters.
#include "dmus.h"

void CLoop::Put(const DMUS_KERNEL_EVENT* Event, REFERENCE_TIME Time) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    if (m_Listener != NULL && m_Count < Room && Event->cbEvent <= sizeof(m_Events[0].Bytes)) {
        LoopEvent* Place = &m_Events[(m_First + m_Count) % Room];
        Place->Time = Time;
        Place->Group = Event->usChannelGroup;
        Place->Flags = Event->usFlags;
        Place->Count = Event->cbEvent;
        RtlCopyMemory(Place->Bytes, SHORT_EVT(Event) ? Event->uData.abData : Event->uData.pbData, Event->cbEvent);
        ++m_Count;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

BOOLEAN CLoop::Get(LoopEvent* Event) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    const BOOLEAN Found = m_Count != 0;
    if (Found) {
        *Event = m_Events[m_First];
        m_First = (m_First + 1) % Room;
        --m_Count;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Found;
}

void CLoop::SetListener(PSERVICEGROUP Group) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_Listener = Group;
    m_Count = 0;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

PSERVICEGROUP CLoop::Listener() {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    PSERVICEGROUP Group = m_Listener;
    if (Group != NULL) {
        Group->AddRef();
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Group;
}

namespace {

class CDmusStream : public IMXF, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CDmusStream);
    ~CDmusStream();
    IMP_IMXF;

    PUNKNOWN m_Miniport;
    CLoop* m_Loop;
    PPORTDMUS m_Port;
    BOOLEAN m_IsCapture;
    PAllocatorMXF m_Allocator;
    PMASTERCLOCK m_Clock;
    PSERVICEGROUP m_Group;
    PMXF m_Sink;

private:
    void Capture();
    void Render(PDMUS_KERNEL_EVENT Event);
    LoopEvent m_Event;
};

CDmusStream::~CDmusStream() {
    PAGED_CODE();
    if (m_Miniport == NULL) {
        return;
    }
    if (m_IsCapture) {
        m_Loop->SetListener(NULL);
    }
    if (m_Sink != NULL) {
        m_Sink->Release();
    }
    m_Group->Release();
    m_Clock->Release();
    m_Allocator->Release();
    m_Miniport->Release();
}

STDMETHODIMP_(NTSTATUS) CDmusStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMXF)) {
        *Object = PVOID(PMXF(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDmusStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (m_IsCapture) {
        m_Loop->SetListener(State == KSSTATE_RUN ? m_Group : NULL);
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDmusStream::ConnectOutput(PMXF sinkMXF) {
    PAGED_CODE();
    sinkMXF->AddRef();
    m_Sink = sinkMXF;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDmusStream::DisconnectOutput(PMXF sinkMXF) {
    PAGED_CODE();
    if (m_Sink != sinkMXF) {
        return STATUS_INVALID_PARAMETER;
    }
    m_Sink = NULL;
    sinkMXF->Release();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDmusStream::PutMessage(PDMUS_KERNEL_EVENT pDMKEvt) {
    if (m_IsCapture) {
        Capture();
    } else if (pDMKEvt != NULL) {
        Render(pDMKEvt);
    }
    return STATUS_SUCCESS;
}

void CDmusStream::Render(PDMUS_KERNEL_EVENT Event) {
    REFERENCE_TIME Now = 0;
    m_Clock->GetTime(&Now);
    for (PDMUS_KERNEL_EVENT Each = Event; Each != NULL; Each = Each->pNextEvt) {
        m_Loop->Put(Each, Now);
    }
    m_Allocator->PutMessage(Event);
    PSERVICEGROUP Listener = m_Loop->Listener();
    if (Listener != NULL) {
        m_Port->Notify(Listener);
        Listener->Release();
    }
}

void CDmusStream::Capture() {
    while (m_Loop->Get(&m_Event)) {
        PDMUS_KERNEL_EVENT Event = NULL;
        if (!NT_SUCCESS(m_Allocator->GetMessage(&Event))) {
            return;
        }
        PBYTE Place = Event->uData.abData;
        if (m_Event.Count > sizeof(Event->uData)) {
            if (m_Event.Count > m_Allocator->GetBufferSize() || !NT_SUCCESS(m_Allocator->GetBuffer(&Place))) {
                m_Allocator->PutMessage(Event);
                continue;
            }
            Event->uData.pbData = Place;
        }
        RtlCopyMemory(Place, m_Event.Bytes, m_Event.Count);
        Event->cbEvent = m_Event.Count;
        Event->usChannelGroup = m_Event.Group;
        // Whatever is a part or follows one is for the port to put together.
        Event->usFlags =
            m_Event.Flags != 0 || !(m_Event.Bytes[0] & 0x80) ? DMUS_KEF_EVENT_INCOMPLETE : DMUS_KEF_EVENT_COMPLETE;
        Event->ullPresTime100ns = m_Event.Time;
        PMXF Sink = m_Sink != NULL ? m_Sink : m_Allocator;
        Sink->PutMessage(Event);
    }
}

} // namespace

NTSTATUS CreateDmusStream(PMXF* OutStream, PUNKNOWN Miniport, CLoop* Loop, PPORTDMUS Port, BOOLEAN Capture,
                          PAllocatorMXF Allocator, PMASTERCLOCK Clock, PSERVICEGROUP Group) {
    PAGED_CODE();
    CDmusStream* Stream = new (NonPagedPoolNx, DMUS_POOL_TAG) CDmusStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    Stream->m_Miniport = Miniport;
    Stream->m_Miniport->AddRef();
    Stream->m_Loop = Loop;
    Stream->m_Port = Port;
    Stream->m_IsCapture = Capture;
    Stream->m_Allocator = Allocator;
    Stream->m_Allocator->AddRef();
    Stream->m_Clock = Clock;
    Stream->m_Clock->AddRef();
    Stream->m_Group = Group;
    Stream->m_Group->AddRef();
    *OutStream = PMXF(Stream);
    return STATUS_SUCCESS;
}
