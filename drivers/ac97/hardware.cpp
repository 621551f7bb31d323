// Ports of the controller and of the codec. Register names are those of Intel's data sheet of the 82801AA ("AC '97
// Audio Controller Registers") and of the "Audio Codec '97" specification.
#include "hardware.h"

namespace {

// "Native Audio Bus Master Control Registers": of one engine.
enum {
    EngineList = 0x00,     // x_BDBAR
    EngineCurrent = 0x04,  // x_CIV
    EngineLast = 0x05,     // x_LVI
    EngineStatus = 0x06,   // x_SR
    EnginePosition = 0x08, // x_PICB
    EngineControl = 0x0B   // x_CR
};
// Of all of them.
enum { GlobalControl = 0x2C, GlobalStatus = 0x30, CodecSemaphore = 0x34 };

const USHORT StatusAtEnd = 0x0002;   // CELV
const USHORT StatusEvents = 0x001C;  // LVBCI, BCIS, FIFOE: a written one clears
const USHORT StatusReasons = 0x000C; // LVBCI, BCIS: what ControlInterrupts asks for
const UCHAR ControlRun = 0x01;
const UCHAR ControlReset = 0x02;
const UCHAR ControlInterrupts = 0x14; // at the last valid buffer, and where a buffer asks for one

const ULONG NoColdReset = 0x02;
const ULONG LinkOff = 0x08;
const ULONG CodecReady = 0x100;
const ULONG NothingAnswers = 0xFFFFFFFF;

const ULONG MixerPorts = 0x100;
const ULONG BusMasterPorts = 0x40;

const ULONG MostMilliseconds = 1000; // a codec may take to become ready
const ULONG PollMicroseconds = 5;
const ULONG MostPolls = 200;
const LONGLONG UnitsPerMillisecond = 10000; // of 100 ns

const USHORT VariableRate = 0x0001;
// ADC, DAC, mixer and reference voltage, then the link.
const USHORT PowerAllDown = 0x1F00;

// What the mixer starts with. 0 dB lets samples through as they are.
const USHORT FullVolume = 0x0000;
const USHORT UnityGain = 0x0808;
const USHORT Muted = 0x8000;
const struct {
    UCHAR Register;
    USHORT Value;
} CodecDefaults[] = {
    {CodecMaster, FullVolume},       {CodecAuxOut, FullVolume},     {CodecMonoOut, FullVolume},
    {CodecMicrophone, Muted | 0x8},  {CodecLine, UnityGain},        {CodecCd, UnityGain},
    {CodecVideo, Muted | UnityGain}, {CodecAux, Muted | UnityGain}, {CodecPcm, UnityGain},
    {CodecRecordSelect, 0x0404},     {CodecRecordGain, FullVolume}, // the line is recorded
};

void Sleep(ULONG Milliseconds) {
    LARGE_INTEGER Interval;
    Interval.QuadPart = -(LONGLONG)Milliseconds * UnitsPerMillisecond;
    KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

} // namespace

// ---- start and end -------------------------------------------------------------------------------------------------

NTSTATUS CAc97Hardware::Init(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ExInitializeFastMutex(&m_CodecMutex);
    NTSTATUS Status = FindResources(ResourceList);
    if (NT_SUCCESS(Status)) {
        Status = ResetCodec();
    }
    if (NT_SUCCESS(Status)) {
        Status = PcNewInterruptSync(&m_InterruptSync, NULL, ResourceList, 0, InterruptSyncModeNormal);
    }
    if (NT_SUCCESS(Status)) {
        Status = m_InterruptSync->RegisterServiceRoutine(ServiceInterrupt, this, FALSE);
    }
    if (NT_SUCCESS(Status)) {
        m_HasVariableRate = (ReadCodec(CodecExtendedId) & VariableRate) != 0;
        for (ULONG i = 0; i < ARRAYSIZE(CodecDefaults); ++i) {
            m_Codec[CodecDefaults[i].Register / 2] = CodecDefaults[i].Value;
        }
        m_Codec[CodecExtendedControl / 2] = VariableRate;
        m_Codec[CodecDacRate / 2] = (USHORT)Ac97MaximumRate;
        m_Codec[CodecAdcRate / 2] = (USHORT)Ac97MaximumRate;
        LoadCodec();
        Status = m_InterruptSync->Connect();
    }
    return Status;
}

void CAc97Hardware::Close() {
    PAGED_CODE();
    if (m_InterruptSync != NULL) {
        m_InterruptSync->Disconnect();
        m_InterruptSync->Release();
        m_InterruptSync = NULL;
    }
}

// Two ranges of ports, in the order of the base address registers: the codec's, the bus masters'.
NTSTATUS CAc97Hardware::FindResources(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    const ULONG Ports = ResourceList->NumberOfEntriesOfType(CmResourceTypePort);
    for (ULONG i = 0; i < Ports; ++i) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR Entry = ResourceList->FindTranslatedEntry(CmResourceTypePort, i);
        if (Entry == NULL) {
            continue;
        }
        PUCHAR Base = (PUCHAR)(ULONG_PTR)Entry->u.Port.Start.QuadPart;
        if (m_Mixer == NULL && Entry->u.Port.Length >= MixerPorts) {
            m_Mixer = Base;
        } else if (m_BusMaster == NULL && Entry->u.Port.Length >= BusMasterPorts) {
            m_BusMaster = Base;
        }
    }
    const BOOLEAN HasInterrupt = ResourceList->NumberOfEntriesOfType(CmResourceTypeInterrupt) != 0;
    return m_Mixer != NULL && m_BusMaster != NULL && HasInterrupt ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

// "Global Control": out of the cold reset that the link is in, or through one; then the codec takes its time.
NTSTATUS CAc97Hardware::ResetCodec() {
    PAGED_CODE();
    WRITE_PORT_ULONG((PULONG)(m_BusMaster + GlobalControl), 0);
    KeStallExecutionProcessor(PollMicroseconds);
    WRITE_PORT_ULONG((PULONG)(m_BusMaster + GlobalControl), NoColdReset);
    for (ULONG Waited = 0; Waited < MostMilliseconds; ++Waited) {
        const ULONG Status = READ_PORT_ULONG((PULONG)(m_BusMaster + GlobalStatus));
        if (Status != NothingAnswers && (Status & CodecReady) != 0) {
            return STATUS_SUCCESS;
        }
        Sleep(1);
    }
    return STATUS_NO_SUCH_DEVICE;
}

// Everything that is remembered, once the codec has power.
void CAc97Hardware::LoadCodec() {
    PAGED_CODE();
    ExAcquireFastMutex(&m_CodecMutex);
    m_HasPower = TRUE;
    if (m_HasVariableRate) {
        WriteCodec(CodecExtendedControl, Codec(CodecExtendedControl));
        WriteCodec(CodecDacRate, Codec(CodecDacRate));
        WriteCodec(CodecAdcRate, Codec(CodecAdcRate));
    }
    for (ULONG i = 0; i < ARRAYSIZE(CodecDefaults); ++i) {
        WriteCodec(CodecDefaults[i].Register, Codec(CodecDefaults[i].Register));
    }
    ExReleaseFastMutex(&m_CodecMutex);
}

// ---- power ---------------------------------------------------------------------------------------------------------

// "Powerdown Control/Status": the codec first, for it does not hear anything once the link is down. From one sleep to
// another nothing is left to do.
void CAc97Hardware::PowerDown() {
    PAGED_CODE();
    ExAcquireFastMutex(&m_CodecMutex);
    if (m_HasPower) {
        WriteCodec(CodecPower, PowerAllDown);
        WRITE_PORT_ULONG((PULONG)(m_BusMaster + GlobalControl), NoColdReset | LinkOff);
        m_HasPower = FALSE;
    }
    ExReleaseFastMutex(&m_CodecMutex);
}

// Controller and codec have forgotten everything; the mixer's settings and the rates are remembered here.
void CAc97Hardware::PowerUp() {
    PAGED_CODE();
    if (NT_SUCCESS(ResetCodec())) {
        LoadCodec();
    }
}

// ---- the codec -----------------------------------------------------------------------------------------------------

// "Codec Access Semaphore": reading takes it, the access that follows gives it back. A codec that hangs is not waited
// for.
void CAc97Hardware::WaitForCodec() {
    for (ULONG Poll = 0; Poll < MostPolls; ++Poll) {
        if ((READ_PORT_UCHAR(m_BusMaster + CodecSemaphore) & 1) == 0) {
            return;
        }
        KeStallExecutionProcessor(PollMicroseconds);
    }
}

USHORT CAc97Hardware::ReadCodec(ULONG Register) {
    WaitForCodec();
    return READ_PORT_USHORT((PUSHORT)(m_Mixer + Register));
}

void CAc97Hardware::WriteCodec(ULONG Register, USHORT Value) {
    WaitForCodec();
    WRITE_PORT_USHORT((PUSHORT)(m_Mixer + Register), Value);
}

// Without power it is remembered only, until LoadCodec.
void CAc97Hardware::ChangeCodec(ULONG Register, USHORT Mask, USHORT Value) {
    PAGED_CODE();
    ExAcquireFastMutex(&m_CodecMutex);
    USHORT* Remembered = &m_Codec[Register / 2];
    *Remembered = (USHORT)((*Remembered & ~Mask) | (Value & Mask));
    if (m_HasPower) {
        WriteCodec(Register, *Remembered);
    }
    ExReleaseFastMutex(&m_CodecMutex);
}

void CAc97Hardware::SetCodec(ULONG Register, USHORT Value) {
    ChangeCodec(Register, 0xFFFF, Value);
}

// "Audio Sample Rate Control Registers": a codec answers with the rate that it has taken. One without power is not
// asked.
BOOLEAN CAc97Hardware::SetRate(Ac97Engine Engine, ULONG Rate) {
    PAGED_CODE();
    if (!m_HasVariableRate) {
        return Rate == Ac97MaximumRate;
    }
    const ULONG Register = Engine == Ac97PcmOut ? CodecDacRate : CodecAdcRate;
    SetCodec(Register, (USHORT)Rate);
    ExAcquireFastMutex(&m_CodecMutex);
    const BOOLEAN IsTaken = !m_HasPower || ReadCodec(Register) == Rate;
    ExReleaseFastMutex(&m_CodecMutex);
    return IsTaken;
}

// ---- bus masters ---------------------------------------------------------------------------------------------------

BOOLEAN CAc97Hardware::Take(Ac97Engine Engine) {
    return InterlockedExchange(&m_IsTaken[Engine], TRUE) == FALSE;
}

void CAc97Hardware::GiveBack(Ac97Engine Engine) {
    InterlockedExchange(&m_IsTaken[Engine], FALSE);
}

void CAc97Hardware::StartEngine(Ac97Engine Engine, ULONG List, ULONG Last) {
    WRITE_PORT_ULONG((PULONG)EnginePort(Engine, EngineList), List);
    WRITE_PORT_UCHAR(EnginePort(Engine, EngineLast), (UCHAR)Last);
    m_MayInterrupt[Engine] = TRUE;
    WRITE_PORT_UCHAR(EnginePort(Engine, EngineControl), ControlRun | ControlInterrupts);
}

void CAc97Hardware::SetLast(Ac97Engine Engine, ULONG Last) {
    WRITE_PORT_UCHAR(EnginePort(Engine, EngineLast), (UCHAR)Last);
}

// "x_CIV": a read of 32 bits has index, last index and status of one moment.
ULONG CAc97Hardware::CurrentRegisters(Ac97Engine Engine) {
    return READ_PORT_ULONG((PULONG)EnginePort(Engine, EngineCurrent));
}

Ac97Progress CAc97Hardware::Progress(Ac97Engine Engine) {
    const ULONG Registers = CurrentRegisters(Engine);
    Ac97Progress Result;
    Result.Index = (UCHAR)Registers;
    Result.IsAtEnd = (Registers >> 16 & StatusAtEnd) != 0;
    return Result;
}

// A buffer may end between the reads: then they are done again.
Ac97Place CAc97Hardware::Place(Ac97Engine Engine) {
    Ac97Place Result;
    do {
        const Ac97Progress Now = Progress(Engine);
        Result.Index = Now.Index;
        Result.IsAtEnd = Now.IsAtEnd;
        Result.SamplesLeft = READ_PORT_USHORT((PUSHORT)EnginePort(Engine, EnginePosition));
    } while (Progress(Engine).Index != Result.Index);
    return Result;
}

void CAc97Hardware::HaltEngine(Ac97Engine Engine) {
    WRITE_PORT_UCHAR(EnginePort(Engine, EngineControl), 0);
}

// "Control Register": an engine is reset only after it has been halted.
void CAc97Hardware::StopEngine(Ac97Engine Engine) {
    HaltEngine(Engine);
    WRITE_PORT_UCHAR(EnginePort(Engine, EngineControl), ControlReset);
    m_MayInterrupt[Engine] = FALSE;
}

// ---- the interrupt -------------------------------------------------------------------------------------------------

NTSTATUS NTAPI CAc97Hardware::AttendSynchronized(PINTERRUPTSYNC InterruptSync, PVOID Context) {
    UNREFERENCED_PARAMETER(InterruptSync);
    const Attendance* Change = (const Attendance*)Context;
    Change->Hardware->m_Listener[Change->Engine] = Change->Listener;
    return STATUS_SUCCESS;
}

// Once the interrupt is disconnected nobody is called any more.
void CAc97Hardware::Attend(Ac97Engine Engine, CAc97Listener* Listener) {
    if (m_InterruptSync == NULL) {
        return;
    }
    Attendance Change = {this, Engine, Listener};
    m_InterruptSync->CallSynchronizedRoutine(AttendSynchronized, &Change);
}

void CAc97Hardware::Forget(Ac97Engine Engine) {
    Attend(Engine, NULL);
}

// The line is shared: somebody else's interrupt is left to somebody else. An engine's status tells whether it was its,
// so that "Global Status" need not be read as well; writing the events acknowledges them: all there are, for the
// listener looks how far the engine is only after that.
NTSTATUS NTAPI CAc97Hardware::ServiceInterrupt(PINTERRUPTSYNC InterruptSync, PVOID Context) {
    UNREFERENCED_PARAMETER(InterruptSync);
    CAc97Hardware* Hardware = (CAc97Hardware*)Context;
    NTSTATUS Result = STATUS_UNSUCCESSFUL;
    for (ULONG i = 0; i < Ac97Engines; ++i) {
        const Ac97Engine Engine = (Ac97Engine)i;
        if (!Hardware->m_MayInterrupt[Engine]) {
            continue;
        }
        const ULONG Registers = Hardware->CurrentRegisters(Engine);
        if (Registers == NothingAnswers || (Registers >> 16 & StatusReasons) == 0) {
            continue;
        }
        WRITE_PORT_USHORT((PUSHORT)Hardware->EnginePort(Engine, EngineStatus), StatusEvents);
        if (Hardware->m_Listener[Engine] != NULL) {
            Hardware->m_Listener[Engine]->EngineInterrupt();
        }
        Result = STATUS_SUCCESS;
    }
    return Result;
}
