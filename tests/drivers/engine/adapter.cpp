// From DriverEntry to the registered filter.
#include <initguid.h>

#include "engine.h"

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortWaveRT);
    if (NT_SUCCESS(Status)) {
        Status = CreateEngineMiniport(&Miniport);
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
