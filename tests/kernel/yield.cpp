// Waiting for another processor by YieldProcessor, as hand-made locks do.
#include "driver_test.h"

static volatile LONG Flag;
static volatile LONG Lock;
static volatile LONG Inside;

static void WaitForFlag(PVOID) {
    while (Flag == 0) {
        YieldProcessor();
    }
    Flag = 2;
}

static void Join(HANDLE thread) {
    CHECK(NT_SUCCESS(ZwWaitForSingleObject(thread, FALSE, NULL)));
    ZwClose(thread);
}

DRIVER_TEST(DriverYield, LetsTheOtherProcessorsRunAndTimePass) {
    HANDLE thread = NULL;
    LARGE_INTEGER wait;
    wait.QuadPart = -10 * 10000; // 10 ms
    Flag = 0;
    CHECK(NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, &WaitForFlag, NULL)));
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    Flag = 1;
    Join(thread);
    CHECK(Flag == 2);
}

static void TakeTurns(PVOID) {
    for (ULONG turn = 0; turn < 50; ++turn) {
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        while (InterlockedCompareExchange(&Lock, 1, 0) != 0) {
            YieldProcessor();
        }
        CHECK(InterlockedIncrement(&Inside) == 1);
        KeQueryPerformanceCounter(NULL); // others may run meanwhile
        CHECK(InterlockedDecrement(&Inside) == 0);
        InterlockedExchange(&Lock, 0);
        KeLowerIrql(irql);
    }
}

DRIVER_TEST(DriverYield, HandMadeSpinLockIsNoHang) {
    HANDLE threads[2];
    for (HANDLE& thread : threads) {
        CHECK(NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, &TakeTurns, NULL)));
    }
    for (HANDLE thread : threads) {
        Join(thread);
    }
}
