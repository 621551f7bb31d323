// From DriverEntry to the registered filter.
#include <initguid.h>

#include "dmus.h"

static ULONG ReadPrefetch(PDEVICE_OBJECT DeviceObject) {
    ULONG Prefetch = 0;
    PREGISTRYKEY Key = NULL;
    if (!NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL))) {
        return 0;
    }
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, L"PrefetchMs");
    UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    ULONG Length = 0;
    const NTSTATUS Status = Key->QueryValueKey(&Name, KeyValuePartialInformation, Value, sizeof(Buffer), &Length);
    if (NT_SUCCESS(Status) && Value->Type == REG_DWORD) {
        Prefetch = *(ULONG*)Value->Data;
    }
    Key->Release();
    return Prefetch;
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortDMus);
    if (NT_SUCCESS(Status)) {
        Status = CreateDmusMiniport(&Miniport, ReadPrefetch(DeviceObject));
    }
    if (NT_SUCCESS(Status)) {
        Status = Port->Init(DeviceObject, Irp, Miniport, NULL, ResourceList);
        Miniport->Release();
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(DeviceObject, (PWSTR)L"Midi", Port);
    }
    if (Port != NULL) {
        Port->Release();
    }
    return Status;
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}
