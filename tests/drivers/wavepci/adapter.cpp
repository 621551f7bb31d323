// From DriverEntry to the registered filter.
#include <initguid.h>

#include "wavepci.h"

static ULONG Setting(PREGISTRYKEY Key, PCWSTR Wanted, ULONG Default) {
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, Wanted);
    UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    ULONG Length = 0;
    const NTSTATUS Status = Key->QueryValueKey(&Name, KeyValuePartialInformation, Value, sizeof(Buffer), &Length);
    return NT_SUCCESS(Status) && Value->Type == REG_DWORD ? *(ULONG*)Value->Data : Default;
}

static WavePciSettings ReadSettings(PDEVICE_OBJECT DeviceObject) {
    WavePciSettings Settings = {16, 0, 0, 0, 0, 0};
    PREGISTRYKEY Key = NULL;
    if (NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL))) {
        Settings.MaxMappings = Setting(Key, L"MaxMappings", Settings.MaxMappings);
        Settings.Dma32 = Setting(Key, L"Dma32", 0);
        Settings.NoGroup = Setting(Key, L"NoGroup", 0);
        Settings.Prefetch = Setting(Key, L"Prefetch", 0);
        Settings.FrameSize = Setting(Key, L"FrameSize", 0);
        Settings.Fails = Setting(Key, L"Fails", 0);
        Key->Release();
    }
    return Settings;
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortWavePci);
    if (NT_SUCCESS(Status)) {
        Status = CreateWavePciMiniport(&Miniport, ReadSettings(DeviceObject));
    }
    if (NT_SUCCESS(Status)) {
        Status = Port->Init(DeviceObject, Irp, Miniport, NULL, ResourceList);
        Miniport->Release();
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(DeviceObject, (PWSTR)L"Wave", Port);
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
