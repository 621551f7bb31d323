/* Interfaces between a port and its miniport: topology, WaveCyclic, WavePci, WaveRT, MIDI. */
#ifndef OPC_PORTCLS_INTERFACES_MINIPORT_H
#define OPC_PORTCLS_INTERFACES_MINIPORT_H

#include "portcls_types.h"

/* Base of all ports. */
#define OPC_METHODS_IPort(METHOD_, END)                                                                                \
    METHOD_(NTSTATUS, Init)(THIS_ _In_ OPC_PORT_DEVICE DeviceObject, _In_opt_ OPC_PORT_IRP Irp,                        \
                            _In_ PUNKNOWN UnknownMiniport, _In_opt_ PUNKNOWN UnknownAdapter,                           \
                            _In_ PRESOURCELIST ResourceList) END                                                       \
    METHOD_(NTSTATUS, GetDeviceProperty)(THIS_ _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty, _In_ ULONG BufferLength,  \
                                         _Out_ PVOID PropertyBuffer, _Out_ PULONG ResultLength)                        \
        END METHOD_(NTSTATUS, NewRegistryKey)(                                                                         \
            THIS_ _Out_ PREGISTRYKEY * OutRegistryKey, _In_opt_ PUNKNOWN OuterUnknown, _In_ ULONG RegistryKeyType,     \
            _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,                              \
            _In_opt_ ULONG CreateOptions, _Out_opt_ PULONG Disposition) END
#define DEFINE_ABSTRACT_PORT() OPC_METHODS_IPort(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IPort
DECLARE_INTERFACE_(IPort, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;)
};
typedef IPort* PPORT;
#ifdef PC_IMPLEMENTATION
#define IMP_IPort OPC_METHODS_IPort(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPort
#endif

/* Base of all miniports. */
#define OPC_METHODS_IMiniport(METHOD_, END)                                                                            \
    METHOD_(NTSTATUS, GetDescription)(THIS_ _Out_ PPCFILTER_DESCRIPTOR * Description) END METHOD_(                     \
        NTSTATUS, DataRangeIntersection)(THIS_ _In_ ULONG PinId, _In_ PKSDATARANGE DataRange,                          \
                                         _In_ PKSDATARANGE MatchingDataRange, _In_ ULONG OutputBufferLength,           \
                                         _Out_opt_ PVOID ResultantFormat, _Out_ PULONG ResultantFormatLength) END
#define DEFINE_ABSTRACT_MINIPORT() OPC_METHODS_IMiniport(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMiniport
DECLARE_INTERFACE_(IMiniport, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;)
};
typedef IMiniport* PMINIPORT;
#define IMP_IMiniport OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;)

/* Port of IMiniportMidi. */
#define OPC_METHODS_IPortMidi(METHOD_, END)                                                                            \
    METHOD_(VOID, Notify)(THIS_ _In_opt_ PSERVICEGROUP ServiceGroup) END METHOD_(VOID, RegisterServiceGroup)(          \
        THIS_ _In_ PSERVICEGROUP ServiceGroup) END
#undef INTERFACE
#define INTERFACE IPortMidi
DECLARE_INTERFACE_(IPortMidi, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;) OPC_METHODS_IPortMidi(STDMETHOD_, PURE;)
};
typedef IPortMidi* PPORTMIDI;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortMidi OPC_METHODS_IPort(OPC_IMPLEMENT_, ;) OPC_METHODS_IPortMidi(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortMidi
#endif

/* One MIDI byte stream. */
#define OPC_METHODS_IMiniportMidiStream(METHOD_, END)                                                                  \
    METHOD_(NTSTATUS, SetFormat)(THIS_ _In_ PKSDATAFORMAT DataFormat) END METHOD_(NTSTATUS,                            \
                                                                                  SetState)(THIS_ _In_ KSSTATE State)  \
        END METHOD_(NTSTATUS, Read)(THIS_ _In_ PVOID BufferAddress, _In_ ULONG BufferLength, _Out_ PULONG BytesRead)   \
            END METHOD_(NTSTATUS, Write)(THIS_ _In_ PVOID BufferAddress, _In_ ULONG BytesToWrite,                      \
                                         _Out_ PULONG BytesWritten) END
#undef INTERFACE
#define INTERFACE IMiniportMidiStream
DECLARE_INTERFACE_(IMiniportMidiStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportMidiStream(STDMETHOD_, PURE;)
};
typedef IMiniportMidiStream* PMINIPORTMIDISTREAM;
#define IMP_IMiniportMidiStream OPC_METHODS_IMiniportMidiStream(OPC_IMPLEMENT_, ;)

/* MIDI UART style miniport. */
#define OPC_METHODS_IMiniportMidi(METHOD_, END)                                                                        \
    METHOD_(NTSTATUS, Init)(THIS_ _In_ PUNKNOWN UnknownAdapter, _In_ PRESOURCELIST ResourceList, _In_ PPORTMIDI Port,  \
                            _Out_ PSERVICEGROUP * ServiceGroup) END                                                    \
    METHOD_(VOID, Service)(THIS)                                                                                       \
        END METHOD_(NTSTATUS, NewStream)(THIS_ _Out_ PMINIPORTMIDISTREAM * Stream, _In_opt_ PUNKNOWN OuterUnknown,     \
                                         _In_ POOL_TYPE PoolType, _In_ ULONG Pin, _In_ BOOLEAN Capture,                \
                                         _In_ PKSDATAFORMAT DataFormat, _Out_ PSERVICEGROUP * ServiceGroup) END
#undef INTERFACE
#define INTERFACE IMiniportMidi
DECLARE_INTERFACE_(IMiniportMidi, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;) OPC_METHODS_IMiniportMidi(STDMETHOD_, PURE;)
};
typedef IMiniportMidi* PMINIPORTMIDI;
#define IMP_IMiniportMidi OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;) OPC_METHODS_IMiniportMidi(OPC_IMPLEMENT_, ;)

/* Port without streams; adds nothing to IPort. */
#undef INTERFACE
#define INTERFACE IPortTopology
DECLARE_INTERFACE_(IPortTopology, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;)
};
typedef IPortTopology* PPORTTOPOLOGY;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortTopology OPC_METHODS_IPort(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortTopology
#endif

/* Topology miniport. */
#define OPC_METHODS_IMiniportTopology(METHOD_, END)                                                                    \
    METHOD_(NTSTATUS, Init)(THIS_ _In_ PUNKNOWN UnknownAdapter, _In_ PRESOURCELIST ResourceList,                       \
                            _In_ PPORTTOPOLOGY Port) END
#undef INTERFACE
#define INTERFACE IMiniportTopology
DECLARE_INTERFACE_(IMiniportTopology, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;) OPC_METHODS_IMiniportTopology(STDMETHOD_, PURE;)
};
typedef IMiniportTopology* PMINIPORTTOPOLOGY;
#define IMP_IMiniportTopology OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;) OPC_METHODS_IMiniportTopology(OPC_IMPLEMENT_, ;)

/* Port that copies between client IRPs and a cyclic buffer. */
#define OPC_METHODS_IPortWaveCyclic(METHOD_, END)                                                                      \
    METHOD_(VOID, Notify)(THIS_ _In_ PSERVICEGROUP ServiceGroup) END METHOD_(NTSTATUS, NewSlaveDmaChannel)(            \
        THIS_ _Out_ PDMACHANNELSLAVE * DmaChannel, _In_ PUNKNOWN OuterUnknown, _In_ PRESOURCELIST ResourceList,        \
        _In_ ULONG DmaIndex, _In_ ULONG MaximumLength, _In_ BOOLEAN DemandMode, _In_ DMA_SPEED DmaSpeed)               \
        END METHOD_(NTSTATUS, NewMasterDmaChannel)(THIS_ _Out_ PDMACHANNEL * DmaChannel, _In_ PUNKNOWN OuterUnknown,   \
                                                   _In_opt_ PRESOURCELIST ResourceList, _In_ ULONG MaximumLength,      \
                                                   _In_ BOOLEAN Dma32BitAddresses, _In_ BOOLEAN Dma64BitAddresses,     \
                                                   _In_ DMA_WIDTH DmaWidth, _In_ DMA_SPEED DmaSpeed) END
#undef INTERFACE
#define INTERFACE IPortWaveCyclic
DECLARE_INTERFACE_(IPortWaveCyclic, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;) OPC_METHODS_IPortWaveCyclic(STDMETHOD_, PURE;)
};
typedef IPortWaveCyclic* PPORTWAVECYCLIC;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortWaveCyclic OPC_METHODS_IPort(OPC_IMPLEMENT_, ;) OPC_METHODS_IPortWaveCyclic(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortWaveCyclic
#endif

/* One cyclic-buffer stream. */
#define OPC_METHODS_IMiniportWaveCyclicStream(METHOD_, END)                                                            \
    METHOD_(NTSTATUS, SetFormat)(THIS_ _In_ PKSDATAFORMAT DataFormat) END METHOD_(ULONG, SetNotificationFreq)(         \
        THIS_ _In_ ULONG Interval, _Out_ PULONG FrameSize) END METHOD_(NTSTATUS, SetState)(THIS_ _In_ KSSTATE State)   \
        END METHOD_(NTSTATUS, GetPosition)(THIS_ _Out_ PULONG Position)                                                \
            END METHOD_(NTSTATUS, NormalizePhysicalPosition)(THIS_ _Inout_ PLONGLONG PhysicalPosition)                 \
                END METHOD_(VOID, Silence)(THIS_ _Inout_ PVOID Buffer, _In_ ULONG ByteCount) END
#undef INTERFACE
#define INTERFACE IMiniportWaveCyclicStream
DECLARE_INTERFACE_(IMiniportWaveCyclicStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportWaveCyclicStream(STDMETHOD_, PURE;)
};
typedef IMiniportWaveCyclicStream* PMINIPORTWAVECYCLICSTREAM;
#define IMP_IMiniportWaveCyclicStream OPC_METHODS_IMiniportWaveCyclicStream(OPC_IMPLEMENT_, ;)

/* WaveCyclic miniport. */
#define OPC_METHODS_IMiniportWaveCyclic(METHOD_, END)                                                                  \
    METHOD_(NTSTATUS, Init)(THIS_ _In_ PUNKNOWN UnknownAdapter, _In_ PRESOURCELIST ResourceList,                       \
                            _In_ PPORTWAVECYCLIC Port) END                                                             \
    METHOD_(NTSTATUS, NewStream)(THIS_ _Out_ PMINIPORTWAVECYCLICSTREAM * Stream, _In_opt_ PUNKNOWN OuterUnknown,       \
                                 _In_ POOL_TYPE PoolType, _In_ ULONG Pin, _In_ BOOLEAN Capture,                        \
                                 _In_ PKSDATAFORMAT DataFormat, _Out_ PDMACHANNEL * DmaChannel,                        \
                                 _Out_ PSERVICEGROUP * ServiceGroup) END
#undef INTERFACE
#define INTERFACE IMiniportWaveCyclic
DECLARE_INTERFACE_(IMiniportWaveCyclic, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;) OPC_METHODS_IMiniportWaveCyclic(STDMETHOD_, PURE;)
};
typedef IMiniportWaveCyclic* PMINIPORTWAVECYCLIC;
#define IMP_IMiniportWaveCyclic                                                                                        \
    OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;) OPC_METHODS_IMiniportWaveCyclic(OPC_IMPLEMENT_, ;)

/* Port handing out scatter/gather mappings of client buffers. */
#define OPC_METHODS_IPortWavePci(METHOD_, END)                                                                         \
    METHOD_(VOID, Notify)(THIS_ _In_ PSERVICEGROUP ServiceGroup) END METHOD_(NTSTATUS, NewMasterDmaChannel)(           \
        THIS_ _Out_ PDMACHANNEL * OutDmaChannel, _In_opt_ PUNKNOWN OuterUnknown, _In_ POOL_TYPE PoolType,              \
        _In_opt_ PRESOURCELIST ResourceList, _In_ BOOLEAN ScatterGather, _In_ BOOLEAN Dma32BitAddresses,               \
        _In_ BOOLEAN Dma64BitAddresses, _In_ BOOLEAN IgnoreCount, _In_ DMA_WIDTH DmaWidth, _In_ DMA_SPEED DmaSpeed,    \
        _In_ ULONG MaximumLength, _In_ ULONG DmaPort) END
#undef INTERFACE
#define INTERFACE IPortWavePci
DECLARE_INTERFACE_(IPortWavePci, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;) OPC_METHODS_IPortWavePci(STDMETHOD_, PURE;)
};
typedef IPortWavePci* PPORTWAVEPCI;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortWavePci OPC_METHODS_IPort(OPC_IMPLEMENT_, ;) OPC_METHODS_IPortWavePci(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortWavePci
#endif

/* Port-side peer of each WavePci stream. */
#define OPC_METHODS_IPortWavePciStream(METHOD_, END)                                                                   \
    METHOD_(NTSTATUS, GetMapping)(THIS_ _In_ PVOID Tag, _Out_ PPHYSICAL_ADDRESS PhysicalAddress,                       \
                                  _Out_ PVOID * VirtualAddress, _Out_ PULONG ByteCount, _Out_ PULONG Flags) END        \
    METHOD_(NTSTATUS, ReleaseMapping)(THIS_ _In_ PVOID Tag) END METHOD_(NTSTATUS, TerminatePacket)(THIS) END
#undef INTERFACE
#define INTERFACE IPortWavePciStream
DECLARE_INTERFACE_(IPortWavePciStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortWavePciStream(STDMETHOD_, PURE;)
};
typedef IPortWavePciStream* PPORTWAVEPCISTREAM;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortWavePciStream OPC_METHODS_IPortWavePciStream(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortWavePciStream
#endif

/* One WavePci stream. */
#define OPC_METHODS_IMiniportWavePciStream(METHOD_, END)                                                               \
    METHOD_(NTSTATUS, SetFormat)(THIS_ _In_ PKSDATAFORMAT DataFormat) END METHOD_(NTSTATUS, SetState)(                 \
        THIS_ _In_ KSSTATE State) END METHOD_(NTSTATUS, GetPosition)(THIS_ _Out_ PULONGLONG Position)                  \
        END METHOD_(NTSTATUS, NormalizePhysicalPosition)(THIS_ _Inout_ PLONGLONG PhysicalPosition)                     \
            END METHOD_(NTSTATUS, GetAllocatorFraming)(THIS_ _Out_ PKSALLOCATOR_FRAMING AllocatorFraming) END METHOD_( \
                NTSTATUS, RevokeMappings)(THIS_ _In_ PVOID FirstTag, _In_ PVOID LastTag, _Out_ PULONG MappingsRevoked) \
                END METHOD_(VOID, MappingAvailable)(THIS) END METHOD_(VOID, Service)(THIS) END
#undef INTERFACE
#define INTERFACE IMiniportWavePciStream
DECLARE_INTERFACE_(IMiniportWavePciStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportWavePciStream(STDMETHOD_, PURE;)
};
typedef IMiniportWavePciStream* PMINIPORTWAVEPCISTREAM;
#define IMP_IMiniportWavePciStream OPC_METHODS_IMiniportWavePciStream(OPC_IMPLEMENT_, ;)

/* WavePci miniport. */
#define OPC_METHODS_IMiniportWavePci(METHOD_, END)                                                                     \
    METHOD_(NTSTATUS, Init)(THIS_ _In_ PUNKNOWN UnknownAdapter, _In_ PRESOURCELIST ResourceList,                       \
                            _In_ PPORTWAVEPCI Port, _Out_ PSERVICEGROUP * ServiceGroup) END                            \
    METHOD_(NTSTATUS, NewStream)(THIS_ _Out_ PMINIPORTWAVEPCISTREAM * Stream, _In_opt_ PUNKNOWN OuterUnknown,          \
                                 _In_ POOL_TYPE PoolType, _In_ PPORTWAVEPCISTREAM PortStream, _In_ ULONG Pin,          \
                                 _In_ BOOLEAN Capture, _In_ PKSDATAFORMAT DataFormat, _Out_ PDMACHANNEL * DmaChannel,  \
                                 _Out_ PSERVICEGROUP * ServiceGroup) END METHOD_(VOID, Service)(THIS) END
#undef INTERFACE
#define INTERFACE IMiniportWavePci
DECLARE_INTERFACE_(IMiniportWavePci, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;) OPC_METHODS_IMiniportWavePci(STDMETHOD_, PURE;)
};
typedef IMiniportWavePci* PMINIPORTWAVEPCI;
#define IMP_IMiniportWavePci OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;) OPC_METHODS_IMiniportWavePci(OPC_IMPLEMENT_, ;)

/* Port that maps a shared cyclic buffer to the client. */
#undef INTERFACE
#define INTERFACE IPortWaveRT
DECLARE_INTERFACE_(IPortWaveRT, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;)
};
typedef IPortWaveRT* PPORTWAVERT;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortWaveRT OPC_METHODS_IPort(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortWaveRT
#endif

/* Only legal source of WaveRT buffer memory. */
#define OPC_METHODS_IPortWaveRTStream(METHOD_, END)                                                                    \
    METHOD_(PMDL, AllocatePagesForMdl)(THIS_ _In_ PHYSICAL_ADDRESS HighAddress, _In_ SIZE_T TotalBytes) END METHOD_(   \
        PMDL, AllocateContiguousPagesForMdl)(THIS_ _In_ PHYSICAL_ADDRESS LowAddress,                                   \
                                             _In_ PHYSICAL_ADDRESS HighAddress, _In_ SIZE_T TotalBytes)                \
        END METHOD_(PVOID, MapAllocatedPages)(THIS_ _In_ PMDL MemoryDescriptorList,                                    \
                                              _In_ MEMORY_CACHING_TYPE CacheType)                                      \
            END METHOD_(VOID, UnmapAllocatedPages)(THIS_ _In_ PVOID BaseAddress, _In_ PMDL MemoryDescriptorList)       \
                END METHOD_(VOID, FreePagesFromMdl)(THIS_ _In_ PMDL MemoryDescriptorList)                              \
                    END METHOD_(ULONG, GetPhysicalPagesCount)(THIS_ _In_ PMDL MemoryDescriptorList)                    \
                        END OPC_STRUCT_METHOD(METHOD_, PHYSICAL_ADDRESS, GetPhysicalPageAddress)(                      \
                            OPC_THIS_RESULT_(PHYSICAL_ADDRESS) _In_ PMDL MemoryDescriptorList, _In_ ULONG Index) END
#undef INTERFACE
#define INTERFACE IPortWaveRTStream
DECLARE_INTERFACE_(IPortWaveRTStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPortWaveRTStream(STDMETHOD_, PURE;)
};
typedef IPortWaveRTStream* PPORTWAVERTSTREAM;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortWaveRTStream OPC_METHODS_IPortWaveRTStream(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortWaveRTStream
#endif

/* One WaveRT stream. */
#define OPC_METHODS_IMiniportWaveRTStream(METHOD_, END)                                                                \
    METHOD_(NTSTATUS, SetFormat)(THIS_ _In_ PKSDATAFORMAT DataFormat) END METHOD_(NTSTATUS, SetState)(                 \
        THIS_ _In_ KSSTATE State) END METHOD_(NTSTATUS, GetPosition)(THIS_ _Out_ PKSAUDIO_POSITION Position)           \
        END METHOD_(NTSTATUS, AllocateAudioBuffer)(THIS_ _In_ ULONG RequestedSize, _Out_ PMDL * AudioBufferMdl,        \
                                                   _Out_ ULONG * ActualSize, _Out_ ULONG * OffsetFromFirstPage,        \
                                                   _Out_ MEMORY_CACHING_TYPE * CacheType)                              \
            END METHOD_(VOID, FreeAudioBuffer)(THIS_ _In_opt_ PMDL AudioBufferMdl, _In_ ULONG BufferSize)              \
                END METHOD_(VOID, GetHWLatency)(THIS_ _Out_ KSRTAUDIO_HWLATENCY * hwLatency)                           \
                    END METHOD_(NTSTATUS, GetPositionRegister)(THIS_ _Out_ KSRTAUDIO_HWREGISTER * Register)            \
                        END METHOD_(NTSTATUS, GetClockRegister)(THIS_ _Out_ KSRTAUDIO_HWREGISTER * Register) END
#define DEFINE_ABSTRACT_MINIPORTWAVERTSTREAM() OPC_METHODS_IMiniportWaveRTStream(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMiniportWaveRTStream
DECLARE_INTERFACE_(IMiniportWaveRTStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportWaveRTStream(STDMETHOD_, PURE;)
};
typedef IMiniportWaveRTStream* PMINIPORTWAVERTSTREAM;
#define IMP_IMiniportWaveRTStream OPC_METHODS_IMiniportWaveRTStream(OPC_IMPLEMENT_, ;)

/* Event-driven WaveRT stream. */
#define OPC_METHODS_IMiniportWaveRTStreamNotification(METHOD_, END)                                                    \
    METHOD_(NTSTATUS, AllocateBufferWithNotification)(                                                                 \
        THIS_ _In_ ULONG NotificationCount, _In_ ULONG RequestedSize, _Out_ PMDL * AudioBufferMdl,                     \
        _Out_ ULONG * ActualSize, _Out_ ULONG * OffsetFromFirstPage, _Out_ MEMORY_CACHING_TYPE * CacheType) END        \
    METHOD_(VOID, FreeBufferWithNotification)(THIS_ _In_ PMDL AudioBufferMdl, _In_ ULONG BufferSize)                   \
        END METHOD_(NTSTATUS, RegisterNotificationEvent)(THIS_ _In_ PKEVENT NotificationEvent)                         \
            END METHOD_(NTSTATUS, UnregisterNotificationEvent)(THIS_ _In_ PKEVENT NotificationEvent) END
#define DEFINE_ABSTRACT_MINIPORTWAVERTSTREAMNOTIFICATION()                                                             \
    OPC_METHODS_IMiniportWaveRTStreamNotification(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMiniportWaveRTStreamNotification
DECLARE_INTERFACE_(IMiniportWaveRTStreamNotification, IMiniportWaveRTStream) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportWaveRTStream(STDMETHOD_, PURE;)
        OPC_METHODS_IMiniportWaveRTStreamNotification(STDMETHOD_, PURE;)
};
typedef IMiniportWaveRTStreamNotification* PMINIPORTWAVERTSTREAMNOTIFICATION;
/* Only the added methods: classes name IMP_IMiniportWaveRTStream beside it. */
#define IMP_IMiniportWaveRTStreamNotification OPC_METHODS_IMiniportWaveRTStreamNotification(OPC_IMPLEMENT_, ;)

/* Packet-mode capture, optional. */
#define OPC_METHODS_IMiniportWaveRTInputStream(METHOD_, END)                                                           \
    METHOD_(NTSTATUS, GetReadPacket)(THIS_ _Out_ ULONG * PacketNumber, _Out_ DWORD * Flags,                            \
                                     _Out_ ULONG64 * PerformanceCounterValue, _Out_ BOOL * MoreData) END
#define DEFINE_ABSTRACT_MINIPORTWAVERTINPUTSTREAM() OPC_METHODS_IMiniportWaveRTInputStream(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMiniportWaveRTInputStream
DECLARE_INTERFACE_(IMiniportWaveRTInputStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportWaveRTInputStream(STDMETHOD_, PURE;)
};
typedef IMiniportWaveRTInputStream* PMINIPORTWAVERTINPUTSTREAM;
#define IMP_IMiniportWaveRTInputStream OPC_METHODS_IMiniportWaveRTInputStream(OPC_IMPLEMENT_, ;)

/* Packet-mode render, optional. */
#define OPC_METHODS_IMiniportWaveRTOutputStream(METHOD_, END)                                                          \
    METHOD_(NTSTATUS, SetWritePacket)(THIS_ _In_ ULONG PacketNumber, _In_ DWORD Flags, _In_ ULONG EosPacketLength) END \
    METHOD_(NTSTATUS,                                                                                                  \
            GetOutputStreamPresentationPosition)(THIS_ _Out_ KSAUDIO_PRESENTATION_POSITION * pPresentationPosition)    \
        END METHOD_(NTSTATUS, GetPacketCount)(THIS_ _Out_ ULONG * pPacketCount) END
#define DEFINE_ABSTRACT_MINIPORTWAVERTOUTPUTSTREAM() OPC_METHODS_IMiniportWaveRTOutputStream(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMiniportWaveRTOutputStream
DECLARE_INTERFACE_(IMiniportWaveRTOutputStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportWaveRTOutputStream(STDMETHOD_, PURE;)
};
typedef IMiniportWaveRTOutputStream* PMINIPORTWAVERTOUTPUTSTREAM;
#define IMP_IMiniportWaveRTOutputStream OPC_METHODS_IMiniportWaveRTOutputStream(OPC_IMPLEMENT_, ;)

/* WaveRT miniport. */
#define OPC_METHODS_IMiniportWaveRT(METHOD_, END)                                                                      \
    METHOD_(NTSTATUS, Init)(THIS_ _In_ PUNKNOWN UnknownAdapter, _In_ PRESOURCELIST ResourceList,                       \
                            _In_ PPORTWAVERT Port) END                                                                 \
    METHOD_(NTSTATUS, NewStream)(THIS_ _Out_ PMINIPORTWAVERTSTREAM * Stream, _In_ PPORTWAVERTSTREAM PortStream,        \
                                 _In_ ULONG Pin, _In_ BOOLEAN Capture, _In_ PKSDATAFORMAT DataFormat)                  \
        END METHOD_(NTSTATUS, GetDeviceDescription)(THIS_ _Out_ PDEVICE_DESCRIPTION DeviceDescription) END
#undef INTERFACE
#define INTERFACE IMiniportWaveRT
DECLARE_INTERFACE_(IMiniportWaveRT, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;) OPC_METHODS_IMiniportWaveRT(STDMETHOD_, PURE;)
};
typedef IMiniportWaveRT* PMINIPORTWAVERT;
#define IMP_IMiniportWaveRT OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;) OPC_METHODS_IMiniportWaveRT(OPC_IMPLEMENT_, ;)

/* Optional WaveRT miniport interface listing signal processing modes. */
#define OPC_METHODS_IMiniportAudioSignalProcessing(METHOD_, END)                                                       \
    METHOD_(NTSTATUS, GetModes)(THIS_ _In_ ULONG Pin, _Out_opt_ GUID * SignalProcessingModes,                          \
                                _Inout_ ULONG * NumSignalProcessingModes) END
#undef INTERFACE
#define INTERFACE IMiniportAudioSignalProcessing
DECLARE_INTERFACE_(IMiniportAudioSignalProcessing, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniportAudioSignalProcessing(STDMETHOD_, PURE;)
};
typedef IMiniportAudioSignalProcessing *PMINIPORTAUDIOSIGNALPROCESSING, *PMINIPORTAudioSignalProcessing;
#define IMP_IMiniportAudioSignalProcessing OPC_METHODS_IMiniportAudioSignalProcessing(OPC_IMPLEMENT_, ;)

#undef INTERFACE

#endif
