/* The in-flight recorder of WPP tracing: accepted and empty. */
#ifndef _WPPRECORDER_H_
#define _WPPRECORDER_H_

#include "opc/wpp.h"
#include "wdm.h"

typedef struct RECORDER_LOG__* RECORDER_LOG;
typedef struct _RECORDER_CONFIGURE_PARAMS {
    ULONG Size;
    BOOLEAN CreateDefaultLog;
} RECORDER_CONFIGURE_PARAMS, *PRECORDER_CONFIGURE_PARAMS;
typedef struct _RECORDER_LOG_CREATE_PARAMS {
    ULONG Size;
    ULONG TotalBufferSize;
    ULONG ErrorPartitionSize;
    CHAR LogIdentifier[16];
    BOOLEAN LogTypeDefault;
} RECORDER_LOG_CREATE_PARAMS, *PRECORDER_LOG_CREATE_PARAMS;
FORCEINLINE VOID RECORDER_CONFIGURE_PARAMS_INIT(PRECORDER_CONFIGURE_PARAMS Parameters) {
    Parameters->Size = sizeof(*Parameters);
    Parameters->CreateDefaultLog = TRUE;
}
FORCEINLINE VOID RECORDER_LOG_CREATE_PARAMS_INIT(PRECORDER_LOG_CREATE_PARAMS Parameters, PCSTR LogIdentifier) {
    memset(Parameters, 0, sizeof(*Parameters));
    Parameters->Size = sizeof(*Parameters);
    (void)LogIdentifier;
}
#define WppRecorderConfigure(...) ((void)0)
#define WppRecorderLogCreate(params, log) (*(log) = (RECORDER_LOG)0, STATUS_SUCCESS)
#define WppRecorderLogDelete(...) ((void)0)
#define WppRecorderLogGetDefault() ((RECORDER_LOG)0)
#define WppRecorderIsDefaultLogAvailable() (FALSE)
#define RECORDER_LOG_GET_DEFAULT() ((RECORDER_LOG)0)

#endif
