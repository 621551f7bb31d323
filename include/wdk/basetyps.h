/*
 * COM declaration macros. The same interface text becomes a C++ abstract class or, in plain C and under CINTERFACE,
 * a structure of function pointers. Kernel interfaces return NTSTATUS, which is the same type as HRESULT.
 */
#ifndef _BASETYPS_H_
#define _BASETYPS_H_

#include "guiddef.h"
#include "ntdef.h"
#include "opc_abi.h"

#ifndef _HRESULT_DEFINED
#define _HRESULT_DEFINED
typedef LONG HRESULT;
#endif

#define STDAPI EXTERN_C HRESULT STDAPICALLTYPE
#define STDAPI_(type) EXTERN_C type STDAPICALLTYPE
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#define STDAPIV EXTERN_C HRESULT STDAPIVCALLTYPE
#define STDAPIV_(type) EXTERN_C type STDAPIVCALLTYPE
#define STDMETHODIMPV HRESULT STDMETHODVCALLTYPE
#define STDMETHODIMPV_(type) type STDMETHODVCALLTYPE

#if OPC_DRIVER && !defined(interface)
#define interface struct
#endif

#if defined(__cplusplus) && !defined(CINTERFACE)

#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define STDMETHODV(method) virtual HRESULT STDMETHODVCALLTYPE method
#define STDMETHODV_(type, method) virtual type STDMETHODVCALLTYPE method
#define PURE = 0
#define THIS_
#define THIS void
#define DECLARE_INTERFACE(iface) struct DECLSPEC_NOVTABLE iface
#define DECLARE_INTERFACE_(iface, baseiface) struct DECLSPEC_NOVTABLE iface : public baseiface
#define DECLARE_INTERFACE_IID(iface, iid) struct DECLSPEC_UUID(iid) DECLSPEC_NOVTABLE iface
#define DECLARE_INTERFACE_IID_(iface, baseiface, iid)                                                                  \
    struct DECLSPEC_UUID(iid) DECLSPEC_NOVTABLE iface : public baseiface

#else

#define STDMETHOD(method) HRESULT(STDMETHODCALLTYPE* method)
#define STDMETHOD_(type, method) type(STDMETHODCALLTYPE* method)
#define STDMETHODV(method) HRESULT(STDMETHODVCALLTYPE* method)
#define STDMETHODV_(type, method) type(STDMETHODVCALLTYPE* method)
#define PURE
#define THIS_ INTERFACE *This,
#define THIS INTERFACE* This
#ifdef CONST_VTABLE
#define OPC_CONST_VTABLE const
#else
#define OPC_CONST_VTABLE
#endif
#define DECLARE_INTERFACE(iface)                                                                                       \
    typedef struct iface {                                                                                             \
        OPC_CONST_VTABLE struct iface##Vtbl* lpVtbl;                                                                   \
    } iface;                                                                                                           \
    typedef OPC_CONST_VTABLE struct iface##Vtbl iface##Vtbl;                                                           \
    OPC_CONST_VTABLE struct iface##Vtbl
#define DECLARE_INTERFACE_(iface, baseiface) DECLARE_INTERFACE(iface)
#define DECLARE_INTERFACE_IID(iface, iid) DECLARE_INTERFACE(iface)
#define DECLARE_INTERFACE_IID_(iface, baseiface, iid) DECLARE_INTERFACE(iface)

#endif

#ifndef BEGIN_INTERFACE
#define BEGIN_INTERFACE
#define END_INTERFACE
#endif

/*
 * A method that returns a structure by value gets, from Microsoft's compilers, a hidden result pointer after `this`
 * even for 8 bytes. C++ drivers write the return type; everybody else sees the slot as it is called: the result pointer
 * is the first argument and is returned. OPC_STDMETHOD_STRUCT(METHOD_, PHYSICAL_ADDRESS,
 * PhysicalAddress)(OPC_THIS_RESULT(PHYSICAL_ADDRESS))
 */
#if defined(__cplusplus) && !defined(CINTERFACE) && OPC_DRIVER
#define OPC_STRUCT_METHOD(METHOD_, type, method) METHOD_(type, method)
#define OPC_THIS_RESULT(type) THIS
#define OPC_THIS_RESULT_(type) THIS_
#else
#define OPC_STRUCT_METHOD(METHOD_, type, method) METHOD_(type*, method)
#define OPC_THIS_RESULT(type) THIS_ type* Result
#define OPC_THIS_RESULT_(type) THIS_ type *Result,
#endif

/* How the IMP_IXxx macros turn a method list into declarations inside an implementing class. */
#define OPC_IMPLEMENT_(type, method) type STDMETHODCALLTYPE method

#endif
