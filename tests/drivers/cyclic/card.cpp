// The "hardware".
#include "cyclic.h"

namespace {

const ULONG ClockInterval = 10000; // 1 ms

} // namespace

NTSTATUS CCyclicCard::Init(PPORTWAVECYCLIC Port, PSERVICEGROUP Group, ULONG IntervalsPerInterrupt) {
    m_Port = Port;
    m_Group = Group;
    m_IntervalsPerInterrupt = IntervalsPerInterrupt;
    KeInitializeSpinLock(&m_Lock);
    KeInitializeTimerEx(&m_Timer, SynchronizationTimer);
    KeInitializeDpc(&m_TimerDpc, OnTimer, this);
    m_HasTimer = TRUE;
    ExSetTimerResolution(ClockInterval, TRUE);
    const LONG Interval = 10; // ms
    LARGE_INTEGER First;
    First.QuadPart = -Interval * 10000LL;
    KeSetTimerEx(&m_Timer, First, Interval, &m_TimerDpc);
    return STATUS_SUCCESS;
}

void CCyclicCard::Close() {
    if (m_HasTimer) {
        KeCancelTimer(&m_Timer);
        KeFlushQueuedDpcs();
        ExSetTimerResolution(ClockInterval, FALSE);
    }
}

ULONG CCyclicCard::Attach(BOOLEAN Capture, CyclicEngine* Engine) {
    CyclicEngine** Engines = m_Engines[Capture ? PinCapture : PinRender];
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    ULONG Slot = 0;
    while (Slot < Slots && Engines[Slot] != NULL) {
        ++Slot;
    }
    if (Slot < Slots) {
        Engines[Slot] = Engine;
        m_Slots = Slot < m_Slots ? m_Slots : Slot + 1;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Slot;
}

void CCyclicCard::Detach(BOOLEAN Capture, ULONG Slot) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_Engines[Capture ? PinCapture : PinRender][Slot] = NULL;
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

VOID CCyclicCard::OnTimer(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    static_cast<CCyclicCard*>(Context)->Tick();
}

// Nobody hears what is played into no line.
void CCyclicCard::Move(CyclicEngine* Engine, BOOLEAN Capture, PUCHAR Line) {
    ULONG Part = 0;
    for (ULONG Moved = 0; Moved < IntervalBytes; Moved += Part) {
        const ULONG ToEnd = Engine->Bytes - Engine->Position;
        Part = ToEnd < IntervalBytes - Moved ? ToEnd : IntervalBytes - Moved;
        if (Line != NULL && Capture) {
            RtlCopyMemory(Engine->Buffer + Engine->Position, Line + Moved, Part);
        } else if (Line != NULL) {
            RtlCopyMemory(Line + Moved, Engine->Buffer + Engine->Position, Part);
        }
        Engine->Position = (Engine->Position + Part) % Engine->Bytes;
    }
}

void CCyclicCard::Tick() {
    BOOLEAN AnyRuns = FALSE;
    KeAcquireSpinLockAtDpcLevel(&m_Lock); // where timers call back
    for (ULONG Slot = 0; Slot < m_Slots; ++Slot) {
        CyclicEngine* Player = m_Engines[PinRender][Slot];
        CyclicEngine* Recorder = m_Engines[PinCapture][Slot];
        const BOOLEAN Records = IsRunning(Recorder);
        AnyRuns = AnyRuns || Records || IsRunning(Player);
        if (IsRunning(Player)) {
            Move(Player, FALSE, Records ? m_Line : NULL);
        } else if (Records) {
            RtlZeroMemory(m_Line, IntervalBytes);
        }
        if (Records) {
            Move(Recorder, TRUE, m_Line);
        }
    }
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
    if (AnyRuns && ++m_IntervalsMoved >= m_IntervalsPerInterrupt) { // one interrupt for all that have moved
        m_IntervalsMoved = 0;
        m_Port->Notify(m_Group);
    }
}
