/* DirectMusic: events with a time stamp, message transform filters, and the DMus port and miniport. */
#ifndef _DMUSICKS_
#define _DMUSICKS_

#include "dmusprop.h"
#include "portcls.h"

#define DONT_HOLD_FOR_SEQUENCING 0x8000000000000000

#ifndef REFERENCE_TIME_DEFINED
#define REFERENCE_TIME_DEFINED
typedef LONGLONG REFERENCE_TIME;
#endif

typedef struct _DMUS_KERNEL_EVENT {
    BYTE bReserved;
    BYTE cbStruct;
    USHORT cbEvent;
    USHORT usChannelGroup;
    USHORT usFlags;
    REFERENCE_TIME ullPresTime100ns;
    ULONGLONG ullBytePosition;
    struct _DMUS_KERNEL_EVENT* pNextEvt;
    union {
        BYTE abData[sizeof(PBYTE)];
        PBYTE pbData;
        struct _DMUS_KERNEL_EVENT* pPackageEvt;
    } uData;
} DMUS_KERNEL_EVENT, *PDMUS_KERNEL_EVENT;

typedef enum {
    DMUS_STREAM_MIDI_INVALID = -1,
    DMUS_STREAM_MIDI_RENDER = 0,
    DMUS_STREAM_MIDI_CAPTURE,
    DMUS_STREAM_WAVE_SINK
} DMUS_STREAM_TYPE;

#define DMUS_KEF_EVENT_COMPLETE 0x0000
#define DMUS_KEF_EVENT_INCOMPLETE 0x0001
#define DMUS_KEF_PACKAGE_EVENT 0x0002
#define kBytePositionNone (~(ULONGLONG)0)

#define SHORT_EVT(evt) ((evt)->cbEvent <= sizeof(PBYTE))
#define PACKAGE_EVT(evt) ((evt)->usFlags & DMUS_KEF_PACKAGE_EVENT)
#define INCOMPLETE_EVT(evt) ((evt)->usFlags & DMUS_KEF_EVENT_INCOMPLETE)
#define COMPLETE_EVT(evt) (((evt)->usFlags & DMUS_KEF_EVENT_INCOMPLETE) == 0)
#define SET_INCOMPLETE_EVT(evt) ((evt)->usFlags |= DMUS_KEF_EVENT_INCOMPLETE)
#define SET_COMPLETE_EVT(evt) ((evt)->usFlags &= (~DMUS_KEF_EVENT_INCOMPLETE))
#define SET_PACKAGE_EVT(evt) ((evt)->usFlags |= DMUS_KEF_PACKAGE_EVENT)
#define CLEAR_PACKAGE_EVT(evt) ((evt)->usFlags &= (~DMUS_KEF_PACKAGE_EVENT))

DEFINE_GUID(CLSID_PortDMus, 0xB7902FE9, 0xFB0A, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
DEFINE_GUID(CLSID_MiniportDriverDMusUART, 0xD3F0CE1C, 0xFFFC, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
DEFINE_GUID(CLSID_MiniportDriverDMusUARTCapture, 0xD3F0CE1D, 0xFFFC, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16,
            0xC1);
DEFINE_GUID(IID_IPortDMus, 0xC096DF9C, 0xFB09, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
DEFINE_GUID(IID_IMiniportDMus, 0xC096DF9D, 0xFB09, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
DEFINE_GUID(IID_IAllocatorMXF, 0xA5F0D62C, 0xB30F, 0x11D2, 0xB7, 0xA3, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
DEFINE_GUID(IID_IMXF, 0xC096DF9E, 0xFB09, 0x11D1, 0x81, 0xB0, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1);
DEFINE_GUID(IID_ISynthSinkDMus, 0x1F476974, 0x679B, 0x11D2, 0x8F, 0x7D, 0x00, 0xC0, 0x4F, 0xBF, 0x8F, 0xEF);
#define STATIC_KSAUDFNAME_DMUSIC_MPU_OUT 0xA4DF0EB5, 0xBAC9, 0x11D2, 0xB7, 0xA8, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("A4DF0EB5-BAC9-11D2-B7A8-0060083316C1", KSAUDFNAME_DMUSIC_MPU_OUT);
#define KSAUDFNAME_DMUSIC_MPU_OUT DEFINE_GUIDNAMED(KSAUDFNAME_DMUSIC_MPU_OUT)
#define STATIC_KSAUDFNAME_DMUSIC_MPU_IN 0xB2EC0A7D, 0xBAC9, 0x11D2, 0xB7, 0xA8, 0x00, 0x60, 0x08, 0x33, 0x16, 0xC1
DEFINE_GUIDSTRUCT("B2EC0A7D-BAC9-11D2-B7A8-0060083316C1", KSAUDFNAME_DMUSIC_MPU_IN);
#define KSAUDFNAME_DMUSIC_MPU_IN DEFINE_GUIDNAMED(KSAUDFNAME_DMUSIC_MPU_IN)
DEFINE_GUID(GUID_DMUS_PROP_GM_Hardware, 0x178F2F24, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_GS_Hardware, 0x178F2F25, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_XG_Hardware, 0x178F2F26, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_XG_Capable, 0x6496ABA1, 0x61B0, 0x11D2, 0xAF, 0xA6, 0x00, 0xAA, 0x00, 0x24, 0xD8, 0xB6);
DEFINE_GUID(GUID_DMUS_PROP_GS_Capable, 0x6496ABA2, 0x61B0, 0x11D2, 0xAF, 0xA6, 0x00, 0xAA, 0x00, 0x24, 0xD8, 0xB6);
DEFINE_GUID(GUID_DMUS_PROP_DLS1, 0x178F2F27, 0xC364, 0x11D1, 0xA7, 0x60, 0x00, 0x00, 0xF8, 0x75, 0xAC, 0x12);
DEFINE_GUID(GUID_DMUS_PROP_WavesReverb, 0x04CB5622, 0x32E5, 0x11D2, 0xAF, 0xA6, 0x00, 0xAA, 0x00, 0x24, 0xD8, 0xB6);
DEFINE_GUID(GUID_DMUS_PROP_Effects, 0xCDA8D611, 0x684A, 0x11D2, 0x87, 0x1E, 0x00, 0x60, 0x08, 0x93, 0xB1, 0xBD);

typedef struct IMXF IMXF, *PMXF;
typedef struct IAllocatorMXF IAllocatorMXF, *PAllocatorMXF;
typedef struct IMasterClock IMasterClock, *PMASTERCLOCK;
typedef struct IPortDMus IPortDMus, *PPORTDMUS;

/* Port of IMiniportDMus. */
#define OPC_METHODS_IPortDMus(METHOD_, END)                                                                            \
    METHOD_(VOID, Notify)(THIS_ _In_opt_ PSERVICEGROUP ServiceGroup) END METHOD_(VOID, RegisterServiceGroup)(          \
        THIS_ _In_ PSERVICEGROUP ServiceGroup) END
#undef INTERFACE
#define INTERFACE IPortDMus
DECLARE_INTERFACE_(IPortDMus, IPort) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPort(STDMETHOD_, PURE;) OPC_METHODS_IPortDMus(STDMETHOD_, PURE;)
};
typedef IPortDMus* PPORTDMUS;
#ifdef PC_IMPLEMENTATION
#define IMP_IPortDMus OPC_METHODS_IPort(OPC_IMPLEMENT_, ;) OPC_METHODS_IPortDMus(OPC_IMPLEMENT_, ;)
#else
#define IMP_IPortDMus
#endif

/* Message transform filter: link in a chain that consumes and passes on kernel events. */
#define OPC_METHODS_IMXF(METHOD_, END)                                                                                 \
    METHOD_(NTSTATUS, SetState)(THIS_ _In_ KSSTATE State) END METHOD_(NTSTATUS, PutMessage)(                           \
        THIS_ _In_ PDMUS_KERNEL_EVENT pDMKEvt) END METHOD_(NTSTATUS, ConnectOutput)(THIS_ _In_ PMXF sinkMXF)           \
        END METHOD_(NTSTATUS, DisconnectOutput)(THIS_ _In_ PMXF sinkMXF) END
#define DEFINE_ABSTRACT_MXF() OPC_METHODS_IMXF(STDMETHOD_, PURE;)
#undef INTERFACE
#define INTERFACE IMXF
DECLARE_INTERFACE_(IMXF, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMXF(STDMETHOD_, PURE;)
};
typedef IMXF* PMXF;
#define IMP_IMXF OPC_METHODS_IMXF(OPC_IMPLEMENT_, ;)

/* Port's event pool; PutMessage recycles. */
#define OPC_METHODS_IAllocatorMXF(METHOD_, END)                                                                        \
    METHOD_(NTSTATUS, GetMessage)(THIS_ _Out_ PDMUS_KERNEL_EVENT * ppDMKEvt) END METHOD_(USHORT, GetBufferSize)(THIS)  \
        END METHOD_(NTSTATUS, GetBuffer)(THIS_ _Out_ PBYTE * ppBuffer)                                                 \
            END METHOD_(NTSTATUS, PutBuffer)(THIS_ _In_ PBYTE pBuffer) END
#undef INTERFACE
#define INTERFACE IAllocatorMXF
DECLARE_INTERFACE_(IAllocatorMXF, IMXF) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMXF(STDMETHOD_, PURE;)
    OPC_METHODS_IAllocatorMXF(STDMETHOD_, PURE;)
};
typedef IAllocatorMXF* PAllocatorMXF;
#define IMP_IAllocatorMXF OPC_METHODS_IMXF(OPC_IMPLEMENT_, ;) OPC_METHODS_IAllocatorMXF(OPC_IMPLEMENT_, ;)

/* Wave-sink side of a software synth stream. */
#define OPC_METHODS_ISynthSinkDMus(METHOD_, END)                                                                       \
    METHOD_(VOID, Render)(THIS_ _In_ PBYTE pBuffer, _In_ DWORD dwLength, _In_ LONGLONG llPosition) END METHOD_(        \
        NTSTATUS, SyncToMaster)(THIS_ _In_ REFERENCE_TIME rfTime, _In_ BOOL fStart)                                    \
        END METHOD_(NTSTATUS, SampleToRefTime)(THIS_ _In_ LONGLONG llSampleTime, _Out_ REFERENCE_TIME * prfTime)       \
            END METHOD_(NTSTATUS, RefTimeToSample)(THIS_ _In_ REFERENCE_TIME rfTime, _Out_ LONGLONG * pllSampleTime)   \
                END
#undef INTERFACE
#define INTERFACE ISynthSinkDMus
DECLARE_INTERFACE_(ISynthSinkDMus, IMXF) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMXF(STDMETHOD_, PURE;)
    OPC_METHODS_ISynthSinkDMus(STDMETHOD_, PURE;)
};
typedef ISynthSinkDMus* PSYNTHSINKDMUS;
#define IMP_ISynthSinkDMus OPC_METHODS_IMXF(OPC_IMPLEMENT_, ;) OPC_METHODS_ISynthSinkDMus(OPC_IMPLEMENT_, ;)

/* Monotonic clock given to DMus streams. */
#define OPC_METHODS_IMasterClock(METHOD_, END) METHOD_(NTSTATUS, GetTime)(THIS_ _Out_ REFERENCE_TIME * pTime) END
#undef INTERFACE
#define INTERFACE IMasterClock
DECLARE_INTERFACE_(IMasterClock, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMasterClock(STDMETHOD_, PURE;)
};
typedef IMasterClock* PMASTERCLOCK;
#define IMP_IMasterClock OPC_METHODS_IMasterClock(OPC_IMPLEMENT_, ;)

/* (declared only for pre-XP targets) Tells byte position of consumed events. */
#define OPC_METHODS_IPositionNotify(METHOD_, END) METHOD_(VOID, PositionNotify)(THIS_ _In_ ULONGLONG bytePosition) END
#undef INTERFACE
#define INTERFACE IPositionNotify
DECLARE_INTERFACE_(IPositionNotify, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IPositionNotify(STDMETHOD_, PURE;)
};
typedef IPositionNotify* PPOSITIONNOTIFY;
#define IMP_IPositionNotify OPC_METHODS_IPositionNotify(OPC_IMPLEMENT_, ;)

/* DirectMusic miniport. */
#define OPC_METHODS_IMiniportDMus(METHOD_, END)                                                                        \
    METHOD_(NTSTATUS, Init)(THIS_ _In_opt_ PUNKNOWN UnknownAdapter, _In_ PRESOURCELIST ResourceList,                   \
                            _In_ PPORTDMUS Port, _Out_ PSERVICEGROUP * ServiceGroup) END                               \
    METHOD_(VOID, Service)(THIS) END METHOD_(NTSTATUS, NewStream)(                                                     \
        THIS_ _Out_ PMXF * MXF, _In_opt_ PUNKNOWN OuterUnknown, _In_ POOL_TYPE PoolType, _In_ ULONG PinID,             \
        _In_ DMUS_STREAM_TYPE StreamType, _In_ PKSDATAFORMAT DataFormat, _Out_ PSERVICEGROUP * ServiceGroup,           \
        _In_ PAllocatorMXF AllocatorMXF, _In_ PMASTERCLOCK MasterClock, _Out_ PULONGLONG SchedulePreFetch) END
#undef INTERFACE
#define INTERFACE IMiniportDMus
DECLARE_INTERFACE_(IMiniportDMus, IMiniport) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IMiniport(STDMETHOD_, PURE;) OPC_METHODS_IMiniportDMus(STDMETHOD_, PURE;)
};
typedef IMiniportDMus* PMINIPORTDMUS;
#define IMP_IMiniportDMus OPC_METHODS_IMiniport(OPC_IMPLEMENT_, ;) OPC_METHODS_IMiniportDMus(OPC_IMPLEMENT_, ;)
#undef INTERFACE

#endif
