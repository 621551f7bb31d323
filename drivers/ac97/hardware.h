// The controller and its codec. Everything that touches a port is in hardware.cpp.
#pragma once

#include "ac97.h"

// The bus masters the driver uses, by their place in the ports.
enum Ac97Engine { Ac97PcmIn = 0, Ac97PcmOut, Ac97Engines };

// How far an engine has come in its list.
struct Ac97Progress {
    ULONG Index;     // CIV
    BOOLEAN IsAtEnd; // the last valid buffer has been processed
};
// The same, to the sample.
struct Ac97Place : Ac97Progress {
    ULONG SamplesLeft; // PICB
};

// Codec registers that the driver uses ("AC '97 Mixer Register Map").
enum Ac97CodecRegister {
    CodecReset = 0x00,
    CodecMaster = 0x02,
    CodecAuxOut = 0x04,
    CodecMonoOut = 0x06,
    CodecMicrophone = 0x0E,
    CodecLine = 0x10,
    CodecCd = 0x12,
    CodecVideo = 0x14,
    CodecAux = 0x16,
    CodecPcm = 0x18,
    CodecRecordSelect = 0x1A,
    CodecRecordGain = 0x1C,
    CodecPower = 0x26,
    CodecExtendedId = 0x28,
    CodecExtendedControl = 0x2A,
    CodecDacRate = 0x2C,
    CodecAdcRate = 0x32,
    CodecEnd = 0x80
};

// Who wants to know when an engine has raised the interrupt. Called at the level of the interrupt, events acknowledged.
class CAc97Listener {
public:
    virtual void EngineInterrupt() = 0;
};

class CAc97Hardware {
public:
    // Finds the codec and connects the interrupt.
    NTSTATUS Init(PRESOURCELIST ResourceList);
    void Close();

    // ---- bus masters, <= DISPATCH_LEVEL; the caller sees to it that one engine is used by one at a time ----
    // An engine has one user at a time. PASSIVE_LEVEL.
    BOOLEAN Take(Ac97Engine Engine);
    void GiveBack(Ac97Engine Engine);
    // Interrupts of the engine go to the listener, until Forget has returned. PASSIVE_LEVEL.
    void Attend(Ac97Engine Engine, CAc97Listener* Listener);
    void Forget(Ac97Engine Engine);
    // A list at this place, from its first entry to Last.
    void StartEngine(Ac97Engine Engine, ULONG List, ULONG Last);
    void SetLast(Ac97Engine Engine, ULONG Last);
    Ac97Progress Progress(Ac97Engine Engine); // at the level of the interrupt, too
    Ac97Place Place(Ac97Engine Engine);
    // Stands still; its place can be read.
    void HaltEngine(Ac97Engine Engine);
    // Forgets the list.
    void StopEngine(Ac97Engine Engine);

    // ---- the codec, PASSIVE_LEVEL ----
    // What is to be in the codec is remembered: reading costs no port access, and without power that is all there is.
    USHORT Codec(ULONG Register) { return m_Codec[Register / 2]; }
    void SetCodec(ULONG Register, USHORT Value);
    void ChangeCodec(ULONG Register, USHORT Mask, USHORT Value);
    BOOLEAN HasVariableRate() { return m_HasVariableRate; }
    // False: the codec does not take this rate.
    BOOLEAN SetRate(Ac97Engine Engine, ULONG Rate);

    // ---- power ----
    void PowerDown();
    void PowerUp();

private:
    struct Attendance {
        CAc97Hardware* Hardware;
        Ac97Engine Engine;
        CAc97Listener* Listener;
    };

    NTSTATUS FindResources(PRESOURCELIST ResourceList);
    NTSTATUS ResetCodec();
    void LoadCodec();
    void WaitForCodec();
    USHORT ReadCodec(ULONG Register);
    void WriteCodec(ULONG Register, USHORT Value);
    ULONG CurrentRegisters(Ac97Engine Engine);
    PUCHAR EnginePort(Ac97Engine Engine, ULONG Offset) { return m_BusMaster + 0x10 * Engine + Offset; }

    static NTSTATUS NTAPI AttendSynchronized(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI ServiceInterrupt(PINTERRUPTSYNC InterruptSync, PVOID Context);

    PUCHAR m_Mixer;
    PUCHAR m_BusMaster;
    PINTERRUPTSYNC m_InterruptSync;
    FAST_MUTEX m_CodecMutex;
    BOOLEAN m_HasVariableRate;
    BOOLEAN m_HasPower; // the codec hears; under the mutex, as is what is remembered
    USHORT m_Codec[CodecEnd / 2];
    CAc97Listener* m_Listener[Ac97Engines]; // changed and read at the level of the interrupt
    BOOLEAN m_MayInterrupt[Ac97Engines];    // from before its start until after its reset
    LONG m_IsTaken[Ac97Engines];
};
