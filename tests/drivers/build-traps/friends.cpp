#include "Friends.h"

static HANDLER_ROW table[] = {{PropertyHandler_Level}};

extern "C" int check_friends() {
    CMiniportTrap trap(41);
    ULONG value = 0;
    EXPECT(table[0].handler(&trap, &value) == STATUS_SUCCESS);
    EXPECT(value == 41);
    EXPECT(OtherHandler(&trap) == 42);
    return 0;
}

NTSTATUS PropertyHandler_Level(IN CMiniportTrap* miniport, OUT PULONG value) {
    *value = miniport->m_Level;
    return STATUS_SUCCESS;
}

int OtherHandler(CMiniportTrap* miniport) {
    return miniport->m_Level + 1;
}
