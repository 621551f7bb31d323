// Sample formats: which the cable carries, and conversion between them.
#pragma once

#include "cable.h"

enum CableSampleType { CableSample16, CableSample24, CableSample32, CableSampleFloat };

struct CableFormat {
    ULONG Rate;          // frames per second
    ULONG Channels;      // 1 to 8
    ULONG BytesPerFrame; // of all channels
    CableSampleType SampleType;
};

// Reads a KSDATAFORMAT_WAVEFORMATEX or _DSOUND; STATUS_NO_MATCH for what the cable does not carry.
NTSTATUS CableParseFormat(PKSDATAFORMAT DataFormat, CableFormat* Format);

// Linear gain of a channel, 16.16 fixed point; CableUnityGain leaves samples untouched bit for bit.
static const ULONG CableUnityGain = 0x10000;
ULONG CableGainFromLevel(LONG Level); // level in 1/65536 dB, LONG_MIN = silence

// Copies frames between formats of equal rate, applying a gain per channel. A NULL gain is unity.
void CableConvert(PUCHAR Destination, const CableFormat& DestinationFormat, const UCHAR* Source,
                  const CableFormat& SourceFormat, ULONG Frames, const ULONG* Gains);

// Adds Source to Destination, both in Format, saturating.
void CableMix(PUCHAR Destination, const UCHAR* Source, const CableFormat& Format, ULONG Frames);

// The largest magnitude per channel, 0 to 0x7FFFFFFF, taken into Peaks where larger.
void CablePeak(const UCHAR* Source, const CableFormat& Format, ULONG Frames, LONG* Peaks);

inline BOOLEAN CableSameFormat(const CableFormat& A, const CableFormat& B) {
    return A.Rate == B.Rate && A.Channels == B.Channels && A.SampleType == B.SampleType;
}
