/*
 * WPP software tracing. On Windows a preprocessor writes a header (.tmh) with a macro for each trace function of the
 * driver; here the build makes these macros (drivertools), and what they trace becomes records of the machine's log
 * while tracing is enabled there.
 */
#ifndef OPC_WPP_H
#define OPC_WPP_H

#include "../ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The trace session of the running machine. Level and Flags are zero while tracing is off. */
typedef struct opc_wpp_control {
    ULONG64 Logger;
    UCHAR Level;
    UCHAR AutoLogVerboseEnabled;
    ULONG Flags[1];
    PVOID AutoLogContext;
} opc_wpp_control;
NTKERNELAPI opc_wpp_control* NTAPI OpcTraceControl(VOID);
NTKERNELAPI VOID NTAPI OpcTraceProvider(BOOLEAN Register);
/* `Function` is the trace function's name with the flags or level it was given; the message may use %!TYPE! formats. */
NTKERNELAPI VOID WINAPIV OpcTraceMessage(PCSTR Function, PCSTR Caller, PCSTR File, ULONG Line, PCSTR Format, ...);

#ifdef __cplusplus
}
#endif

#define OPC_TRACE(function, ...)                                                                                       \
    (OpcTraceControl()->Flags[0] != 0 ? OpcTraceMessage(function, __FUNCTION__, __FILE__, __LINE__, __VA_ARGS__)       \
                                      : (void)0)

#ifndef WPP_INIT_TRACING
#define WPP_INIT_TRACING(...) OpcTraceProvider(TRUE)
#endif
#ifndef WPP_CLEANUP
#define WPP_CLEANUP(...) OpcTraceProvider(FALSE)
#endif
#ifndef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_CONTROL_GUID(...)
#endif
#ifndef WPP_DEFINE_BIT
#define WPP_DEFINE_BIT(...)
#endif
/* What follows a driver uses in its own WPP_xxx_LOGGER and WPP_xxx_ENABLED macros; every flag is the same here. */
#ifndef WPP_CONTROL
#define WPP_CONTROL(...) (*OpcTraceControl())
#endif
#ifndef WPP_LEVEL_LOGGER
#define WPP_LEVEL_LOGGER(...) (WPP_CONTROL(0).Logger),
#endif
#ifndef WPP_LEVEL_ENABLED
#define WPP_LEVEL_ENABLED(...) (WPP_CONTROL(0).Flags[0] != 0)
#endif
#ifndef WPP_FLAG_ENABLED
#define WPP_FLAG_ENABLED(...) (WPP_CONTROL(0).Flags[0] != 0)
#endif
#ifndef WPP_SYSTEMCONTROL
#define WPP_SYSTEMCONTROL(...)
#endif
#ifndef WPP_RECORDER_LEVEL_FLAGS_ARGS
#define WPP_RECORDER_LEVEL_FLAGS_ARGS(level, flags) WPP_CONTROL(0).AutoLogContext, level, 0
#endif
/* The recorder keeps everything below TRACE_LEVEL_VERBOSE (5), that only on demand. */
#ifndef WPP_RECORDER_LEVEL_FLAGS_FILTER
#define WPP_RECORDER_LEVEL_FLAGS_FILTER(level, flags) ((level) < 5 || WPP_CONTROL(0).AutoLogVerboseEnabled)
#endif

#endif
