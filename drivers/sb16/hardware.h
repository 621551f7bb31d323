// The card: its DSP, its mixer, its interrupt. Everything that touches a port is in hardware.cpp.
#pragma once

#include "sb16.h"

// The two DMA streams of the DSP, each in either direction: bytes over one channel, words over the other if there is
// one.
enum Sb16Stream { Sb16Bytes = 0, Sb16Words, Sb16Streams };

struct Sb16Transfer {
    BOOLEAN IsCapture;
    BOOLEAN IsStereo;
    ULONG Rate;
    ULONG BlockSamples; // of all channels; an interrupt follows each block
};

// Mixer registers of the CT1745 that the driver uses (guide, chapter 4).
enum Sb16MixerRegister {
    MixerMaster = 0x30, // left; right is the next
    MixerVoice = 0x32,
    MixerFm = 0x34,
    MixerCd = 0x36,
    MixerLine = 0x38,
    MixerMicrophone = 0x3A,
    MixerOutputSwitches = 0x3C,
    MixerInputSwitches = 0x3D, // left; right is the next
    MixerInputGain = 0x3F,     // left; right is the next
    MixerOutputGain = 0x41,    // left; right is the next
    MixerInterruptSetup = 0x80,
    MixerDmaSetup = 0x81,
    MixerInterruptStatus = 0x82
};

class CSb16Hardware {
public:
    // Finds the DSP and connects its interrupt.
    NTSTATUS Init(PRESOURCELIST ResourceList);
    void Close();

    // ---- transfers, PASSIVE_LEVEL ----
    // Interrupts of the stream notify the port of the group until Forget.
    void Attend(Sb16Stream Stream, PPORTWAVECYCLIC Port, PSERVICEGROUP Group);
    void Forget(Sb16Stream Stream);
    // The DMA channel is set up and started before.
    NTSTATUS Start(Sb16Stream Stream, const Sb16Transfer& Transfer);
    NTSTATUS Pause(Sb16Stream Stream);
    NTSTATUS Continue(Sb16Stream Stream);
    NTSTATUS Stop(Sb16Stream Stream);
    // Differs after the card has been without power: what was paused then has to be started anew.
    ULONG Generation() { return m_Generation; }

    // ---- mixer ----
    // Remembers what it wrote, so reading costs no port access.
    UCHAR Mixer(ULONG Register) { return m_Mixer[Register]; }
    void SetMixer(ULONG Register, UCHAR Value);
    void ChangeMixer(ULONG Register, UCHAR Mask, UCHAR Value);

    // ---- power ----
    // Until PowerUp no port is touched: levels are remembered, and transfers have stopped.
    void PowerDown();
    void PowerUp();

    // For the UART miniport, which shares the interrupt: handed to it as its adapter.
    PINTERRUPTSYNC InterruptSync() { return m_InterruptSync; }

private:
    struct MixerWrite {
        CSb16Hardware* Hardware;
        UCHAR Register;
        UCHAR Mask;
        UCHAR Value;
    };
    struct Attendance {
        CSb16Hardware* Hardware;
        Sb16Stream Stream;
        PPORTWAVECYCLIC Port;
        PSERVICEGROUP Group;
    };

    NTSTATUS FindResources(PRESOURCELIST ResourceList);
    NTSTATUS ResetDsp();
    NTSTATUS CheckVersion();
    void LoadMixer();
    BOOLEAN WriteDsp(UCHAR Value);
    BOOLEAN ReadDsp(PUCHAR Value);
    NTSTATUS WriteDspBytes(const UCHAR* Bytes, ULONG Count);
    NTSTATUS Command(UCHAR Code);
    PUCHAR Port(ULONG Offset) { return m_Base + Offset; }

    static NTSTATUS NTAPI WriteMixerSynchronized(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI AttendSynchronized(PINTERRUPTSYNC InterruptSync, PVOID Context);
    static NTSTATUS NTAPI ServiceInterrupt(PINTERRUPTSYNC InterruptSync, PVOID Context);

    PUCHAR m_Base;
    UCHAR m_InterruptBit;
    UCHAR m_DmaBits;
    PINTERRUPTSYNC m_InterruptSync;
    FAST_MUTEX m_DspMutex; // one command with its parameters at a time
    ULONG m_Generation;
    BOOLEAN m_IsAsleep;
    UCHAR m_Mixer[0x48];
    PPORTWAVECYCLIC m_Port[Sb16Streams]; // changed and read at the level of the interrupt
    PSERVICEGROUP m_Group[Sb16Streams];
};
