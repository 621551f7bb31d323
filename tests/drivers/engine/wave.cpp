// The filter, and the controls of the whole engine.
#include "engine.h"

namespace {

KSDATARANGE_AUDIO StreamRange = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO), STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM),
      STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},
    Channels,
    16,
    16,
    48000,
    48000};
PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};
KSDATARANGE SpeakerRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                             STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE SpeakerRanges[] = {&SpeakerRange};

#define ENGINE_PIN(Instances, Automation, Ranges, Flow, Communication, Category)                                       \
    {                                                                                                                  \
        Instances, Instances, 0, Automation, {                                                                         \
            0, NULL, 0, NULL, 1, Ranges, Flow, Communication, Category, NULL, {0}                                      \
        }                                                                                                              \
    }

const PCPIN_DESCRIPTOR Pins[PinCount] = {
    ENGINE_PIN(1, &EngineModuleAutomation, StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK,
               &KSCATEGORY_AUDIO),
    ENGINE_PIN(2, &EngineModuleAutomation, StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK,
               &KSCATEGORY_AUDIO),
    ENGINE_PIN(1, NULL, StreamRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_SINK, &KSNODETYPE_AUDIO_LOOPBACK),
    ENGINE_PIN(0, NULL, SpeakerRanges, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, &KSNODETYPE_SPEAKER),
};

const PCNODE_DESCRIPTOR Nodes[] = {{0, NULL, &KSNODETYPE_AUDIO_ENGINE, NULL}};

const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, PinHost, NodeEngine, 1},
    {PCFILTER_NODE, PinOffload, NodeEngine, 2},
    {NodeEngine, 0, PCFILTER_NODE, PinSpeaker},
    {NodeEngine, 3, PCFILTER_NODE, PinLoopback},
};

const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_RENDER),
                           STATICGUIDOF(KSCATEGORY_REALTIME)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                              &EngineModuleAutomation,
                                              sizeof(PCPIN_DESCRIPTOR),
                                              PinCount,
                                              Pins,
                                              sizeof(PCNODE_DESCRIPTOR),
                                              ARRAYSIZE(Nodes),
                                              Nodes,
                                              ARRAYSIZE(Connections),
                                              Connections,
                                              ARRAYSIZE(Categories),
                                              Categories};

class CEngineMiniport : public IMiniportWaveRT,
                        public IMiniportAudioEngineNode,
                        public IMiniportAudioSignalProcessing,
                        public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CEngineMiniport);
    ~CEngineMiniport();
    IMP_IMiniportWaveRT;
    IMP_IMiniportAudioEngineNode;
    IMP_IMiniportAudioSignalProcessing;

    CEngineCard Card;
    PPORTCLSNOTIFICATIONS Notifications;

private:
    PPORTCLSETWHELPER m_EtwHelper;
    BOOL m_GfxIsOn;
};

CEngineMiniport::~CEngineMiniport() {
    PAGED_CODE();
    Card.Close();
    if (Notifications != NULL) {
        Notifications->Release();
    }
    if (m_EtwHelper != NULL) {
        m_EtwHelper->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown) || IsEqualGUIDAligned(Interface, IID_IMiniport) ||
        IsEqualGUIDAligned(Interface, IID_IMiniportWaveRT)) {
        *Object = PVOID(PMINIPORTWAVERT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportAudioEngineNode)) {
        *Object = PVOID(PMINIPORTAUDIOENGINENODE(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportAudioSignalProcessing)) {
        *Object = PVOID(PMINIPORTAUDIOSIGNALPROCESSING(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// ---- IMiniportWaveRT -----------------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVERT Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    NTSTATUS Status = Port->QueryInterface(IID_IPortClsNotifications, (PVOID*)&Notifications);
    if (NT_SUCCESS(Status)) {
        Status = Port->QueryInterface(IID_IPortClsEtwHelper, (PVOID*)&m_EtwHelper);
    }
    return NT_SUCCESS(Status) ? Card.Init() : Status;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetDeviceDescription(PDEVICE_DESCRIPTION Description) {
    PAGED_CODE();
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION1;
    Description->Master = TRUE;
    Description->ScatterGather = TRUE;
    Description->Dma64BitAddresses = TRUE;
    Description->InterfaceType = PNPBus;
    Description->MaximumLength = 0xFFFFFFFF;
    return STATUS_SUCCESS;
}

// The port's own intersection does for one format.
STDMETHODIMP_(NTSTATUS)
CEngineMiniport::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                       ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::NewStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, ULONG Pin, BOOLEAN Capture,
                           PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(DataFormat);
    return CreateEngineStream(OutStream, &Card, PortStream, m_EtwHelper, Capture);
}

// ---- IMiniportAudioSignalProcessing --------------------------------------------------------------------------------

// R-OFF-08. Nothing is processed, whatever the mode; so raw and default are the same thing.
STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetModes(ULONG Pin, GUID* Modes, ULONG* Count) {
    PAGED_CODE();
    const ULONG Wanted = Pin == PinHost || Pin == PinOffload ? 2 : 0;
    if (Pin >= PinCount) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Modes != NULL && *Count < Wanted) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Modes != NULL && Wanted != 0) {
        Modes[0] = AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
        Modes[1] = AUDIO_SIGNALPROCESSINGMODE_RAW;
    }
    *Count = Wanted;
    return STATUS_SUCCESS;
}

// ---- IMiniportAudioEngineNode --------------------------------------------------------------------------------------

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetAudioEngineDescriptor(ULONG Node, KSAUDIOENGINE_DESCRIPTOR* Descriptor) {
    UNREFERENCED_PARAMETER(Node);
    Descriptor->nHostPinId = PinHost;
    Descriptor->nOffloadPinId = PinOffload;
    Descriptor->nLoopbackPinId = PinLoopback;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetGfxState(ULONG Node, BOOL* Enable) {
    UNREFERENCED_PARAMETER(Node);
    *Enable = m_GfxIsOn;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::SetGfxState(ULONG Node, BOOL Enable) {
    UNREFERENCED_PARAMETER(Node);
    m_GfxIsOn = Enable;
    return STATUS_SUCCESS;
}

// There is one format, and a list of it.
STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetEngineFormatSize(ULONG Node, eEngineFormatType Type, ULONG* Size) {
    UNREFERENCED_PARAMETER(Node);
    *Size = sizeof(KSDATAFORMAT_WAVEFORMATEX) + (Type == eSupportedDeviceFormats ? sizeof(KSMULTIPLE_ITEM) : 0);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::GetMixFormat(ULONG Node, KSDATAFORMAT_WAVEFORMATEX* Format, ULONG BufferSize) {
    UNREFERENCED_PARAMETER(Node);
    if (BufferSize < sizeof(*Format)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    const WAVEFORMATEX Wave = {WAVE_FORMAT_PCM, Channels, 48000, BytesPerSecond, BytesPerFrame, 16, 0};
    Format->DataFormat = StreamRange.DataRange;
    Format->DataFormat.FormatSize = sizeof(*Format);
    Format->DataFormat.SampleSize = BytesPerFrame;
    Format->WaveFormatEx = Wave;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::GetDeviceFormat(ULONG Node, KSDATAFORMAT_WAVEFORMATEX* Format, ULONG BufferSize) {
    return GetMixFormat(Node, Format, BufferSize);
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::SetDeviceFormat(ULONG Node, KSDATAFORMAT_WAVEFORMATEX* Format, ULONG BufferSize) {
    UNREFERENCED_PARAMETER(Node);
    UNREFERENCED_PARAMETER(BufferSize);
    const WAVEFORMATEX* Wave = &Format->WaveFormatEx;
    const BOOLEAN Fits = Wave->nChannels == Channels && Wave->nSamplesPerSec == 48000 && Wave->wBitsPerSample == 16;
    return Fits ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::GetSupportedDeviceFormats(ULONG Node, KSMULTIPLE_ITEM* Formats, ULONG BufferSize) {
    if (BufferSize < sizeof(*Formats)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Formats->Size = sizeof(*Formats) + sizeof(KSDATAFORMAT_WAVEFORMATEX);
    Formats->Count = 1;
    return GetMixFormat(Node, (KSDATAFORMAT_WAVEFORMATEX*)(Formats + 1), BufferSize - sizeof(*Formats));
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::GetBufferSizeRange(ULONG Node, KSDATAFORMAT_WAVEFORMATEX* Format,
                                    KSAUDIOENGINE_BUFFER_SIZE_RANGE* Range) {
    UNREFERENCED_PARAMETER(Node);
    UNREFERENCED_PARAMETER(Format);
    Range->MinBufferBytes = BytesPerSecond / 50; // two intervals
    Range->MaxBufferBytes = BytesPerSecond;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::GetDeviceChannelCount(ULONG Node, eChannelTargetType Target, UINT32* Count) {
    UNREFERENCED_PARAMETER(Node);
    UNREFERENCED_PARAMETER(Target);
    *Count = Channels;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CEngineMiniport::GetDeviceAttributeSteppings(ULONG Node, eChannelTargetType Target, PKSPROPERTY_STEPPING_LONG Steppings,
                                             UINT32 Bytes) {
    UNREFERENCED_PARAMETER(Node);
    EngineControls::Describe(Target, Steppings, Bytes);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetDeviceChannelVolume(ULONG Node, UINT32 Channel, LONG* Volume) {
    UNREFERENCED_PARAMETER(Node);
    *Volume = Card.Controls.Volume[Channel];
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::SetDeviceChannelVolume(ULONG Node, UINT32 Channel, LONG Volume) {
    UNREFERENCED_PARAMETER(Node);
    Card.Controls.SetVolume(Channel, Volume);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetDeviceChannelMute(ULONG Node, UINT32 Channel, BOOL* Mute) {
    UNREFERENCED_PARAMETER(Node);
    *Mute = Card.Controls.Mute[Channel];
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::SetDeviceChannelMute(ULONG Node, UINT32 Channel, BOOL Mute) {
    UNREFERENCED_PARAMETER(Node);
    Card.Controls.Mute[Channel] = Mute;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CEngineMiniport::GetDeviceChannelPeakMeter(ULONG Node, UINT32 Channel, LONG* Peak) {
    UNREFERENCED_PARAMETER(Node);
    *Peak = Card.Controls.TakePeak(Channel);
    return STATUS_SUCCESS;
}

CEngineMiniport* MiniportOf(PUNKNOWN MajorTarget) {
    return static_cast<CEngineMiniport*>(static_cast<IMiniportWaveRT*>(MajorTarget));
}

} // namespace

CEngineCard* EngineCardOf(PUNKNOWN MajorTarget) {
    return &MiniportOf(MajorTarget)->Card;
}

PPORTCLSNOTIFICATIONS EngineNotificationsOf(PUNKNOWN MajorTarget) {
    return MiniportOf(MajorTarget)->Notifications;
}

NTSTATUS CreateEngineMiniport(PUNKNOWN* Unknown) {
    PAGED_CODE();
    CEngineMiniport* Miniport = new (NonPagedPoolNx, ENGINE_POOL_TAG) CEngineMiniport(NULL);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Miniport->AddRef();
    *Unknown = PUNKNOWN(PMINIPORTWAVERT(Miniport));
    return STATUS_SUCCESS;
}
