// WPP: the message header does not exist, the trace functions are named in a comment.
#include "Inc/Traps.h"

#define WPP_CONTROL_GUIDS WPP_DEFINE_CONTROL_GUID(Trap, (00000000, 0000, 0000, 0000, 000000000000), WPP_DEFINE_BIT(ALL))
// begin_wpp config
// FUNC TrapTrace{LEVEL=TRACE_LEVEL_INFORMATION}(FLAGS, MSG, ...);
// end_wpp
#include "Traces.tmh"

extern "C" int check_traces() {
    WPP_INIT_TRACING(NULL, NULL);
    DoTraceMessage(ALL, "status %!STATUS!", STATUS_SUCCESS);
    TrapTrace(ALL, "value %d", 3);
    WPP_CLEANUP(NULL);
    return 0;
}
