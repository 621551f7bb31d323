// The WavePci miniport, and a stream of it: mappings of client memory become entries of a bus master's list.
#pragma once

#include "hardware.h"

class CAc97Wave : public IMiniportWavePci, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CAc97Wave);
    ~CAc97Wave();
    IMP_IMiniportWavePci;

    CAc97Hardware* Hardware() { return m_Ac97->Hardware(); }
    PPORTWAVEPCI Port() { return m_Port; }

private:
    IAc97* m_Ac97;
    PPORTWAVEPCI m_Port;
};

// Takes over Channel, and references of its own to the others. The engine is free again when the stream is gone.
NTSTATUS CreateAc97Stream(PMINIPORTWAVEPCISTREAM* OutStream, POOL_TYPE PoolType, CAc97Wave* Owner,
                          PPORTWAVEPCISTREAM PortStream, Ac97Engine Engine, ULONG Rate, PDMACHANNEL Channel,
                          PSERVICEGROUP Group);
