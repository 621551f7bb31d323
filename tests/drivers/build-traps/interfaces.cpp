// COM interfaces as drivers declare and implement them, without PC_IMPLEMENTATION.
#include "Inc/Traps.h"
#include <portcls.h>
#include <stdunk.h>

#undef INTERFACE
#define INTERFACE ITrap
DECLARE_INTERFACE_(ITrap, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    STDMETHOD_(ULONG, Value)(THIS) PURE;
    // Declared, never defined, never called: novtable lets this link.
    STDMETHOD_(void, NeverDefined)(THIS) PURE;
};

static const GUID IID_ITrap = {0x22222222, 0x1111, 0x3333, {1, 2, 3, 4, 5, 6, 7, 8}};

class CTrap : public ITrap, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CTrap);
    ~CTrap() { *m_Destroyed = 1; }
    STDMETHODIMP_(ULONG) Value() { return 77; }
    STDMETHODIMP_(void) NeverDefined() {}
    int* m_Destroyed;
};

STDMETHODIMP_(NTSTATUS) CTrap::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    if (IsEqualGUIDAligned(Interface, IID_IUnknown))
        *Object = PVOID(PUNKNOWN(this));
    else if (IsEqualGUIDAligned(Interface, IID_ITrap))
        *Object = PVOID(static_cast<ITrap*>(this));
    else
        return STATUS_INVALID_PARAMETER;
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// The declaration macros of helper interfaces mean nothing here, and must still compile.
class CChannel {
public:
    IMP_IDmaChannel;
};

extern "C" int check_interfaces() {
    int destroyed = 0;
    alignas(16) char room[sizeof(CTrap)];
    CTrap* trap = ::new (room) CTrap(NULL);
    trap->m_Destroyed = &destroyed;
    ITrap* interface_pointer = NULL;
    trap->NonDelegatingAddRef();
    EXPECT(trap->NonDelegatingQueryInterface(IID_ITrap, (PVOID*)&interface_pointer) == STATUS_SUCCESS);
    EXPECT(interface_pointer->Value() == 77);
    EXPECT(trap->NonDelegatingQueryInterface(IID_ITrap, (PVOID*)&interface_pointer) == STATUS_SUCCESS);
    interface_pointer->Release();
    EXPECT(destroyed == 0);
    trap->~CTrap();
    EXPECT(destroyed == 1);
    return 0;
}
