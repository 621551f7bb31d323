// The wave filter: a render pin and a capture pin for applications, each with a bridge pin to the topology filter.
#include "stream.h"

namespace {

// ---- data ranges ---------------------------------------------------------------------------------------------------

// Every range can be had in the raw and the default processing mode; the attribute says so.
KSATTRIBUTE ModeAttribute = {sizeof(KSATTRIBUTE), 0, {STATICGUIDOF(KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE)}};
PKSATTRIBUTE ModeAttributes[] = {&ModeAttribute};
KSATTRIBUTE_LIST ModeAttributeList = {ARRAYSIZE(ModeAttributes), ModeAttributes};

KSDATARANGE_AUDIO PcmRange = {
    {{sizeof(KSDATARANGE_AUDIO), KSDATARANGE_ATTRIBUTES, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
      STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},
    CableMaximumChannels,
    16,
    32,
    CableMinimumRate,
    CableMaximumRate};

KSDATARANGE_AUDIO FloatRange = {
    {{sizeof(KSDATARANGE_AUDIO), KSDATARANGE_ATTRIBUTES, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
      STATICGUIDOF(KSDATAFORMAT_SUBTYPE_IEEE_FLOAT), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},
    CableMaximumChannels,
    32,
    32,
    CableMinimumRate,
    CableMaximumRate};

PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&PcmRange), PKSDATARANGE(&ModeAttributeList), PKSDATARANGE(&FloatRange),
                               PKSDATARANGE(&ModeAttributeList)};

KSDATARANGE BridgeRange = {{sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                            STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};
PKSDATARANGE BridgeRanges[] = {&BridgeRange};

// What a client gets that has no wish of its own: 48 kHz, stereo, 16 bit.
void FillExtensible(KSDATAFORMAT_WAVEFORMATEXTENSIBLE* Format, ULONG Rate, ULONG Channels, ULONG Bits,
                    const GUID& SubFormat) {
    static const ULONG Masks[CableMaximumChannels + 1] = {0,
                                                          KSAUDIO_SPEAKER_MONO,
                                                          KSAUDIO_SPEAKER_STEREO,
                                                          KSAUDIO_SPEAKER_STEREO | SPEAKER_FRONT_CENTER,
                                                          KSAUDIO_SPEAKER_QUAD,
                                                          KSAUDIO_SPEAKER_QUAD | SPEAKER_FRONT_CENTER,
                                                          KSAUDIO_SPEAKER_5POINT1_SURROUND,
                                                          KSAUDIO_SPEAKER_5POINT1_SURROUND | SPEAKER_BACK_CENTER,
                                                          KSAUDIO_SPEAKER_7POINT1_SURROUND};
    RtlZeroMemory(Format, sizeof(*Format));
    Format->DataFormat.FormatSize = sizeof(*Format);
    Format->DataFormat.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    Format->DataFormat.SubFormat = SubFormat;
    Format->DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    WAVEFORMATEX* Wave = &Format->WaveFormatExt.Format;
    Wave->wFormatTag = WAVE_FORMAT_EXTENSIBLE;
    Wave->nChannels = (WORD)Channels;
    Wave->nSamplesPerSec = Rate;
    Wave->wBitsPerSample = (WORD)Bits;
    Wave->nBlockAlign = (WORD)(Channels * Bits / 8);
    Wave->nAvgBytesPerSec = Rate * Wave->nBlockAlign;
    Wave->cbSize = sizeof(WAVEFORMATEXTENSIBLE) - sizeof(WAVEFORMATEX);
    Format->WaveFormatExt.Samples.wValidBitsPerSample = Wave->wBitsPerSample;
    Format->WaveFormatExt.dwChannelMask = Masks[Channels];
    Format->WaveFormatExt.SubFormat = SubFormat;
    Format->DataFormat.SampleSize = Wave->nBlockAlign;
}

BOOLEAN IsStreamPin(ULONG Pin) {
    return Pin == WavePinRender || Pin == WavePinCapture;
}

// The pin id follows the KSPROPERTY of a KSP_PIN request.
NTSTATUS PinOfRequest(PPCPROPERTY_REQUEST Request, ULONG* Pin) {
    if (Request->InstanceSize < sizeof(ULONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Pin = *(PULONG)Request->Instance;
    return *Pin < WavePinCount ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// Whether the attributes are there that the format's flag promises: on the next 8 bytes a KSMULTIPLE_ITEM, and behind
// it processing modes and nothing else. Any mode is fine (R-FMT-12).
BOOLEAN HasModeAttributes(const UCHAR* Format, ULONG FormatSize, ULONG Room) {
    const ULONG Offset = (FormatSize + 7) & ~7UL;
    if (FormatSize > Room - sizeof(KSMULTIPLE_ITEM) || Offset > Room - sizeof(KSMULTIPLE_ITEM)) {
        return FALSE;
    }
    const UCHAR* List = Format + Offset;
    const ULONG Count = ((const KSMULTIPLE_ITEM*)List)->Count;
    ULONG Left = ((const KSMULTIPLE_ITEM*)List)->Size;
    if (Count == 0 || Left < sizeof(KSMULTIPLE_ITEM) || Left > Room - Offset) {
        return FALSE;
    }
    List += sizeof(KSMULTIPLE_ITEM);
    Left -= sizeof(KSMULTIPLE_ITEM);
    for (ULONG Index = 0; Index < Count; ++Index) {
        const KSATTRIBUTE* Attribute = (const KSATTRIBUTE*)List;
        if (Left < sizeof(KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE) ||
            Attribute->Size < sizeof(KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE) || Attribute->Size > Left ||
            !IsEqualGUIDAligned(Attribute->Attribute, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE)) {
            return FALSE;
        }
        const ULONG Size = (Attribute->Size + 7) & ~7UL; // the next one begins on 8 bytes
        List += Size < Left ? Size : Left;
        Left -= Size < Left ? Size : Left;
    }
    return TRUE;
}

// KSPROPERTY_PIN_PROPOSEDATAFORMAT: set tests a format.
NTSTATUS ProposeFormat(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return CableAnswerAccess(Request);
    }
    ULONG Pin;
    NTSTATUS Status = PinOfRequest(Request, &Pin);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!IsStreamPin(Pin)) {
        return STATUS_NOT_SUPPORTED;
    }
    if (Request->ValueSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        ((PKSDATAFORMAT)Request->Value)->FormatSize > Request->ValueSize) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    PKSDATAFORMAT DataFormat = (PKSDATAFORMAT)Request->Value;
    if ((DataFormat->Flags & KSDATAFORMAT_ATTRIBUTES) != 0 &&
        !HasModeAttributes((const UCHAR*)DataFormat, DataFormat->FormatSize, Request->ValueSize)) {
        return STATUS_NO_MATCH;
    }
    CableFormat Format;
    return CableParseFormat(DataFormat, &Format);
}

// The processing mode that a request for a preferred format names: behind the pin a KSMULTIPLE_ITEM and attributes, of
// which only the mode's exists. The sizes are the client's.
NTSTATUS ModeOfRequest(PPCPROPERTY_REQUEST Request, GUID* Mode) {
    const ULONG PinSize = sizeof(KSP_PIN) - sizeof(KSPROPERTY);
    if (Request->InstanceSize < PinSize + sizeof(KSMULTIPLE_ITEM)) {
        return STATUS_INVALID_PARAMETER;
    }
    const UCHAR* List = (const UCHAR*)Request->Instance + PinSize;
    const ULONG Count = ((const KSMULTIPLE_ITEM*)List)->Count;
    ULONG Left = ((const KSMULTIPLE_ITEM*)List)->Size;
    if (Left < sizeof(KSMULTIPLE_ITEM) || Left > Request->InstanceSize - PinSize) {
        return STATUS_INVALID_PARAMETER;
    }
    List += sizeof(KSMULTIPLE_ITEM);
    Left -= sizeof(KSMULTIPLE_ITEM);
    for (ULONG Index = 0; Index < Count; ++Index) {
        if (Left < sizeof(KSATTRIBUTE)) {
            return STATUS_INVALID_PARAMETER;
        }
        const KSATTRIBUTE* Attribute = (const KSATTRIBUTE*)List;
        const ULONG Size = (Attribute->Size + 7) & ~7UL; // the next one begins on 8 bytes
        if (Attribute->Size < sizeof(KSATTRIBUTE) || Attribute->Size > Left) {
            return STATUS_INVALID_PARAMETER;
        }
        if (IsEqualGUIDAligned(Attribute->Attribute, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE)) {
            if (Attribute->Size < sizeof(KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE)) {
                return STATUS_INVALID_PARAMETER;
            }
            *Mode = ((const KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE*)List)->SignalProcessingMode;
            return STATUS_SUCCESS;
        }
        List += Size < Left ? Size : Left;
        Left -= Size < Left ? Size : Left;
    }
    return STATUS_NOT_SUPPORTED; // nothing is preferred without a mode
}

// KSPROPERTY_PIN_PROPOSEDATAFORMAT2: the preferred format of a processing mode; here the same for both modes, and none
// for any other.
NTSTATUS PreferredFormat(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if ((Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return CableAnswerAccess(Request);
    }
    ULONG Pin;
    NTSTATUS Status = PinOfRequest(Request, &Pin);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!IsStreamPin(Pin)) {
        return STATUS_NOT_SUPPORTED;
    }
    GUID Mode;
    Status = ModeOfRequest(Request, &Mode);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!IsEqualGUIDAligned(Mode, AUDIO_SIGNALPROCESSINGMODE_RAW) &&
        !IsEqualGUIDAligned(Mode, AUDIO_SIGNALPROCESSINGMODE_DEFAULT)) {
        return STATUS_NOT_SUPPORTED;
    }
    const ULONG Size = sizeof(KSDATAFORMAT_WAVEFORMATEXTENSIBLE);
    if (Request->ValueSize < Size) {
        Status = Request->ValueSize == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
    } else {
        FillExtensible((KSDATAFORMAT_WAVEFORMATEXTENSIBLE*)Request->Value, 48000, 2, 16, KSDATAFORMAT_SUBTYPE_PCM);
    }
    Request->ValueSize = Size;
    return Status;
}

const PCPROPERTY_ITEM FilterProperties[] = {
    {&KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT, KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT,
     ProposeFormat},
    {&KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT2, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT,
     PreferredFormat},
};
DEFINE_PCAUTOMATION_TABLE_PROP(FilterAutomation, FilterProperties);

// ---- pins, nodes, connections --------------------------------------------------------------------------------------

const PCPIN_DESCRIPTOR Pins[] = {
    // WavePinRender
    {CableMaximumStreams,
     CableMaximumStreams,
     0,
     NULL,
     {0,
      NULL,
      0,
      NULL,
      ARRAYSIZE(StreamRanges),
      StreamRanges,
      KSPIN_DATAFLOW_IN,
      KSPIN_COMMUNICATION_SINK,
      &KSCATEGORY_AUDIO,
      NULL,
      {0}}},
    // WavePinRenderBridge
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
      &KSCATEGORY_AUDIO,
      NULL,
      {0}}},
    // WavePinCapture
    {CableMaximumStreams,
     CableMaximumStreams,
     0,
     NULL,
     {0,
      NULL,
      0,
      NULL,
      ARRAYSIZE(StreamRanges),
      StreamRanges,
      KSPIN_DATAFLOW_OUT,
      KSPIN_COMMUNICATION_SINK,
      &PINNAME_CAPTURE,
      &KSAUDFNAME_RECORDING_CONTROL,
      {0}}},
    // WavePinCaptureBridge
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
      &KSCATEGORY_AUDIO,
      NULL,
      {0}}},
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
                           STATICGUIDOF(KSCATEGORY_CAPTURE), STATICGUIDOF(KSCATEGORY_REALTIME)};

const PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                              &FilterAutomation,
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

// ---- the miniport --------------------------------------------------------------------------------------------------

class CCableWave : public IMiniportWaveRT, public IMiniportAudioSignalProcessing, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCableWave);
    ~CCableWave();
    IMP_IMiniportWaveRT;
    IMP_IMiniportAudioSignalProcessing;

private:
    ICable* m_Cable;
};

CCableWave::~CCableWave() {
    PAGED_CODE();
    if (m_Cable != NULL) {
        m_Cable->Engine()->SetEtwHelper(NULL);
        m_Cable->Release();
    }
}

STDMETHODIMP_(NTSTATUS) CCableWave::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTWAVERT(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport) || IsEqualGUIDAligned(Interface, IID_IMiniportWaveRT)) {
        *Object = PVOID(PMINIPORTWAVERT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportAudioSignalProcessing)) {
        *Object = PVOID(PMINIPORTAUDIOSIGNALPROCESSING(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCableWave::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTWAVERT Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);
    const NTSTATUS Status = UnknownAdapter == NULL ? STATUS_INVALID_PARAMETER
                                                   : UnknownAdapter->QueryInterface(IID_ICable, (PVOID*)&m_Cable);
    PPORTCLSETWHELPER EtwHelper; // older systems have none
    if (NT_SUCCESS(Status) && NT_SUCCESS(Port->QueryInterface(IID_IPortClsEtwHelper, (PVOID*)&EtwHelper))) {
        m_Cable->Engine()->SetEtwHelper(EtwHelper);
        EtwHelper->Release();
    }
    return Status;
}

STDMETHODIMP_(NTSTATUS) CCableWave::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = PPCFILTER_DESCRIPTOR(&FilterDescriptor);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CCableWave::GetDeviceDescription(PDEVICE_DESCRIPTION Description) {
    PAGED_CODE();
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION1;
    Description->Master = TRUE;
    Description->ScatterGather = TRUE;
    Description->Dma32BitAddresses = TRUE;
    Description->Dma64BitAddresses = TRUE;
    Description->InterfaceType = PNPBus;
    Description->MaximumLength = 0xFFFFFFFF;
    return STATUS_SUCCESS;
}

// The highest rate, width and channel count that both ranges allow, as WAVEFORMATEXTENSIBLE.
STDMETHODIMP_(NTSTATUS)
CCableWave::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                  ULONG OutputBufferLength, PVOID ResultantFormat, PULONG ResultantFormatLength) {
    PAGED_CODE();
    if (!IsStreamPin(PinId) || DataRange->FormatSize < sizeof(KSDATARANGE_AUDIO)) {
        return STATUS_NO_MATCH;
    }
    const KSDATARANGE_AUDIO* Wanted = (const KSDATARANGE_AUDIO*)DataRange;
    const KSDATARANGE_AUDIO* Own = (const KSDATARANGE_AUDIO*)MatchingDataRange;
    const BOOLEAN SpecifierMatches = IsEqualGUIDAligned(DataRange->Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX) ||
                                     IsEqualGUIDAligned(DataRange->Specifier, GUID_NULL);
    const BOOLEAN SubFormatMatches = IsEqualGUIDAligned(DataRange->SubFormat, MatchingDataRange->SubFormat) ||
                                     IsEqualGUIDAligned(DataRange->SubFormat, GUID_NULL);
    if (!SpecifierMatches || !SubFormatMatches) {
        return STATUS_NO_MATCH;
    }
    const ULONG Rate = min(Wanted->MaximumSampleFrequency, Own->MaximumSampleFrequency);
    const ULONG Bits = min(Wanted->MaximumBitsPerSample, Own->MaximumBitsPerSample) / 8 * 8;
    const ULONG Channels = min(Wanted->MaximumChannels, Own->MaximumChannels);
    if (Rate < max(Wanted->MinimumSampleFrequency, Own->MinimumSampleFrequency) ||
        Bits < max(Wanted->MinimumBitsPerSample, Own->MinimumBitsPerSample) || Channels == 0) {
        return STATUS_NO_MATCH;
    }
    *ResultantFormatLength = sizeof(KSDATAFORMAT_WAVEFORMATEXTENSIBLE);
    if (OutputBufferLength == 0) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (OutputBufferLength < sizeof(KSDATAFORMAT_WAVEFORMATEXTENSIBLE)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    FillExtensible((KSDATAFORMAT_WAVEFORMATEXTENSIBLE*)ResultantFormat, Rate, Channels, Bits,
                   MatchingDataRange->SubFormat);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CCableWave::NewStream(PMINIPORTWAVERTSTREAM* OutStream, PPORTWAVERTSTREAM PortStream, ULONG Pin, BOOLEAN Capture,
                      PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    *OutStream = NULL;
    if (Pin != (Capture ? (ULONG)WavePinCapture : (ULONG)WavePinRender)) {
        return STATUS_INVALID_PARAMETER;
    }
    CCableStream* Stream = new (NonPagedPoolNx, CABLE_POOL_TAG) CCableStream(NULL);
    if (Stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Stream->AddRef();
    NTSTATUS Status = Stream->Init(m_Cable->Engine(), PortStream, Capture, DataFormat);
    if (NT_SUCCESS(Status)) {
        *OutStream = PMINIPORTWAVERTSTREAM(PMINIPORTWAVERTSTREAMNOTIFICATION(Stream));
        (*OutStream)->AddRef();
    }
    Stream->Release();
    return Status;
}

STDMETHODIMP_(NTSTATUS)
CCableWave::GetModes(ULONG Pin, GUID* SignalProcessingModes, ULONG* NumSignalProcessingModes) {
    PAGED_CODE();
    static const GUID Modes[] = {STATICGUIDOF(AUDIO_SIGNALPROCESSINGMODE_RAW),
                                 STATICGUIDOF(AUDIO_SIGNALPROCESSINGMODE_DEFAULT)};
    if (Pin >= WavePinCount) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!IsStreamPin(Pin)) {
        return STATUS_NOT_SUPPORTED;
    }
    if (SignalProcessingModes != NULL) {
        if (*NumSignalProcessingModes < ARRAYSIZE(Modes)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        RtlCopyMemory(SignalProcessingModes, Modes, sizeof(Modes));
    }
    *NumSignalProcessingModes = ARRAYSIZE(Modes);
    return STATUS_SUCCESS;
}

} // namespace

NTSTATUS CreateCableWaveMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClassId);
    CCableWave* Miniport = new (PoolType, CABLE_POOL_TAG) CCableWave(OuterUnknown);
    if (Miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Unknown = PUNKNOWN(PMINIPORTWAVERT(Miniport));
    (*Unknown)->AddRef();
    return STATUS_SUCCESS;
}
