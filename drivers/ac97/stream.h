// The wave miniport, and a stream of it: mappings of client memory become entries of a bus master's list.
#pragma once

#include "hardware.h"

// Which of a format the card has to know: samples are stereo, of 16 bits.
static const ULONG Ac97FrameBytes = 4;

// 0 for formats that the card does not take.
ULONG Ac97ReadRate(PKSDATAFORMAT DataFormat);

class CAc97Wave : public IMiniportWavePci, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97Wave);
    ~CAc97Wave();
    IMP_IMiniportWavePci;

    CAc97Hardware* Hardware() { return m_Ac97->Hardware(); }
    PPORTWAVEPCI Port() { return m_Port; }
    void GiveBack(Ac97Engine Engine);

private:
    BOOLEAN Take(Ac97Engine Engine);

    IAc97* m_Ac97;
    PPORTWAVEPCI m_Port;
    LONG m_IsTaken[Ac97Engines];
};

// Takes over Channel, and references of its own to the others. The engine is free again when the stream is gone.
NTSTATUS CreateAc97Stream(PMINIPORTWAVEPCISTREAM* OutStream, POOL_TYPE PoolType, CAc97Wave* Owner,
                          PPORTWAVEPCISTREAM PortStream, Ac97Engine Engine, ULONG Rate, PDMACHANNEL Channel,
                          PSERVICEGROUP Group);
