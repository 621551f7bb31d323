// The wave filter: a render pin and a capture pin, and the DMA channels behind them. The card plays and records at once
// when one of the two has 8-bit and the other 16-bit samples, and each width its own channel.
#include "stream.h"

namespace {

// ---- tables --------------------------------------------------------------------------------------------------------

KSDATARANGE_AUDIO StreamRange = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO), STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM),
      STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},
    2,
    8,
    16,
    Sb16MinimumRate,
    Sb16MaximumRate};
PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

#define SB16_STREAM_PIN(Flow, Category)                                                                                \
    {                                                                                                                  \
        1, 1, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(StreamRanges), StreamRanges, Flow, KSPIN_COMMUNICATION_SINK, Category, NULL,   \
                {0}                                                                                                    \
        }                                                                                                              \
    }
#define SB16_BRIDGE_PIN(Flow)                                                                                          \
    {                                                                                                                  \
        0, 0, 0, NULL, {                                                                                               \
            0, NULL, 0, NULL, ARRAYSIZE(BridgeRanges), BridgeRanges, Flow, KSPIN_COMMUNICATION_NONE,                   \
                &KSCATEGORY_AUDIO, NULL, {0}                                                                           \
        }                                                                                                              \
    }

const PCPIN_DESCRIPTOR Pins[WavePinCount] = {
    SB16_STREAM_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO), // WavePinRender
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_OUT),                   // WavePinRenderBridge
    SB16_STREAM_PIN(KSPIN_DATAFLOW_OUT, &PINNAME_CAPTURE), // WavePinCapture
    SB16_BRIDGE_PIN(KSPIN_DATAFLOW_IN),                    // WavePinCaptureBridge
};

enum { NodeDac = 0, NodeAdc };

const PCNODE_DESCRIPTOR Nodes[] = {
    {0, NULL, &KSNODETYPE_DAC, NULL},
    {0, NULL, &KSNODETYPE_ADC, NULL},
};

const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, WavePinRender, NodeDac, 1},
    {NodeDac, 0, PCFILTER_NODE, WavePinRenderBridge},
    {PCFILTER_NODE, WavePinCaptureBridge, NodeAdc, 1},
    {NodeAdc, 0, PCFILTER_NODE, WavePinCapture},
};

const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_RENDER),
                           STATICGUIDOF(KSCATEGORY_CAPTURE)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
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

// Eight intervals of 10 ms at the highest rate. The controller counts within 64 KB, and so lies the buffer.
const ULONG BufferBytes = 0x4000;
const ULONG FirstWordChannel = 5;

} // namespace

// ---- the miniport --------------------------------------------------------------------------------------------------

CSb16Wave::~CSb16Wave() {
    PAGED_CODE();
    for (ULONG i = 0; i < Sb16Streams; ++i) {
        if (m_Channels[i] != NULL) {
            m_Channels[i]->Release();
        }
    }
    if (m_Port != NULL) {
        m_Port->Release();
    }
    if (m_Sb16 != NULL) {
        m_Sb16->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CSb16Wave::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveCyclic)) {
        *Object = PVOID(PMINIPORTWAVECYCLIC(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CSb16Wave::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVECYCLIC Port) {
    PAGED_CODE();
    if (UnknownAdapter == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    ExInitializeFastMutex(&m_Mutex);
    m_Port = Port;
    m_Port->AddRef();
    NTSTATUS Status = UnknownAdapter->QueryInterface(IID_ISb16, (PVOID*)&m_Sb16);
    if (NT_SUCCESS(Status)) {
        Status = MakeChannels(ResourceList);
    }
    return Status;
}

// One slave channel for each width, from the device's DMA resources in whatever order they are. A card that is set up
// without a 16-bit channel moves words over the other one (guide, "DMA Setup").
NTSTATUS CSb16Wave::MakeChannels(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    const ULONG Entries = ResourceList->NumberOfEntriesOfType(CmResourceTypeDma);
    for (ULONG i = 0; i < Entries; ++i) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Entry = ResourceList->FindTranslatedEntry(CmResourceTypeDma, i);
        const Sb16Stream Stream = Entry->u.Dma.Channel >= FirstWordChannel ? Sb16Words : Sb16Bytes;
        if (m_Channels[Stream] != NULL) {
            continue;
        }
        NTSTATUS Status = m_Port->NewSlaveDmaChannel((PDMACHANNELSLAVE*)&m_Channels[Stream], NULL, ResourceList, i,
                                                     BufferBytes, FALSE, Compatible);
        if (NT_SUCCESS(Status)) {
            Status = m_Channels[Stream]->AllocateBuffer(BufferBytes, NULL);
        }
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    if (m_Channels[Sb16Words] == NULL && m_Channels[Sb16Bytes] != NULL) {
        m_Channels[Sb16Words] = m_Channels[Sb16Bytes];
        m_Channels[Sb16Words]->AddRef();
    }
    return m_Channels[Sb16Words] != NULL ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

STDMETHODIMP_(NTSTATUS) CSb16Wave::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

// The port's own intersection finds the best of a range.
STDMETHODIMP_(NTSTATUS)
CSb16Wave::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
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

BOOLEAN CSb16Wave::IsChannelTaken(IDmaChannelSlave* Channel) {
    PAGED_CODE();
    for (ULONG i = 0; i < Sb16Streams; ++i) {
        if (m_IsTaken[i] && m_Channels[i] == Channel) {
            return TRUE;
        }
    }
    return FALSE;
}

NTSTATUS CSb16Wave::Take(Sb16Stream Stream, BOOLEAN Capture) {
    PAGED_CODE();
    NTSTATUS Status = STATUS_SUCCESS;
    ExAcquireFastMutex(&m_Mutex);
    if (m_Channels[Stream] == NULL) {
        Status = STATUS_INVALID_PARAMETER; // the card is not set up for samples of this width
    } else if (IsChannelTaken(m_Channels[Stream]) || m_IsConverterTaken[Capture != FALSE]) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        m_IsTaken[Stream] = TRUE;
        m_IsConverterTaken[Capture != FALSE] = TRUE;
    }
    ExReleaseFastMutex(&m_Mutex);
    return Status;
}

void CSb16Wave::GiveBack(Sb16Stream Stream, BOOLEAN Capture) {
    PAGED_CODE();
    ExAcquireFastMutex(&m_Mutex);
    m_IsTaken[Stream] = FALSE;
    m_IsConverterTaken[Capture != FALSE] = FALSE;
    ExReleaseFastMutex(&m_Mutex);
}

STDMETHODIMP_(NTSTATUS)
CSb16Wave::NewStream(PMINIPORTWAVECYCLICSTREAM* OutStream, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG Pin,
                     BOOLEAN Capture, PKSDATAFORMAT DataFormat, PDMACHANNEL* OutDmaChannel,
                     PSERVICEGROUP* OutServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(OuterUnknown);
    UNREFERENCED_PARAMETER(Pin);
    Sb16Format Format;
    if (!Sb16ReadFormat(DataFormat, &Format)) {
        return STATUS_INVALID_PARAMETER;
    }
    const Sb16Stream Stream = Format.Is16Bit ? Sb16Words : Sb16Bytes;
    NTSTATUS Status = Take(Stream, Capture);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    PSERVICEGROUP Group = NULL;
    CSb16Ring* Ring = new (PoolType, SB16_POOL_TAG) CSb16Ring(NULL);
    Status = Ring != NULL ? PcNewServiceGroup(&Group, NULL) : STATUS_INSUFFICIENT_RESOURCES;
    if (Ring != NULL) {
        Ring->AddRef();
        Ring->Init(m_Channels[Stream]);
    }
    if (NT_SUCCESS(Status)) {
        Status = CreateSb16Stream(OutStream, PoolType, this, Capture, Format, Ring, Group);
    }
    if (!NT_SUCCESS(Status)) {
        if (Group != NULL) {
            Group->Release();
        }
        if (Ring != NULL) {
            Ring->Release();
        }
        GiveBack(Stream, Capture);
        return Status;
    }
    *OutDmaChannel = Ring; // both references belong to the port
    *OutServiceGroup = Group;
    return STATUS_SUCCESS;
}

NTSTATUS CreateSb16WaveMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CSb16Wave* Miniport = new (PoolType, SB16_POOL_TAG) CSb16Wave(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTWAVECYCLIC(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
