// Structured exception handling.
#include "Inc/Traps.h"

static volatile int zero;

extern "C" int check_exceptions() {
    int reached = 0;
    __try {
        reached = 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        reached = 2;
    }
    EXPECT(reached == 1);
    int finished = 0;
    __try {
        reached = 3;
    } __finally {
        finished = 1;
    }
    EXPECT(reached == 3 && finished == 1);
    return zero;
}
