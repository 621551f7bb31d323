#include "Friends.h"

static HANDLER_ROW table[] = {{PropertyHandler_Level}};

extern "C" int check_friends() {
    CMiniportTrap trap(41);
    ULONG value = 0;
    EXPECT(table[0].handler(&trap, &value) == STATUS_SUCCESS);
    EXPECT(value == 41);
    EXPECT(OtherHandler(&trap) == 42);
    CSplitTrap split(2);
    EXPECT(split.Handled(5) == 28);
    EXPECT(split.Stated() == 3);
    return 0;
}

NTSTATUS PropertyHandler_Level(IN CMiniportTrap* miniport, OUT PULONG value) {
    *value = miniport->m_Level;
    return STATUS_SUCCESS;
}

int OtherHandler(CMiniportTrap* miniport) {
    return miniport->m_Level + 1;
}

int CSplitTrap::Stated() {
    STATE state = Low;
    return StateHandler(&state);
}

int SplitHandler(IN CSplitTrap::Request* request, CSplitTrap::STATE state) {
    return request->Value + state;
}

int StateHandler(CSplitTrap::PSTATE state) {
    return *state;
}
