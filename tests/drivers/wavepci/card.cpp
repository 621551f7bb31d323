// The "hardware".
#include "wavepci.h"

namespace {

const ULONG ClockInterval = 10000; // 1 ms

} // namespace

NTSTATUS CWavePciCard::Init(PPORTWAVEPCI Port, PSERVICEGROUP Group) {
    KeInitializeSpinLock(&Lock);
    m_Port = Port;
    m_Group = Group;
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

void CWavePciCard::Close() {
    if (m_HasTimer) {
        KeCancelTimer(&m_Timer);
        KeFlushQueuedDpcs();
        ExSetTimerResolution(ClockInterval, FALSE);
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
        m_Slots = Slot < m_Slots ? m_Slots : Slot + 1;
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

VOID CWavePciCard::OnTimer(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    static_cast<CWavePciCard*>(Context)->Tick();
}

// The bus master: only physical addresses. Nobody hears what is played into no line.
ULONG CWavePciCard::Move(WavePciEngine* Engine, BOOLEAN Capture, PUCHAR Line) {
    ULONG Moved = 0;
    while (Moved < IntervalBytes && Engine->Done < Engine->Count) {
        const WavePciMapping* Mapping = &Engine->Mappings[(Engine->First + Engine->Done) % MostMappings];
        const ULONG Left = Mapping->Bytes - Engine->InFirst;
        const ULONG Part = Left < IntervalBytes - Moved ? Left : IntervalBytes - Moved;
        if (Line != NULL) {
            PUCHAR Place = (PUCHAR)MmGetVirtualForPhysical(Mapping->Address) + Engine->InFirst;
            if (Capture) {
                RtlCopyMemory(Place, Line + Moved, Part);
            } else {
                RtlCopyMemory(Line + Moved, Place, Part);
            }
        }
        Moved += Part;
        Engine->InFirst += Part;
        if (Engine->InFirst == Mapping->Bytes) {
            Engine->InFirst = 0;
            ++Engine->Done;
        }
    }
    return Moved;
}

void CWavePciCard::Tick() {
    BOOLEAN AnyRuns = FALSE;
    KeAcquireSpinLockAtDpcLevel(&Lock); // where timers call back
    for (ULONG Slot = 0; Slot < m_Slots; ++Slot) {
        WavePciEngine* Player = m_Engines[PinRender][Slot];
        WavePciEngine* Recorder = m_Engines[PinCapture][Slot];
        const BOOLEAN Records = IsRunning(Recorder);
        ULONG Played = 0;
        if (IsRunning(Player)) {
            Played = Move(Player, FALSE, Records ? m_Line : NULL);
            AnyRuns = TRUE;
        }
        if (Records) {
            RtlZeroMemory(m_Line + Played, IntervalBytes - Played);
            Move(Recorder, TRUE, m_Line);
            AnyRuns = TRUE;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&Lock);
    if (m_Group != NULL) {
        if (AnyRuns) {
            m_Port->Notify(m_Group);
        }
        return;
    }
    // No interrupt: a timer routine does it all.
    for (ULONG Slot = 0; Slot < m_Slots; ++Slot) {
        for (ULONG Pin = 0; Pin < PinCount; ++Pin) {
            if (IsRunning(m_Engines[Pin][Slot])) {
                m_Streams[Pin][Slot]->Service();
            }
        }
    }
}
