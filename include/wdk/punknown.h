/* IUnknown as PortCls and the adapter drivers see it. Vtable: QueryInterface, AddRef, Release. */
#ifndef _PUNKNOWN_H_
#define _PUNKNOWN_H_

#include "basetyps.h"
#include "ntddk.h"

/* The bytes end 00 00 C0 00 00 00 00 46: not the user-mode value (see unknown.h). QueryInterface accepts both. */
DEFINE_GUID(IID_IUnknown, 0x00000000, 0x0000, 0x0000, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x46);

#define OPC_METHODS_IUnknown(METHOD_, END)                                                                             \
    METHOD_(NTSTATUS, QueryInterface)(THIS_ _In_ REFIID InterfaceId, _COM_Outptr_ PVOID * Interface) END METHOD_(      \
        ULONG, AddRef)(THIS) END METHOD_(ULONG, Release)(THIS) END

#define DEFINE_ABSTRACT_UNKNOWN() OPC_METHODS_IUnknown(STDMETHOD_, PURE;)

#ifndef __IUnknown_INTERFACE_DEFINED__
#define __IUnknown_INTERFACE_DEFINED__
#undef INTERFACE
#define INTERFACE IUnknown
DECLARE_INTERFACE(IUnknown){DEFINE_ABSTRACT_UNKNOWN()};
#undef INTERFACE
typedef IUnknown *PUNKNOWN, *LPUNKNOWN;
#endif

typedef NTSTATUS(NTAPI* PFNCREATEINSTANCE)(_Out_ PUNKNOWN* Unknown, _In_ REFCLSID ClassId,
                                           _In_opt_ PUNKNOWN OuterUnknown, _In_ POOL_TYPE PoolType);

#endif
