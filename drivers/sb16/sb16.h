// sb16: a WaveCyclic driver of the Sound Blaster 16, written from Creative's "Sound Blaster Series Hardware Programming
// Guide" and the PortCls documentation.
//
// The driver is written as a vendor's would be: it compiles with the WDK (sb16.vcxproj) and with `portcls build`.
// Start reading at adapter.cpp, then hardware.cpp, wave.cpp, stream.cpp and topology.cpp.
#pragma once

#include <ksdebug.h>
#include <portcls.h>
#include <stdunk.h>

#define SB16_POOL_TAG '61bS'

// Reference strings of the filters (sb16.inx: KSNAME_Wave …).
#define SB16_WAVE_NAME L"Wave"
#define SB16_TOPOLOGY_NAME L"Topology"
#define SB16_UART_NAME L"Uart"
#define SB16_FM_NAME L"FM"

// What the converters take.
static const ULONG Sb16MinimumRate = 5000;
static const ULONG Sb16MaximumRate = 48000;

enum Sb16WavePin { WavePinRender = 0, WavePinRenderBridge, WavePinCapture, WavePinCaptureBridge, WavePinCount };

enum Sb16TopologyPin {
    TopologyPinWaveIn = 0,
    TopologyPinLineIn,
    TopologyPinCdIn,
    TopologyPinMicrophoneIn,
    TopologyPinLineOut,
    TopologyPinCaptureOut,
    TopologyPinFmIn,
    TopologyPinCount
};

// Of the system's FM miniport ("FM Synth Miniport Driver"): MIDI in, sound out.
enum Sb16FmPin { FmPinMidi = 0, FmPinSound };

class CSb16Hardware;

// {5E8C9C52-30B5-4C0B-8E53-1A3D9F3C0B16}
DEFINE_GUID(IID_ISb16, 0x5e8c9c52, 0x30b5, 0x4c0b, 0x8e, 0x53, 0x1a, 0x3d, 0x9f, 0x3c, 0x0b, 0x16);

// What the miniports share: handed to them as UnknownAdapter.
DECLARE_INTERFACE_(ISb16, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(CSb16Hardware*, Hardware)(THIS) PURE;
};

NTSTATUS CreateSb16WaveMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
NTSTATUS CreateSb16TopologyMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
