/*
 * CUnknown: reference counting and aggregation for the objects of adapter drivers. The reference count starts at 0; the
 * Release that brings it to 0 deletes the object. The bodies are in the stdunk library, which is linked into the
 * driver.
 */
#ifndef _STDUNK_H_
#define _STDUNK_H_

#include "punknown.h"

#undef INTERFACE
#define INTERFACE INonDelegatingUnknown
DECLARE_INTERFACE(INonDelegatingUnknown) {
    STDMETHOD_(NTSTATUS, NonDelegatingQueryInterface)(THIS_ _In_ REFIID InterfaceId, _COM_Outptr_ PVOID * Interface)
        PURE;
    STDMETHOD_(ULONG, NonDelegatingAddRef)(THIS) PURE;
    STDMETHOD_(ULONG, NonDelegatingRelease)(THIS) PURE;
};
#undef INTERFACE
typedef INonDelegatingUnknown* PNONDELEGATINGUNKNOWN;

#if defined(__cplusplus) && !defined(CINTERFACE)

class CUnknown : public INonDelegatingUnknown {
private:
    LONG m_lRefCount;
    PUNKNOWN m_pUnknownOuter;

public:
    CUnknown(PUNKNOWN pUnknownOuter);
    virtual ~CUnknown(void);

    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID InterfaceId, PVOID* Interface);
    STDMETHODIMP_(ULONG) NonDelegatingAddRef(void);
    STDMETHODIMP_(ULONG) NonDelegatingRelease(void);

    PUNKNOWN GetOuterUnknown(void) { return m_pUnknownOuter; }
};

#define DECLARE_STD_UNKNOWN()                                                                                          \
    STDMETHODIMP_(NTSTATUS) NonDelegatingQueryInterface(REFIID InterfaceId, PVOID* Interface);                         \
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID InterfaceId, PVOID* Interface) {                                     \
        return GetOuterUnknown()->QueryInterface(InterfaceId, Interface);                                              \
    }                                                                                                                  \
    STDMETHODIMP_(ULONG) AddRef(void) {                                                                                \
        return GetOuterUnknown()->AddRef();                                                                            \
    }                                                                                                                  \
    STDMETHODIMP_(ULONG) Release(void) {                                                                               \
        return GetOuterUnknown()->Release();                                                                           \
    }

#define DEFINE_STD_CONSTRUCTOR(Class)                                                                                  \
    Class(PUNKNOWN pUnknownOuter) : CUnknown(pUnknownOuter) {}

#define QICAST(Type) PVOID((Type)(this))
#define QICASTUNKNOWN(Type) PVOID(PUNKNOWN((Type)(this)))

#define STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, tag, base)                                \
    NTSTATUS ntStatus;                                                                                                 \
    Class* p = new (poolType, tag) Class(pUnknownOuter);                                                               \
    if (p) {                                                                                                           \
        *ppUnknown = PUNKNOWN((base)(p));                                                                              \
        (*ppUnknown)->AddRef();                                                                                        \
        ntStatus = STATUS_SUCCESS;                                                                                     \
    } else {                                                                                                           \
        ntStatus = STATUS_INSUFFICIENT_RESOURCES;                                                                      \
    }                                                                                                                  \
    return ntStatus

#define STD_CREATE_BODY_WITH_TAG(Class, ppUnknown, pUnknownOuter, poolType, tag)                                       \
    STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, tag, PUNKNOWN)

#define STD_CREATE_BODY_(Class, ppUnknown, pUnknownOuter, poolType, base)                                              \
    STD_CREATE_BODY_WITH_TAG_(Class, ppUnknown, pUnknownOuter, poolType, OPC_STDUNK_TAG, base)

#define STD_CREATE_BODY(Class, ppUnknown, pUnknownOuter, poolType)                                                     \
    STD_CREATE_BODY_(Class, ppUnknown, pUnknownOuter, poolType, PUNKNOWN)

/* 'rCcP', the tag of objects created without one. */
#define OPC_STDUNK_TAG 0x72436350UL

#include "opc/pool_new.h"

#endif

#endif
