#include "Inc\Traps.h"

// Handlers that only a friend declaration ever announces.
class CMiniportTrap {
    int m_Level;

public:
    CMiniportTrap(int level) : m_Level(level) {}
    friend NTSTATUS PropertyHandler_Level(IN CMiniportTrap* miniport, OUT PULONG value);
    friend _IRQL_requires_max_(PASSIVE_LEVEL) int OtherHandler(CMiniportTrap* miniport);
};

struct HANDLER_ROW {
    NTSTATUS (*handler)(CMiniportTrap*, PULONG);
};

// A head in two branches, friends that name types of the class, one used before anything announces it.
class CSplitTrap
#if defined(TRAP_WITH_BASE)
    : public CMiniportTrap {
#else
{
#endif
    struct Request {
        int Value;
    };
    typedef enum { Low = 3, High = 9 } STATE, *PSTATE;
    friend int SplitHandler(IN Request* request, STATE state);
    friend int StateHandler(PSTATE state);
    int m_Factor;

public:
    CSplitTrap(int factor) : m_Factor(factor) {}
    int Handled(int value) {
        Request request = {value};
        return m_Factor * SplitHandler(&request, High);
    }
    int Stated();
};
