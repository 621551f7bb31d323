/* Kernel COM: objects created by class identifier through ks.sys. Adapter drivers of PortCls use stdunk.h instead. */
#ifndef _KCOM_
#define _KCOM_

#include "ks.h"
#include "unknown.h"

#define STATIC_KoCreateObject 0x72CF721C, 0x525A, 0x11D1, 0x9A, 0xA1, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96
DEFINE_GUIDSTRUCT("72CF721C-525A-11D1-9AA1-00A0C9223196", KoCreateObject);
#define KOSTRING_CreateObject OPC_L("{72CF721C-525A-11D1-9AA1-00A0C9223196}")
#define KoCreateObject DEFINE_GUIDNAMED(KoCreateObject)

#define STATIC_IID_IKoInitializeParentDeviceObject                                                                     \
    0x21B36996, 0x8DE3, 0x11D1, 0x8A, 0xE0, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96
DEFINE_GUIDSTRUCT("21B36996-8DE3-11D1-8AE0-00A0C9223196", IID_IKoInitializeParentDeviceObject);
#define IID_IKoInitializeParentDeviceObject DEFINE_GUIDNAMED(IID_IKoInitializeParentDeviceObject)

#ifndef CLSCTX_KERNEL_SERVER
#define CLSCTX_KERNEL_SERVER 0x00000200
#endif

#undef INTERFACE
#define INTERFACE INonDelegatedUnknown
DECLARE_INTERFACE(INonDelegatedUnknown) {
    STDMETHOD_(NTSTATUS, NonDelegatedQueryInterface)(THIS_ _In_ REFIID InterfaceId, _Out_ PVOID * Interface) PURE;
    STDMETHOD_(ULONG, NonDelegatedAddRef)(THIS) PURE;
    STDMETHOD_(ULONG, NonDelegatedRelease)(THIS) PURE;
};

#undef INTERFACE
#define INTERFACE IIndirectedUnknown
DECLARE_INTERFACE(IIndirectedUnknown) {
    STDMETHOD_(NTSTATUS, IndirectedQueryInterface)(THIS_ _In_ REFIID InterfaceId, _Out_ PVOID * Interface) PURE;
    STDMETHOD_(ULONG, IndirectedAddRef)(THIS) PURE;
    STDMETHOD_(ULONG, IndirectedRelease)(THIS) PURE;
};

#undef INTERFACE
#define INTERFACE IKoInitializeParentDeviceObject
DECLARE_INTERFACE_(IKoInitializeParentDeviceObject, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(NTSTATUS, SetParentDeviceObject)(THIS_ _In_ PDEVICE_OBJECT ParentDeviceObject) PURE;
};
#undef INTERFACE

#define COMDDKMETHOD EXTERN_C OPC_EXPORT
typedef NTSTATUS(NTAPI* KoCreateObjectHandler)(_In_ REFCLSID ClassId, _In_opt_ IUnknown* UnkOuter,
                                               _In_ REFIID InterfaceId, _Out_ PVOID* Interface);

COMDDKMETHOD NTSTATUS NTAPI KoCreateInstance(_In_ REFCLSID ClassId, _In_opt_ IUnknown* UnkOuter, _In_ ULONG ClsContext,
                                             _In_ REFIID InterfaceId, _Out_ PVOID* Interface);
COMDDKMETHOD NTSTATUS NTAPI KoDeviceInitialize(_In_ PDEVICE_OBJECT DeviceObject);
COMDDKMETHOD NTSTATUS NTAPI KoDriverInitialize(_In_ PDRIVER_OBJECT DriverObject, _In_ PUNICODE_STRING RegistryPathName,
                                               _In_ KoCreateObjectHandler CreateObjectHandler);
COMDDKMETHOD VOID NTAPI KoRelease(_In_ REFCLSID ClassId);

#endif
