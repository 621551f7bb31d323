/*
 * Structured exception handling for drivers compiled from source.
 *
 * Windows unwinds with tables; an ELF module has none that fit, so __try saves its place with __builtin_setjmp and
 * enters it in a chain that the executive keeps for each thread. An exception (ExRaiseStatus, a probe that fails, a
 * fault of the processor) leaves the chain's newest entry and arrives at its __except or __finally.
 * A __finally is the second way on from that place. Whatever leaves the __try (its end, return, goto, break, continue)
 * goes there first, as a clean-up of the compiler's, and comes back to go on where it was going.
 * Differences that remain: the filter runs after the jump (EXCEPTION_CONTINUE_EXECUTION ends in a bugcheck), objects
 * of frames left by the jump are not destroyed; in C++, AbnormalTermination() does not tell a jump out of the __try
 * from its end. The build warns of that, and refuses a __finally that jumps itself when the __try can be left by a
 * jump: the two would share what the compiler keeps of a jump's destination. In C, the loop that carries the frame
 * would take a `break` or `continue` directly inside a block for its own. The build puts braces around exception blocks
 * with such jumps (opc_seh_braced), where the frame needs no loop.
 */
#ifndef OPC_SEH_H
#define OPC_SEH_H

#include "opc_abi.h"

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#define EXCEPTION_NONCONTINUABLE 0x1
#define EXCEPTION_MAXIMUM_PARAMETERS 15

typedef struct _EXCEPTION_RECORD {
    LONG ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD* ExceptionRecord;
    void* ExceptionAddress;
    ULONG NumberParameters;
    unsigned long long ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

struct _CONTEXT;
typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    struct _CONTEXT* ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

struct opc_seh_frame {
    void* jump[5]; /* what __builtin_setjmp fills: to __except or __finally */
    void* back[5]; /* from there to whatever left the __try */
    struct opc_seh_frame* previous;
    LONG state; /* 0 not entered, 1 in the chain, 2 ended, 3 left by an exception, 4 by __leave, 5 by a jump */
    EXCEPTION_RECORD record;
    EXCEPTION_POINTERS pointers;
};

#ifdef __cplusplus
extern "C" {
#endif
OPC_EXPORT void OPC_MSABI opc_seh_push(struct opc_seh_frame* frame);
/* 1: the __try is being left by a jump or at its end, what follows it has not run. */
OPC_EXPORT LONG OPC_MSABI opc_seh_leaving(struct opc_seh_frame* frame);
OPC_EXPORT DECLSPEC_NORETURN void OPC_MSABI opc_seh_detour(struct opc_seh_frame* frame);
/* At the end of a __try (C only) and of a __finally: on to where control was going. */
OPC_EXPORT void OPC_MSABI opc_seh_finish(struct opc_seh_frame* frame);
/* 1: it was an exception that led here; 0: __leave. Anything else goes on to where it was going. */
OPC_EXPORT LONG OPC_MSABI opc_seh_caught(struct opc_seh_frame* frame);
/* 1: run the handler; does not return when the search goes on. */
OPC_EXPORT LONG OPC_MSABI opc_seh_accept(struct opc_seh_frame* frame, LONG filter);
OPC_EXPORT DECLSPEC_NORETURN void OPC_MSABI opc_seh_leave(struct opc_seh_frame* frame);
#ifdef __cplusplus
}
#endif

#if OPC_DRIVER
#ifdef __cplusplus
extern "C++" {
struct opc_seh_guard : opc_seh_frame {
    inline __attribute__((always_inline)) opc_seh_guard() { opc_seh_push(this); }
    inline __attribute__((always_inline)) ~opc_seh_guard() {
        if (opc_seh_leaving(this) && __builtin_setjmp(back) == 0)
            opc_seh_detour(this);
    }
    opc_seh_guard(const opc_seh_guard&) = delete;
    opc_seh_guard& operator=(const opc_seh_guard&) = delete;
};
struct opc_seh_finally_guard {
    opc_seh_frame* frame;
    inline __attribute__((always_inline)) opc_seh_finally_guard(opc_seh_frame* of) : frame(of) {}
    inline __attribute__((always_inline)) ~opc_seh_finally_guard() { opc_seh_finish(frame); }
    opc_seh_finally_guard(const opc_seh_finally_guard&) = delete;
    opc_seh_finally_guard& operator=(const opc_seh_finally_guard&) = delete;
};
}
#define __try if (opc_seh_guard opc_seh_here; __builtin_setjmp(opc_seh_here.jump) == 0)
#define __finally else if (opc_seh_finally_guard opc_seh_block(&opc_seh_here); true)
#define opc_seh_braced___try __try
#define opc_seh_braced_end
#else
static __inline __attribute__((always_inline, unused)) void opc_seh_guard_end(struct opc_seh_frame* frame) {
    if (opc_seh_leaving(frame) && __builtin_setjmp(frame->back) == 0)
        opc_seh_detour(frame);
}
#define __try                                                                                                          \
    for (struct opc_seh_frame opc_seh_here __attribute__((cleanup(opc_seh_guard_end))) = {{0}};                        \
         opc_seh_here.state == 0; opc_seh_finish(&opc_seh_here))                                                       \
        if (opc_seh_push(&opc_seh_here), __builtin_setjmp(opc_seh_here.jump) == 0)
#define __finally else
#define opc_seh_braced___try                                                                                           \
    struct opc_seh_frame opc_seh_here __attribute__((cleanup(opc_seh_guard_end))) = {{0}};                             \
    if (opc_seh_push(&opc_seh_here), __builtin_setjmp(opc_seh_here.jump) == 0)
#define opc_seh_braced_end opc_seh_finish(&opc_seh_here);
#endif
/* The filter is an expression, which may have a comma in it. */
#define __except(...) else if (opc_seh_caught(&opc_seh_here) && opc_seh_accept(&opc_seh_here, (__VA_ARGS__)))
#define __leave opc_seh_leave(&opc_seh_here)
/* With its extensions on, which they are for drivers, Microsoft's compiler takes one underscore as well. */
#define _try __try
#define _except __except
#define _finally __finally
#define _leave __leave
#define opc_seh_braced__try opc_seh_braced___try
#define GetExceptionCode() (opc_seh_here.record.ExceptionCode)
#define exception_code() (opc_seh_here.record.ExceptionCode)
#define _exception_code() (opc_seh_here.record.ExceptionCode)
#define GetExceptionInformation() (&opc_seh_here.pointers)
#define exception_info() (&opc_seh_here.pointers)
#define _exception_info() (&opc_seh_here.pointers)
#ifdef __cplusplus
#define AbnormalTermination() (opc_seh_here.state == 3)
#else
#define AbnormalTermination() (opc_seh_here.state == 3 || opc_seh_here.state == 5)
#endif
#define abnormal_termination() AbnormalTermination()
#define _abnormal_termination() AbnormalTermination()
#endif

#endif
