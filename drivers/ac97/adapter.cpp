// The adapter: from DriverEntry to two registered filters and the connections between them.
#include <initguid.h>

#include "hardware.h"

namespace {

class CAc97Adapter : public IAc97, public IAdapterPowerManagement, public IAdapterPnpManagement, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97Adapter);
    ~CAc97Adapter() { m_Hardware.Close(); }

    NTSTATUS Init(PRESOURCELIST ResourceList) { return m_Hardware.Init(ResourceList); }
    STDMETHODIMP_(CAc97Hardware*) Hardware() { return &m_Hardware; }
    IMP_IAdapterPowerManagement;
    IMP_IAdapterPnpManagement;

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
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPnpManagement)) {
        *Object = PVOID(PADAPTERPNPMANAGEMENT(this));
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

// The card's ports and its interrupt may move: the subdevices go, and the next start makes new ones. The port does so
// for WaveRT only.
STDMETHODIMP_(PC_REBALANCE_TYPE) CAc97Adapter::GetSupportedRebalanceType() {
    return PcRebalanceRemoveSubdevices;
}

STDMETHODIMP_(void) CAc97Adapter::PnpQueryStop() {}

STDMETHODIMP_(void) CAc97Adapter::PnpCancelStop() {}

// The port has stopped the streams; objects of theirs that live on touch no port any more.
STDMETHODIMP_(void) CAc97Adapter::PnpStop() {
    PAGED_CODE();
    m_Hardware.Close();
}

// Asked of the port, for the function of that name is not there on Windows before 10: such a driver would not load.
NTSTATUS OfferRebalance(PDEVICE_OBJECT DeviceObject, PUNKNOWN Port, PUNKNOWN Adapter) {
    PAGED_CODE();
    PPORTCLSPNP PortPnp = NULL;
    if (!NT_SUCCESS(Port->QueryInterface(IID_IPortClsPnp, (PVOID*)&PortPnp))) {
        return STATUS_SUCCESS; // this Windows does not rebalance audio devices
    }
    const NTSTATUS Status = PortPnp->RegisterAdapterPnpManagement(Adapter, DeviceObject);
    PortPnp->Release();
    return Status;
}

// Makes a miniport for the port, binds the two, registers the pair under Name. Takes over Port; it comes back as
// OutPort.
NTSTATUS InstallSubdevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PWSTR Name, PPORT Port,
                          PFNCREATEINSTANCE CreateMiniport, PUNKNOWN Adapter, PRESOURCELIST ResourceList,
                          PUNKNOWN* OutPort) {
    PAGED_CODE();
    *OutPort = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = CreateMiniport(&Miniport, GUID_NULL, NULL, NonPagedPoolNx);
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

NTSTATUS InstallTopology(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, PUNKNOWN Adapter,
                         PUNKNOWN* OutPort) {
    PAGED_CODE();
    PPORT Port = NULL;
    const NTSTATUS Status = PcNewPort(&Port, CLSID_PortTopology);
    return NT_SUCCESS(Status) ? InstallSubdevice(DeviceObject, Irp, (PWSTR)AC97_TOPOLOGY_NAME, Port,
                                                 CreateAc97TopologyMiniport, Adapter, ResourceList, OutPort)
                              : Status;
}

// Whether the driver's key has a value other than 0 for AC97_USE_WAVERT.
BOOLEAN IsWaveRTAskedFor(PDEVICE_OBJECT DeviceObject) {
    PAGED_CODE();
    PREGISTRYKEY Key = NULL;
    if (!NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, DeviceObject, NULL, NULL, 0, NULL))) {
        return FALSE;
    }
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, AC97_USE_WAVERT);
    union {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        UCHAR Bytes[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
    } Value;
    ULONG Length = 0;
    const NTSTATUS Status = Key->QueryValueKey(&Name, KeyValuePartialInformation, &Value, sizeof(Value), &Length);
    Key->Release();
    return NT_SUCCESS(Status) && Value.Information.Type == REG_DWORD && Value.Information.DataLength == sizeof(ULONG) &&
           *(ULONG*)Value.Information.Data != 0;
}

// WaveRT where it is asked for and this Windows has the port (Vista and later), else WavePci.
NTSTATUS InstallWave(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, PUNKNOWN Adapter,
                     PUNKNOWN* OutPort) {
    PAGED_CODE();
    PPORT Port = NULL;
    PFNCREATEINSTANCE CreateMiniport = CreateAc97WaveRTMiniport;
    NTSTATUS Status = IsWaveRTAskedFor(DeviceObject) ? PcNewPort(&Port, CLSID_PortWaveRT) : STATUS_NOT_SUPPORTED;
    if (!NT_SUCCESS(Status)) {
        CreateMiniport = CreateAc97WaveMiniport;
        Status = PcNewPort(&Port, CLSID_PortWavePci);
    }
    return NT_SUCCESS(Status) ? InstallSubdevice(DeviceObject, Irp, (PWSTR)AC97_WAVE_NAME, Port, CreateMiniport,
                                                 Adapter, ResourceList, OutPort)
                              : Status;
}

NTSTATUS InstallSubdevices(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, PUNKNOWN Adapter) {
    PAGED_CODE();
    PUNKNOWN Topology = NULL;
    PUNKNOWN Wave = NULL;
    NTSTATUS Status = InstallTopology(DeviceObject, Irp, ResourceList, Adapter, &Topology);
    if (NT_SUCCESS(Status)) {
        Status = InstallWave(DeviceObject, Irp, ResourceList, Adapter, &Wave);
    }
    if (NT_SUCCESS(Status)) {
        Status = OfferRebalance(DeviceObject, Wave, Adapter);
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
