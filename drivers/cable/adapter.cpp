// The adapter: from DriverEntry to two registered filters and the connections between them.
#include <initguid.h>

#include "engine.h"

namespace {

class CCableAdapter : public ICable, public IAdapterPowerManagement, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCableAdapter);
    ~CCableAdapter() { m_Engine.Close(); }

    NTSTATUS Init() { return m_Engine.Init(); }
    STDMETHODIMP_(CCableEngine*) Engine() { return &m_Engine; }
    IMP_IAdapterPowerManagement;

private:
    CCableEngine m_Engine;
};

STDMETHODIMP_(NTSTATUS) CCableAdapter::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_ICable)) {
        *Object = PVOID(static_cast<ICable*>(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement)) {
        *Object = PVOID(PADAPTERPOWERMANAGEMENT(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// A cable keeps its settings in memory; the port pauses the streams.
STDMETHODIMP_(void) CCableAdapter::PowerChangeState(POWER_STATE NewState) {
    m_Engine.SetPower(NewState.DeviceState == PowerDeviceD0);
}

STDMETHODIMP_(NTSTATUS) CCableAdapter::QueryPowerChangeState(POWER_STATE NewStateQuery) {
    UNREFERENCED_PARAMETER(NewStateQuery);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCableAdapter::QueryDeviceCapabilities(PDEVICE_CAPABILITIES PowerDeviceCaps) {
    UNREFERENCED_PARAMETER(PowerDeviceCaps);
    return STATUS_SUCCESS;
}

// Makes a port and a miniport, binds them, registers the pair under Name. The port comes back with a reference.
NTSTATUS InstallSubdevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PWSTR Name, REFGUID PortClass,
                          PFNCREATEINSTANCE CreateMiniport, PUNKNOWN Adapter, PRESOURCELIST ResourceList,
                          PUNKNOWN* OutPort) {
    PAGED_CODE();
    *OutPort = NULL;
    PPORT Port = NULL;
    NTSTATUS Status = PcNewPort(&Port, PortClass);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PUNKNOWN Miniport = NULL;
    Status = CreateMiniport(&Miniport, GUID_NULL, NULL, NonPagedPoolNx);
    if (NT_SUCCESS(Status)) {
        Status = Port->Init(DeviceObject, Irp, Miniport, Adapter, ResourceList);
        Miniport->Release(); // the port has its own reference
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(DeviceObject, Name, Port);
    }
    if (NT_SUCCESS(Status)) {
        Status = Port->QueryInterface(IID_IUnknown, (PVOID*)OutPort);
    }
    Port->Release();
    return Status;
}

NTSTATUS StartCable(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, PUNKNOWN Adapter) {
    PAGED_CODE();
    PUNKNOWN Topology = NULL;
    PUNKNOWN Wave = NULL;
    NTSTATUS Status = InstallSubdevice(DeviceObject, Irp, (PWSTR)CABLE_TOPOLOGY_NAME, CLSID_PortTopology,
                                       CreateCableTopologyMiniport, Adapter, ResourceList, &Topology);
    if (NT_SUCCESS(Status)) {
        Status = InstallSubdevice(DeviceObject, Irp, (PWSTR)CABLE_WAVE_NAME, CLSID_PortWaveRT, CreateCableWaveMiniport,
                                  Adapter, ResourceList, &Wave);
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterPhysicalConnection(DeviceObject, Wave, WavePinRenderBridge, Topology, TopologyPinRenderIn);
    }
    if (NT_SUCCESS(Status)) {
        Status =
            PcRegisterPhysicalConnection(DeviceObject, Topology, TopologyPinCaptureOut, Wave, WavePinCaptureBridge);
    }
    if (Wave != NULL) {
        Wave->Release();
    }
    if (Topology != NULL) {
        Topology->Release();
    }
    return Status;
}

NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    CCableAdapter* Adapter = new (NonPagedPoolNx, CABLE_POOL_TAG) CCableAdapter(NULL);
    if (Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adapter->AddRef();
    PUNKNOWN Unknown = PUNKNOWN(static_cast<ICable*>(Adapter));
    NTSTATUS Status = Adapter->Init();
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterAdapterPowerManagement(PUNKNOWN(PADAPTERPOWERMANAGEMENT(Adapter)), DeviceObject);
    }
    if (NT_SUCCESS(Status)) {
        Status = StartCable(DeviceObject, Irp, ResourceList, Unknown);
    }
    Unknown->Release(); // from here on the miniports and the power manager keep it alive
    return Status;
}

NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    const ULONG MaximumSubdevices = 2;
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, MaximumSubdevices, 0);
}

} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}

// R-PROP-11: the flags alone, or the whole of a description without members, which more room is enough for.
NTSTATUS CableAnswerAccess(PPCPROPERTY_REQUEST Request) {
    const ULONG Flags = Request->PropertyItem->Flags & KSPROPERTY_TYPE_ALL;
    if (Request->ValueSize == 0) {
        Request->ValueSize = sizeof(KSPROPERTY_DESCRIPTION);
        return STATUS_BUFFER_OVERFLOW;
    }
    if (Request->ValueSize == sizeof(ULONG)) {
        *(PULONG)Request->Value = Flags;
        return STATUS_SUCCESS;
    }
    if (Request->ValueSize < sizeof(KSPROPERTY_DESCRIPTION)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    PKSPROPERTY_DESCRIPTION Description = (PKSPROPERTY_DESCRIPTION)Request->Value;
    RtlZeroMemory(Description, sizeof(*Description));
    Description->AccessFlags = Flags;
    Description->DescriptionSize = sizeof(*Description);
    Request->ValueSize = sizeof(*Description);
    return STATUS_SUCCESS;
}
