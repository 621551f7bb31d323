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
