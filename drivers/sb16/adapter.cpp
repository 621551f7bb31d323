// The adapter: from DriverEntry to two registered filters and the connections between them.
#include <initguid.h>

#include "hardware.h"

#include <dmusicks.h>

namespace {

class CSb16Adapter : public ISb16, public IAdapterPowerManagement, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSb16Adapter);
    ~CSb16Adapter() { m_Hardware.Close(); }

    NTSTATUS Init(PRESOURCELIST ResourceList) { return m_Hardware.Init(ResourceList); }
    STDMETHODIMP_(CSb16Hardware*) Hardware() { return &m_Hardware; }
    IMP_IAdapterPowerManagement;

private:
    CSb16Hardware m_Hardware;
    DEVICE_POWER_STATE m_PowerState; // 0 until the first change: the card is on when it starts
};

STDMETHODIMP_(NTSTATUS) CSb16Adapter::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_ISb16)) {
        *Object = PVOID(static_cast<ISb16*>(this));
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
STDMETHODIMP_(void) CSb16Adapter::PowerChangeState(POWER_STATE NewState) {
    if (NewState.DeviceState != PowerDeviceD0) {
        m_Hardware.PowerDown();
    } else if (m_PowerState > PowerDeviceD0) {
        m_Hardware.PowerUp();
    }
    m_PowerState = NewState.DeviceState;
}

STDMETHODIMP_(NTSTATUS) CSb16Adapter::QueryPowerChangeState(POWER_STATE NewStateQuery) {
    UNREFERENCED_PARAMETER(NewStateQuery);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CSb16Adapter::QueryDeviceCapabilities(PDEVICE_CAPABILITIES PowerDeviceCaps) {
    UNREFERENCED_PARAMETER(PowerDeviceCaps);
    return STATUS_SUCCESS;
}

// Makes a port and a miniport, binds them, registers the pair under Name. The port comes back with a reference. Without
// CreateMiniport it is one of the system's, of the class MiniportClass.
NTSTATUS InstallSubdevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PWSTR Name, REFGUID PortClass,
                          PFNCREATEINSTANCE CreateMiniport, REFGUID MiniportClass, PUNKNOWN Adapter,
                          PRESOURCELIST ResourceList, PUNKNOWN* OutPort) {
    PAGED_CODE();
    *OutPort = NULL;
    PPORT Port = NULL;
    NTSTATUS Status = PcNewPort(&Port, PortClass);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PUNKNOWN Miniport = NULL;
    if (CreateMiniport != NULL) {
        Status = CreateMiniport(&Miniport, MiniportClass, NULL, NonPagedPoolNx);
    } else {
        PMINIPORT Made = NULL;
        Status = PcNewMiniport(&Made, MiniportClass);
        Miniport = Made;
    }
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

// The MPU-401 has two ports, the FM synthesizer four; the DSP's are sixteen.
enum { MpuPorts = 2, FmPorts = 4 };

// A list of just the port range with so many ports. Not every card has each: no list is no failure of the device.
PRESOURCELIST SublistOfPorts(PRESOURCELIST ResourceList, ULONG Length) {
    PAGED_CODE();
    const ULONG Ports = ResourceList->NumberOfEntriesOfType(CmResourceTypePort);
    for (ULONG i = 0; i < Ports; ++i) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Entry = ResourceList->FindTranslatedEntry(CmResourceTypePort, i);
        PRESOURCELIST Sublist = NULL;
        if (Entry == NULL || Entry->u.Port.Length != Length ||
            !NT_SUCCESS(PcNewResourceSublist(&Sublist, NULL, PagedPool, ResourceList, 1))) {
            continue;
        }
        if (NT_SUCCESS(Sublist->AddEntryFromParent(ResourceList, CmResourceTypePort, i))) {
            return Sublist;
        }
        Sublist->Release();
    }
    return NULL;
}

// MIDI needs no miniports of our own: the system has one for the MPU-401 and, before Vista, one for the FM synthesizer.
// A part that is not there, does not answer, or has no miniport leaves the rest of the card as it is.
void InstallMidi(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, CSb16Hardware* Hardware,
                 PUNKNOWN Topology) {
    PAGED_CODE();
    PUNKNOWN Uart = NULL;
    PUNKNOWN Fm = NULL;
    PRESOURCELIST Ports = SublistOfPorts(ResourceList, MpuPorts);
    if (Ports != NULL) {
        // It shares the card's interrupt, which its miniport finds in what it gets as its adapter.
        InstallSubdevice(DeviceObject, Irp, (PWSTR)SB16_UART_NAME, CLSID_PortDMus, NULL, CLSID_MiniportDriverDMusUART,
                         Hardware->InterruptSync(), Ports, &Uart);
        Ports->Release();
    }
    Ports = SublistOfPorts(ResourceList, FmPorts);
    if (Ports != NULL) {
        InstallSubdevice(DeviceObject, Irp, (PWSTR)SB16_FM_NAME, CLSID_PortMidi, NULL, CLSID_MiniportDriverFmSynth,
                         NULL, Ports, &Fm);
        Ports->Release();
    }
    if (Fm != NULL) {
        PcRegisterPhysicalConnection(DeviceObject, Fm, FmPinSound, Topology, TopologyPinFmIn);
        Fm->Release();
    }
    if (Uart != NULL) {
        Uart->Release();
    }
}

NTSTATUS InstallSubdevices(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList, PUNKNOWN Adapter,
                           CSb16Hardware* Hardware) {
    PAGED_CODE();
    PUNKNOWN Topology = NULL;
    PUNKNOWN Wave = NULL;
    NTSTATUS Status = InstallSubdevice(DeviceObject, Irp, (PWSTR)SB16_TOPOLOGY_NAME, CLSID_PortTopology,
                                       CreateSb16TopologyMiniport, GUID_NULL, Adapter, ResourceList, &Topology);
    if (NT_SUCCESS(Status)) {
        Status = InstallSubdevice(DeviceObject, Irp, (PWSTR)SB16_WAVE_NAME, CLSID_PortWaveCyclic,
                                  CreateSb16WaveMiniport, GUID_NULL, Adapter, ResourceList, &Wave);
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterPhysicalConnection(DeviceObject, Wave, WavePinRenderBridge, Topology, TopologyPinWaveIn);
    }
    if (NT_SUCCESS(Status)) {
        Status =
            PcRegisterPhysicalConnection(DeviceObject, Topology, TopologyPinCaptureOut, Wave, WavePinCaptureBridge);
    }
    if (NT_SUCCESS(Status)) {
        InstallMidi(DeviceObject, Irp, ResourceList, Hardware, Topology);
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
    CSb16Adapter* Adapter = new (NonPagedPoolNx, SB16_POOL_TAG) CSb16Adapter(NULL);
    if (Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adapter->AddRef();
    PUNKNOWN Unknown = PUNKNOWN(static_cast<ISb16*>(Adapter));
    NTSTATUS Status = Adapter->Init(ResourceList);
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterAdapterPowerManagement(PUNKNOWN(PADAPTERPOWERMANAGEMENT(Adapter)), DeviceObject);
    }
    if (NT_SUCCESS(Status)) {
        Status = InstallSubdevices(DeviceObject, Irp, ResourceList, Unknown, Adapter->Hardware());
    }
    Unknown->Release(); // from here on the miniports and the power manager keep it alive
    return Status;
}

NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    const ULONG MaximumSubdevices = 4;
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, MaximumSubdevices, 0);
}

} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}
