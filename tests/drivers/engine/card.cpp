// The "hardware": a mixer that moves 10 ms at a time.
#include "engine.h"

static const LONG StepOfLevels = 6 * 65536;
static const LONG LowestLevel = -16 * StepOfLevels;

static SHORT Clip(LONG Sample) {
    const LONG Most = 32767; // MINSHORT of the headers is positive
    return (SHORT)(Sample > Most ? Most : Sample < -Most - 1 ? -Most - 1 : Sample);
}

// ---- controls ------------------------------------------------------------------------------------------------------

SHORT EngineControls::Pass(ULONG Channel, SHORT Sample) {
    const LONG Steps = -Volume[Channel] / StepOfLevels;
    const LONG Result = Mute[Channel] || Steps > 15 ? 0 : Sample / (1 << Steps);
    const LONG Magnitude = (Result < 0 ? -(Result + 1) : Result) << 16;
    Peak[Channel] = Magnitude > Peak[Channel] ? Magnitude : Peak[Channel];
    return (SHORT)Result;
}

void EngineControls::SetVolume(ULONG Channel, LONG Level) {
    Volume[Channel] = Level > 0 ? 0 : Level < LowestLevel ? LowestLevel : Level;
}

LONG EngineControls::TakePeak(ULONG Channel) {
    return InterlockedExchange(&Peak[Channel], 0);
}

void EngineControls::Describe(eChannelTargetType Target, PKSPROPERTY_STEPPING_LONG Steppings, UINT32 Bytes) {
    for (ULONG i = 0; i < Bytes / sizeof(*Steppings); ++i) {
        RtlZeroMemory(&Steppings[i], sizeof(Steppings[i]));
        Steppings[i].SteppingDelta = Target == eVolumeAttribute ? StepOfLevels : 1;
        Steppings[i].Bounds.SignedMinimum = Target == eVolumeAttribute ? LowestLevel : 0;
        Steppings[i].Bounds.SignedMaximum = Target == eVolumeAttribute ? 0 : Target == eMuteAttribute ? 1 : MAXLONG;
    }
}

// ---- voices --------------------------------------------------------------------------------------------------------

NTSTATUS CEngineCard::Init() {
    KeInitializeSpinLock(&m_Lock);
    m_Timer = ExAllocateTimer(OnTimer, this, EX_TIMER_HIGH_RESOLUTION);
    if (m_Timer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const LONGLONG Interval = 100000;
    ExSetTimer(m_Timer, -Interval, Interval, NULL);
    return STATUS_SUCCESS;
}

void CEngineCard::Close() {
    if (m_Timer != NULL) {
        ExDeleteTimer(m_Timer, TRUE, TRUE, NULL);
    }
}

BOOLEAN CEngineCard::Attach(EngineVoice* Voice) {
    KIRQL OldIrql;
    Lock(&OldIrql);
    ULONG Slot = 0;
    while (Slot < Voices && m_Voices[Slot] != NULL) {
        ++Slot;
    }
    if (Slot < Voices) {
        m_Voices[Slot] = Voice;
    }
    Unlock(OldIrql);
    return Slot < Voices;
}

void CEngineCard::Detach(EngineVoice* Voice) {
    KIRQL OldIrql;
    Lock(&OldIrql);
    for (ULONG Slot = 0; Slot < Voices; ++Slot) {
        m_Voices[Slot] = m_Voices[Slot] == Voice ? NULL : m_Voices[Slot];
    }
    Unlock(OldIrql);
}

// ---- mixing --------------------------------------------------------------------------------------------------------

void CEngineCard::Mix(EngineVoice* Voice) {
    for (ULONG i = 0; i < IntervalSamples; ++i) {
        const ULONGLONG Place = Voice->Position + i * sizeof(SHORT);
        const SHORT Sample = Place < Voice->End ? *(PSHORT)(Voice->Buffer + Place % Voice->Bytes) : 0;
        const SHORT Heard = Voice->Controls.Pass(i % Channels, Sample);
        m_Mix[i] += Heard;
        m_Loopback[i] += Voice->IsProtected ? 0 : Heard;
    }
}

void CEngineCard::Record(EngineVoice* Voice) {
    for (ULONG i = 0; i < IntervalSamples; ++i) {
        const ULONGLONG Place = Voice->Position + i * sizeof(SHORT);
        *(PSHORT)(Voice->Buffer + Place % Voice->Bytes) = Clip(m_Loopback[i]);
    }
}

void CEngineCard::Swap() {
    for (ULONG i = 0; i < IntervalSamples; i += Channels) {
        const LONG Mixed = m_Mix[i];
        const LONG LoopedBack = m_Loopback[i];
        m_Mix[i] = m_Mix[i + 1];
        m_Mix[i + 1] = Mixed;
        m_Loopback[i] = m_Loopback[i + 1];
        m_Loopback[i + 1] = LoopedBack;
    }
}

void CEngineCard::Move(EngineVoice* Voice) {
    const ULONGLONG Before = Voice->Position / Voice->PacketBytes;
    Voice->Position += IntervalSamples * sizeof(SHORT);
    if (Voice->Event != NULL && Voice->Position / Voice->PacketBytes != Before) {
        KeSetEvent(Voice->Event, 0, FALSE);
    }
}

void CEngineCard::Tick() {
    KeAcquireSpinLockAtDpcLevel(&m_Lock); // where timers call back
    RtlZeroMemory(m_Mix, sizeof(m_Mix));
    RtlZeroMemory(m_Loopback, sizeof(m_Loopback));
    for (ULONG Slot = 0; Slot < Voices; ++Slot) {
        EngineVoice* Voice = m_Voices[Slot];
        if (Voice != NULL && Voice->IsRunning && !Voice->IsLoopback) {
            Mix(Voice);
            Move(Voice);
        }
    }
    if (IsSwapped) {
        Swap();
    }
    for (ULONG i = 0; i < IntervalSamples; ++i) { // to the speaker, where only its meter hears it
        Controls.Pass(i % Channels, Clip(m_Mix[i]));
    }
    for (ULONG Slot = 0; Slot < Voices; ++Slot) {
        EngineVoice* Voice = m_Voices[Slot];
        if (Voice != NULL && Voice->IsRunning && Voice->IsLoopback) {
            Record(Voice);
            Move(Voice);
        }
    }
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
}
