// cable, with a DriverEntry that takes what it never gives back: for the test of what `portcls` says then.
#define DriverEntry CableDriverEntry
#include "../../../drivers/cable/adapter.cpp"
#undef DriverEntry

extern "C" DRIVER_INITIALIZE DriverEntry;

static KTIMER g_Timer;
static KDPC g_TimerDpc;

static KDEFERRED_ROUTINE TimerExpired;
static VOID TimerExpired(PKDPC, PVOID, PVOID, PVOID) {}

static KSTART_ROUTINE WaitForever;
static VOID WaitForever(PVOID) {
    KEVENT Never;
    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, NULL);
}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    LARGE_INTEGER OneHour;
    OneHour.QuadPart = -36000000000LL;
    KeInitializeTimer(&g_Timer);
    KeInitializeDpc(&g_TimerDpc, TimerExpired, NULL);
    KeSetTimer(&g_Timer, OneHour, &g_TimerDpc);

    HANDLE Thread;
    if (NT_SUCCESS(PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, WaitForever, NULL))) {
        ZwClose(Thread);
    }
    if (ExAllocatePoolWithTag(NonPagedPoolNx, 100, 'tgrF') == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return CableDriverEntry(DriverObject, RegistryPath);
}
