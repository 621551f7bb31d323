// The engine's timer: exact where Windows has such timers (8.1 and later), else one that ticks with the system's clock.
#pragma once

#include "cable.h"

typedef VOID (*CableTimerRoutine)(PVOID Context); // at DISPATCH_LEVEL

class CCableTimer {
public:
    // PASSIVE_LEVEL. In non-paged memory, zeroed.
    NTSTATUS Init(CableTimerRoutine Routine, PVOID Context);
    void Close(); // waits for the routine
    // While somebody plays or records, a clock that the timer depends on ticks every millisecond. <= APC_LEVEL.
    void SetInUse(BOOLEAN IsInUse);

    // <= DISPATCH_LEVEL.
    void Set(LONGLONG Delay); // units of 100 ns, more than 0
    void Cancel();

private:
    static EXT_CALLBACK ExactExpired;
    static KDEFERRED_ROUTINE CoarseExpired;

    CableTimerRoutine m_Routine;
    PVOID m_Context;

    // A driver that imported these would not load where they are missing: they are asked for by name.
    decltype(&ExAllocateTimer) m_ExAllocateTimer;
    decltype(&ExSetTimer) m_ExSetTimer;
    decltype(&ExCancelTimer) m_ExCancelTimer;
    decltype(&ExDeleteTimer) m_ExDeleteTimer;
    PEX_TIMER m_Exact;

    KTIMER m_Coarse;
    KDPC m_CoarseDpc;
    BOOLEAN m_IsCoarse;
};
