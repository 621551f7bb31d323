/*
 * Structured exception handling for drivers compiled from source.
 *
 * Windows unwinds with tables; an ELF module has none that fit, so __try saves its place with __builtin_setjmp and
 * enters it in a chain that the executive keeps for each thread. An exception (ExRaiseStatus, a probe that fails, a
 * fault of the processor) leaves the chain's newest entry and arrives at its __except or __finally.
 * Differences that remain: the filter runs after the jump (EXCEPTION_CONTINUE_EXECUTION ends in a bugcheck), objects
 * of frames left by the jump are not destroyed, and a `return` or `goto` out of __try does not run __finally. In C,
 * `break` and `continue` directly inside __try belong to the __try.
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
    void* jump[5]; /* what __builtin_setjmp fills */
    struct opc_seh_frame* previous;
    LONG state; /* 0 not entered, 1 in the chain, 2 left normally, 3 left by an exception, 4 left by __leave */
    EXCEPTION_RECORD record;
    EXCEPTION_POINTERS pointers;
};

struct opc_seh_finally {
    LONG code; /* of the exception that goes on after the block, 0 when there is none */
    LONG once;
};

#ifdef __cplusplus
extern "C" {
#endif
OPC_EXPORT void OPC_MSABI opc_seh_push(struct opc_seh_frame* frame);
OPC_EXPORT void OPC_MSABI opc_seh_pop(struct opc_seh_frame* frame);
/* 1: run the handler; 0: the block was left by __leave; does not return when the search goes on. */
OPC_EXPORT LONG OPC_MSABI opc_seh_accept(struct opc_seh_frame* frame, LONG filter);
OPC_EXPORT DECLSPEC_NORETURN void OPC_MSABI opc_seh_leave(struct opc_seh_frame* frame);
/* An exception reached a __finally: it waits until the block is done. */
OPC_EXPORT void OPC_MSABI opc_seh_unwinding(struct opc_seh_frame* frame);
OPC_EXPORT void OPC_MSABI opc_seh_finally_begin(struct opc_seh_finally* block);
OPC_EXPORT void OPC_MSABI opc_seh_finally_end(struct opc_seh_finally* block);
#ifdef __cplusplus
}
#endif

#if OPC_DRIVER
#ifdef __cplusplus
extern "C++" {
struct opc_seh_guard : opc_seh_frame {
    inline __attribute__((always_inline)) opc_seh_guard() { opc_seh_push(this); }
    inline __attribute__((always_inline)) ~opc_seh_guard() { opc_seh_pop(this); }
    opc_seh_guard(const opc_seh_guard&) = delete;
    opc_seh_guard& operator=(const opc_seh_guard&) = delete;
};
struct opc_seh_finally_guard : opc_seh_finally {
    inline __attribute__((always_inline)) opc_seh_finally_guard() { opc_seh_finally_begin(this); }
    inline __attribute__((always_inline)) ~opc_seh_finally_guard() { opc_seh_finally_end(this); }
    opc_seh_finally_guard(const opc_seh_finally_guard&) = delete;
    opc_seh_finally_guard& operator=(const opc_seh_finally_guard&) = delete;
};
}
#define __try if (opc_seh_guard opc_seh_here; __builtin_setjmp(opc_seh_here.jump) == 0)
#define OPC_SEH_FINALLY if (opc_seh_finally_guard opc_seh_block; true)
#else
static __inline __attribute__((always_inline, unused)) struct opc_seh_finally opc_seh_finally_here(void) {
    struct opc_seh_finally block;
    opc_seh_finally_begin(&block);
    return block;
}
#define __try                                                                                                          \
    for (struct opc_seh_frame opc_seh_here __attribute__((cleanup(opc_seh_pop))) = {{0}}; opc_seh_here.state == 0;     \
         opc_seh_pop(&opc_seh_here))                                                                                   \
        if (opc_seh_push(&opc_seh_here), __builtin_setjmp(opc_seh_here.jump) == 0)
#define OPC_SEH_FINALLY                                                                                                \
    for (struct opc_seh_finally opc_seh_block __attribute__((cleanup(opc_seh_finally_end))) = opc_seh_finally_here();  \
         opc_seh_block.once; opc_seh_block.once = 0)
#endif
/* The filter is an expression, which may have a comma in it. */
#define __except(...) else if (opc_seh_accept(&opc_seh_here, (__VA_ARGS__)))
#define __finally                                                                                                      \
    else opc_seh_unwinding(&opc_seh_here);                                                                             \
    OPC_SEH_FINALLY
#define __leave opc_seh_leave(&opc_seh_here)
#define GetExceptionCode() (opc_seh_here.record.ExceptionCode)
#define exception_code() (opc_seh_here.record.ExceptionCode)
#define _exception_code() (opc_seh_here.record.ExceptionCode)
#define GetExceptionInformation() (&opc_seh_here.pointers)
#define exception_info() (&opc_seh_here.pointers)
#define _exception_info() (&opc_seh_here.pointers)
#define AbnormalTermination() (opc_seh_block.code != 0)
#define abnormal_termination() AbnormalTermination()
#define _abnormal_termination() AbnormalTermination()
#endif

#endif
