#include "engine.h"

namespace {

// Captured sound leaves the line this long after it went in, so that rounding never reads what is not yet written.
const ULONG LineDelayPerSecond = 1000; // rate / 1000 frames = 1 ms
// Without notifications data still has to move: at least this often.
const ULONG MovesPerSecond = 100;
const LONG LowestLevel = -96 * 65536;

ULONG SmallerOf(ULONGLONG A, ULONG B) {
    return A < B ? (ULONG)A : B;
}

} // namespace

NTSTATUS CCableEngine::Init() {
    PAGED_CODE();
    LARGE_INTEGER Frequency;
    KeQueryPerformanceCounter(&Frequency);
    m_Frequency = Frequency.QuadPart;
    KeInitializeSpinLock(&m_Lock);
    ExInitializeFastMutex(&m_LineMutex);
    InitializeListHead(&m_Renders);
    InitializeListHead(&m_Captures);
    for (ULONG Direction = 0; Direction < CableDirections; ++Direction) {
        for (ULONG Channel = 0; Channel < CableMaximumChannels; ++Channel) {
            m_Controls[Direction].Gain[Channel] = CableUnityGain;
        }
        m_Controls[Direction].IsUnity = TRUE;
    }
    return m_Timer.Init(TimerExpired, this);
}

void CCableEngine::Close() {
    PAGED_CODE();
    m_Timer.Close();
    if (m_Line != NULL) {
        ExFreePoolWithTag(m_Line, CABLE_POOL_TAG);
        m_Line = NULL;
    }
}

NTSTATUS CCableEngine::Attach(const CableFormat& Format, BOOLEAN IsCapture) {
    PAGED_CODE();
    NTSTATUS Status = STATUS_SUCCESS;
    ExAcquireFastMutex(&m_LineMutex);
    if (m_Attached == 0) {
        ULONG LineFrames = 2048;
        while (LineFrames < Format.Rate / 4) {
            LineFrames *= 2;
        }
        PUCHAR Line =
            (PUCHAR)ExAllocatePoolZero(NonPagedPoolNx, (SIZE_T)LineFrames * Format.BytesPerFrame, CABLE_POOL_TAG);
        if (Line == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
        } else {
            m_Line = Line;
            m_LineFrames = LineFrames;
            m_LineFormat = Format;
            m_LineStart = KeQueryPerformanceCounter(NULL).QuadPart;
            m_LineWritten = 0;
            m_Timer.SetInUse(TRUE);
        }
    } else if (m_LineFormat.Rate != Format.Rate) {
        Status = STATUS_NO_MATCH; // a cable does not resample
    }
    if (NT_SUCCESS(Status)) {
        ++m_Attached;
        m_CapturesAttached += IsCapture ? 1 : 0;
    }
    ExReleaseFastMutex(&m_LineMutex);
    return Status;
}

void CCableEngine::Detach(BOOLEAN IsCapture) {
    PAGED_CODE();
    ExAcquireFastMutex(&m_LineMutex);
    m_CapturesAttached -= IsCapture ? 1 : 0;
    if (--m_Attached == 0) {
        m_Timer.SetInUse(FALSE);
        ExFreePoolWithTag(m_Line, CABLE_POOL_TAG);
        m_Line = NULL;
    }
    ExReleaseFastMutex(&m_LineMutex);
}

ULONGLONG CCableEngine::FrameAt(const CableStream* Stream, LONGLONG Counter) const {
    if (Counter <= Stream->RunStart) {
        return Stream->FramesBeforeRun;
    }
    return Stream->FramesBeforeRun + (ULONGLONG)(Counter - Stream->RunStart) * Stream->Format.Rate / m_Frequency;
}

// The first counter value at which FrameAt gives Frame.
LONGLONG CCableEngine::CounterAtFrame(const CableStream* Stream, ULONGLONG Frame) const {
    if (Frame <= Stream->FramesBeforeRun) {
        return Stream->RunStart;
    }
    const ULONGLONG Frames = Frame - Stream->FramesBeforeRun;
    return Stream->RunStart + (LONGLONG)((Frames * m_Frequency + Stream->Format.Rate - 1) / Stream->Format.Rate);
}

void CCableEngine::Start(CableStream* Stream) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    const LONGLONG Now = KeQueryPerformanceCounter(NULL).QuadPart;
    Stream->RunStart = Now;
    // A stream that was paused for a power change goes on in the very frame where it was; rounding would lose one.
    if (Stream->LineTimeOfStop != LineTime(Now)) {
        Stream->LineOffset = (LONGLONG)((ULONGLONG)LineTime(Now) * Stream->Format.Rate / m_Frequency);
        if (Stream->IsCapture) {
            Stream->LineOffset -= Stream->Format.Rate / LineDelayPerSecond;
        }
    }
    if (Stream->NextNotification <= Stream->FramesBeforeRun) {
        Stream->NextNotification = Stream->FramesBeforeRun + Stream->PeriodFrames;
    }
    Schedule(Stream);
    Stream->IsRunning = TRUE;
    InsertByDueTime(Stream);
    ArmTimer(Now, EarliestDue());
    KeReleaseSpinLock(&m_Lock, Irql);
}

void CCableEngine::Stop(CableStream* Stream) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    if (Stream->IsRunning) {
        const LONGLONG Now = KeQueryPerformanceCounter(NULL).QuadPart;
        if (Stream->IsCapture) {
            AdvanceRenders(Now); // what has been played until now belongs to what is captured until now
        }
        Advance(Stream, Now);
        Stream->LineOffset += (LONGLONG)(Stream->FramesMoved - Stream->FramesBeforeRun);
        Stream->LineTimeOfStop = LineTime(Now);
        Stream->FramesBeforeRun = Stream->FramesMoved;
        Stream->IsRunning = FALSE;
        RemoveEntryList(&Stream->Link);
        ArmTimer(Now, EarliestDue());
    }
    KeReleaseSpinLock(&m_Lock, Irql);
}

void CCableEngine::Reset(CableStream* Stream) {
    Stop(Stream);
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    Stream->FramesBeforeRun = 0;
    Stream->FramesMoved = 0;
    Stream->NextNotification = 0;
    Stream->EndFrame = MAXULONGLONG;
    Stream->LineTimeOfStop = -1;
    KeReleaseSpinLock(&m_Lock, Irql);
}

// The port has paused the streams before, and runs them again after.
void CCableEngine::SetPower(BOOLEAN IsOn) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    const LONGLONG Now = KeQueryPerformanceCounter(NULL).QuadPart;
    if (!IsOn && m_PowerOff == 0) {
        m_PowerOff = Now;
    } else if (IsOn && m_PowerOff != 0) {
        m_LineStart += Now - m_PowerOff;
        m_PowerOff = 0;
    }
    KeReleaseSpinLock(&m_Lock, Irql);
}

ULONGLONG CCableEngine::Position(CableStream* Stream, LONGLONG* Counter) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    const LONGLONG Now = KeQueryPerformanceCounter(NULL).QuadPart;
    ULONGLONG Frames = Stream->FramesBeforeRun;
    if (Stream->IsRunning) {
        Frames = FrameAt(Stream, Now);
        if (Stream->IsCapture) {
            // What the position says has been captured must be in the buffer.
            AdvanceRenders(Now);
            Advance(Stream, Now);
        }
    }
    KeReleaseSpinLock(&m_Lock, Irql);
    *Counter = Now;
    return Frames;
}

void CCableEngine::SetEndFrame(CableStream* Stream, ULONGLONG Frame) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    Stream->EndFrame = Frame;
    KeReleaseSpinLock(&m_Lock, Irql);
}

// ---- moving sound ------------------------------------------------------------------------------------------------

VOID CCableEngine::TimerExpired(PVOID Context) {
    ((CCableEngine*)Context)->Tick();
}

// DISPATCH_LEVEL. What an interrupt service routine's DPC does in a driver of real hardware. Both lists are ordered by
// due time, so that only streams that are due cost anything.
void CCableEngine::Tick() {
    KeAcquireSpinLockAtDpcLevel(&m_Lock);
    const LONGLONG Now = KeQueryPerformanceCounter(NULL).QuadPart;
    BOOLEAN RendersAreCurrent = FALSE;
    PLIST_ENTRY Lists[] = {&m_Renders, &m_Captures};
    for (ULONG Index = 0; Index < ARRAYSIZE(Lists); ++Index) {
        while (!IsListEmpty(Lists[Index])) {
            CableStream* Stream = CONTAINING_RECORD(Lists[Index]->Flink, CableStream, Link);
            if (Stream->NextDue > Now) {
                break;
            }
            if (Stream->IsCapture && !RendersAreCurrent) {
                AdvanceRenders(Now);
                RendersAreCurrent = TRUE;
            }
            Advance(Stream, Now);
            if (Stream->FramesMoved >= Stream->NextNotification) {
                Notify(Stream);
            }
            Schedule(Stream);
            RemoveEntryList(&Stream->Link);
            InsertByDueTime(Stream);
        }
    }
    ArmTimer(Now, EarliestDue());
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
}

// Streams with equal periods go to the end at once.
void CCableEngine::InsertByDueTime(CableStream* Stream) {
    PLIST_ENTRY List = Stream->IsCapture ? &m_Captures : &m_Renders;
    PLIST_ENTRY Before = List->Blink;
    while (Before != List && CONTAINING_RECORD(Before, CableStream, Link)->NextDue > Stream->NextDue) {
        Before = Before->Blink;
    }
    InsertHeadList(Before, &Stream->Link);
}

// Notifications may be seconds apart, but the line is a quarter of a second long: sound moves in smaller steps.
void CCableEngine::Schedule(CableStream* Stream) {
    const ULONGLONG LatestMove = Stream->FramesMoved + m_LineFrames / 4;
    Stream->NextDue =
        CounterAtFrame(Stream, Stream->NextNotification < LatestMove ? Stream->NextNotification : LatestMove);
}

void CCableEngine::Notify(CableStream* Stream) {
    do {
        Stream->NextNotification += Stream->PeriodFrames;
    } while (Stream->FramesMoved >= Stream->NextNotification);
    for (PLIST_ENTRY Event = Stream->Events.Flink; Event != &Stream->Events; Event = Event->Flink) {
        KeSetEvent(CONTAINING_RECORD(Event, CableEvent, Link)->Event, IO_NO_INCREMENT, FALSE);
    }
}

LONGLONG CCableEngine::EarliestDue() const {
    LONGLONG Due = MAXLONGLONG;
    if (m_Renders.Flink != &m_Renders) {
        Due = CONTAINING_RECORD(m_Renders.Flink, CableStream, Link)->NextDue;
    }
    if (m_Captures.Flink != &m_Captures) {
        const LONGLONG CaptureDue = CONTAINING_RECORD(m_Captures.Flink, CableStream, Link)->NextDue;
        Due = CaptureDue < Due ? CaptureDue : Due;
    }
    return Due;
}

void CCableEngine::ArmTimer(LONGLONG Now, LONGLONG Due) {
    if (Due == MAXLONGLONG) {
        m_Timer.Cancel();
        return;
    }
    const LONGLONG Delay = ((Due - Now) * 10000000 + m_Frequency - 1) / m_Frequency;
    m_Timer.Set(Delay > 0 ? Delay : 1);
}

void CCableEngine::AdvanceRenders(LONGLONG Counter) {
    for (PLIST_ENTRY Entry = m_Renders.Flink; Entry != &m_Renders; Entry = Entry->Flink) {
        Advance(CONTAINING_RECORD(Entry, CableStream, Link), Counter);
    }
}

void CCableEngine::Advance(CableStream* Stream, LONGLONG Counter) {
    const ULONGLONG Until = FrameAt(Stream, Counter);
    if (Until <= Stream->FramesMoved) {
        return;
    }
    if (Stream->IsCapture) {
        MoveCapture(Stream, Until);
    } else {
        MoveRender(Stream, Until);
    }
    Stream->FramesMoved = Until;
}

void CCableEngine::MoveRender(CableStream* Stream, ULONGLONG Until) {
    if (m_CapturesAttached == 0 && !m_Controls[CableRender].MeterIsRead) {
        return; // nobody listens
    }
    ULONGLONG Frame = Stream->FramesMoved;
    const ULONGLONG End = Until < Stream->EndFrame ? Until : Stream->EndFrame;
    while (Frame < End) {
        const ULONG Offset = (ULONG)(Frame % Stream->BufferFrames);
        const ULONG Count = SmallerOf(End - Frame, Stream->BufferFrames - Offset);
        const UCHAR* Source = Stream->Buffer + (SIZE_T)Offset * Stream->Format.BytesPerFrame;
        if (m_CapturesAttached != 0) {
            WriteLine((ULONGLONG)(Stream->LineOffset + (LONGLONG)(Frame - Stream->FramesBeforeRun)), Source, Count,
                      Stream->Format);
        }
        if (m_Controls[CableRender].MeterIsRead) {
            CablePeak(Source, Stream->Format, Count, m_Controls[CableRender].Peak);
        }
        Frame += Count;
    }
}

void CCableEngine::MoveCapture(CableStream* Stream, ULONGLONG Until) {
    ULONGLONG Frame = Stream->FramesMoved;
    ULONGLONG Lost = 0;
    while (Frame < Until) {
        const ULONG Offset = (ULONG)(Frame % Stream->BufferFrames);
        const ULONG Count = SmallerOf(Until - Frame, Stream->BufferFrames - Offset);
        PUCHAR Destination = Stream->Buffer + (SIZE_T)Offset * Stream->Format.BytesPerFrame;
        const LONGLONG LineFrame = Stream->LineOffset + (LONGLONG)(Frame - Stream->FramesBeforeRun);
        ULONG Early = 0; // before the line began there was nothing
        if (LineFrame < 0) {
            Early = SmallerOf((ULONGLONG)-LineFrame, Count);
            RtlZeroMemory(Destination, (SIZE_T)Early * Stream->Format.BytesPerFrame);
        }
        if (Early < Count) {
            Lost += ReadLine(Destination + (SIZE_T)Early * Stream->Format.BytesPerFrame, (ULONGLONG)(LineFrame + Early),
                             Count - Early, Stream->Format);
        }
        if (m_Controls[CableCapture].MeterIsRead) {
            CablePeak(Destination, Stream->Format, Count, m_Controls[CableCapture].Peak);
        }
        Frame += Count;
    }
    if (Lost != 0) {
        ReportLoss(Stream, Lost);
    }
}

// Only when this driver's timer came much too late, as when something kept the processor at DISPATCH_LEVEL.
void CCableEngine::ReportLoss(CableStream* Stream, ULONGLONG Frames) {
    if (m_EtwHelper != NULL) {
        const ULONGLONG Underrun = 1;
        m_EtwHelper->MiniportWriteEtwEvent(eMINIPORT_GLITCH_REPORT, Stream->FramesMoved, 0, Underrun, Frames);
    }
}

// The first render stream to reach a frame of the line sets it; others add to it.
void CCableEngine::WriteLine(ULONGLONG LineFrame, const UCHAR* Source, ULONG Frames, const CableFormat& Format) {
    const ULONG* Gains = m_Controls[CableRender].IsUnity ? NULL : m_Controls[CableRender].Gain;
    while (m_LineWritten < LineFrame) {
        const ULONG Offset = (ULONG)m_LineWritten & (m_LineFrames - 1);
        const ULONG Count = SmallerOf(LineFrame - m_LineWritten, m_LineFrames - Offset);
        RtlZeroMemory(m_Line + (SIZE_T)Offset * m_LineFormat.BytesPerFrame, (SIZE_T)Count * m_LineFormat.BytesPerFrame);
        // A gap longer than the line needs no more than one lap.
        m_LineWritten = LineFrame - m_LineWritten > m_LineFrames ? LineFrame - m_LineFrames : m_LineWritten + Count;
    }
    while (Frames > 0) {
        const ULONG Offset = (ULONG)LineFrame & (m_LineFrames - 1);
        ULONG Count = SmallerOf(m_LineFrames - Offset, Frames);
        PUCHAR Destination = m_Line + (SIZE_T)Offset * m_LineFormat.BytesPerFrame;
        if (LineFrame < m_LineWritten) {
            UCHAR Converted[64 * 4 * CableMaximumChannels];
            Count = SmallerOf(m_LineWritten - LineFrame, Count);
            Count = SmallerOf(sizeof(Converted) / m_LineFormat.BytesPerFrame, Count);
            CableConvert(Converted, m_LineFormat, Source, Format, Count, Gains);
            CableMix(Destination, Converted, m_LineFormat, Count);
        } else {
            CableConvert(Destination, m_LineFormat, Source, Format, Count, Gains);
            m_LineWritten = LineFrame + Count;
        }
        LineFrame += Count;
        Source += (SIZE_T)Count * Format.BytesPerFrame;
        Frames -= Count;
    }
}

// Returns how many of the frames are gone, because a later lap of the line has overwritten them.
ULONG CCableEngine::ReadLine(PUCHAR Destination, ULONGLONG LineFrame, ULONG Frames, const CableFormat& Format) {
    const ULONG* Gains = m_Controls[CableCapture].IsUnity ? NULL : m_Controls[CableCapture].Gain;
    ULONG Lost = 0;
    while (Frames > 0) {
        const ULONG Offset = (ULONG)LineFrame & (m_LineFrames - 1);
        ULONG Count = SmallerOf(m_LineFrames - Offset, Frames);
        if (LineFrame + m_LineFrames < m_LineWritten) {
            Count = SmallerOf(m_LineWritten - m_LineFrames - LineFrame, Count);
            RtlZeroMemory(Destination, (SIZE_T)Count * Format.BytesPerFrame);
            Lost += Count;
        } else if (LineFrame >= m_LineWritten) {
            RtlZeroMemory(Destination, (SIZE_T)Count * Format.BytesPerFrame);
        } else {
            Count = SmallerOf(m_LineWritten - LineFrame, Count);
            CableConvert(Destination, Format, m_Line + (SIZE_T)Offset * m_LineFormat.BytesPerFrame, m_LineFormat, Count,
                         Gains);
        }
        LineFrame += Count;
        Destination += (SIZE_T)Count * Format.BytesPerFrame;
        Frames -= Count;
    }
    return Lost;
}

// ---- notification events -----------------------------------------------------------------------------------------

NTSTATUS CCableEngine::AddEvent(CableStream* Stream, PKEVENT Event) {
    CableEvent* Entry = (CableEvent*)ExAllocatePoolZero(NonPagedPoolNx, sizeof(CableEvent), CABLE_POOL_TAG);
    if (Entry == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Entry->Event = Event;
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    InsertTailList(&Stream->Events, &Entry->Link);
    KeReleaseSpinLock(&m_Lock, Irql);
    return STATUS_SUCCESS;
}

NTSTATUS CCableEngine::RemoveEvent(CableStream* Stream, PKEVENT Event) {
    CableEvent* Found = NULL;
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    for (PLIST_ENTRY Link = Stream->Events.Flink; Link != &Stream->Events; Link = Link->Flink) {
        CableEvent* Entry = CONTAINING_RECORD(Link, CableEvent, Link);
        if (Event == NULL || Entry->Event == Event) {
            RemoveEntryList(Link);
            Found = Entry;
            break;
        }
    }
    KeReleaseSpinLock(&m_Lock, Irql);
    if (Found == NULL) {
        return STATUS_NOT_FOUND;
    }
    ExFreePoolWithTag(Found, CABLE_POOL_TAG);
    return STATUS_SUCCESS;
}

// ---- controls ----------------------------------------------------------------------------------------------------

void CCableEngine::UpdateGain(CableControls* Controls, ULONG Channel) {
    Controls->Gain[Channel] = Controls->Mute[Channel] ? 0 : CableGainFromLevel(Controls->Level[Channel]);
    Controls->IsUnity = TRUE;
    for (ULONG Each = 0; Each < CableMaximumChannels; ++Each) {
        if (Controls->Gain[Each] != CableUnityGain) {
            Controls->IsUnity = FALSE;
        }
    }
}

LONG CCableEngine::Level(CableDirection Direction, ULONG Channel) {
    return m_Controls[Direction].Level[Channel];
}

// A level beyond the range is clamped; the later get shows the one in force.
void CCableEngine::SetLevel(CableDirection Direction, ULONG Channel, LONG Level) {
    KIRQL Irql;
    if (Level > 0) {
        Level = 0;
    } else if (Level != MINLONG && Level < LowestLevel) {
        Level = LowestLevel;
    }
    KeAcquireSpinLock(&m_Lock, &Irql);
    m_Controls[Direction].Level[Channel] = Level;
    UpdateGain(&m_Controls[Direction], Channel);
    KeReleaseSpinLock(&m_Lock, Irql);
}

BOOL CCableEngine::Mute(CableDirection Direction, ULONG Channel) {
    return m_Controls[Direction].Mute[Channel];
}

void CCableEngine::SetMute(CableDirection Direction, ULONG Channel, BOOL Mute) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    m_Controls[Direction].Mute[Channel] = Mute ? TRUE : FALSE;
    UpdateGain(&m_Controls[Direction], Channel);
    KeReleaseSpinLock(&m_Lock, Irql);
}

LONG CCableEngine::TakePeak(CableDirection Direction, ULONG Channel) {
    KIRQL Irql;
    KeAcquireSpinLock(&m_Lock, &Irql);
    m_Controls[Direction].MeterIsRead = TRUE;
    const LONG Peak = m_Controls[Direction].Peak[Channel];
    m_Controls[Direction].Peak[Channel] = 0;
    KeReleaseSpinLock(&m_Lock, Irql);
    return Peak;
}
