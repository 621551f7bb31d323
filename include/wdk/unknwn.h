/* Kernel subset: IUnknown and IClassFactory. */
#ifndef __unknwn_h__
#define __unknwn_h__

#include "unknown.h"

#define STATIC_IID_IClassFactory 0x00000001, 0x0000, 0x0000, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46
DEFINE_GUID(IID_IClassFactory, 0x00000001, 0x0000, 0x0000, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46);

#undef INTERFACE
#define INTERFACE IClassFactory
DECLARE_INTERFACE_(IClassFactory, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(NTSTATUS, CreateInstance)(THIS_ IUnknown * OuterUnknown, REFIID InterfaceId, PVOID * Object) PURE;
    STDMETHOD_(NTSTATUS, LockServer)(THIS_ BOOL Lock) PURE;
};
#undef INTERFACE
typedef IClassFactory* LPCLASSFACTORY;

#endif
