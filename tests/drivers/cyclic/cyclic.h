// A WaveCyclic driver whose render pin is wired to its capture pin.
#pragma once

#include <portcls.h>
#include <stdunk.h>

#define CYCLIC_POOL_TAG 'lcyC'

enum { PinRender = 0, PinCapture, PinCount };

enum { FrameBytes = 4, IntervalBytes = 480 * FrameBytes, Slots = 256 };

struct CyclicSettings {
    ULONG BufferBytes;
    ULONG Inverted;
    ULONG Fails;
    ULONG Forgets;
    ULONG FrameMilliseconds; // of the frame size that streams answer; 0: of the interval asked for
    ULONG IntervalsPerInterrupt;
};

// What the "hardware" knows of a stream: its buffer, and how far it is. Both sides hold the card's lock.
struct CyclicEngine {
    PUCHAR Buffer;
    ULONG Bytes;
    ULONG Position;
    BOOLEAN IsRunning;
};

// The card, owned by the miniport.
class CCyclicCard {
public:
    NTSTATUS Init(PPORTWAVECYCLIC Port, PSERVICEGROUP Group, ULONG IntervalsPerInterrupt);
    void Close();
    // The slot, or Slots when all are taken.
    ULONG Attach(BOOLEAN Capture, CyclicEngine* Engine);
    void Detach(BOOLEAN Capture, ULONG Slot);
    void SetRunning(CyclicEngine* Engine, BOOLEAN IsRunning);
    ULONG Position(const CyclicEngine* Engine);
    void Reset(CyclicEngine* Engine);

private:
    static KDEFERRED_ROUTINE OnTimer;
    void Tick();
    static void Move(CyclicEngine* Engine, BOOLEAN Capture, PUCHAR Line);
    static BOOLEAN IsRunning(const CyclicEngine* Engine) { return Engine != NULL && Engine->IsRunning; }

    KSPIN_LOCK m_Lock;
    KTIMER m_Timer; // the releases before Windows 8.1 have no other
    KDPC m_TimerDpc;
    BOOLEAN m_HasTimer;
    PPORTWAVECYCLIC m_Port;
    PSERVICEGROUP m_Group; // of all streams
    ULONG m_IntervalsPerInterrupt;
    ULONG m_IntervalsMoved; // since the last interrupt
    CyclicEngine* m_Engines[PinCount][Slots];
    ULONG m_Slots;               // no slot behind them is taken
    UCHAR m_Line[IntervalBytes]; // what the interval plays in a slot
};

BOOLEAN CyclicHasFormat(PKSDATAFORMAT DataFormat);
NTSTATUS CreateCyclicMiniport(PUNKNOWN* Unknown, const CyclicSettings& Settings);
NTSTATUS CreateCyclicStream(PMINIPORTWAVECYCLICSTREAM* OutStream, CCyclicCard* Card, BOOLEAN Capture,
                            PDMACHANNEL Channel, const CyclicSettings& Settings);
// A channel that passes everything on, and inverts what it copies. Takes over the reference.
NTSTATUS CreateInvertingChannel(PDMACHANNEL* OutChannel, PDMACHANNEL Channel);
