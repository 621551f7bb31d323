/* TraceLogging is accepted and does nothing: its arguments are not evaluated. */
#ifndef OPC_TRACELOGGINGPROVIDER_H
#define OPC_TRACELOGGINGPROVIDER_H

#include "evntprov.h"
#include "winmeta.h"

struct _tlgProvider_t;
typedef struct _tlgProvider_t const* TraceLoggingHProvider;
typedef VOID(NTAPI* TLG_PENABLECALLBACK)(LPCGUID sourceId, ULONG controlCode, UCHAR level, ULONGLONG matchAnyKeyword,
                                         ULONGLONG matchAllKeyword, PEVENT_FILTER_DESCRIPTOR filterData,
                                         PVOID callbackContext);

#define TRACELOGGING_DECLARE_PROVIDER(variable) EXTERN_C const TraceLoggingHProvider variable
#define TRACELOGGING_DEFINE_PROVIDER(variable, name, ...)                                                              \
    EXTERN_C_START extern const TraceLoggingHProvider variable;                                                        \
    const TraceLoggingHProvider variable = (TraceLoggingHProvider)0;                                                   \
    EXTERN_C_END extern const TraceLoggingHProvider variable
#define TRACELOGGING_DEFINE_PROVIDER_STORAGE(storage, name, ...)
#define TraceLoggingRegister(...) ((TLG_STATUS)0)
#define TraceLoggingRegisterEx(...) ((TLG_STATUS)0)
#define TraceLoggingUnregister(...) ((void)0)
#define TraceLoggingProviderEnabled(...) (FALSE)
#define TraceLoggingProviderId(...) ((const GUID*)0)
#define TraceLoggingWrite(...) ((void)0)
#define TraceLoggingWriteActivity(...) ((void)0)
#define TraceLoggingWriteStart(...) ((void)0)
#define TraceLoggingWriteStop(...) ((void)0)
typedef NTSTATUS TLG_STATUS;

#endif
