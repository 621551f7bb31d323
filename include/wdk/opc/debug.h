/* Debug output, assertions, and the code-section checks. */
#ifndef OPC_DEBUG_H
#define OPC_DEBUG_H

#include "../dpfilter.h"
#include "ke.h"
#include "rtl.h"

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(_DBGNT_)
NTSYSAPI ULONG WINAPIV DbgPrint(PCSTR Format, ...);
NTSYSAPI ULONG WINAPIV DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
NTSYSAPI ULONG WINAPIV DbgPrintReturnControlC(PCCH Format, ...);
#endif
NTSYSAPI ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, OPC_VA_LIST arglist);
NTSYSAPI ULONG NTAPI vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format,
                                           OPC_VA_LIST arglist);
NTSYSAPI VOID NTAPI DbgBreakPoint(VOID);
NTSYSAPI VOID NTAPI DbgBreakPointWithStatus(ULONG Status);
NTSYSAPI ULONG NTAPI DbgPrompt(PCCH Prompt, PCH Response, ULONG Length);
NTSYSAPI NTSTATUS NTAPI DbgSetDebugFilterState(ULONG ComponentId, ULONG Level, BOOLEAN State);
NTSYSAPI NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level);

/* A pageable function entered above APC_LEVEL: reported whatever the build, as Driver Verifier would. */
NTKERNELAPI VOID NTAPI OpcPagedCode(PCSTR Function, PCSTR File, ULONG Line);

extern OPC_EXPORT PBOOLEAN KdDebuggerNotPresent;
extern OPC_EXPORT PBOOLEAN KdDebuggerEnabled;

#ifdef __cplusplus
}
#endif

#define KD_DEBUGGER_ENABLED (*KdDebuggerEnabled)
#define KD_DEBUGGER_NOT_PRESENT (*KdDebuggerNotPresent)

#if defined(DBG) && DBG
#define KdPrint(arguments) DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define KdBreakPoint() DbgBreakPoint()
#define KdBreakPointWithStatus(status) DbgBreakPointWithStatus(status)
#define vKdPrintEx(arguments) vDbgPrintEx arguments
#define RTL_VERIFY(expression)                                                                                         \
    ((!(expression)) ? (RtlAssert((PVOID) #expression, (PVOID)__FILE__, __LINE__, NULL), FALSE) : TRUE)
#define RTL_ASSERT(expression) RTL_VERIFY(expression)
#define RTL_ASSERTMSG(text, expression)                                                                                \
    ((!(expression)) ? (RtlAssert((PVOID) #expression, (PVOID)__FILE__, __LINE__, (PSTR)(text)), FALSE) : TRUE)
#define RTL_SOFT_ASSERT(expression)                                                                                    \
    ((!(expression))                                                                                                   \
         ? (DbgPrint("%s(%d): Soft assertion failed\n   Expression: %s\n", __FILE__, __LINE__, #expression), FALSE)    \
         : TRUE)
#define RTL_SOFT_ASSERTMSG(text, expression) RTL_SOFT_ASSERT(expression)
#ifndef ASSERT
#define ASSERT(expression) ((void)RTL_VERIFY(expression))
#endif
#ifndef ASSERTMSG
#define ASSERTMSG(text, expression) ((void)RTL_ASSERTMSG(text, expression))
#endif
#define NT_ASSERT(expression) RTL_VERIFY(expression)
#define NT_ASSERTMSG(text, expression) RTL_ASSERTMSG(text, expression)
#define NT_ASSERTMSGW(text, expression) RTL_VERIFY(expression)
#define NT_VERIFY(expression) RTL_VERIFY(expression)
#define NT_ANALYSIS_ASSUME(expression) NT_ASSERT(expression)
#else
#define KdPrint(arguments)
#define KdPrintEx(arguments)
#define KdBreakPoint()
#define KdBreakPointWithStatus(status)
#define vKdPrintEx(arguments)
#define RTL_VERIFY(expression) ((expression) ? TRUE : FALSE)
#define RTL_ASSERT(expression) ((void)0)
#define RTL_ASSERTMSG(text, expression) ((void)0)
#define RTL_SOFT_ASSERT(expression) ((void)0)
#define RTL_SOFT_ASSERTMSG(text, expression) ((void)0)
#ifndef ASSERT
#define ASSERT(expression) ((void)0)
#endif
#ifndef ASSERTMSG
#define ASSERTMSG(text, expression) ((void)0)
#endif
#define NT_ASSERT(expression) ((void)0)
#define NT_ASSERTMSG(text, expression) ((void)0)
#define NT_ASSERTMSGW(text, expression) ((void)0)
#define NT_VERIFY(expression) ((expression) ? TRUE : FALSE)
#define NT_ANALYSIS_ASSUME(expression) ((void)0)
#endif
#define NT_ASSERT_ASSUME(expression) NT_ASSERT(expression)
#define NT_FRE_ASSERT(expression) RTL_VERIFY(expression)
#define NT_FRE_ASSERTMSG(text, expression) RTL_VERIFY(expression)

#if OPC_DRIVER
#define PAGED_CODE() OpcPagedCode(__FUNCTION__, __FILE__, __LINE__)
#else
#define PAGED_CODE() OpcPagedCode(__func__, __FILE__, __LINE__)
#endif
#define PAGED_CODE_LOCKED() NOP_FUNCTION
#define PAGED_ASSERT(expression) ASSERT(expression)
#define ALLOC_PRAGMA 1
#define ALLOC_DATA_PRAGMA 1

#endif
