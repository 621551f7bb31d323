// A MIDI card whose output is wired to its input.
#include <initguid.h>

#include <portcls.h>
#include <stdunk.h>

#define MIDI_POOL_TAG 'idiM'

namespace {

enum { PinRender = 0, PinCapture, PinCount };
enum { FifoBytes = 16, InputBytes = 4096, BytesPerMillisecond = 3 };

KSDATARANGE_MUSIC StreamRange = {{{sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
                                   STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}},
                                 STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
                                 0,
                                 0,
                                 0xFFFF};
PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};

const PCPIN_DESCRIPTOR Pins[PinCount] = {
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, {0}}},
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, 1, StreamRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, {0}}},
};

const PCFILTER_DESCRIPTOR FilterDescriptor = {
    0, NULL, sizeof(PCPIN_DESCRIPTOR), PinCount, Pins, sizeof(PCNODE_DESCRIPTOR), 0, NULL, 0, NULL, 0, NULL};

// A queue of bytes; both sides hold the miniport's lock.
template<ULONG Room>
struct ByteQueue {
    UCHAR Bytes[Room];
    ULONG First;
    ULONG Count;

    BOOLEAN Put(UCHAR Byte) {
        if (Count == Room) {
            return FALSE;
        }
        Bytes[(First + Count) % Room] = Byte;
        ++Count;
        return TRUE;
    }
    UCHAR Get() {
        const UCHAR Byte = Bytes[First];
        First = (First + 1) % Room;
        --Count;
        return Byte;
    }
};

class CMidiMiniport : public IMiniportMidi, public IPowerNotify, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMidiMiniport);
    ~CMidiMiniport();
    IMP_IMiniportMidi;
    IMP_IPowerNotify;

    ULONG Put(const UCHAR* Bytes, ULONG Count);
    ULONG Get(UCHAR* Bytes, ULONG Room);
    void Listen(KSSTATE State);

private:
    static void OnTimer(PEX_TIMER Timer, PVOID Context);
    void Move();

    PPORTMIDI m_Port;
    PSERVICEGROUP m_Group;
    PEX_TIMER m_Timer;
    KSPIN_LOCK m_Lock;
    BOOLEAN m_IsListening;
    BOOLEAN m_IsOff; // without power nothing moves
    ByteQueue<FifoBytes> m_Output;
    ByteQueue<InputBytes> m_Input;
};

class CMidiStream : public IMiniportMidiStream, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMidiStream);
    ~CMidiStream();
    IMP_IMiniportMidiStream;

    void Init(CMidiMiniport* Miniport, BOOLEAN Capture) {
        m_Miniport = Miniport;
        m_Miniport->AddRef();
        m_IsCapture = Capture;
    }

private:
    CMidiMiniport* m_Miniport;
    BOOLEAN m_IsCapture;
};

// ---- the stream -----------------------------------------------------------------------------------------------------

CMidiStream::~CMidiStream() {
    PAGED_CODE();
    if (m_Miniport != NULL) {
        m_Miniport->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CMidiStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniportMidiStream)) {
        *Object = PVOID(PMINIPORTMIDISTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMidiStream::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMidiStream::SetState(KSSTATE State) {
    PAGED_CODE();
    if (m_IsCapture) {
        m_Miniport->Listen(State);
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMidiStream::Read(PVOID BufferAddress, ULONG BufferLength, PULONG BytesRead) {
    if (!m_IsCapture) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *BytesRead = m_Miniport->Get((PUCHAR)BufferAddress, BufferLength);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMidiStream::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    if (m_IsCapture) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *BytesWritten = m_Miniport->Put((const UCHAR*)BufferAddress, BytesToWrite);
    return STATUS_SUCCESS;
}

// ---- the miniport ---------------------------------------------------------------------------------------------------

CMidiMiniport::~CMidiMiniport() {
    PAGED_CODE();
    if (m_Timer != NULL) {
        ExDeleteTimer(m_Timer, TRUE, TRUE, NULL);
    }
    if (m_Group != NULL) {
        m_Group->Release();
    }
    if (m_Port != NULL) {
        m_Port->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CMidiMiniport::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = PVOID(PMINIPORTMIDI(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = PVOID(PPOWERNOTIFY(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMidiMiniport::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    KeInitializeSpinLock(&m_Lock);
    m_Port = Port;
    m_Port->AddRef();
    NTSTATUS Status = PcNewServiceGroup(&m_Group, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    m_Port->RegisterServiceGroup(m_Group);
    m_Timer = ExAllocateTimer(OnTimer, this, EX_TIMER_HIGH_RESOLUTION);
    if (m_Timer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const LONGLONG Interval = 10000; // 1 ms
    ExSetTimer(m_Timer, -Interval, Interval, NULL);
    m_Group->AddRef();
    *ServiceGroup = m_Group;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CMidiMiniport::Service() {}

STDMETHODIMP_(NTSTATUS) CMidiMiniport::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMidiMiniport::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                     ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS)
CMidiMiniport::NewStream(PMINIPORTMIDISTREAM* OutStream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG Pin,
                         BOOLEAN Capture, PKSDATAFORMAT DataFormat, PSERVICEGROUP* OutServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(OuterUnknown);
    UNREFERENCED_PARAMETER(DataFormat);
    if (PoolType == PagedPool || Pin != (ULONG)(Capture ? PinCapture : PinRender)) {
        return STATUS_INVALID_PARAMETER;
    }
    CMidiStream* Stream = new (NonPagedPoolNx, MIDI_POOL_TAG) CMidiStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    Stream->Init(this, Capture);
    *OutStream = PMINIPORTMIDISTREAM(Stream);
    m_Group->AddRef();
    *OutServiceGroup = m_Group;
    return STATUS_SUCCESS;
}

// All, or a multiple of four, or nothing.
ULONG CMidiMiniport::Put(const UCHAR* Bytes, ULONG Count) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    const ULONG Room = FifoBytes - m_Output.Count;
    const ULONG Taken = Count <= Room ? Count : Room / 4 * 4;
    for (ULONG i = 0; i < Taken; ++i) {
        m_Output.Put(Bytes[i]);
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Taken;
}

ULONG CMidiMiniport::Get(UCHAR* Bytes, ULONG Room) {
    KIRQL OldIrql;
    ULONG Count = 0;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    while (Count < Room && m_Input.Count != 0) {
        Bytes[Count++] = m_Input.Get();
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    return Count;
}

void CMidiMiniport::Listen(KSSTATE State) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_IsListening = State == KSSTATE_RUN;
    if (State == KSSTATE_STOP) {
        m_Input.Count = 0;
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

STDMETHODIMP_(void) CMidiMiniport::PowerChangeNotify(POWER_STATE NewState) {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    m_IsOff = NewState.DeviceState != PowerDeviceD0;
    KeReleaseSpinLock(&m_Lock, OldIrql);
}

void CMidiMiniport::OnTimer(PEX_TIMER Timer, PVOID Context) {
    UNREFERENCED_PARAMETER(Timer);
    static_cast<CMidiMiniport*>(Context)->Move();
}

void CMidiMiniport::Move() {
    KIRQL OldIrql;
    KeAcquireSpinLock(&m_Lock, &OldIrql);
    ULONG Moved = 0;
    for (; !m_IsOff && Moved < BytesPerMillisecond && m_Output.Count != 0; ++Moved) {
        const UCHAR Byte = m_Output.Get();
        if (m_IsListening) {
            m_Input.Put(Byte);
        }
    }
    KeReleaseSpinLock(&m_Lock, OldIrql);
    if (Moved != 0) {
        m_Port->Notify(m_Group);
    }
}

NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortMidi);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CMidiMiniport* Miniport = new (NonPagedPoolNx, MIDI_POOL_TAG) CMidiMiniport(NULL);
    if (Miniport == NULL) {
        Port->Release();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    Status = Port->Init(DeviceObject, Irp, PUNKNOWN(PMINIPORTMIDI(Miniport)), NULL, ResourceList);
    Miniport->Release();
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(DeviceObject, (PWSTR)L"Midi", Port);
    }
    Port->Release();
    return Status;
}

NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

} // namespace

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}
