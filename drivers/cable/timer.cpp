#include "timer.h"

namespace {

const ULONG ClockInterval = 10000; // 1 ms

PVOID FindRoutine(PCWSTR Name) {
    UNICODE_STRING Text;
    RtlInitUnicodeString(&Text, Name);
    return MmGetSystemRoutineAddress(&Text);
}

} // namespace

NTSTATUS CCableTimer::Init(CableTimerRoutine Routine, PVOID Context) {
    PAGED_CODE();
    m_Routine = Routine;
    m_Context = Context;
    m_ExAllocateTimer = (decltype(m_ExAllocateTimer))FindRoutine(L"ExAllocateTimer");
    m_ExSetTimer = (decltype(m_ExSetTimer))FindRoutine(L"ExSetTimer");
    m_ExCancelTimer = (decltype(m_ExCancelTimer))FindRoutine(L"ExCancelTimer");
    m_ExDeleteTimer = (decltype(m_ExDeleteTimer))FindRoutine(L"ExDeleteTimer");
    if (m_ExAllocateTimer != NULL && m_ExSetTimer != NULL && m_ExCancelTimer != NULL && m_ExDeleteTimer != NULL) {
        m_Exact = m_ExAllocateTimer(ExactExpired, this, EX_TIMER_HIGH_RESOLUTION);
        return m_Exact != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeTimer(&m_Coarse);
    KeInitializeDpc(&m_CoarseDpc, CoarseExpired, this);
    m_IsCoarse = TRUE;
    return STATUS_SUCCESS;
}

void CCableTimer::Close() {
    PAGED_CODE();
    if (m_Exact != NULL) {
        m_ExDeleteTimer(m_Exact, TRUE, TRUE, NULL);
        m_Exact = NULL;
    }
    if (m_IsCoarse) {
        KeCancelTimer(&m_Coarse);
        KeFlushQueuedDpcs();
        m_IsCoarse = FALSE;
    }
}

void CCableTimer::SetInUse(BOOLEAN IsInUse) {
    if (m_IsCoarse) {
        ExSetTimerResolution(ClockInterval, IsInUse);
    }
}

void CCableTimer::Set(LONGLONG Delay) {
    if (m_Exact != NULL) {
        m_ExSetTimer(m_Exact, -Delay, 0, NULL);
        return;
    }
    LARGE_INTEGER Due;
    Due.QuadPart = -Delay;
    KeSetTimer(&m_Coarse, Due, &m_CoarseDpc);
}

void CCableTimer::Cancel() {
    if (m_Exact != NULL) {
        m_ExCancelTimer(m_Exact, NULL);
    } else {
        KeCancelTimer(&m_Coarse);
    }
}

VOID CCableTimer::ExactExpired(PEX_TIMER Timer, PVOID Context) {
    UNREFERENCED_PARAMETER(Timer);
    CCableTimer* This = (CCableTimer*)Context;
    This->m_Routine(This->m_Context);
}

VOID CCableTimer::CoarseExpired(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    CCableTimer* This = (CCableTimer*)Context;
    This->m_Routine(This->m_Context);
}
