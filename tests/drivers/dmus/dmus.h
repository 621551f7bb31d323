// A DirectMusic device whose output is its input.
#pragma once

#include <dmusicks.h>
#include <portcls.h>
#include <stdunk.h>

#define DMUS_POOL_TAG 'sumD'

enum { PinMidiRender = 0, PinDmusRender, PinMidiCapture, PinDmusCapture, PinCount };

// What a captured event will be made of.
struct LoopEvent {
    REFERENCE_TIME Time;
    USHORT Group;
    USHORT Flags;
    USHORT Count;
    UCHAR Bytes[1024];
};

// Between the streams. Written at DISPATCH_LEVEL by one of them, read by the other.
class CLoop {
public:
    void Init() { KeInitializeSpinLock(&m_Lock); }
    void Put(const DMUS_KERNEL_EVENT* Event, REFERENCE_TIME Time);
    BOOLEAN Get(LoopEvent* Event);
    void SetListener(PSERVICEGROUP Group); // NULL: nobody listens
    PSERVICEGROUP Listener();              // with a reference

private:
    enum { Room = 64 };
    KSPIN_LOCK m_Lock;
    PSERVICEGROUP m_Listener;
    ULONG m_First;
    ULONG m_Count;
    LoopEvent m_Events[Room];
};

NTSTATUS CreateDmusMiniport(PUNKNOWN* Unknown, ULONG PrefetchMilliseconds);
NTSTATUS CreateDmusStream(PMXF* OutStream, PUNKNOWN Miniport, CLoop* Loop, PPORTDMUS Port, BOOLEAN Capture,
                          PAllocatorMXF Allocator, PMASTERCLOCK Clock, PSERVICEGROUP Group);
