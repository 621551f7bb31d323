// cable: a virtual audio cable. What is played into its render pin comes out of its capture pin one millisecond later.
//
// The driver is written as a vendor's would be: it compiles with the WDK (cable.vcxproj) and with `portcls build`.
// Start reading at adapter.cpp, then topology.cpp, wave.cpp, stream.cpp; engine.cpp stands where a real driver
// has hardware.
#pragma once

#include <ksdebug.h>
#include <ntintsafe.h>
#include <portcls.h>
#include <stdunk.h>

#define CABLE_POOL_TAG 'lbaC'

#define KSPROPERTY_TYPE_ALL (KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET)
#define JACKDESC_RGB(red, green, blue) (((red) << 16) | ((green) << 8) | (blue))

// Limits of the cable; the data ranges in wave.cpp and the checks in format.cpp are made from them.
static const ULONG CableMinimumRate = 8000;
static const ULONG CableMaximumRate = 192000;
static const ULONG CableMaximumChannels = 8;
static const ULONG CableMaximumStreams = 1024;

// Reference strings of the two filters (cable.inx: KSNAME_Wave, KSNAME_Topology).
#define CABLE_WAVE_NAME L"Wave"
#define CABLE_TOPOLOGY_NAME L"Topology"

enum CableWavePin { WavePinRender = 0, WavePinRenderBridge, WavePinCapture, WavePinCaptureBridge, WavePinCount };

enum CableTopologyPin { TopologyPinRenderIn = 0, TopologyPinLineOut, TopologyPinLineIn, TopologyPinCaptureOut };

// The two directions of the cable have the same controls.
enum CableDirection { CableRender = 0, CableCapture = 1, CableDirections = 2 };

enum CableTopologyNode {
    NodeRenderVolume = 0,
    NodeRenderMute,
    NodeRenderPeak,
    NodeCaptureVolume,
    NodeCaptureMute,
    NodeCapturePeak
};

class CCableEngine;

// {2F4F4F8E-0D3C-4C5E-9A0B-6E0B6B0C7A11}
DEFINE_GUID(IID_ICable, 0x2f4f4f8e, 0x0d3c, 0x4c5e, 0x9a, 0x0b, 0x6e, 0x0b, 0x6b, 0x0c, 0x7a, 0x11);

// What the miniports share: handed to them as UnknownAdapter.
DECLARE_INTERFACE_(ICable, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(CCableEngine*, Engine)(THIS) PURE;
};

// Basic support of a property that has nothing to tell but its access flags.
NTSTATUS CableAnswerAccess(PPCPROPERTY_REQUEST Request);

NTSTATUS CreateCableWaveMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
NTSTATUS CreateCableTopologyMiniport(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN OuterUnknown, POOL_TYPE PoolType);
