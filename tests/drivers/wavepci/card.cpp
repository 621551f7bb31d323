// The "hardware".
#include "wavepci.h"

NTSTATUS CWavePciCard::Init(PPORTWAVEPCI Port, PSERVICEGROUP Group) {
    KeInitializeSpinLock(&Lock);
    m_Port = Port;
    m_Group = Group;
    m_Timer = ExAllocateTimer(OnTimer, this, EX_TIMER_HIGH_RESOLUTION);
    if (m_Timer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const LONGLONG Interval = 100000; // 10 ms
    ExSetTimer(m_Timer, -Interval, Interval, NULL);
    return STATUS_SUCCESS;
}

void CWavePciCard::Close() {
    if (m_Timer != NULL) {
        ExDeleteTimer(m_Timer, TRUE, TRUE, NULL);
    }
}

ULONG CWavePciCard::Attach(BOOLEAN Capture, CWavePciStream* Stream, WavePciEngine* Engine) {
    const ULONG Pin = Capture ? PinCapture : PinRender;
    KIRQL OldIrql;
    KeAcquireSpinLock(&Lock, &OldIrql);
    ULONG Slot = 0;
    while (Slot < Slots && m_Engines[Pin][Slot] != NULL) {
        ++Slot;
    }
    if (Slot < Slots) {
        m_Engines[Pin][Slot] = Engine;
        m_Streams[Pin][Slot] = Stream;
    }
    KeReleaseSpinLock(&Lock, OldIrql);
    return Slot;
}

void CWavePciCard::Detach(BOOLEAN Capture, ULONG Slot) {
    const ULONG Pin = Capture ? PinCapture : PinRender;
    KIRQL OldIrql;
    KeAcquireSpinLock(&Lock, &OldIrql);
    m_Engines[Pin][Slot] = NULL;
    m_Streams[Pin][Slot] = NULL;
    KeReleaseSpinLock(&Lock, OldIrql);
}

void CWavePciCard::OnTimer(PEX_TIMER Timer, PVOID Context) {
    UNREFERENCED_PARAMETER(Timer);
    static_cast<CWavePciCard*>(Context)->Tick();
}

// The bus master: only physical addresses.
void CWavePciCard::Move(WavePciEngine* Engine, BOOLEAN Capture, PUCHAR Line) {
    ULONG Moved = 0;
    while (Moved < IntervalBytes && Engine->Done < Engine->Count) {
        const WavePciMapping* Mapping = &Engine->Mappings[(Engine->First + Engine->Done) % MostMappings];
        const ULONG Left = Mapping->Bytes - Engine->InFirst;
        const ULONG Part = Left < IntervalBytes - Moved ? Left : IntervalBytes - Moved;
        PUCHAR Place = (PUCHAR)MmGetVirtualForPhysical(Mapping->Address) + Engine->InFirst;
        if (Capture) {
            RtlCopyMemory(Place, Line + Moved, Part);
        } else {
            RtlCopyMemory(Line + Moved, Place, Part);
        }
        Moved += Part;
        Engine->InFirst += Part;
        if (Engine->InFirst == Mapping->Bytes) {
            Engine->InFirst = 0;
            ++Engine->Done;
        }
    }
}

void CWavePciCard::Tick() {
    CWavePciStream* Running[PinCount * Slots];
    ULONG Count = 0;
    KIRQL OldIrql;
    KeAcquireSpinLock(&Lock, &OldIrql);
    RtlZeroMemory(m_Lines, sizeof(m_Lines));
    for (ULONG Pin = 0; Pin < PinCount; ++Pin) {
        for (ULONG Slot = 0; Slot < Slots; ++Slot) {
            WavePciEngine* Engine = m_Engines[Pin][Slot];
            if (Engine != NULL && Engine->IsRunning) {
                Move(Engine, Pin == PinCapture, m_Lines[Slot]);
                Running[Count++] = m_Streams[Pin][Slot];
            }
        }
    }
    KeReleaseSpinLock(&Lock, OldIrql);
    if (m_Group == NULL) { // no interrupt: a timer routine does it all
        for (ULONG i = 0; i < Count; ++i) {
            Running[i]->Service();
        }
    } else if (Count != 0) {
        m_Port->Notify(m_Group);
    }
}
