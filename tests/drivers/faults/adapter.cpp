// Reads which mistake is wanted, and makes it.
#include <initguid.h>

#include "faults.h"

static ULONG WantedFault(PDEVICE_OBJECT DeviceObject) {
    PREGISTRYKEY Key = NULL;
    if (!NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL))) {
        return 0;
    }
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, L"Fault");
    UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    ULONG Length = 0;
    ULONG Fault = 0;
    if (NT_SUCCESS(Key->QueryValueKey(&Name, KeyValuePartialInformation, Value, sizeof(Buffer), &Length)) &&
        Value->Type == REG_DWORD) {
        Fault = *(ULONG*)Value->Data;
    }
    Key->Release();
    return Fault;
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(ResourceList);
    switch (WantedFault(DeviceObject)) {
    case 1:
        RaceDpcWithThread(false);
        break;
    case 2:
        RaceTimerWithOtherProcessor(false);
        break;
    case 3:
        RaceDpcWithThread(true);
        break;
    case 4:
        RaceTimerWithOtherProcessor(true);
        break;
    case 5:
        UseEverySynchronisation(DeviceObject);
        break;
    case 11:
        OverflowPool();
        break;
    case 12:
        UsePoolAfterFree();
        break;
    case 13:
        OverflowStackBuffer();
        break;
    case 14:
        OverflowSignedNumber();
        break;
    case 15:
        Hang();
        break;
    case 16:
        RecurseWithoutEnd();
        break;
    case 17:
        OverrunStackFar();
        break;
    case 18:
        StallAtDispatchLevel();
        break;
    case 19:
        RemoveListEntryTwice();
        break;
    case 20:
        InitialiseEventInShortBlock();
        break;
    case 21:
        SignalFreedEvent();
        break;
    case 22:
        FreePoolTwice();
        break;
    case 23:
        OverrunPoolFar();
        break;
    case 24:
        OverrunGlobalFar();
        break;
    case 25:
        FillGlobalFar();
        break;
    case 26:
        CopyBeyondPool();
        break;
    case 27:
        FillBackwards();
        break;
    case 28:
        OverrunContiguousMemory();
        break;
    case 29:
        UseContiguousMemoryAfterFree();
        break;
    case 30:
        OverrunPagesOfMdl();
        break;
    case 31:
        UsePagesOfMdlAfterFree();
        break;
    case 32:
        OverrunDmaBuffer(DeviceObject);
        break;
    default:
        DbgPrint("faults: no such fault\n");
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}
