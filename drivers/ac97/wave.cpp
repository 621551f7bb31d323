// The WavePci form of the wave filter: each of its two stream pins has a bus master of its own.
#include "wavestream.h"

namespace {

// The list of an engine, and copies of what does not lie in memory as the engine wants it.
const ULONG BufferBytes = Ac97ListBytes + Ac97ListEntries * Ac97CopyBytes;
const ULONG MostMappingBytes = 0x10000;

} // namespace

// ---- the miniport --------------------------------------------------------------------------------------------------

CAc97Wave::~CAc97Wave() {
    PAGED_CODE();
    if (m_Port != NULL) {
        m_Port->Release();
    }
    if (m_Ac97 != NULL) {
        m_Ac97->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CAc97Wave::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWavePci)) {
        *Object = PVOID(PMINIPORTWAVEPCI(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// No service group for the filter: each stream has its own.
STDMETHODIMP_(NTSTATUS)
CAc97Wave::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVEPCI Port, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    if (UnknownAdapter == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *ServiceGroup = NULL;
    m_Port = Port;
    m_Port->AddRef();
    return UnknownAdapter->QueryInterface(IID_IAc97, (PVOID*)&m_Ac97);
}

STDMETHODIMP_(NTSTATUS) CAc97Wave::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = Ac97WaveDescription(Hardware()->HasVariableRate(), FALSE);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CAc97Wave::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                 ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return Ac97Intersect(DataRange);
}

// The channel says what the card reaches: 32 bits. Its buffer is the place of the list. The port neither references nor
// releases it.
STDMETHODIMP_(NTSTATUS)
CAc97Wave::NewStream(PMINIPORTWAVEPCISTREAM* OutStream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,
                     PPORTWAVEPCISTREAM PortStream, ULONG Pin, BOOLEAN Capture, PKSDATAFORMAT DataFormat,
                     PDMACHANNEL* OutDmaChannel, PSERVICEGROUP* OutServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(OuterUnknown);
    UNREFERENCED_PARAMETER(Pin);
    const Ac97Engine Engine = Capture ? Ac97PcmIn : Ac97PcmOut;
    const ULONG Rate = Ac97ReadRate(DataFormat);
    if (Rate == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!Hardware()->Take(Engine)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PDMACHANNEL Channel = NULL;
    PSERVICEGROUP Group = NULL;
    NTSTATUS Status = Hardware()->SetRate(Engine, Rate) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(Status)) {
        Status = m_Port->NewMasterDmaChannel(&Channel, NULL, NonPagedPool, NULL, TRUE, TRUE, FALSE, FALSE, Width32Bits,
                                             MaximumDmaSpeed, MostMappingBytes, 0);
    }
    if (NT_SUCCESS(Status)) {
        Status = Channel->AllocateBuffer(BufferBytes, NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = PcNewServiceGroup(&Group, NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = CreateAc97Stream(OutStream, PoolType, this, PortStream, Engine, Rate, Channel, Group);
    }
    if (!NT_SUCCESS(Status)) {
        if (Group != NULL) {
            Group->Release();
        }
        if (Channel != NULL) {
            Channel->Release();
        }
        Hardware()->GiveBack(Engine);
        return Status;
    }
    *OutDmaChannel = Channel;
    *OutServiceGroup = Group; // with its reference
    return STATUS_SUCCESS;
}

// The filter's share of a service group's work: it has none.
STDMETHODIMP_(void) CAc97Wave::Service() {}

NTSTATUS CreateAc97WaveMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CAc97Wave* Miniport = new (PoolType, AC97_POOL_TAG) CAc97Wave(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTWAVEPCI(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
