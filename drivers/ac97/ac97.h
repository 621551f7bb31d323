// ac97: a WavePci and WaveRT driver of AC'97 audio controllers (Intel 82801AA and its kin), written from Intel's data
// sheet, the "Audio Codec '97" specification and the PortCls documentation.
//
// The driver is written as a vendor's would be: it compiles with the WDK (ac97.vcxproj) and with `portcls build`.
// Start reading at adapter.cpp, then hardware.cpp; then wave.cpp and stream.cpp (WavePci) or wavert.cpp and
// wavertstream.cpp (WaveRT), and topology.cpp.
#pragma once

#include <ksdebug.h>
#include <portcls.h>
#include <stdunk.h>

#define AC97_POOL_TAG '79cA'

// Reference strings of the two filters (ac97.inx: KSNAME_Wave, KSNAME_Topology).
#define AC97_WAVE_NAME L"Wave"
#define AC97_TOPOLOGY_NAME L"Topology"

// Value of the driver's key (ac97.inx): not 0 makes the wave filter a WaveRT one where Windows has that port.
#define AC97_USE_WAVERT L"UseWaveRT"

// What a codec with variable rates takes ("Audio Sample Rate Control Registers"); others run at the highest rate.
static const ULONG Ac97MinimumRate = 8000;
static const ULONG Ac97MaximumRate = 48000;

enum Ac97WavePin { WavePinRender = 0, WavePinRenderBridge, WavePinCapture, WavePinCaptureBridge, WavePinCount };

enum Ac97TopologyPin {
    TopologyPinWaveIn = 0,
    TopologyPinLineIn,
    TopologyPinCdIn,
    TopologyPinMicrophoneIn,
    TopologyPinAuxIn,
    TopologyPinVideoIn,
    TopologyPinLineOut,
    TopologyPinCaptureOut,
    TopologyPinCount
};

class CAc97Hardware;

// {8C1B7E0A-5D0F-4A53-9D8C-2B6A1E972415}
DEFINE_GUID(IID_IAc97, 0x8c1b7e0a, 0x5d0f, 0x4a53, 0x9d, 0x8c, 0x2b, 0x6a, 0x1e, 0x97, 0x24, 0x15);

// What the miniports share: handed to them as UnknownAdapter.
DECLARE_INTERFACE_(IAc97, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(CAc97Hardware*, Hardware)(THIS) PURE;
};

// Samples are stereo, of 16 bits.
static const ULONG Ac97Channels = 2;
static const ULONG Ac97FrameBytes = 4;

// ---- description.cpp: what the wave filter is, whatever its port ----
PPCFILTER_DESCRIPTOR Ac97WaveDescription(BOOLEAN HasVariableRate, BOOLEAN IsRealTime);
// Of a stream's format; 0 for one that the card does not take.
ULONG Ac97ReadRate(PKSDATAFORMAT DataFormat);
// The miniports' DataRangeIntersection.
NTSTATUS Ac97Intersect(PKSDATARANGE DataRange);

NTSTATUS CreateAc97WaveMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
NTSTATUS CreateAc97WaveRTMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
NTSTATUS CreateAc97TopologyMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
