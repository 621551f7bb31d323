// The debug macros of a checked build.
#undef DBG
#define DBG 1
#include "driver_test.h"

DRIVER_TEST(DriverDebug, CheckedBuildsEvaluateAndPrint) {
    int evaluated = 0;
    KdPrint(("value %d\n", ++evaluated));
    CHECK(evaluated == 1);
    KdPrintEx((DPFLTR_IHVAUDIO_ID, DPFLTR_ERROR_LEVEL, "value %d\n", ++evaluated));
    CHECK(evaluated == 2);
    ASSERT(++evaluated == 3);
    CHECK(evaluated == 3);
    CHECK(NT_VERIFY(++evaluated == 4) && evaluated == 4);
}
