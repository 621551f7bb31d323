// A stream of the card: one DMA channel, one service group.
#pragma once

#include "hardware.h"
#include "ring.h"

// Which of a format the card has to know.
struct Sb16Format {
    BOOLEAN Is16Bit;
    BOOLEAN IsStereo;
    ULONG Rate;

    ULONG FrameBytes() const { return (ULONG)((Is16Bit ? 2 : 1) * (IsStereo ? 2 : 1)); }
};

// False for formats that the card does not take.
BOOLEAN Sb16ReadFormat(PKSDATAFORMAT DataFormat, Sb16Format* Format);

// Takes references of its own. Owner is the miniport; its channel is free again when the stream is gone.
class CSb16Wave;
NTSTATUS CreateSb16Stream(PMINIPORTWAVECYCLICSTREAM* OutStream, POOL_TYPE PoolType, CSb16Wave* Owner, BOOLEAN Capture,
                          const Sb16Format& Format, CSb16Ring* Ring, PSERVICEGROUP Group);

class CSb16Wave : public IMiniportWaveCyclic, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CSb16Wave);
    ~CSb16Wave();
    IMP_IMiniportWaveCyclic;

    CSb16Hardware* Hardware() { return m_Sb16->Hardware(); }
    PPORTWAVECYCLIC Port() { return m_Port; }
    IDmaChannelSlave* Channel(Sb16Stream Stream) { return m_Channels[Stream]; }
    void GiveBack(Sb16Stream Stream, BOOLEAN Capture);

private:
    NTSTATUS MakeChannels(PRESOURCELIST ResourceList);
    BOOLEAN IsChannelTaken(IDmaChannelSlave* Channel);
    NTSTATUS Take(Sb16Stream Stream, BOOLEAN Capture);

    ISb16* m_Sb16;
    PPORTWAVECYCLIC m_Port;
    FAST_MUTEX m_Mutex;                        // over what is in use
    IDmaChannelSlave* m_Channels[Sb16Streams]; // one twice: a channel for both
    BOOLEAN m_IsTaken[Sb16Streams];
    BOOLEAN m_IsConverterTaken[2]; // the DAC and the ADC
};
