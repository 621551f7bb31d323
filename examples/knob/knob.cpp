// A volume knob: one topology filter with one volume node. Compiles with the WDK and with `portcls build`.
#include <initguid.h>

#include <portcls.h>
#include <stdunk.h>

#define KNOB_POOL_TAG 'bonK'

namespace {

const LONG Silence = -96 * 65536; // levels are in 1/65536 dB
const LONG Loudest = 0;

// ---- the miniport --------------------------------------------------------------------------------------------------

class CKnob : public IMiniportTopology, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CKnob);
    ~CKnob() {}
    IMP_IMiniportTopology;

    LONG m_Level; // zero, as all memory of operator new
};

NTSTATUS LevelHandler(PPCPROPERTY_REQUEST Request) {
    CKnob* Knob = static_cast<CKnob*>(static_cast<IMiniportTopology*>(Request->MajorTarget));
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        if (Request->ValueSize < sizeof(ULONG)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        *(PULONG)Request->Value = KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;
        Request->ValueSize = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    // The channel follows the node id in KSNODEPROPERTY_AUDIO_CHANNEL; the knob turns all of them.
    if (Request->InstanceSize < sizeof(LONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Request->ValueSize < sizeof(LONG)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    PLONG Level = (PLONG)Request->Value;
    if ((Request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *Level = Knob->m_Level;
        Request->ValueSize = sizeof(LONG);
    } else {
        Knob->m_Level = *Level < Silence ? Silence : *Level > Loudest ? Loudest : *Level;
    }
    return STATUS_SUCCESS;
}

const PCPROPERTY_ITEM LevelProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL,
     KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT, LevelHandler},
};
DEFINE_PCAUTOMATION_TABLE_PROP(LevelAutomation, LevelProperties);

// ---- what the filter looks like ------------------------------------------------------------------------------------

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

enum { PinIn, PinOut };
const PCPIN_DESCRIPTOR Pins[] = {
    {0,
     0,
     0,
     NULL,
     {0,
      NULL,
      0,
      NULL,
      ARRAYSIZE(BridgeRanges),
      BridgeRanges,
      KSPIN_DATAFLOW_IN,
      KSPIN_COMMUNICATION_NONE,
      &KSNODETYPE_LINE_CONNECTOR,
      NULL,
      {0}}},
    {0,
     0,
     0,
     NULL,
     {0,
      NULL,
      0,
      NULL,
      ARRAYSIZE(BridgeRanges),
      BridgeRanges,
      KSPIN_DATAFLOW_OUT,
      KSPIN_COMMUNICATION_NONE,
      &KSNODETYPE_SPEAKER,
      NULL,
      {0}}},
};
const PCNODE_DESCRIPTOR Nodes[] = {{0, &LevelAutomation, &KSNODETYPE_VOLUME, NULL}};
const PCCONNECTION_DESCRIPTOR Connections[] = {{PCFILTER_NODE, PinIn, 0, 1}, {0, 0, PCFILTER_NODE, PinOut}};
const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_TOPOLOGY)};

PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                        NULL,
                                        sizeof(PCPIN_DESCRIPTOR),
                                        ARRAYSIZE(Pins),
                                        Pins,
                                        sizeof(PCNODE_DESCRIPTOR),
                                        ARRAYSIZE(Nodes),
                                        Nodes,
                                        ARRAYSIZE(Connections),
                                        Connections,
                                        ARRAYSIZE(Categories),
                                        Categories};

STDMETHODIMP_(NTSTATUS) CKnob::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportTopology)) {
        *Object = PVOID(PMINIPORTTOPOLOGY(this));
        AddRef();
        return STATUS_SUCCESS;
    }
    *Object = NULL;
    return STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS) CKnob::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port) {
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    UNREFERENCED_PARAMETER(Port);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CKnob::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    *Description = &FilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CKnob::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                             ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

// ---- the adapter ---------------------------------------------------------------------------------------------------

NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PPORT Port = NULL;
    NTSTATUS Status = PcNewPort(&Port, CLSID_PortTopology);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    CKnob* Knob = new (NonPagedPoolNx, KNOB_POOL_TAG) CKnob(NULL);
    if (Knob == NULL) {
        Port->Release();
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Knob->AddRef();
    Status = Port->Init(DeviceObject, Irp, PUNKNOWN(PMINIPORTTOPOLOGY(Knob)), NULL, ResourceList);
    if (NT_SUCCESS(Status)) {
        Status = PcRegisterSubdevice(DeviceObject, (PWSTR)L"Topology", Port);
    }
    Knob->Release(); // the port has its own reference
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
