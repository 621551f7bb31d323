// A WavePci driver whose render pin is wired to its capture pin.
#pragma once

#include <portcls.h>
#include <stdunk.h>

#define WAVEPCI_POOL_TAG 'icPW'

enum { PinRender = 0, PinCapture, PinCount };

enum { FrameBytes = 4, IntervalBytes = 480 * FrameBytes, Slots = 256, MostMappings = 64, ReleasedAtOnce = 8 };

struct WavePciSettings {
    ULONG MaxMappings;
    ULONG Dma32;
    ULONG NoGroup;
    ULONG Prefetch;
    ULONG FrameSize;
    ULONG Fails;
};

// A mapping as the bus master sees it.
struct WavePciMapping {
    PHYSICAL_ADDRESS Address;
    ULONG Bytes;
    ULONG Tag;
    ULONGLONG Position; // of its first byte in the stream
};

// The scatter/gather list of a stream. Both sides hold the card's lock.
struct WavePciEngine {
    WavePciMapping Mappings[MostMappings];
    ULONG First;    // the oldest
    ULONG Count;    // that the stream has and has not given back
    ULONG Done;     // of these, the device is through with
    ULONG InFirst;  // bytes of the first that is not done
    ULONGLONG Next; // position behind the last mapping
    BOOLEAN IsRunning;
};

class CWavePciStream;

// The card, owned by the miniport.
class CWavePciCard {
public:
    NTSTATUS Init(PPORTWAVEPCI Port, PSERVICEGROUP Group);
    void Close();
    // The slot, or Slots when all are taken.
    ULONG Attach(BOOLEAN Capture, CWavePciStream* Stream, WavePciEngine* Engine);
    void Detach(BOOLEAN Capture, ULONG Slot);

    KSPIN_LOCK Lock;

private:
    static KDEFERRED_ROUTINE OnTimer;
    void Tick();
    static ULONG Move(WavePciEngine* Engine, BOOLEAN Capture, PUCHAR Line);
    static BOOLEAN IsRunning(const WavePciEngine* Engine) { return Engine != NULL && Engine->IsRunning; }

    KTIMER m_Timer; // the releases before Windows 8.1 have no other
    KDPC m_TimerDpc;
    BOOLEAN m_HasTimer;
    PPORTWAVEPCI m_Port;
    PSERVICEGROUP m_Group;
    WavePciEngine* m_Engines[PinCount][Slots];
    CWavePciStream* m_Streams[PinCount][Slots];
    ULONG m_Slots;               // no slot behind them is taken
    UCHAR m_Line[IntervalBytes]; // what the interval plays in a slot
};

class CWavePciStream : public IMiniportWavePciStream, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CWavePciStream);
    ~CWavePciStream();

    NTSTATUS Init(CWavePciCard* Card, PPORTWAVEPCISTREAM PortStream, BOOLEAN Capture, PDMACHANNEL Channel,
                  const WavePciSettings* Settings);
    IMP_IMiniportWavePciStream;

private:
    void ReleaseUsedMappings();
    void GetNewMappings();
    BOOLEAN GetOneMapping();

    CWavePciCard* m_Card;
    PPORTWAVEPCISTREAM m_PortStream;
    PDMACHANNEL m_Channel;
    WavePciSettings m_Settings;
    WavePciEngine m_Engine;
    ULONG m_Slot;
    BOOLEAN m_IsCapture;
    BOOLEAN m_IsStopped;
    LONG m_Getting;
    LONG m_IsRefused; // the port has no mapping, and says when it has one (R-WPCI-02)
    ULONG m_NextTag;
    ULONG m_RevokedUpTo; // tags from m_RevokedFrom to before it were revoked before they were in the list
    ULONG m_RevokedFrom;
};

NTSTATUS CreateWavePciMiniport(PUNKNOWN* Unknown, const WavePciSettings& Settings);
