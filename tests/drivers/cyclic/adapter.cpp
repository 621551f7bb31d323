// From DriverEntry to the registered filter.
#include <initguid.h>

#include "cyclic.h"

static ULONG Setting(PREGISTRYKEY Key, PCWSTR Wanted, ULONG Default) {
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, Wanted);
    UCHAR Buffer[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    PKEY_VALUE_PARTIAL_INFORMATION Value = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    ULONG Length = 0;
    const NTSTATUS Status = Key->QueryValueKey(&Name, KeyValuePartialInformation, Value, sizeof(Buffer), &Length);
    return NT_SUCCESS(Status) && Value->Type == REG_DWORD ? *(ULONG*)Value->Data : Default;
}

static CyclicSettings ReadSettings(PDEVICE_OBJECT DeviceObject) {
    CyclicSettings Settings = {0x8000, 0, 0, 0, 0, 1};
    PREGISTRYKEY Key = NULL;
    if (NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL))) {
        Settings.BufferBytes = Setting(Key, L"BufferBytes", Settings.BufferBytes);
        Settings.Inverted = Setting(Key, L"Inverted", 0);
        Settings.Fails = Setting(Key, L"Fails", 0);
        Settings.Forgets = Setting(Key, L"Forgets", 0);
        Settings.FrameMilliseconds = Setting(Key, L"FrameMilliseconds", 0);
        Settings.IntervalsPerInterrupt = Setting(Key, L"IntervalsPerInterrupt", 1);
        Key->Release();
    }
    return Settings;
}

// One helper object of each kind that needs no hardware, and nobody releases them.
static void ForgetHelpers(PDEVICE_OBJECT DeviceObject, PPORT Port, PRESOURCELIST Resources) {
    PSERVICEGROUP Group = NULL;
    PRESOURCELIST Sublist = NULL;
    PREGISTRYKEY Key = NULL;
    PPORTWAVECYCLIC Cyclic = NULL;
    PDMACHANNEL Channel = NULL;
    PcNewServiceGroup(&Group, NULL);
    PcNewResourceSublist(&Sublist, NULL, PagedPool, Resources, 4);
    PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL);
    if (NT_SUCCESS(Port->QueryInterface(IID_IPortWaveCyclic, (PVOID*)&Cyclic))) {
        Cyclic->NewMasterDmaChannel(&Channel, NULL, NULL, 4096, TRUE, FALSE, Width32Bits, Compatible);
        Cyclic->Release();
    }
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortWaveCyclic);
    if (NT_SUCCESS(Status)) {
        const CyclicSettings Settings = ReadSettings(DeviceObject);
        Status = CreateCyclicMiniport(&Miniport, Settings);
        if (Settings.Forgets == 1) {
            Port->AddRef();
        }
    }
    if (NT_SUCCESS(Status)) {
        Status = Port->Init(DeviceObject, Irp, Miniport, NULL, ResourceList);
        Miniport->Release();
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(DeviceObject, (PWSTR)L"Wave", Port);
    }
    if (NT_SUCCESS(Status) && ReadSettings(DeviceObject).Forgets == 2) {
        ForgetHelpers(DeviceObject, Port, ResourceList);
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
