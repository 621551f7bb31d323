// A WaveCyclic driver whose render pin is wired to its capture pin.
#pragma once

#include <portcls.h>
#include <stdunk.h>

#define CYCLIC_POOL_TAG 'lcyC'

enum { PinRender = 0, PinCapture, PinCount };

enum { FrameBytes = 4, IntervalBytes = 480 * FrameBytes, LineBytes = 8 * IntervalBytes };

struct CyclicSettings {
    ULONG BufferBytes;
    ULONG Inverted;
    ULONG Fails;
    ULONG Forgets;
};

// What the "hardware" knows of a stream: its buffer, and how far it is. Both sides hold the card's lock.
struct CyclicEngine {
    PUCHAR Buffer;
    ULONG Bytes;
    ULONG Position;
    BOOLEAN IsRunning;
    PSERVICEGROUP Group;
};

// The card, owned by the miniport.
class CCyclicCard {
public:
    NTSTATUS Init();
    void Close();
    void SetPort(PPORTWAVECYCLIC Port) { m_Port = Port; }
    void Attach(BOOLEAN Capture, CyclicEngine* Engine);
    void SetRunning(CyclicEngine* Engine, BOOLEAN IsRunning);
    ULONG Position(const CyclicEngine* Engine);
    void Reset(CyclicEngine* Engine);

private:
    static void OnTimer(PEX_TIMER Timer, PVOID Context);
    void Move();

    KSPIN_LOCK m_Lock;
    PEX_TIMER m_Timer;
    PPORTWAVECYCLIC m_Port;
    CyclicEngine* m_Engines[PinCount];
    UCHAR m_Line[LineBytes]; // what the last interval played
};

BOOLEAN CyclicHasFormat(PKSDATAFORMAT DataFormat);
NTSTATUS CreateCyclicMiniport(PUNKNOWN* Unknown, const CyclicSettings& Settings);
NTSTATUS CreateCyclicStream(PMINIPORTWAVECYCLICSTREAM* OutStream, CCyclicCard* Card, BOOLEAN Capture,
                            PDMACHANNEL Channel, PSERVICEGROUP Group, ULONG Fails);
// A channel that passes everything on, and inverts what it copies. Takes over the reference.
NTSTATUS CreateInvertingChannel(PDMACHANNEL* OutChannel, PDMACHANNEL Channel);
