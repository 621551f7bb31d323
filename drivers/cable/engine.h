// The cable itself: where a real driver talks to hardware, this engine moves frames from render buffers through a
// line to capture buffers, in step with the performance counter, and signals the streams' notification events.
#pragma once

#include "format.h"
#include "timer.h"

// One stream as the engine sees it. The wave stream derives from it.
struct CableStream {
    LIST_ENTRY Link; // in the engine's list while running
    BOOLEAN IsCapture;
    BOOLEAN IsRunning;
    CableFormat Format;

    PUCHAR Buffer; // cyclic
    ULONG BufferFrames;
    ULONG PeriodFrames; // frames between notifications; without notifications, between two moves

    // Position: frames since STOP. It stands still while not running.
    ULONGLONG FramesBeforeRun;
    LONGLONG RunStart; // performance counter when RUN was entered
    ULONGLONG FramesMoved;
    ULONGLONG NextNotification; // frame number
    LONGLONG NextDue;           // performance counter at that frame, or earlier where sound has to move before
    LONGLONG LineOffset;        // line frame number of the stream's frame FramesBeforeRun
    LONGLONG LineTimeOfStop;    // where the line was when the stream left RUN

    // End of stream (packet mode): frames from here on are silence.
    ULONGLONG EndFrame;

    LIST_ENTRY Events;
};

// One registered notification event.
struct CableEvent {
    LIST_ENTRY Link;
    PKEVENT Event;
};

struct CableControls {
    LONG Level[CableMaximumChannels]; // 1/65536 dB
    BOOL Mute[CableMaximumChannels];
    ULONG Gain[CableMaximumChannels]; // what both come to
    BOOLEAN IsUnity;
    LONG Peak[CableMaximumChannels];
    BOOLEAN MeterIsRead; // peaks are only computed once somebody has looked
};

class CCableEngine {
public:
    NTSTATUS Init();
    void Close(); // waits for the timer; no stream may be running
    // The line stands still without power: what was under way in it is heard afterwards.
    void SetPower(BOOLEAN IsOn);
    // Where lost sound is reported; NULL: nowhere. The port outlives its miniport: no reference.
    void SetEtwHelper(PPORTCLSETWHELPER Helper) { m_EtwHelper = Helper; }

    // PASSIVE_LEVEL. The line takes the format of the first stream and keeps it until the last is gone.
    NTSTATUS Attach(const CableFormat& Format, BOOLEAN IsCapture);
    void Detach(BOOLEAN IsCapture);

    void Start(CableStream* Stream);
    void Stop(CableStream* Stream); // position freezes
    void Reset(CableStream* Stream);

    // Frames the stream has played or captured since STOP, and when (performance counter). <= DISPATCH_LEVEL.
    ULONGLONG Position(CableStream* Stream, LONGLONG* Counter);
    LONGLONG CounterAtFrame(const CableStream* Stream, ULONGLONG Frame) const;
    void SetEndFrame(CableStream* Stream, ULONGLONG Frame);

    NTSTATUS AddEvent(CableStream* Stream, PKEVENT Event);
    NTSTATUS RemoveEvent(CableStream* Stream, PKEVENT Event);

    LONG Level(CableDirection Direction, ULONG Channel);
    void SetLevel(CableDirection Direction, ULONG Channel, LONG Level);
    BOOL Mute(CableDirection Direction, ULONG Channel);
    void SetMute(CableDirection Direction, ULONG Channel, BOOL Mute);
    LONG TakePeak(CableDirection Direction, ULONG Channel);

    LONGLONG CounterFrequency() const { return m_Frequency; }
    ULONG LatencyIn100ns() const { return 10000; }

private:
    static VOID TimerExpired(PVOID Context);
    void Tick();
    void Advance(CableStream* Stream, LONGLONG Counter);
    void MoveRender(CableStream* Stream, ULONGLONG Until);
    void MoveCapture(CableStream* Stream, ULONGLONG Until);
    void WriteLine(ULONGLONG LineFrame, const UCHAR* Source, ULONG Frames, const CableFormat& Format);
    ULONG ReadLine(PUCHAR Destination, ULONGLONG LineFrame, ULONG Frames, const CableFormat& Format);
    ULONGLONG FrameAt(const CableStream* Stream, LONGLONG Counter) const;
    LONGLONG LineTime(LONGLONG Counter) const { return Counter - m_LineStart; }
    void ArmTimer(LONGLONG Now, LONGLONG Due);
    LONGLONG EarliestDue() const;
    void Schedule(CableStream* Stream);
    void ReportLoss(CableStream* Stream, ULONGLONG Frames);
    void InsertByDueTime(CableStream* Stream);
    void AdvanceRenders(LONGLONG Counter);
    void Notify(CableStream* Stream);
    void UpdateGain(CableControls* Controls, ULONG Channel);

    KSPIN_LOCK m_Lock;
    CCableTimer m_Timer;
    LONGLONG m_Frequency;
    LIST_ENTRY m_Renders; // running streams, the one due first in front
    LIST_ENTRY m_Captures;
    CableControls m_Controls[CableDirections];
    PPORTCLSETWHELPER m_EtwHelper;

    // The line: a ring of frames, written by render streams and read by capture streams.
    FAST_MUTEX m_LineMutex;
    ULONG m_Attached;
    ULONG m_CapturesAttached;
    CableFormat m_LineFormat;
    PUCHAR m_Line;
    ULONG m_LineFrames;      // power of two
    LONGLONG m_LineStart;    // performance counter at line frame 0
    LONGLONG m_PowerOff;     // performance counter when the power went; 0: it is on
    ULONGLONG m_LineWritten; // frames below this number hold sound, above it silence
};
