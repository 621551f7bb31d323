// The debug macros of a free build: nothing is evaluated, but for NT_VERIFY.
#undef DBG
#define DBG 0
#include "driver_test.h"

DRIVER_TEST(DriverDebug, FreeBuildsEvaluateNothing) {
    int evaluated = 0;
    KdPrint(("value %d\n", ++evaluated));
    KdPrintEx((DPFLTR_IHVAUDIO_ID, DPFLTR_ERROR_LEVEL, "value %d\n", ++evaluated));
    ASSERT(++evaluated == 100);
    NT_ASSERT(++evaluated == 100);
    CHECK(evaluated == 0);
    CHECK(NT_VERIFY(++evaluated == 1) && evaluated == 1);
}
