// A driver of a card that may be moved, docked, plugged and put to sleep: a wave filter, a topology filter, and a
// second one while it is docked.
#pragma once

#include <portcls.h>
#include <stdunk.h>

#define PNP_POOL_TAG ' pnP'

enum { WavePinRender = 0, WavePinBridge, WavePinCount };
enum { TopologyPinWave = 0, TopologyPinSpeaker, TopologyPinCount };

// What stands for the hardware's side, on the topology filter. {0B6C0F5E-6C0A-4A7E-9E5B-7A1D3C9E6001}
DEFINE_GUID(PROPSETID_PnpCard, 0x0b6c0f5e, 0x6c0a, 0x4a7e, 0x9e, 0x5b, 0x7a, 0x1d, 0x3c, 0x9e, 0x60, 0x01);
enum {
    PROPERTY_PNPCARD_PORTS = 0, // get: ULONG, where the card's ports begin
    PROPERTY_PNPCARD_DOCKED,    // set: BOOL
    PROPERTY_PNPCARD_PLUGGED,   // set: BOOL
    PROPERTY_PNPCARD_JOURNAL    // get: PnpEntry[], and they are forgotten
};

enum PnpCall {
    CallQueryStop = 1,
    CallCancelStop,
    CallStop,
    CallMiniportStop,
    CallPowerQuery,      // Value: the device's state
    CallPower,           // likewise
    CallExitLatency,     // Value: the latency
    CallMiniportPower,   // Value: the device's state
    CallStreamPower,     // likewise
    CallStreamContent,   // Value: the content's id
    CallConverterContent // likewise
};
struct PnpEntry {
    ULONG Call;
    ULONG Value;
};

// {0B6C0F5E-6C0A-4A7E-9E5B-7A1D3C9E6002}
DEFINE_GUID(IID_IPnpCard, 0x0b6c0f5e, 0x6c0a, 0x4a7e, 0x9e, 0x5b, 0x7a, 0x1d, 0x3c, 0x9e, 0x60, 0x02);

// What the miniports share: handed to them as UnknownAdapter.
DECLARE_INTERFACE_(IPnpCard, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(ULONG, Ports)(THIS) PURE;
    STDMETHOD_(BOOL, StartsPlugged)(THIS) PURE; // the value Plugged of the driver's key
    STDMETHOD_(void, SetDocked)(THIS_ BOOL IsDocked) PURE;
    STDMETHOD_(void, Note)(THIS_ PnpCall Call, ULONG Value) PURE;
    // How many entries there were; the first Most of them.
    STDMETHOD_(ULONG, TakeJournal)(THIS_ PnpEntry * Entries, ULONG Most) PURE;
};
typedef IPnpCard* PPNPCARD;

NTSTATUS CreatePnpTopology(PUNKNOWN* Unknown);
NTSTATUS CreatePnpWave(PUNKNOWN* Unknown);
NTSTATUS CreatePnpStream(PMINIPORTWAVERTSTREAM* OutStream, PPNPCARD Card, PPORTWAVERTSTREAM PortStream,
                         PDRMPORT DrmPort);
