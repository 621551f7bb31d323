// A WaveRT driver of a card that mixes: an engine node with host, offload and loopback pins, and an audio module.
#pragma once

#include <portcls.h>
#include <stdunk.h>

#define ENGINE_POOL_TAG 'ignE'

enum { PinHost = 0, PinOffload, PinLoopback, PinSpeaker, PinCount };
enum { NodeEngine = 0 };
enum { Channels = 2, BytesPerFrame = 4, IntervalSamples = 480 * Channels, BytesPerSecond = 48000 * BytesPerFrame };
enum { Voices = 4 };                   // host, two offloaded ones, loopback
const UINT32 AllChannels = 0xFFFFFFFF; // of a stream

// Volume, mute and peak meter, of a voice or of the whole engine.
struct EngineControls {
    LONG Volume[Channels]; // 1/65536 dB, in steps of 6 dB
    BOOL Mute[Channels];
    LONG Peak[Channels]; // since it was read

    SHORT Pass(ULONG Channel, SHORT Sample);
    void SetVolume(ULONG Channel, LONG Level);
    LONG TakePeak(ULONG Channel);
    static void Describe(eChannelTargetType Target, PKSPROPERTY_STEPPING_LONG Steppings, UINT32 Bytes);
};

// What the "hardware" knows of a stream. Both sides hold the card's lock.
struct EngineVoice {
    PUCHAR Buffer;
    ULONG Bytes;
    ULONG PacketBytes;  // an event after each
    ULONGLONG Position; // since STOP, not reduced to the buffer
    ULONGLONG End;      // no sound from here on
    PKEVENT Event;
    BOOLEAN IsLoopback;
    BOOLEAN IsRunning;
    BOOLEAN IsProtected; // not to be heard at the loopback
    EngineControls Controls;
};

// The card, owned by the miniport.
class CEngineCard {
public:
    NTSTATUS Init();
    void Close();
    BOOLEAN Attach(EngineVoice* Voice);
    void Detach(EngineVoice* Voice);
    // For what a voice, or the engine's settings, are changed under.
    void Lock(PKIRQL OldIrql) { KeAcquireSpinLock(&m_Lock, OldIrql); }
    void Unlock(KIRQL OldIrql) { KeReleaseSpinLock(&m_Lock, OldIrql); }

    EngineControls Controls;
    BOOL IsSwapped; // the module's parameter

private:
    static void OnTimer(PEX_TIMER Timer, PVOID Context) {
        UNREFERENCED_PARAMETER(Timer);
        static_cast<CEngineCard*>(Context)->Tick();
    }
    void Tick();
    void Mix(EngineVoice* Voice);
    void Record(EngineVoice* Voice);
    void Swap();
    void Move(EngineVoice* Voice);

    KSPIN_LOCK m_Lock;
    PEX_TIMER m_Timer;
    EngineVoice* m_Voices[Voices];
    LONG m_Mix[IntervalSamples];
    LONG m_Loopback[IntervalSamples];
};

NTSTATUS CreateEngineMiniport(PUNKNOWN* Unknown);
NTSTATUS CreateEngineStream(PMINIPORTWAVERTSTREAM* OutStream, CEngineCard* Card, PPORTWAVERTSTREAM PortStream,
                            PPORTCLSETWHELPER EtwHelper, BOOLEAN IsLoopback);

// ---- module.cpp: of the filter and of its streams ----
extern const PCAUTOMATION_TABLE EngineModuleAutomation;
// What the handlers reach through the request's MajorTarget.
CEngineCard* EngineCardOf(PUNKNOWN MajorTarget);
PPORTCLSNOTIFICATIONS EngineNotificationsOf(PUNKNOWN MajorTarget);
