/* A driver in C: a table of functions of its own, and PortCls' interfaces in their C forms. */
#define CINTERFACE
#include "Inc\TRAPS.H"
#include <portcls.h>

typedef struct Counter Counter;
typedef struct CounterVtbl {
    ULONG(STDMETHODCALLTYPE* Next)(Counter* This);
} CounterVtbl;
struct Counter {
    CounterVtbl* lpVtbl;
    ULONG Value;
};

static ULONG STDMETHODCALLTYPE next(Counter* This) {
    return ++This->Value;
}

static CounterVtbl table = {next};

/* An IServiceSink by hand. */
typedef struct Sink {
    IServiceSink Interface;
    ULONG References;
    ULONG Requests;
} Sink;

static NTSTATUS STDMETHODCALLTYPE sink_query(IServiceSink* This, REFIID Interface, PVOID* Object) {
    if (!IsEqualGUIDAligned(Interface, &IID_IServiceSink) && !IsEqualGUIDAligned(Interface, &IID_IUnknown)) {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    *Object = This;
    This->lpVtbl->AddRef(This);
    return STATUS_SUCCESS;
}

static ULONG STDMETHODCALLTYPE sink_add(IServiceSink* This) {
    return ++CONTAINING_RECORD(This, Sink, Interface)->References;
}

static ULONG STDMETHODCALLTYPE sink_release(IServiceSink* This) {
    return --CONTAINING_RECORD(This, Sink, Interface)->References;
}

static void STDMETHODCALLTYPE sink_request(IServiceSink* This) {
    CONTAINING_RECORD(This, Sink, Interface)->Requests++;
}

static IServiceSinkVtbl sink_table = {sink_query, sink_add, sink_release, sink_request};

int check_plain_c(void) {
    Counter counter = {&table, 4};
    Sink sink = {{&sink_table}, 1, 0};
    PUNKNOWN unknown = (PUNKNOWN)&sink.Interface;
    PSERVICESINK service = NULL;
    PVOID nothing = &sink;
    EXPECT(counter.lpVtbl->Next(&counter) == 5);
    EXPECT(unknown->lpVtbl->QueryInterface(unknown, &IID_IServiceSink, (PVOID*)&service) == STATUS_SUCCESS);
    service->lpVtbl->RequestService(service);
    EXPECT(sink.Requests == 1 && sink.References == 2);
    EXPECT(service->lpVtbl->QueryInterface(service, &IID_IServiceGroup, &nothing) == STATUS_INVALID_PARAMETER);
    EXPECT(nothing == NULL);
    EXPECT(service->lpVtbl->Release(service) == 1);
    return 0;
}
