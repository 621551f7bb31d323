// Ports of the card. Section names are those of Creative's "Sound Blaster Series Hardware Programming Guide".
#include "hardware.h"

namespace {

// "I/O Port Map", offsets from the base.
enum {
    PortMixerAddress = 0x4,
    PortMixerData = 0x5,
    PortDspReset = 0x6,
    PortDspRead = 0xA,
    PortDspWrite = 0xC,      // bit 7 when read: not ready for a byte
    PortDspReadStatus = 0xE, // bit 7: there is a byte; reading acknowledges the 8-bit interrupt
    PortAcknowledgeWords = 0xF,
    PortCount = 0x10
};

// "DSP Commands".
enum {
    DspSetOutputRate = 0x41,
    DspSetInputRate = 0x42,
    DspTransferWords = 0xB0, // + DspInput, + DspAutoInit, + DspFifo
    DspTransferBytes = 0xC0,
    DspInput = 0x08,
    DspAutoInit = 0x04,
    DspFifo = 0x02,
    DspModeStereo = 0x20,
    DspModeSigned = 0x10,
    DspPauseBytes = 0xD0,
    DspSpeakerOn = 0xD1,
    DspContinueBytes = 0xD4,
    DspPauseWords = 0xD5,
    DspContinueWords = 0xD6,
    DspExitWords = 0xD9,
    DspExitBytes = 0xDA,
    DspGetVersion = 0xE1
};

const UCHAR DspAwake = 0xAA;
const UCHAR LeastMajorVersion = 4;

const ULONG ResetMicroseconds = 3;
const ULONG PollMicroseconds = 10;
const ULONG MostPolls = 1000;

// "Interrupt Status": which part of the card it was.
const UCHAR StatusBytes = 0x01;
const UCHAR StatusWords = 0x02;
const UCHAR NothingAnswers = 0xFF; // what a bus without a card reads as

// What the mixer starts with. 0 dB lets samples through as they are.
const UCHAR FullVolume = 0xF8;
const struct {
    UCHAR Register;
    UCHAR Value;
} MixerDefaults[] = {
    {MixerMaster, FullVolume},     {MixerMaster + 1, FullVolume},
    {MixerVoice, FullVolume},      {MixerVoice + 1, FullVolume},
    {MixerFm, FullVolume},         {MixerFm + 1, FullVolume},
    {MixerCd, FullVolume},         {MixerCd + 1, FullVolume},
    {MixerLine, FullVolume},       {MixerLine + 1, FullVolume},
    {MixerMicrophone, FullVolume}, {MixerOutputSwitches, 0x1E},    // line and CD are heard, the microphone is not
    {MixerInputSwitches, 0x10},    {MixerInputSwitches + 1, 0x08}, // the line is recorded
    {MixerInputGain, 0},           {MixerInputGain + 1, 0},
    {MixerOutputGain, 0},          {MixerOutputGain + 1, 0},
};

// "Interrupt Setup" and "DMA Setup": one bit for each line that the card can be wired to.
UCHAR InterruptBitOf(ULONG Line) {
    switch (Line) {
    case 2:
    case 9: // the second controller's input that the PC/AT gave to what was IRQ 2
        return 0x01;
    case 5:
        return 0x02;
    case 7:
        return 0x04;
    case 10:
        return 0x08;
    default:
        return 0;
    }
}

UCHAR DmaBitOf(ULONG Channel) {
    const BOOLEAN IsThere = Channel <= 7 && Channel != 2 && Channel != 4;
    return IsThere ? (UCHAR)(1 << Channel) : 0;
}

} // namespace

// ---- start and end -------------------------------------------------------------------------------------------------

NTSTATUS CSb16Hardware::Init(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ExInitializeFastMutex(&m_DspMutex);
    NTSTATUS Status = FindResources(ResourceList);
    if (NT_SUCCESS(Status)) {
        Status = ResetDsp();
    }
    if (NT_SUCCESS(Status)) {
        Status = CheckVersion();
    }
    if (NT_SUCCESS(Status)) {
        // The bus delivers edges, and two routines share the line: all are called until none has found anything.
        Status = PcNewInterruptSync(&m_InterruptSync, NULL, ResourceList, 0, InterruptSyncModeRepeat);
    }
    if (NT_SUCCESS(Status)) {
        Status = m_InterruptSync->RegisterServiceRoutine(ServiceInterrupt, this, FALSE);
    }
    if (NT_SUCCESS(Status)) {
        for (ULONG i = 0; i < ARRAYSIZE(MixerDefaults); ++i) {
            m_Mixer[MixerDefaults[i].Register] = MixerDefaults[i].Value;
        }
        LoadMixer();
        Status = m_InterruptSync->Connect();
    }
    if (NT_SUCCESS(Status)) {
        Status = Command(DspSpeakerOn);
    }
    return Status;
}

void CSb16Hardware::Close() {
    PAGED_CODE();
    if (m_InterruptSync != NULL) {
        m_InterruptSync->Disconnect();
        m_InterruptSync->Release();
        m_InterruptSync = NULL;
    }
}

// The DSP's ports are the range of sixteen; the others belong to the MPU-401 and the FM synthesizer.
NTSTATUS CSb16Hardware::FindResources(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    const ULONG Ports = ResourceList->NumberOfEntriesOfType(CmResourceTypePort);
    for (ULONG i = 0; i < Ports && m_Base == NULL; ++i) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Entry = ResourceList->FindTranslatedEntry(CmResourceTypePort, i);
        if (Entry != NULL && Entry->u.Port.Length >= PortCount) {
            m_Base = (PUCHAR)(ULONG_PTR)Entry->u.Port.Start.QuadPart;
        }
    }
    // The card wants to hear the bus's numbers, not what the system made of them.
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Interrupt = ResourceList->FindUntranslatedEntry(CmResourceTypeInterrupt, 0);
    if (Interrupt != NULL) {
        m_InterruptBit = InterruptBitOf(Interrupt->u.Interrupt.Level);
    }
    const ULONG Channels = ResourceList->NumberOfEntriesOfType(CmResourceTypeDma);
    for (ULONG i = 0; i < Channels; ++i) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Entry = ResourceList->FindUntranslatedEntry(CmResourceTypeDma, i);
        if (Entry != NULL) {
            m_DmaBits |= DmaBitOf(Entry->u.Dma.Channel);
        }
    }
    return m_Base != NULL && m_InterruptBit != 0 && m_DmaBits != 0 ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

// "Resetting the DSP".
NTSTATUS CSb16Hardware::ResetDsp() {
    PAGED_CODE();
    WRITE_PORT_UCHAR(Port(PortDspReset), 1);
    KeStallExecutionProcessor(ResetMicroseconds);
    WRITE_PORT_UCHAR(Port(PortDspReset), 0);
    UCHAR Answer = 0;
    return ReadDsp(&Answer) && Answer == DspAwake ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

NTSTATUS CSb16Hardware::CheckVersion() {
    PAGED_CODE();
    UCHAR Major = 0;
    UCHAR Minor = 0;
    if (!WriteDsp(DspGetVersion) || !ReadDsp(&Major) || !ReadDsp(&Minor)) {
        return STATUS_IO_DEVICE_ERROR;
    }
    return Major >= LeastMajorVersion ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

void CSb16Hardware::LoadMixer() {
    PAGED_CODE();
    SetMixer(MixerInterruptSetup, m_InterruptBit);
    SetMixer(MixerDmaSetup, m_DmaBits);
    for (ULONG i = 0; i < ARRAYSIZE(MixerDefaults); ++i) {
        SetMixer(MixerDefaults[i].Register, m_Mixer[MixerDefaults[i].Register]);
    }
}

void CSb16Hardware::PowerDown() {
    PAGED_CODE();
    ExAcquireFastMutex(&m_DspMutex);
    m_IsAsleep = TRUE;
    ExReleaseFastMutex(&m_DspMutex);
}

// The card has forgotten everything; the mixer's settings are remembered here.
void CSb16Hardware::PowerUp() {
    PAGED_CODE();
    ExAcquireFastMutex(&m_DspMutex);
    m_IsAsleep = FALSE;
    ResetDsp();
    WriteDsp(DspSpeakerOn);
    ++m_Generation;
    ExReleaseFastMutex(&m_DspMutex);
    LoadMixer();
}

// ---- the DSP -------------------------------------------------------------------------------------------------------

BOOLEAN CSb16Hardware::WriteDsp(UCHAR Value) {
    for (ULONG Poll = 0; Poll < MostPolls; ++Poll) {
        if ((READ_PORT_UCHAR(Port(PortDspWrite)) & 0x80) == 0) {
            WRITE_PORT_UCHAR(Port(PortDspWrite), Value);
            return TRUE;
        }
        KeStallExecutionProcessor(PollMicroseconds);
    }
    return FALSE;
}

BOOLEAN CSb16Hardware::ReadDsp(PUCHAR Value) {
    for (ULONG Poll = 0; Poll < MostPolls; ++Poll) {
        if ((READ_PORT_UCHAR(Port(PortDspReadStatus)) & 0x80) != 0) {
            *Value = READ_PORT_UCHAR(Port(PortDspRead));
            return TRUE;
        }
        KeStallExecutionProcessor(PollMicroseconds);
    }
    return FALSE;
}

NTSTATUS CSb16Hardware::WriteDspBytes(const UCHAR* Bytes, ULONG Count) {
    PAGED_CODE();
    ExAcquireFastMutex(&m_DspMutex);
    BOOLEAN IsDone = !m_IsAsleep;
    for (ULONG i = 0; i < Count && IsDone; ++i) {
        IsDone = WriteDsp(Bytes[i]);
    }
    ExReleaseFastMutex(&m_DspMutex);
    return IsDone ? STATUS_SUCCESS : STATUS_IO_DEVICE_ERROR;
}

NTSTATUS CSb16Hardware::Command(UCHAR Code) {
    return WriteDspBytes(&Code, 1);
}

// 8-bit samples of wave files are unsigned, 16-bit samples are signed.
NTSTATUS CSb16Hardware::Start(Sb16Stream Stream, const Sb16Transfer& Transfer) {
    PAGED_CODE();
    const ULONG Last = Transfer.BlockSamples - 1;
    const UCHAR Bytes[] = {
        (UCHAR)(Transfer.IsCapture ? DspSetInputRate : DspSetOutputRate),
        (UCHAR)(Transfer.Rate >> 8),
        (UCHAR)Transfer.Rate,
        (UCHAR)((Stream == Sb16Words ? DspTransferWords : DspTransferBytes) | (Transfer.IsCapture ? DspInput : 0) |
                DspAutoInit | DspFifo),
        (UCHAR)((Transfer.IsStereo ? DspModeStereo : 0) | (Stream == Sb16Words ? DspModeSigned : 0)),
        (UCHAR)Last,
        (UCHAR)(Last >> 8),
    };
    return WriteDspBytes(Bytes, ARRAYSIZE(Bytes));
}

NTSTATUS CSb16Hardware::Pause(Sb16Stream Stream) {
    return Command((UCHAR)(Stream == Sb16Words ? DspPauseWords : DspPauseBytes));
}

NTSTATUS CSb16Hardware::Continue(Sb16Stream Stream) {
    return Command((UCHAR)(Stream == Sb16Words ? DspContinueWords : DspContinueBytes));
}

// A stream is paused before it stops: nothing moves any more, and the next transfer begins with a command of its own.
NTSTATUS CSb16Hardware::Stop(Sb16Stream Stream) {
    NTSTATUS Status = Pause(Stream);
    if (NT_SUCCESS(Status)) {
        Status = Command((UCHAR)(Stream == Sb16Words ? DspExitWords : DspExitBytes));
    }
    return Status;
}

// ---- the mixer -----------------------------------------------------------------------------------------------------

// Two ports for one register, and the service routine uses them, too: both run with the interrupt shut out.
NTSTATUS NTAPI CSb16Hardware::WriteMixerSynchronized(PINTERRUPTSYNC InterruptSync, PVOID Context) {
    UNREFERENCED_PARAMETER(InterruptSync);
    const MixerWrite* Write = (const MixerWrite*)Context;
    CSb16Hardware* Hardware = Write->Hardware;
    UCHAR Value = Write->Value;
    if (Write->Register < ARRAYSIZE(Hardware->m_Mixer)) {
        Value = (UCHAR)((Hardware->m_Mixer[Write->Register] & ~Write->Mask) | (Write->Value & Write->Mask));
        Hardware->m_Mixer[Write->Register] = Value;
    }
    if (Hardware->m_IsAsleep) {
        return STATUS_SUCCESS;
    }
    WRITE_PORT_UCHAR(Hardware->Port(PortMixerAddress), Write->Register);
    WRITE_PORT_UCHAR(Hardware->Port(PortMixerData), Value);
    // Between writes the data port is that of the interrupt's status: a port access of the service routine saved.
    WRITE_PORT_UCHAR(Hardware->Port(PortMixerAddress), MixerInterruptStatus);
    return STATUS_SUCCESS;
}

void CSb16Hardware::ChangeMixer(ULONG Register, UCHAR Mask, UCHAR Value) {
    MixerWrite Write = {this, (UCHAR)Register, Mask, Value};
    m_InterruptSync->CallSynchronizedRoutine(WriteMixerSynchronized, &Write);
}

void CSb16Hardware::SetMixer(ULONG Register, UCHAR Value) {
    ChangeMixer(Register, 0xFF, Value);
}

// ---- the interrupt -------------------------------------------------------------------------------------------------

NTSTATUS NTAPI CSb16Hardware::AttendSynchronized(PINTERRUPTSYNC InterruptSync, PVOID Context) {
    UNREFERENCED_PARAMETER(InterruptSync);
    const Attendance* Change = (const Attendance*)Context;
    Change->Hardware->m_Port[Change->Stream] = Change->Port;
    Change->Hardware->m_Group[Change->Stream] = Change->Group;
    return STATUS_SUCCESS;
}

void CSb16Hardware::Attend(Sb16Stream Stream, PPORTWAVECYCLIC Port, PSERVICEGROUP Group) {
    Attendance Change = {this, Stream, Port, Group};
    m_InterruptSync->CallSynchronizedRoutine(AttendSynchronized, &Change);
}

void CSb16Hardware::Forget(Sb16Stream Stream) {
    Attend(Stream, NULL, NULL);
}

// "Servicing Interrupts": the mixer tells which stream it was, reading its port acknowledges. The ISA bus delivers
// edges, and while anything is pending there is no next one: the interrupt object asks again after every success.
NTSTATUS NTAPI CSb16Hardware::ServiceInterrupt(PINTERRUPTSYNC InterruptSync, PVOID Context) {
    UNREFERENCED_PARAMETER(InterruptSync);
    CSb16Hardware* Hardware = (CSb16Hardware*)Context;
    const UCHAR Status = READ_PORT_UCHAR(Hardware->Port(PortMixerData));
    const UCHAR Pending = (UCHAR)(Status & (StatusBytes | StatusWords));
    if (Pending == 0 || Status == NothingAnswers) {
        return STATUS_UNSUCCESSFUL;
    }
    if ((Pending & StatusBytes) != 0) {
        READ_PORT_UCHAR(Hardware->Port(PortDspReadStatus));
    }
    if ((Pending & StatusWords) != 0) {
        READ_PORT_UCHAR(Hardware->Port(PortAcknowledgeWords));
    }
    for (ULONG Stream = 0; Stream < Sb16Streams; ++Stream) {
        const BOOLEAN IsIt = (Pending & (Stream == Sb16Bytes ? StatusBytes : StatusWords)) != 0;
        if (IsIt && Hardware->m_Port[Stream] != NULL) {
            Hardware->m_Port[Stream]->Notify(Hardware->m_Group[Stream]);
        }
    }
    return STATUS_SUCCESS;
}
