// The "hardware".
#include "cyclic.h"

NTSTATUS CCyclicCard::Init() {
    KeInitializeSpinLock(&m_Lock);
    m_Timer = ExAllocateTimer(OnTimer, this, EX_TIMER_HIGH_RESOLUTION);
    if (m_Timer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const LONGLONG Interval = 100000; // 10 ms
    ExSetTimer(m_Timer, -Interval, Interval, NULL);
    return STATUS_SUCCESS;
}

void CCyclicCard::Close() {
    if (m_Timer != NULL) {
        ExDeleteTimer(m_Timer, TRUE, TRUE, NULL);
    }
}

void CCyclicCard::Attach(BOOLEAN Capture, CyclicEngine* Engine) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_Engines[Capture ? PinCapture : PinRender] = Engine;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

void CCyclicCard::SetRunning(CyclicEngine* Engine, BOOLEAN IsRunning) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    Engine->IsRunning = IsRunning;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

ULONG CCyclicCard::Position(const CyclicEngine* Engine) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    const ULONG Position = Engine->Position;
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Position;
}

void CCyclicCard::Reset(CyclicEngine* Engine) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    Engine->Position = 0;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

void CCyclicCard::OnTimer(PEX_TIMER Timer, PVOID Context) {
    UNREFERENCED_PARAMETER(Timer);
    static_cast<CCyclicCard*>(Context)->Move();
}

void CCyclicCard::Move() {
    PSERVICEGROUP Groups[PinCount] = {NULL, NULL};
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    RtlZeroMemory(m_Line, IntervalBytes);
    for (ULONG Pin = 0; Pin < PinCount; ++Pin) {
        CyclicEngine* Engine = m_Engines[Pin];
        if (Engine == NULL || !Engine->IsRunning) {
            continue;
        }
        for (ULONG i = 0; i < IntervalBytes; ++i) {
            PUCHAR Place = Engine->Buffer + (Engine->Position + i) % Engine->Bytes;
            if (Pin == PinRender) {
                m_Line[i] = *Place;
            } else {
                *Place = m_Line[i];
            }
        }
        Engine->Position = (Engine->Position + IntervalBytes) % Engine->Bytes;
        Groups[Pin] = Engine->Group;
        Groups[Pin]->AddRef();
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    for (ULONG Pin = 0; Pin < PinCount; ++Pin) {
        if (Groups[Pin] != NULL) {
            m_Port->Notify(Groups[Pin]);
            Groups[Pin]->Release();
        }
    }
}
