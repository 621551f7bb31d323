// The adapter: start, rebalance, the subdevice that comes and goes, power.
#include <initguid.h>

#include "pnp.h"

namespace {

enum { MaximumEntries = 64 };

class CPnpAdapter : public IPnpCard, public IAdapterPnpManagement, public IAdapterPowerManagement3, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CPnpAdapter);

    NTSTATUS Start(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);
    IMP_IAdapterPnpManagement;
    IMP_IAdapterPowerManagement3;
    STDMETHODIMP_(ULONG) Ports() { return m_Ports; }
    STDMETHODIMP_(BOOL) StartsPlugged();
    STDMETHODIMP_(void) SetDocked(BOOL IsDocked);
    STDMETHODIMP_(void) Note(PnpCall Call, ULONG Value);
    STDMETHODIMP_(ULONG) TakeJournal(PnpEntry* Entries, ULONG Most);

private:
    NTSTATUS Install(PIRP Irp, PRESOURCELIST ResourceList, PCWSTR Name, REFGUID PortClass,
                     NTSTATUS (*Create)(PUNKNOWN*), PUNKNOWN* OutPort);
    void FollowDock();
    static IO_WORKITEM_ROUTINE_EX OnDock;

    PDEVICE_OBJECT m_DeviceObject;
    ULONG m_Ports;
    BOOL m_IsDocked;
    KEVENT m_DockIsFree; // whoever takes it may change the following
    PUNKNOWN m_Dock;     // while it is registered, for which PortCls holds it
    BOOL m_IsStopped;
    FAST_MUTEX m_Mutex; // of the following
    PnpEntry m_Entries[MaximumEntries];
    ULONG m_EntryCount;
};

STDMETHODIMP_(NTSTATUS) CPnpAdapter::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IPnpCard)) {
        *Object = PVOID(PPNPCARD(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPnpManagement)) {
        *Object = PVOID(PADAPTERPNPMANAGEMENT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IAdapterPowerManagement3)) {
        *Object = PVOID(PADAPTERPOWERMANAGEMENT3(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- the journal ---------------------------------------------------------------------------------------------------

STDMETHODIMP_(void) CPnpAdapter::Note(PnpCall Call, ULONG Value) {
    ExAcquireFastMutex(&m_Mutex);
    if (m_EntryCount < MaximumEntries) {
        m_Entries[m_EntryCount].Call = Call;
        m_Entries[m_EntryCount++].Value = Value;
    }
    ExReleaseFastMutex(&m_Mutex);
}

STDMETHODIMP_(ULONG) CPnpAdapter::TakeJournal(PnpEntry* Entries, ULONG Most) {
    ExAcquireFastMutex(&m_Mutex);
    const ULONG Count = m_EntryCount;
    if (Count <= Most) {
        RtlCopyMemory(Entries, m_Entries, Count * sizeof(*Entries));
        m_EntryCount = 0;
    }
    ExReleaseFastMutex(&m_Mutex);
    return Count;
}

// ---- the driver's key ----------------------------------------------------------------------------------------------

STDMETHODIMP_(BOOL) CPnpAdapter::StartsPlugged() {
    PAGED_CODE();
    PREGISTRYKEY Key = NULL;
    if (!NT_SUCCESS(PcNewRegistryKey(&Key, NULL, DriverRegistryKey, KEY_READ, m_DeviceObject, NULL, NULL, 0, NULL))) {
        return FALSE;
    }
    UNICODE_STRING Name;
    RtlInitUnicodeString(&Name, L"Plugged");
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

// ---- start ---------------------------------------------------------------------------------------------------------

NTSTATUS CPnpAdapter::Install(PIRP Irp, PRESOURCELIST ResourceList, PCWSTR Name, REFGUID PortClass,
                              NTSTATUS (*Create)(PUNKNOWN*), PUNKNOWN* OutPort) {
    PPORT Port = NULL;
    PUNKNOWN Miniport = NULL;
    NTSTATUS Status = PcNewPort(&Port, PortClass);
    if (NT_SUCCESS(Status)) {
        Status = Create(&Miniport);
    }
    if (NT_SUCCESS(Status)) {
        Status = Port->Init(m_DeviceObject, Irp, Miniport, PUNKNOWN(PPNPCARD(this)), ResourceList);
        Miniport->Release();
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(m_DeviceObject, (PWSTR)Name, Port);
    }
    if (NT_SUCCESS(Status)) {
        *OutPort = Port;
    } else if (Port != NULL) {
        Port->Release();
    }
    return Status;
}

NTSTATUS CPnpAdapter::Start(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ExInitializeFastMutex(&m_Mutex);
    KeInitializeEvent(&m_DockIsFree, SynchronizationEvent, TRUE);
    m_DeviceObject = DeviceObject;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Ports = ResourceList->FindTranslatedEntry(CmResourceTypePort, 0);
    if (Ports == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    m_Ports = Ports->u.Port.Start.LowPart;
    PUNKNOWN Wave = NULL;
    PUNKNOWN Topology = NULL;
    NTSTATUS Status = PcRegisterAdapterPnpManagement(PUNKNOWN(PADAPTERPNPMANAGEMENT(this)), DeviceObject);
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterAdapterPowerManagement(PUNKNOWN(PADAPTERPOWERMANAGEMENT3(this)), DeviceObject);
    }
    if (NT_SUCCESS(Status)) {
        Status = Install(Irp, ResourceList, L"Topology", CLSID_PortTopology, CreatePnpTopology, &Topology);
    }
    if (NT_SUCCESS(Status)) {
        Status = Install(Irp, ResourceList, L"Wave", CLSID_PortWaveRT, CreatePnpWave, &Wave);
    }
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterPhysicalConnection(DeviceObject, Wave, WavePinBridge, Topology, TopologyPinWave);
    }
    if (Wave != NULL) {
        Wave->Release();
    }
    if (Topology != NULL) {
        Topology->Release();
    }
    return Status;
}

// ---- rebalance -----------------------------------------------------------------------------------------------------

STDMETHODIMP_(PC_REBALANCE_TYPE) CPnpAdapter::GetSupportedRebalanceType() {
    return PcRebalanceRemoveSubdevices;
}

STDMETHODIMP_(void) CPnpAdapter::PnpQueryStop() {
    Note(CallQueryStop, 0);
}

STDMETHODIMP_(void) CPnpAdapter::PnpCancelStop() {
    Note(CallCancelStop, 0);
}

// R-PNP-05: the subdevices are gone, and work that is on its way makes none.
STDMETHODIMP_(void) CPnpAdapter::PnpStop() {
    Note(CallStop, 0);
    KeWaitForSingleObject(&m_DockIsFree, Executive, KernelMode, FALSE, NULL);
    m_IsStopped = TRUE;
    m_Dock = NULL;
    KeSetEvent(&m_DockIsFree, 0, FALSE);
}

// ---- the dock ------------------------------------------------------------------------------------------------------

// As an interrupt would: filters are made and unmade on a thread of the system's.
STDMETHODIMP_(void) CPnpAdapter::SetDocked(BOOL IsDocked) {
    m_IsDocked = IsDocked;
    PIO_WORKITEM Work = IoAllocateWorkItem(m_DeviceObject);
    if (Work != NULL) {
        AddRef();
        IoQueueWorkItemEx(Work, OnDock, DelayedWorkQueue, this);
    }
}

void NTAPI CPnpAdapter::OnDock(PVOID IoObject, PVOID Context, PIO_WORKITEM Work) {
    UNREFERENCED_PARAMETER(IoObject);
    CPnpAdapter* Adapter = (CPnpAdapter*)Context;
    KeWaitForSingleObject(&Adapter->m_DockIsFree, Executive, KernelMode, FALSE, NULL);
    if (!Adapter->m_IsStopped && Adapter->m_IsDocked != (Adapter->m_Dock != NULL)) {
        Adapter->FollowDock();
    }
    KeSetEvent(&Adapter->m_DockIsFree, 0, FALSE);
    Adapter->Release();
    IoFreeWorkItem(Work);
}

void CPnpAdapter::FollowDock() {
    PUNREGISTERSUBDEVICE Unregister = NULL;
    if (m_IsDocked) {
        if (NT_SUCCESS(Install(NULL, NULL, L"Dock", CLSID_PortTopology, CreatePnpTopology, &m_Dock))) {
            m_Dock->Release();
        }
    } else if (NT_SUCCESS(m_Dock->QueryInterface(IID_IUnregisterSubdevice, (PVOID*)&Unregister))) {
        Unregister->UnregisterSubdevice(m_DeviceObject, m_Dock);
        m_Dock = NULL;
        Unregister->Release();
    }
}

// ---- power ---------------------------------------------------------------------------------------------------------

STDMETHODIMP_(void)
CPnpAdapter::PowerChangeState3(DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE NewSystemState,
                               PC_EXIT_LATENCY D3ExitLatency) {
    UNREFERENCED_PARAMETER(NewSystemState);
    UNREFERENCED_PARAMETER(D3ExitLatency);
    Note(CallPower, NewDeviceState);
}

STDMETHODIMP_(NTSTATUS) CPnpAdapter::D3ExitLatencyChanged(PC_EXIT_LATENCY NewD3ExitLatency) {
    Note(CallExitLatency, NewD3ExitLatency);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpAdapter::QueryPowerChangeState(POWER_STATE NewStateQuery) {
    Note(CallPowerQuery, NewStateQuery.DeviceState);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CPnpAdapter::QueryDeviceCapabilities(PDEVICE_CAPABILITIES PowerDeviceCaps) {
    UNREFERENCED_PARAMETER(PowerDeviceCaps);
    return STATUS_SUCCESS;
}

// R-PWR-02: only the newest is called.
STDMETHODIMP_(void) CPnpAdapter::PowerChangeState(POWER_STATE NewState) {
    Note(CallPower, NewState.DeviceState);
}

STDMETHODIMP_(void)
CPnpAdapter::PowerChangeState2(DEVICE_POWER_STATE NewDeviceState, SYSTEM_POWER_STATE NewSystemState) {
    UNREFERENCED_PARAMETER(NewSystemState);
    Note(CallPower, NewDeviceState);
}

// ---- entry ---------------------------------------------------------------------------------------------------------

NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    CPnpAdapter* Adapter = new (NonPagedPoolNx, PNP_POOL_TAG) CPnpAdapter(NULL);
    if (Adapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adapter->AddRef();
    const NTSTATUS Status = Adapter->Start(DeviceObject, Irp, ResourceList);
    Adapter->Release(); // from here on the miniports and the managers keep it alive
    return Status;
}

NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 3, 0);
}

} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}
