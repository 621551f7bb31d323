// From DriverEntry to the registered filter.
#include <initguid.h>

#include "packets.h"

static PacketTemper WantedTemper(PDEVICE_OBJECT DeviceObject) {
    PREGISTRYKEY Key = NULL;
    if (!NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL))) {
        return StrictPackets;
    }
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, L"Packets");
    UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    ULONG Length = 0;
    ULONG Temper = StrictPackets;
    if (NT_SUCCESS(Key->QueryValueKey(&Name, KeyValuePartialInformation, Value, sizeof(Buffer), &Length)) &&
        Value->Type == REG_DWORD) {
        Temper = *(ULONG*)Value->Data;
    }
    Key->Release();
    return (PacketTemper)Temper;
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortWaveRT);
    if (NT_SUCCESS(Status)) {
        Status = CreatePacketsMiniport(&Miniport, WantedTemper(DeviceObject));
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
