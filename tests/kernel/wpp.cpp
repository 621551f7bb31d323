// Trace messages as WPP's preprocessor turns them into code.
#include "driver_test.h"

#define WPP_CONTROL_GUIDS                                                                                              \
    WPP_DEFINE_CONTROL_GUID(KernelChecks, (0b1c2d3e, 1111, 2222, 3333, 444455556666),                                  \
                            WPP_DEFINE_BIT(CHECK_FLAG) WPP_DEFINE_BIT(OTHER_FLAG))
#define WPP_LEVEL_FLAGS_LOGGER(level, flags) WPP_LEVEL_LOGGER(flags)
#define WPP_LEVEL_FLAGS_ENABLED(level, flags) (WPP_LEVEL_ENABLED(flags) && WPP_CONTROL(WPP_BIT_##flags).Level >= level)

// begin_wpp config
// FUNC TraceCheck(LEVEL, FLAGS, MSG, ...);
// FUNC TraceEntry{LEVEL=TRACE_LEVEL_VERBOSE}(FLAGS);
// end_wpp
#include "wpp.tmh"

// What WPP_CONTROL_GUIDS defines above (WPP_DEFINE_CONTROL_GUID, WPP_DEFINE_BIT) and the driver's own macros over
// WPP_LEVEL_LOGGER and WPP_LEVEL_ENABLED. kernel_test.cpp runs it with tracing on and looks at the records.
DRIVER_TEST(DriverTracing, MessagesAreRecorded) {
    int evaluated = 0;
    WPP_INIT_TRACING(NULL, NULL);
    if (WPP_LEVEL_FLAGS_ENABLED(4, CHECK_FLAG)) {
        CHECK(WPP_CONTROL(WPP_BIT_CHECK_FLAG).Flags[0] != 0 && WPP_RECORDER_LEVEL_FLAGS_FILTER(5, CHECK_FLAG));
        TraceCheck(TRACE_LEVEL_ERROR, CHECK_FLAG, "%!FUNC! failed with %!STATUS! after %d of %s", STATUS_UNSUCCESSFUL,
                   ++evaluated, "two");
        TraceEntry(OTHER_FLAG);
        DoTraceMessage(OTHER_FLAG, "no arguments, 100%%");
        CHECK(evaluated == 1);
    } else {
        // While nobody listens nothing is evaluated, as with WPP itself.
        TraceCheck(TRACE_LEVEL_ERROR, CHECK_FLAG, "%d", ++evaluated);
        CHECK(evaluated == 0 && WPP_CONTROL(0).Level == 0);
        CHECK(!WPP_RECORDER_LEVEL_FLAGS_FILTER(5, CHECK_FLAG) && WPP_RECORDER_LEVEL_FLAGS_FILTER(2, CHECK_FLAG));
    }
    const struct {
        ULONG64 logger;
        int after;
    } arguments = {WPP_LEVEL_FLAGS_LOGGER(4, CHECK_FLAG) 7};
    CHECK(arguments.after == 7);
    const ULONG64 recorder[] = {(ULONG64)WPP_RECORDER_LEVEL_FLAGS_ARGS(3, CHECK_FLAG)};
    CHECK(sizeof(recorder) == 3 * sizeof(ULONG64) && recorder[1] == 3);
    WPP_CLEANUP(NULL);
}
