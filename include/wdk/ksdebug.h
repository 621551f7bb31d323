/* Debug output of KS and PortCls drivers. DEBUG_LEVEL selects how much of it is compiled in. */
#ifndef _KSDEBUG_
#define _KSDEBUG_

#if !defined(REMIND)
#define QUOTE(x) #x
#define QQUOTE(y) QUOTE(y)
#define REMIND(str) __FILE__ "(" QQUOTE(__LINE__) ") : " str
#endif

#define DEBUGLVL_BLAB 4
#define DEBUGLVL_VERBOSE 3
#define DEBUGLVL_TERSE 2
#define DEBUGLVL_ERROR 1

#if (DBG)

#if !defined(DEBUG_LEVEL)
#if defined(DEBUG_VARIABLE)
#if defined(KSDEBUG_INIT)
ULONG DEBUG_VARIABLE = DEBUGLVL_TERSE;
#else
extern ULONG DEBUG_VARIABLE;
#endif
#else
#define DEBUG_VARIABLE DEBUGLVL_TERSE
#endif
#else
#if defined(DEBUG_VARIABLE)
#if defined(KSDEBUG_INIT)
ULONG DEBUG_VARIABLE = DEBUG_LEVEL;
#else
extern ULONG DEBUG_VARIABLE;
#endif
#else
#define DEBUG_VARIABLE DEBUG_LEVEL
#endif
#endif

#define _DbgPrintF(lvl, strings)                                                                                       \
    {                                                                                                                  \
        if (((lvl) == DEBUG_VARIABLE) || (lvl < DEBUG_VARIABLE)) {                                                     \
            DbgPrint(STR_MODULENAME);                                                                                  \
            DbgPrint strings;                                                                                          \
            DbgPrint("\n");                                                                                            \
            if ((lvl) == DEBUGLVL_ERROR)                                                                               \
                DbgBreakPoint();                                                                                       \
        }                                                                                                              \
    }

#else

#define _DbgPrintF(lvl, strings)

#endif

#endif
