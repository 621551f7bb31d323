// CUnknown of stdunk.h. Linked into every driver that derives from it; compiled in the driver's ABI.
#include <stdunk.h>
#include <unknown.h>

CUnknown::CUnknown(PUNKNOWN pUnknownOuter) : m_lRefCount(0) {
    // An object that is not aggregated is its own outer object; its non-delegating vtable has the layout of IUnknown.
    m_pUnknownOuter =
        pUnknownOuter ? pUnknownOuter : reinterpret_cast<PUNKNOWN>(static_cast<INonDelegatingUnknown*>(this));
}

CUnknown::~CUnknown(void) {}

STDMETHODIMP_(ULONG) CUnknown::NonDelegatingAddRef(void) {
    return static_cast<ULONG>(InterlockedIncrement(&m_lRefCount));
}

STDMETHODIMP_(ULONG) CUnknown::NonDelegatingRelease(void) {
    LONG remaining = InterlockedDecrement(&m_lRefCount);
    if (remaining != 0)
        return static_cast<ULONG>(remaining);

    // The destructor may take and drop references to this object; they must not delete it a second time.
    m_lRefCount = 1;
    delete this;
    return 0;
}

STDMETHODIMP_(NTSTATUS) CUnknown::NonDelegatingQueryInterface(REFIID InterfaceId, PVOID* Interface) {
    // IUnknown has two identifiers: the one of punknown.h and the one of everybody else.
    if (!IsEqualGUIDAligned(InterfaceId, IID_IUnknown) && !IsEqualGUIDAligned(InterfaceId, IID_IUnknownCom)) {
        *Interface = nullptr;
        return STATUS_INVALID_PARAMETER;
    }
    *Interface = reinterpret_cast<PUNKNOWN>(static_cast<INonDelegatingUnknown*>(this));
    reinterpret_cast<PUNKNOWN>(*Interface)->AddRef();
    return STATUS_SUCCESS;
}
