/*
 * Debug output of KS and PortCls drivers: _DbgPrintF(DEBUGLVL_xxx, ("format", ...)). Empty unless DBG is set.
 * A driver may name the level's variable in DEBUG_VARIABLE (defined where KSDEBUG_INIT is) or fix it with DEBUG_LEVEL.
 */
#ifndef _KSDEBUG_
#define _KSDEBUG_

#include "ntddk.h"

#ifndef REMIND
#define QUOTE(x) #x
#define QQUOTE(y) QUOTE(y)
#define REMIND(text) __FILE__ "(" QQUOTE(__LINE__) ") : " text
#endif

#define DEBUGLVL_ERROR 1
#define DEBUGLVL_TERSE 2
#define DEBUGLVL_VERBOSE 3
#define DEBUGLVL_BLAB 4

/* A variable: a driver that defines the macro, before or after this point, redefines nothing. */
#ifndef STR_MODULENAME
__attribute__((unused)) static const char STR_MODULENAME[1] = "";
#endif

#if DBG

#ifndef DEBUG_LEVEL
#define OPC_DEBUG_LEVEL DEBUGLVL_TERSE
#else
#define OPC_DEBUG_LEVEL DEBUG_LEVEL
#endif

#ifndef DEBUG_VARIABLE
#define DEBUG_VARIABLE OPC_DEBUG_LEVEL
#elif defined(KSDEBUG_INIT)
ULONG DEBUG_VARIABLE = OPC_DEBUG_LEVEL;
#else
extern ULONG DEBUG_VARIABLE;
#endif

#define _DbgPrintF(level, strings)                                                                                     \
    do {                                                                                                               \
        if ((level) <= DEBUG_VARIABLE) {                                                                               \
            DbgPrint(STR_MODULENAME);                                                                                  \
            DbgPrint strings;                                                                                          \
            DbgPrint("\n");                                                                                            \
        }                                                                                                              \
    } while (0)

#else

#define _DbgPrintF(level, strings)

#endif

#endif
