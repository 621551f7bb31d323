#include "format.h"

namespace {

const ULONG BytesPerSample[] = {2, 3, 4, 4};

NTSTATUS SampleTypeOf(const WAVEFORMATEX* Wave, BOOLEAN IsFloat, CableSampleType* Type) {
    switch (Wave->wBitsPerSample) {
    case 16:
        *Type = CableSample16;
        break;
    case 24:
        *Type = CableSample24;
        break;
    case 32:
        *Type = IsFloat ? CableSampleFloat : CableSample32;
        break;
    default:
        return STATUS_NO_MATCH;
    }
    return IsFloat && Wave->wBitsPerSample != 32 ? STATUS_NO_MATCH : STATUS_SUCCESS;
}

// Full scale is 2^31 in the common currency of all conversions.
LONGLONG ReadSample(const UCHAR* Source, CableSampleType Type) {
    switch (Type) {
    case CableSample16:
        return (LONGLONG)(SHORT)(Source[0] | Source[1] << 8) * 65536;
    case CableSample24:
        return (LONG)((ULONG)Source[0] << 8 | (ULONG)Source[1] << 16 | (ULONG)Source[2] << 24);
    case CableSample32:
        return *(const LONG UNALIGNED*)Source;
    default: {
        const float Value = *(const float UNALIGNED*)Source;
        if (!(Value > -1024.0f && Value < 1024.0f)) {
            return 0; // not a number, or noise that nobody should hear
        }
        return (LONGLONG)(Value * 2147483648.0f);
    }
    }
}

LONGLONG Saturate(LONGLONG Value) {
    if (Value > 0x7FFFFFFFLL) {
        return 0x7FFFFFFFLL;
    }
    return Value < -0x80000000LL ? -0x80000000LL : Value;
}

void WriteSample(PUCHAR Destination, CableSampleType Type, LONGLONG Value) {
    if (Type == CableSampleFloat) {
        *(float UNALIGNED*)Destination = (float)Value * (1.0f / 2147483648.0f);
        return;
    }
    const LONG Sample = (LONG)Saturate(Value);
    switch (Type) {
    case CableSample16:
        Destination[0] = (UCHAR)(Sample >> 16);
        Destination[1] = (UCHAR)(Sample >> 24);
        break;
    case CableSample24:
        Destination[0] = (UCHAR)(Sample >> 8);
        Destination[1] = (UCHAR)(Sample >> 16);
        Destination[2] = (UCHAR)(Sample >> 24);
        break;
    default:
        *(LONG UNALIGNED*)Destination = Sample;
        break;
    }
}

} // namespace

NTSTATUS CableParseFormat(PKSDATAFORMAT DataFormat, CableFormat* Format) {
    if (DataFormat == NULL || DataFormat->FormatSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        !IsEqualGUIDAligned(DataFormat->MajorFormat, KSDATAFORMAT_TYPE_AUDIO)) {
        return STATUS_NO_MATCH;
    }
    const WAVEFORMATEX* Wave;
    ULONG WaveSize;
    if (IsEqualGUIDAligned(DataFormat->Specifier, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)) {
        Wave = &((PKSDATAFORMAT_WAVEFORMATEX)DataFormat)->WaveFormatEx;
        WaveSize = DataFormat->FormatSize - FIELD_OFFSET(KSDATAFORMAT_WAVEFORMATEX, WaveFormatEx);
    } else if (IsEqualGUIDAligned(DataFormat->Specifier, KSDATAFORMAT_SPECIFIER_DSOUND) &&
               DataFormat->FormatSize >= sizeof(KSDATAFORMAT_DSOUND)) {
        Wave = &((PKSDATAFORMAT_DSOUND)DataFormat)->BufferDesc.WaveFormatEx;
        WaveSize = DataFormat->FormatSize - (ULONG)((PUCHAR)Wave - (PUCHAR)DataFormat);
    } else {
        return STATUS_NO_MATCH;
    }

    // What it says of itself has to be true: what follows it, what it is made of, how fast it goes.
    BOOLEAN IsFloat = FALSE;
    if (Wave->wFormatTag == WAVE_FORMAT_EXTENSIBLE) {
        if (WaveSize < sizeof(WAVEFORMATEXTENSIBLE) ||
            Wave->cbSize < sizeof(WAVEFORMATEXTENSIBLE) - sizeof(WAVEFORMATEX) ||
            Wave->cbSize > WaveSize - sizeof(WAVEFORMATEX)) {
            return STATUS_NO_MATCH;
        }
        const WAVEFORMATEXTENSIBLE* Extensible = (const WAVEFORMATEXTENSIBLE*)Wave;
        IsFloat = IsEqualGUIDAligned(Extensible->SubFormat, KSDATAFORMAT_SUBTYPE_IEEE_FLOAT);
        if (!IsFloat && !IsEqualGUIDAligned(Extensible->SubFormat, KSDATAFORMAT_SUBTYPE_PCM)) {
            return STATUS_NO_MATCH;
        }
        if (Extensible->Samples.wValidBitsPerSample > Wave->wBitsPerSample) {
            return STATUS_NO_MATCH;
        }
    } else if (Wave->wFormatTag == WAVE_FORMAT_IEEE_FLOAT) {
        IsFloat = TRUE;
    } else if (Wave->wFormatTag != WAVE_FORMAT_PCM) {
        return STATUS_NO_MATCH;
    }

    if (!IsEqualGUIDAligned(DataFormat->SubFormat,
                            IsFloat ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT : KSDATAFORMAT_SUBTYPE_PCM)) {
        return STATUS_NO_MATCH;
    }
    NTSTATUS Status = SampleTypeOf(Wave, IsFloat, &Format->SampleType);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Wave->nChannels < 1 || Wave->nChannels > CableMaximumChannels || Wave->nSamplesPerSec < CableMinimumRate ||
        Wave->nSamplesPerSec > CableMaximumRate ||
        Wave->nBlockAlign != Wave->nChannels * BytesPerSample[Format->SampleType] ||
        Wave->nAvgBytesPerSec != Wave->nSamplesPerSec * Wave->nBlockAlign) {
        return STATUS_NO_MATCH;
    }
    Format->Rate = Wave->nSamplesPerSec;
    Format->Channels = Wave->nChannels;
    Format->BytesPerFrame = Wave->nBlockAlign;
    return STATUS_SUCCESS;
}

// 10^(dB/20) = 2^(dB/6.0206): the whole part shifts, the fraction goes through a cubic that is exact to 0.001 dB.
ULONG CableGainFromLevel(LONG Level) {
    if (Level >= 0) {
        return CableUnityGain;
    }
    const LONGLONG LowestLevel = -96LL * 65536;
    if (Level < LowestLevel) {
        return 0;
    }
    const LONGLONG Exponent = (LONGLONG)Level * 65536 / 394566; // in 1/65536 octaves; 394566 = 6.0206 * 65536
    const LONG Octaves = (LONG)((-Exponent + 65535) >> 16);
    const LONGLONG Fraction = Exponent + ((LONGLONG)Octaves << 16); // 0 .. 65535
    // 2^x = 1 + x (0.6951 + x (0.2276 + 0.0773 x)) on [0, 1)
    LONGLONG Power = (Fraction * 5066) >> 16;
    Power = (Fraction * (14916 + Power)) >> 16;
    Power = (Fraction * (45554 + Power)) >> 16;
    return (ULONG)((65536 + Power) >> Octaves);
}

void CableConvert(PUCHAR Destination, const CableFormat& DestinationFormat, const UCHAR* Source,
                  const CableFormat& SourceFormat, ULONG Frames, const ULONG* Gains) {
    if (Gains == NULL && CableSameFormat(DestinationFormat, SourceFormat)) {
        RtlCopyMemory(Destination, Source, (SIZE_T)Frames * SourceFormat.BytesPerFrame);
        return;
    }
    const ULONG SourceSample = BytesPerSample[SourceFormat.SampleType];
    const ULONG DestinationSample = BytesPerSample[DestinationFormat.SampleType];
    for (ULONG Frame = 0; Frame < Frames; ++Frame) {
        for (ULONG Channel = 0; Channel < DestinationFormat.Channels; ++Channel) {
            // Mono goes to every channel; other channels that the source lacks stay silent.
            const ULONG From = SourceFormat.Channels == 1 ? 0 : Channel;
            LONGLONG Value = 0;
            if (From < SourceFormat.Channels) {
                Value = ReadSample(Source + From * SourceSample, SourceFormat.SampleType);
                if (Gains != NULL && Gains[Channel] != CableUnityGain) {
                    Value = (Value * (LONGLONG)Gains[Channel]) >> 16;
                }
            }
            WriteSample(Destination + Channel * DestinationSample, DestinationFormat.SampleType, Value);
        }
        Source += SourceFormat.BytesPerFrame;
        Destination += DestinationFormat.BytesPerFrame;
    }
}

void CableMix(PUCHAR Destination, const UCHAR* Source, const CableFormat& Format, ULONG Frames) {
    const ULONG Sample = BytesPerSample[Format.SampleType];
    for (ULONG Count = Frames * Format.Channels; Count > 0; --Count) {
        WriteSample(Destination, Format.SampleType,
                    ReadSample(Destination, Format.SampleType) + ReadSample(Source, Format.SampleType));
        Destination += Sample;
        Source += Sample;
    }
}

void CablePeak(const UCHAR* Source, const CableFormat& Format, ULONG Frames, LONG* Peaks) {
    const ULONG Sample = BytesPerSample[Format.SampleType];
    for (ULONG Frame = 0; Frame < Frames; ++Frame) {
        for (ULONG Channel = 0; Channel < Format.Channels; ++Channel) {
            LONGLONG Value = Saturate(ReadSample(Source, Format.SampleType));
            if (Value < 0) {
                Value = -(Value + 1);
            }
            if (Value > Peaks[Channel]) {
                Peaks[Channel] = (LONG)Value;
            }
            Source += Sample;
        }
    }
}
