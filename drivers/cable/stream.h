// One open pin of the wave filter: a WaveRT stream with notification events and packet mode in both directions.
#pragma once

#include "engine.h"

class CCableStream : public IMiniportWaveRTStreamNotification,
                     public IMiniportWaveRTOutputStream,
                     public IMiniportWaveRTInputStream,
                     public CUnknown,
                     private CableStream {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CCableStream);
    ~CCableStream();

    NTSTATUS Init(CCableEngine* NewEngine, PPORTWAVERTSTREAM NewPortStream, BOOLEAN Capture, PKSDATAFORMAT DataFormat);

    IMP_IMiniportWaveRTStream;
    IMP_IMiniportWaveRTStreamNotification;
    IMP_IMiniportWaveRTOutputStream;
    IMP_IMiniportWaveRTInputStream;

private:
    NTSTATUS AllocateBuffer(ULONG NotificationCount, ULONG RequestedSize, PMDL* BufferMdl, ULONG* ActualSize,
                            ULONG* OffsetFromFirstPage, MEMORY_CACHING_TYPE* CacheType);
    void FreeBuffer(PMDL BufferMdl);
    ULONG PacketsIn(ULONGLONG Frames) const { return (ULONG)(Frames / PeriodFrames); }

    CCableEngine* m_Engine;
    PPORTWAVERTSTREAM m_PortStream;
    BOOLEAN m_Attached;
    KSSTATE m_State;
    PMDL m_Mdl;
    ULONG m_Packets;       // per buffer; 0 = no notifications
    BOOLEAN m_EndOfStream; // the client has marked a packet as the last one
    ULONG m_NextRead;      // capture: first packet the client has not fetched
};
