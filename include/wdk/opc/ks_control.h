/* IKsControl, IKsReferenceClock, IKsDeviceFunctions: shared by ks.h and dmksctrl.h. */
#ifndef OPC_KS_CONTROL_H
#define OPC_KS_CONTROL_H

#include "../punknown.h"
#include "ks_kernel.h"

#ifndef _IKsControl_
#define _IKsControl_
#undef INTERFACE
#define INTERFACE IKsControl
DECLARE_INTERFACE_(IKsControl, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(NTSTATUS, KsProperty)(THIS_ _In_ PKSPROPERTY Property, _In_ ULONG PropertyLength,
                                     _Inout_ PVOID PropertyData, _In_ ULONG DataLength, _Out_ ULONG * BytesReturned)
        PURE;
    STDMETHOD_(NTSTATUS, KsMethod)(THIS_ _In_ PKSMETHOD Method, _In_ ULONG MethodLength, _Inout_ PVOID MethodData,
                                   _In_ ULONG DataLength, _Out_ ULONG * BytesReturned) PURE;
    STDMETHOD_(NTSTATUS, KsEvent)(THIS_ _In_opt_ PKSEVENT Event, _In_ ULONG EventLength, _Inout_ PVOID EventData,
                                  _In_ ULONG DataLength, _Out_ ULONG * BytesReturned) PURE;
};
typedef IKsControl* PIKSCONTROL;
#endif

#undef INTERFACE
#define INTERFACE IKsReferenceClock
DECLARE_INTERFACE_(IKsReferenceClock, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(LONGLONG, GetTime)(THIS) PURE;
    STDMETHOD_(LONGLONG, GetPhysicalTime)(THIS) PURE;
    STDMETHOD_(LONGLONG, GetCorrelatedTime)(THIS_ _Out_ PLONGLONG SystemTime) PURE;
    STDMETHOD_(LONGLONG, GetCorrelatedPhysicalTime)(THIS_ _Out_ PLONGLONG SystemTime) PURE;
    STDMETHOD_(NTSTATUS, GetResolution)(THIS_ _Out_ PKSRESOLUTION Resolution) PURE;
    STDMETHOD_(NTSTATUS, GetState)(THIS_ _Out_ PKSSTATE State) PURE;
};
typedef IKsReferenceClock* PIKSREFERENCECLOCK;

#undef INTERFACE
#define INTERFACE IKsDeviceFunctions
DECLARE_INTERFACE_(IKsDeviceFunctions, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(NTSTATUS, RegisterAdapterObjectEx)(
        THIS_ _In_ PADAPTER_OBJECT AdapterObject, _In_ PDEVICE_DESCRIPTION DeviceDescription,
        _In_ ULONG NumberOfMapRegisters, _In_ ULONG MaxMappingsByteCount, _In_ ULONG MappingTableStride) PURE;
};
typedef IKsDeviceFunctions* PIKSDEVICEFUNCTIONS;
#undef INTERFACE

#endif
