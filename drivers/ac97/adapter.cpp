// The adapter: from DriverEntry to two registered filters and the connections between them.
#include <initguid.h>

#include "hardware.h"

namespace {

class CAc97Adapter : public IAc97, public IAdapterPowerManagement, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97Adapter);
    ~CAc97Adapter() { m_Hardware.Close(); }

    NTSTATUS Init(PRESOURCELIST ResourceList) { return m_Hardware.Init(ResourceList); }
    STDMETHODIMP_(CAc97Hardware*) Hardware() { return &m_Hardware; }
    IMP_IAdapterPowerManagement;

private:
    CAc97Hardware m_Hardware;
    DEVICE_POWER_STATE m_PowerState; // 0 until the first change: the card is on when it starts
};

STDMETHODIMP_(NTSTATUS) CAc97Adapter::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IAc97)) {
        *Object = PVOID(static_cast<IAc97*>(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement)) {
        *Object = PVOID(PADAPTERPOWERMANAGEMENT(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// The port has paused the streams before the card loses its power, and runs them again after it has it back.
STDMETHODIMP_(void) CAc97Adapter::PowerChangeState(POWER_STATE NewState) {
    if (NewState.DeviceState == PowerDeviceD0 && m_PowerState > PowerDeviceD0) {
        m_Hardware.PowerUp();
    } else if (NewState.DeviceState > PowerDeviceD0) {
        m_Hardware.PowerDown();
    }
    m_PowerState = NewState.DeviceState;
}

STDMETHODIMP_(NTSTATUS) CAc97Adapter::QueryPowerChangeState(POWER_STATE NewStateQuery) {
    UNREFERENCED_PARAMETER(NewStateQuery);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CAc97Adapter::QueryDeviceCapabilities(PDEVICE_CAPABILITIES PowerDeviceCaps) {
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

NTSTATUS InstallSubdevices(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, PUNKNOWN Adapter) {
    PAGED_CODE();
    PUNKNOWN Topology = NULL;
    PUNKNOWN Wave = NULL;
    NTSTATUS Status = InstallSubdevice(DeviceObject, Irp, (PWSTR)AC97_TOPOLOGY_NAME, CLSID_PortTopology,
                                       CreateAc97TopologyMiniport, Adapter, ResourceList, &Topology);
    if (NT_SUCCESS(Status)) {
        Status = InstallSubdevice(DeviceObject, Irp, (PWSTR)AC97_WAVE_NAME, CLSID_PortWavePci, CreateAc97WaveMiniport,
                                  Adapter, ResourceList, &Wave);
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterPhysicalConnection(DeviceObject, Wave, WavePinRenderBridge, Topology, TopologyPinWaveIn);
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
    CAc97Adapter* Adapter = new (NonPagedPoolNx, AC97_POOL_TAG) CAc97Adapter(NULL);
    if (Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adapter->AddRef();
    PUNKNOWN Unknown = PUNKNOWN(static_cast<IAc97*>(Adapter));
    NTSTATUS Status = Adapter->Init(ResourceList);
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterAdapterPowerManagement(PUNKNOWN(PADAPTERPOWERMANAGEMENT(Adapter)), DeviceObject);
    }
    if (NT_SUCCESS(Status)) {
        Status = InstallSubdevices(DeviceObject, Irp, ResourceList, Unknown);
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
